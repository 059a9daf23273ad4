"""Slippage: what walking the book would cost against mid (SLIPPAGE)."""

from decimal import Decimal

from tidegate.domain.amounts import ONE, ZERO, plain
from tidegate.domain.books import Walk
from tidegate.domain.checks.draft import Draft, at_most, bps, walked
from tidegate.domain.impact import quantity_within
from tidegate.domain.products import round_limit_price
from tidegate.domain.protection import slippage_allowance
from tidegate.domain.refusals import Remedy, SlippageRefused
from tidegate.domain.vocabulary import OrderType, TimeInForce


def slippage(draft: Draft) -> SlippageRefused | None:
    """Half-spread plus impact, i.e. the walk's average against mid, times the symbol's multiplier, against its allowance.

    Past the recorded depth nobody knows what would be paid, so a market order that reaches there is refused. Without a mid
    there is nothing to measure against, and what has no second side is judged by the collar alone.
    """
    walk, mid, touch = walked(draft), draft.mid, draft.touch
    if walk is None or mid is None or touch is None or not walk.filled:
        return None
    if walk.is_blind:
        return _past_the_book(draft, walk)
    allowed = slippage_allowance(touch, mid, draft.limits)
    expected = walk.cost - mid * walk.filled if draft.is_buy else mid * walk.filled - walk.cost
    multiplier = draft.limits.slippage_multiplier
    if multiplier is not ONE:
        expected *= multiplier
    if expected <= allowed * walk.filled:
        return None
    return _too_costly(draft, walk, mid, allowed)


def _past_the_book(draft: Draft, walk: Walk) -> SlippageRefused:
    return SlippageRefused(
        message=f"the book of {draft.order.symbol} shows {plain(walk.filled)}, and the order wants {plain(walk.wanted)}: "
        "what lies beyond was not recorded",
        figures={"visible_quantity": walk.filled, "quantity": walk.wanted},
        remedy=at_most(draft, walk.filled),
    )


def _too_costly(draft: Draft, walk: Walk, mid: Decimal, allowed: Decimal) -> SlippageRefused:
    sign = ONE if draft.is_buy else -ONE
    average = walk.cost / walk.filled
    multiplier = draft.limits.slippage_multiplier
    expected_bps = bps(sign * (average - mid) * multiplier / mid)
    limit_bps = bps(allowed / mid)
    bound = mid + sign * allowed / multiplier
    remedy = at_most(draft, _within(draft, bound)) or _resting(draft, bound)
    return SlippageRefused(
        message=f"{plain(draft.quantity)} would fill at {plain(round(average, 8))} on average, {plain(expected_bps)} bps from "
        f"mid {plain(mid)} (times {plain(multiplier)}), more than {plain(limit_bps)} bps",
        figures={
            "slippage_bps": expected_bps,
            "limit_bps": limit_bps,
            "average_price": average,
            "mid": mid,
            "multiplier": multiplier,
        },
        remedy=remedy,
    )


def _within(draft: Draft, bound: Decimal) -> Decimal:
    """The largest quantity whose average price is no worse than `bound`."""
    return ZERO if draft.book is None else quantity_within(draft.book.side(draft.order.side), bound, draft.order.side)


def _resting(draft: Draft, bound: Decimal) -> Remedy | None:
    """Where no size passes, a limit order at the bound does: it takes what is good enough and nothing else."""
    order = draft.order
    price = round_limit_price(draft.product, order.side, bound)
    if draft.is_exit or price <= ZERO:
        return None
    if order.order_type is OrderType.LIMIT:
        return Remedy(f"a limit of {plain(price)}", {"limit_price": price})
    changes = {"order_type": OrderType.LIMIT, "limit_price": price, "time_in_force": TimeInForce.IOC}
    return Remedy(f"a limit of {plain(price)}", changes)
