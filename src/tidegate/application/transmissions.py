"""Transmissions: requests that are under way to the venue, each with one total deadline, whatever the adapter does.

A request that gets no answer in time has an unknown outcome, and an adapter that never returns must not keep its caller
for ever (B15). It is cut off as a caller who gives up would be: what it comes to is found out by asking.
"""

from asyncio import AbstractEventLoop, Task, current_task, get_running_loop
from typing import Any

from tidegate.domain.ports import ClockPort

_AGAIN_SECONDS = 5.0
"""How long an adapter that was cut off has to close what it holds, before it is cut off again."""


class Transmissions:
    """What waits for an answer of the venue. `deadline_seconds` is the total time that one request has.

    Nearly all are answered between two looks of `cut_off_overdue`, so a request's time is counted from the first look
    that finds it waiting: who begins one does not read the clock.
    """

    def __init__(self, clock: ClockPort, deadline_seconds: float = 30.0) -> None:
        self._clock = clock
        self._waiting: dict[str, Task[Any] | None] = {}
        self._seen: dict[str, float] = {}
        self._cuts: dict[str, int] = {}
        self._helped: dict[Task[Any], Task[Any]] = {}
        self._loop: AbstractEventLoop | None = None
        self.deadline_seconds = deadline_seconds

    def begin(self, name: str) -> None:
        """This task asks the venue for something."""
        # Told which loop it is, Python need not ask the operating system which process this is.
        task = current_task(self._loop) if self._loop is not None else None
        if task is None:
            self._loop = get_running_loop()
            task = current_task(self._loop)
        self._waiting[name] = task

    def end(self, name: str) -> None:
        """It has its answer, or waits for it no longer."""
        task = self._waiting.pop(name, None)
        if self._seen:
            self._seen.pop(name, None)
            cuts = self._cuts.pop(name, 0)
            if task is not None and cuts:
                _take_back(task, cuts)  # swallowed: whoever waits for this task's end is not to hear of them

    def take_cut(self, name: str) -> bool:
        """Whether the cancellation that its task has just met is only the deadline's; it is taken back then."""
        task, cuts = self._waiting.get(name), self._cuts.pop(name, 0)
        # Somebody else may have cancelled the task besides, and that stands.
        return task is not None and cuts > 0 and _take_back(task, cuts) == 0

    def help(self, task: Task[Any]) -> None:
        """From now until it ends, what a task waits for is what the current one waits for."""
        helped = current_task()
        if helped is not None:
            self._helped[task] = helped
            task.add_done_callback(self._helped.pop)

    def waits_since(self, task: Task[Any] | None) -> float | None:
        """Since when, on the monotonic clock, a task or one that helps it has been waiting for the venue, if it is."""
        if task is None:
            return None
        who = {task, *(helper for helper, helped in self._helped.items() if helped is task)}
        names = (name for name, waiting in self._waiting.items() if waiting in who)
        return min((self._seen[name] for name in names if name in self._seen), default=None)

    def cut_off_overdue(self) -> None:
        """Cut off what has waited too long, and every few seconds anew: an adapter may swallow one and wait again."""
        now = self._clock.monotonic()
        for name, task in list(self._waiting.items()):
            since = self._seen.setdefault(name, now)
            cuts = self._cuts.get(name, 0)
            if task is not None and now - since >= self.deadline_seconds + cuts * _AGAIN_SECONDS:
                self._cuts[name] = cuts + 1
                task.cancel()


def _take_back(task: Task[Any], cuts: int) -> int:
    """Take back so many cancellations; how many others stand."""
    left = task.cancelling()
    for _ in range(cuts):
        left = task.uncancel()
    return left
