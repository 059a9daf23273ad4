"""Self-cross: an order that would trade with an own resting one on the same book (SELF_CROSS)."""

from decimal import Decimal

from tidegate.domain.amounts import ZERO, plain
from tidegate.domain.checks.draft import Draft
from tidegate.domain.refusals import Remedy, SelfCrossRefused


def self_cross(draft: Draft) -> SelfCrossRefused | None:
    """Own best resting price on the other side against the order's price; `blocker` names the order in the way.

    It refuses an exit too: placement cancels the blocker and has the exit reviewed again.
    """
    own = draft.view.own_orders
    resting = own.best_ask if draft.is_buy else own.best_bid
    if resting is None or not draft.limits.self_cross_guard:
        return None
    price = draft.limit_price
    if draft.is_triggered or (price is not None and (price < resting if draft.is_buy else price > resting)):
        return None
    return _crossing(draft, resting)


def _crossing(draft: Draft, resting: Decimal) -> SelfCrossRefused:
    own = draft.view.own_orders
    blocker = own.best_ask_id if draft.is_buy else own.best_bid_id
    increment = draft.product.price_increment
    beside = resting - increment if draft.is_buy else resting + increment
    remedy = None
    if not draft.is_market and beside > ZERO:
        remedy = Remedy(f"a limit of {plain(beside)}", {"limit_price": beside})
    return SelfCrossRefused(
        message=f"it would trade with the own order {blocker} resting at {plain(resting)}",
        figures={"resting_price": resting},
        facts={"blocker": blocker},
        remedy=remedy,
    )
