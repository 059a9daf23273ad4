"""Clock: how far the venue's stamps run from ours, live only (CLOCK)."""

from tidegate.domain.amounts import plain
from tidegate.domain.checks.draft import Draft
from tidegate.domain.orders import Warned
from tidegate.domain.refusals import ClockRefused


def clock(draft: Draft) -> ClockRefused | None:
    """The rolling offset against its two bounds: a warning at the first, the end of entries at the second.

    Paper, replay and tests run on one clock, and an offset there would say nothing.
    """
    offset = draft.view.market.clock_offset_ms
    if offset is None or not draft.view.is_live:
        return None
    skew, limits = abs(offset), draft.limits
    if skew <= limits.warn_clock_skew_ms:
        return None
    if skew <= limits.max_clock_skew_ms:
        message = f"the clocks here and at the venue differ by {plain(skew)} ms"
        draft.warnings.append(Warned("CLOCK", message))
        return None
    return ClockRefused(
        message=f"the clocks here and at the venue differ by {plain(skew)} ms, "
        f"more than {plain(limits.max_clock_skew_ms)} ms",
        figures={"offset_ms": offset, "limit_ms": limits.max_clock_skew_ms},
    )
