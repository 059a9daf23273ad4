"""Drift: how far the market has moved against the price a decision was made at (DRIFT)."""

from decimal import Decimal

from tidegate.domain.amounts import ZERO, plain
from tidegate.domain.checks.draft import Draft, bps
from tidegate.domain.protection import BASIS_POINT
from tidegate.domain.refusals import DriftRefused, Remedy


def drift(draft: Draft) -> DriftRefused | None:
    """The executable side against the decision's reference price, adverse moves only: a better price harms nobody."""
    reference = draft.order.reference_price
    if reference is None or draft.touch is None or draft.is_triggered:
        return None
    touch = draft.touch
    adverse = touch - reference if draft.is_buy else reference - touch
    if adverse <= ZERO:
        return None
    asked = draft.order.max_drift_bps
    limit = draft.limits.default_max_drift_bps if asked is None else asked
    if adverse <= reference * limit * BASIS_POINT:
        return None
    return _drifted(draft, touch, reference, adverse, limit)


def _drifted(draft: Draft, touch: Decimal, reference: Decimal, adverse: Decimal, limit: Decimal) -> DriftRefused:
    moved = bps(adverse / reference)
    return DriftRefused(
        message=f"the market stands at {plain(touch)}, {plain(moved)} bps against the reference {plain(reference)}, "
        f"more than {plain(limit)} bps",
        figures={"touch": touch, "reference_price": reference, "drift_bps": moved, "limit_bps": limit},
        remedy=Remedy(f"decide again at {plain(touch)}", {"reference_price": touch}),
    )
