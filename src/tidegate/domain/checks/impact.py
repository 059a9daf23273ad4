"""Impact guard: how far the order itself would move the market (IMPACT)."""

from decimal import Decimal

from tidegate.domain.amounts import ONE, plain
from tidegate.domain.checks.draft import Draft, at_most, takes_nothing
from tidegate.domain.impact import Blind, ImpactEstimate, ImpactEstimator, estimate_impact, quantity_within
from tidegate.domain.protection import BASIS_POINT
from tidegate.domain.refusals import ImpactRefused


def impact(draft: Draft) -> ImpactRefused | None:
    """The impact on the very book that the review reads, against its limit; what cannot be seen is refused."""
    if _moves_nothing(draft):
        return None
    # A market order is judged whole, whatever its protection; a limit order by what it would take within its limit.
    limit = None if draft.is_market else draft.limit_price
    multiplier = draft.product.multiplier
    market, side = draft.view.market, draft.order.side
    return _judged(draft, estimate_impact(market, side, draft.quantity, limit=limit, multiplier=multiplier))


def impact_by(estimator: ImpactEstimator, draft: Draft) -> ImpactRefused | None:
    """The same by an estimator of the caller's own."""
    if _moves_nothing(draft):
        return None
    return _judged(draft, estimator(draft.order.symbol, draft.order.side, draft.quantity))


def _moves_nothing(draft: Draft) -> bool:
    """The guard is off, or the order takes nothing at once."""
    return not draft.limits.enable_market_impact_guard or takes_nothing(draft)


def _judged(draft: Draft, estimate: ImpactEstimate | Blind) -> ImpactRefused | None:
    limit = draft.limits.max_market_impact_bps
    if isinstance(estimate, Blind):
        return ImpactRefused(
            message=f"the impact cannot be seen: {estimate.reason}",
            facts={"answer": "BLIND"},
            remedy=at_most(draft, _within(draft, limit)),
        )
    if estimate.impact_bps <= limit:
        return None
    impact_bps = round(estimate.impact_bps, 2)
    return ImpactRefused(
        message=f"{plain(draft.quantity)} would move the market by {plain(impact_bps)} bps from the touch "
        f"{plain(estimate.touch)}, more than {plain(limit)} bps",
        figures={"impact_bps": impact_bps, "limit_bps": limit, "touch": estimate.touch, "quantity": draft.quantity},
        remedy=at_most(draft, _within(draft, limit)),
    )


def _within(draft: Draft, limit_bps: Decimal) -> Decimal:
    """The largest quantity that the visible book fills within the limit."""
    if draft.book is None or draft.touch is None:
        return Decimal(0)
    fraction = limit_bps * BASIS_POINT
    bound = draft.touch * (ONE + fraction if draft.is_buy else ONE - fraction)
    return quantity_within(draft.book.side(draft.order.side), bound, draft.order.side)
