"""Collar: how far from a reference an order may be priced, so that a spike or a typing error costs little (COLLAR)."""

from decimal import Decimal

from tidegate.domain.amounts import ONE, ZERO, plain
from tidegate.domain.checks.draft import Draft, percent
from tidegate.domain.products import round_limit_price
from tidegate.domain.refusals import CollarRefused, Remedy
from tidegate.domain.vocabulary import OrderType, TimeInForce, TriggerDirection


def collar(draft: Draft) -> CollarRefused | None:
    """The order's own price against the median mid of the last minute; one-sided: a better price needs no guard.

    The reference itself is held against the index and the decision's reference price, and a spread wider than the
    collar refuses a market order. A triggered order is only checked for the right side of the market.
    """
    if draft.is_triggered:
        return _wrong_side(draft)
    reference = draft.view.market.reference_mid
    if reference is None:
        reference = draft.valuation
        if reference is None:
            return _unseen(draft)
    width = draft.limits.collar_pct
    price = draft.limit_price if draft.limit_price is not None else draft.touch
    if price is not None and (price > reference * (ONE + width) if draft.is_buy else price < reference * (ONE - width)):
        return _outside(draft, price, reference)
    index, decided_at = draft.view.market.index_price, draft.order.reference_price
    if index is not None and abs(reference - index) > index * width:
        return _disputed(draft, reference, "index", index)
    if decided_at is not None and abs(reference - decided_at) > decided_at * width:
        remedy = Remedy(f"decide again at {plain(reference)}", {"reference_price": reference})
        return _disputed(draft, reference, "decision's reference", decided_at, remedy)
    if draft.is_market and draft.mid is not None:
        bid, ask = draft.bid, draft.ask
        if bid is not None and ask is not None and ask - bid > draft.mid * width:
            return _too_wide(draft, bid, ask, draft.mid)
    return None


def _unseen(draft: Draft) -> CollarRefused:
    symbol = draft.order.symbol
    return CollarRefused(message=f"there is no price of {symbol} to hold the order against", facts={"symbol": symbol})


def _bound(draft: Draft, reference: Decimal) -> Decimal:
    width = draft.limits.collar_pct
    bound = reference * (ONE + width if draft.is_buy else ONE - width)
    return round_limit_price(draft.product, draft.order.side, bound)


def _outside(draft: Draft, price: Decimal, reference: Decimal) -> CollarRefused:
    bound, word = _bound(draft, reference), "above" if draft.is_buy else "below"
    remedy: Remedy | None = Remedy(f"a limit of {plain(bound)}", {"limit_price": bound})
    if draft.is_market:
        remedy = _as_limit(draft, bound)
    return CollarRefused(
        message=f"{plain(price)} is {word} {plain(bound)}, the collar of {percent(draft.limits.collar_pct)} around the "
        f"reference {plain(reference)}",
        figures={"price": price, "bound": bound, "reference": reference, "collar_pct": draft.limits.collar_pct},
        remedy=remedy,
    )


def _as_limit(draft: Draft, price: Decimal) -> Remedy | None:
    """A market order that would pass as a limit order at a price; a close has no such form."""
    if draft.is_exit or price <= ZERO:
        return None
    changes = {"order_type": OrderType.LIMIT, "limit_price": price, "time_in_force": TimeInForce.IOC}
    return Remedy(f"a limit of {plain(price)}", changes)


def _disputed(
    draft: Draft, reference: Decimal, name: str, other: Decimal, remedy: Remedy | None = None
) -> CollarRefused:
    return CollarRefused(
        message=f"the reference {plain(reference)} and the {name} {plain(other)} are more than "
        f"{percent(draft.limits.collar_pct)} apart",
        figures={"reference": reference, "other": other, "collar_pct": draft.limits.collar_pct},
        remedy=remedy,
    )


def _too_wide(draft: Draft, bid: Decimal, ask: Decimal, mid: Decimal) -> CollarRefused:
    return CollarRefused(
        message=f"the spread from {plain(bid)} to {plain(ask)} is wider than the collar of "
        f"{percent(draft.limits.collar_pct)}, too wide for a market order",
        figures={"bid": bid, "ask": ask, "collar_pct": draft.limits.collar_pct},
        remedy=_as_limit(draft, round_limit_price(draft.product, draft.order.side, mid)),
    )


def _wrong_side(draft: Draft) -> CollarRefused | None:
    """A trigger that the market has already passed would fire at once."""
    order, trigger, touch = draft.order, draft.trigger_price, draft.touch
    if trigger is None or touch is None:
        return None
    is_rising = order.trigger_direction is TriggerDirection.AT_OR_ABOVE
    if trigger > touch if is_rising else trigger < touch:
        return None
    word = "above" if is_rising else "below"
    return CollarRefused(
        message=f"the trigger {plain(trigger)} must lie {word} the market, which stands at {plain(touch)}",
        figures={"trigger_price": trigger, "touch": touch},
    )
