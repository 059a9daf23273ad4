"""Decided: an order is what its decision asked for, by the judge's own reading of the decision as it was handed in."""

from collections.abc import Iterator

from tidegate.domain.decisions import Decision
from tidegate.domain.events import OrderSending
from tidegate.domain.orders import Order
from tidegate.domain.vocabulary import Action, OrderSide, OrderType, Purpose
from tidegate.testing.simulation.judging.evidence import Evidence
from tidegate.testing.simulation.lives import Life
from tidegate.testing.simulation.market import BY_SYMBOL

_SIDES = {Action.BUY: OrderSide.BUY, Action.SELL: OrderSide.SELL}


def as_decided(life: Life, evidence: Evidence) -> str | None:
    """1: the first attempt of each order has the terms that one decision with its id asked for."""
    for order_id, (first, *_) in evidence.sendings.items():
        asked = list(_asked(life, first))
        if asked and all(flaws := [_flaw(decision, symbol, first.order) for decision, symbol in asked]):
            return f"order {order_id} is not what {first.order.decision_id} decided: {flaws[0]}"
    return None


def _asked(life: Life, sending: OrderSending) -> Iterator[tuple[Decision, str]]:
    """Every decision of that id that was handed in, with its symbol; none where an operator closed."""
    for act in life.plan.acts:
        if act.decision is not None and act.decision.decision_id == sending.order.decision_id:
            yield act.decision, act.symbol


def _flaw(decision: Decision, symbol: str, order: Order) -> str:
    """What of an order its decision did not ask for; empty where it is the one that was asked for."""
    product, is_entry = BY_SYMBOL[order.symbol], order.purpose is Purpose.ENTRY
    if order.symbol != symbol or order.strategy_id != decision.strategy_id:
        return f"it is of {order.symbol} for {order.strategy_id!r}"
    if order.side is not _SIDES.get(decision.action, order.side) or (decision.action is Action.CLOSE and is_entry):
        return f"it is a {order.purpose} by {order.side}"
    if decision.reduce_only and is_entry:
        return "it may add to the position"
    if order.order_type is not (decision.order_type or OrderType.MARKET) or order.post_only is not decision.post_only:
        return f"it is {order.order_type}, post-only {order.post_only}"
    if decision.time_in_force is not None and order.time_in_force is not decision.time_in_force:
        return f"it is {order.time_in_force}"
    if decision.limit_price is not None and order.limit_price != decision.limit_price:
        return f"its limit is {order.limit_price}"
    if (
        decision.quantity is not None
        and order.quantity != decision.quantity - decision.quantity % product.base_increment
    ):
        return "" if not is_entry and order.quantity < decision.quantity else f"its quantity is {order.quantity}"
    return ""
