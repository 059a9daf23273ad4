"""Rate: entries stop at a share of the request budget, so that cancels and exits always find room (RATE)."""

from datetime import datetime
from decimal import Decimal

from tidegate.domain.ages import after
from tidegate.domain.amounts import ONE, plain
from tidegate.domain.checks.draft import Draft
from tidegate.domain.refusals import RateRefused, Remedy
from tidegate.domain.validity import shown


def rate(draft: Draft) -> RateRefused | None:
    """Our own entries a second, and all requests a second against the entries' share of the venue's budget."""
    pace, limits = draft.view.pace, draft.limits
    if pace.entries_last_second >= limits.entry_orders_per_second:
        return _spent(draft, "entries", pace.entries_last_second, limits.entry_orders_per_second, pace.entry_free_at)
    if pace.requests_last_second >= limits.venue_requests_per_second * limits.entry_budget_pct:
        allowed = limits.venue_requests_per_second * limits.entry_budget_pct
        return _spent(draft, "requests", pace.requests_last_second, allowed, None)
    return None


def _spent(draft: Draft, what: str, count: int, allowed: Decimal, free_at: datetime | None) -> RateRefused:
    free = free_at if free_at is not None else after(draft.view.at, ONE)
    return RateRefused(
        message=f"{count} {what} in the last second, and entries stop at {plain(allowed)}",
        figures={"count": Decimal(count), "limit": allowed},
        facts={"budget": what},
        remedy=Remedy(f"send it after {shown(free)}", not_before=free),
    )
