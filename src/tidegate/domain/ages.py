"""Ages: whether a moment lies further back than a limit, exactly and without floating point."""

from datetime import datetime, timedelta
from decimal import Decimal

_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS = Decimal(1_000_000)


def is_older(at: datetime, since: datetime, limit_seconds: Decimal) -> bool:
    """Whether `since` is more than `limit_seconds` before `at`; a moment in the future never is."""
    age = at - since
    # Whole seconds decide nearly every call; the exact comparison costs several times as much.
    if not age.days and age.seconds + 1 <= limit_seconds:
        return False
    return Decimal(age // _MICROSECOND) > limit_seconds * _MICROSECONDS


def seconds_between(earlier: datetime, later: datetime) -> Decimal:
    """Seconds from one moment to another, exact to the microsecond."""
    return Decimal((later - earlier) // _MICROSECOND) / _MICROSECONDS


def after(at: datetime, seconds: Decimal) -> datetime:
    """The moment that many seconds later."""
    return at + timedelta(microseconds=int(seconds * _MICROSECONDS))
