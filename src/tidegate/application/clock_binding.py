"""The bound clock: the clock of the application that the current task works for."""

from contextvars import ContextVar

from tidegate.domain.ports import ClockPort

BOUND_CLOCK: ContextVar[ClockPort] = ContextVar("tidegate_bound_clock")
"""Bound by the container when an application opens."""


class NoClockBoundError(LookupError):
    """A service made by itself, outside any application, was given no clock."""


def bound_clock() -> ClockPort:
    """The clock of the open application.

    Raises:
        NoClockBoundError: outside any application; pass `clock=` instead.
    """
    clock = BOUND_CLOCK.get(None)
    if clock is None:
        raise NoClockBoundError("no clock is bound: open an application, or pass clock= to the service")
    return clock
