"""Ages: whether a moment lies further back than a limit, exactly and without floating point."""

from datetime import datetime, timedelta
from decimal import Decimal

_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS = Decimal(1_000_000)
AHEAD_MAX = timedelta(seconds=1)
"""As far ahead of our clock as a moment of that same clock may lie; fixed, whatever `risk.max_clock_skew_ms` is."""


def is_older(at: datetime, since: datetime, limit_seconds: Decimal) -> bool:
    """Whether `since` is more than `limit_seconds` before `at`; a moment in the future never is."""
    age = at - since
    # Whole seconds decide nearly every call; the exact comparison costs several times as much.
    if not age.days and age.seconds + 1 <= limit_seconds:
        return False
    return Decimal(age // _MICROSECOND) > limit_seconds * _MICROSECONDS


def is_silent(at: datetime, heard_at: datetime | None, limit_seconds: Decimal) -> bool:
    """Whether a feed has said nothing for more than `limit_seconds`, or cannot be said to have said anything since.

    It was heard by our own clock. A moment ahead of that clock by more than a second is no sign of life: the clock has
    gone back since (X7), or an adapter stamps by another one, and by such a moment it would live for ever.
    """
    return heard_at is None or is_older(at, heard_at, limit_seconds) or heard_at - at > AHEAD_MAX


def seconds_between(earlier: datetime, later: datetime) -> Decimal:
    """Seconds from one moment to another, exact to the microsecond."""
    return Decimal((later - earlier) // _MICROSECOND) / _MICROSECONDS


def after(at: datetime, seconds: Decimal) -> datetime:
    """The moment that many seconds later."""
    return at + timedelta(microseconds=int(seconds * _MICROSECONDS))
