"""ClockPort: the only source of time."""

from datetime import datetime
from typing import Protocol


class ClockPort(Protocol):
    """One notion of time for the whole application: the wall's, or a session's that a recording drives."""

    def now(self) -> datetime:
        """The current moment, aware UTC. Never goes back within one session."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start, whatever the wall clock does; a session's own where one drives it."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds of this clock's time. Cancellable at any point."""
        ...
