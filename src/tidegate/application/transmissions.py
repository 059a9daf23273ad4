"""Transmissions: requests that are under way to the venue, each with one total deadline, whatever the adapter does.

A request that gets no answer in time has an unknown outcome, and an adapter that never returns must not keep its caller
for ever (B15). It is cut off as a caller who gives up would be: what it comes to is found out by asking.
"""

from asyncio import Task, current_task
from typing import Any

from msgspec import Struct

from tidegate.domain.ports import ClockPort


class _UnderWay(Struct, eq=False, gc=False):
    """One request: since when, in whose task, and whether it was cut off."""

    since: float
    task: Task[Any] | None
    is_cut_off: bool = False


class Transmissions:
    """What waits for an answer of the venue. `deadline_seconds` is the total time that one request has."""

    def __init__(self, clock: ClockPort, deadline_seconds: float = 30.0) -> None:
        self._clock = clock
        self._under_way: dict[str, _UnderWay] = {}
        self.deadline_seconds = deadline_seconds

    def begin(self, name: str) -> None:
        """This task asks the venue for something."""
        self._under_way[name] = _UnderWay(self._clock.monotonic(), current_task())

    def end(self, name: str) -> None:
        """It has its answer, or waits for it no longer."""
        self._under_way.pop(name, None)

    def take_cut(self, name: str) -> bool:
        """Whether the cancellation that its task has just met is only the deadline's; it is taken back then."""
        one = self._under_way.get(name)
        if one is None or not one.is_cut_off or one.task is None:
            return False
        # Somebody else may have cancelled the task besides, and that stands.
        return one.task.uncancel() == 0

    def cut_off_overdue(self) -> None:
        """Cut off what has waited too long, once."""
        now = self._clock.monotonic()
        for one in list(self._under_way.values()):
            if not one.is_cut_off and one.task is not None and now - one.since >= self.deadline_seconds:
                one.is_cut_off = True
                one.task.cancel()
