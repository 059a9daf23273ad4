"""The clock: the loop's virtual time as the application's ClockPort has it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

STARTS_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""When every life begins."""


class SimulatedClock:
    """Virtual time. A jump of the wall clock (X7) moves `now` and leaves `monotonic` and every sleeper alone."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self.jumped = timedelta()
        self._told_at, self._told = -1.0, STARTS_AT

    def now(self) -> datetime:
        at = self._time()
        if at != self._told_at:
            self._told_at, self._told = at, moment(at) + self.jumped
        return self._told

    def at(self, seconds: float) -> datetime:
        """What the wall shows for a moment of the life, as it has been set since."""
        return moment(seconds) + self.jumped

    def monotonic(self) -> float:
        return self._time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock forward, or back where it is negative."""
        self.jumped += timedelta(seconds=seconds)
        self._told_at = -1.0


def moment(at: float) -> datetime:
    """The moment so many seconds into a life, to the microsecond."""
    return STARTS_AT + timedelta(microseconds=round(at * 1e6))
