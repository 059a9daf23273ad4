"""Reductions: what a CLOSE may not ask for, and why there is nothing to reduce."""

from decimal import Decimal

from tidegate.domain.amounts import ZERO, plain
from tidegate.domain.decisions import Decision
from tidegate.domain.refusals import InvalidRefused, ReducibleRefused, Remedy
from tidegate.domain.validity import invalid
from tidegate.domain.vocabulary import OrderSide, OrderType

_NOT_OF_A_CLOSE = (
    "target_notional", "quantity", "limit_price", "stop_trigger", "trail", "take_profit", "stop_loss", "algorithm",
    "display_quantity",
)  # fmt: skip


def close_contradiction(decision: Decision) -> InvalidRefused | None:
    """A close takes what there is, at the market; a size or a price belongs to a reduce-only BUY or SELL."""
    for name in _NOT_OF_A_CLOSE:
        if getattr(decision, name):
            remedy = Remedy(f"leave {name} out, or send a reduce-only BUY or SELL", {name: None})
            return invalid(name, "does not belong to CLOSE, which takes the whole position at the market", remedy)
    if decision.order_type is not None and decision.order_type is not OrderType.MARKET:
        return invalid("order_type", "of a CLOSE is MARKET", Remedy("leave order_type out", {"order_type": None}))
    return None


def irreducible(held: Decimal, reducible: Decimal, symbol: str, side: OrderSide) -> ReducibleRefused:
    """Nothing to reduce on that side: because it is all being reduced, it is the wrong side, or it is flat."""
    if held and (held > ZERO) is (side is OrderSide.SELL):
        why = f"all {plain(abs(held))} of {symbol} are being reduced by live orders"
    elif held:
        why = f"a {side} does not reduce the position of {plain(held)} {symbol}"
    else:
        why = f"{symbol} is flat"
    return ReducibleRefused(
        message=f"nothing to reduce: {why}", figures={"position": held, "reducible": max(reducible, ZERO)}
    )
