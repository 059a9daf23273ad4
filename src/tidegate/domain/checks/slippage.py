"""Slippage: what walking the book would cost against mid (SLIPPAGE)."""

from decimal import Decimal

from tidegate.domain.amounts import ONE, ZERO, plain
from tidegate.domain.books import Walk
from tidegate.domain.checks.draft import Draft, at_most, bps, takes_nothing, walked
from tidegate.domain.impact import quantity_within
from tidegate.domain.products import round_limit_price
from tidegate.domain.refusals import Remedy, SlippageRefused
from tidegate.domain.vocabulary import OrderType, TimeInForce


def slippage(draft: Draft) -> SlippageRefused | None:
    """Half-spread plus impact, i.e. the walk's average against mid, times the symbol's multiplier, against the limit.

    Past the recorded depth nobody knows what would be paid, so an order that reaches there is refused. Without a mid
    there is nothing to measure against, and what has only one side is judged by the collar alone.
    """
    mid, touch, book = draft.mid, draft.touch, draft.book
    if mid is None or touch is None or book is None or takes_nothing(draft):
        return None
    multiplier = draft.limits.slippage_multiplier
    levels = book.asks if draft.is_buy else book.bids
    if draft.quantity <= levels[0].quantity:
        # Nearly every order fits the first level, where the average is the touch and no walk is needed.
        per_unit = touch - mid if draft.is_buy else mid - touch
        if (per_unit if multiplier is ONE else per_unit * multiplier) <= draft.allowance:
            return None
    walk = walked(draft)
    if walk is None or not walk.filled:
        return None
    if walk.is_blind:
        return _past_the_book(draft, walk)
    at_mid = mid * walk.filled
    expected = (walk.cost - at_mid if draft.is_buy else at_mid - walk.cost) * multiplier
    return None if expected <= draft.allowance * walk.filled else _too_costly(draft, walk, mid)


def _past_the_book(draft: Draft, walk: Walk) -> SlippageRefused:
    return SlippageRefused(
        message=f"the book of {draft.order.symbol} shows {plain(walk.filled)}, and the order wants "
        f"{plain(walk.wanted)}: what lies beyond was not recorded",
        figures={"visible_quantity": walk.filled, "quantity": walk.wanted},
        remedy=at_most(draft, walk.filled),
    )


def _too_costly(draft: Draft, walk: Walk, mid: Decimal) -> SlippageRefused:
    sign = ONE if draft.is_buy else -ONE
    average, allowed = walk.cost / walk.filled, draft.allowance
    multiplier = draft.limits.slippage_multiplier
    expected_bps, limit_bps = bps(sign * (average - mid) * multiplier / mid), bps(allowed / mid)
    bound = mid + sign * allowed / multiplier
    return SlippageRefused(
        message=f"{plain(draft.quantity)} would fill at {plain(round(average, 8))} on average, "
        f"{plain(expected_bps)} bps from mid {plain(mid)} (times {plain(multiplier)}), "
        f"more than {plain(limit_bps)} bps",
        figures={
            "slippage_bps": expected_bps,
            "limit_bps": limit_bps,
            "average_price": round(average, 8),
            "mid": mid,
            "multiplier": multiplier,
        },
        remedy=at_most(draft, _within(draft, bound)) or _resting(draft, bound),
    )


def _within(draft: Draft, bound: Decimal) -> Decimal:
    """The largest quantity whose average price is no worse than `bound`."""
    return ZERO if draft.book is None else quantity_within(draft.book.side(draft.order.side), bound, draft.order.side)


def _resting(draft: Draft, bound: Decimal) -> Remedy | None:
    """Where no size passes, a limit order at the bound does: it takes what is good enough and nothing else."""
    price = round_limit_price(draft.product, draft.order.side, bound)
    if draft.is_exit or price <= ZERO:
        return None
    if not draft.is_market:
        return Remedy(f"a limit of {plain(price)}", {"limit_price": price})
    changes = {"order_type": OrderType.LIMIT, "limit_price": price, "time_in_force": TimeInForce.IOC}
    return Remedy(f"a limit of {plain(price)}", changes)
