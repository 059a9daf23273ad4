"""The loop: asyncio on a virtual clock, where a seed decides which of the ready tasks goes on first."""

import asyncio
import heapq
from asyncio import BaseEventLoop
from collections import deque
from collections.abc import AsyncGenerator
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any, NoReturn

from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.processes import PROCESS, Process

STEPS_AT_ONE_INSTANT_MAX = 100_000
"""Invariant 23: more than this without the clock moving is a loop that will never rest."""


_UNWINDING_SECONDS_MAX = 60.0
"""A frame that outlives so many cancellations is left to the collector."""


class SimulationStuck(RuntimeError):
    """The world cannot go on: nothing is ready and no timer is set, or it runs without the clock ever moving."""


class _NoThreads(Executor):
    """What stands where asyncio would put its threads."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> NoReturn:
        raise SimulationStuck(f"{fn} asked for a thread, which no seed could decide about")


class SimulatedLoop(BaseEventLoop):
    """No selector, no threads, no real time.

    Timers that are due come first; when nothing is ready the clock jumps to the next timer. Of task steps that are
    ready beside one another the seed picks the next; plain callbacks keep their order, as asyncio promises, so a step
    never overtakes one. Work of a dead process is laid aside, that of a paused one waits until it goes on.
    """

    # What the base class keeps and its typed stub does not show.
    _ready: deque[Any]
    _scheduled: list[Any]
    _stopping: bool
    _default_executor: Any

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self._dice = dice
        self._default_executor = _NoThreads()
        self._at = 0.0
        self._steps_now = 0
        self._parked: list[Any] = []
        self._dropped: list[Any] = []
        self.steps = 0
        self.failures: list[str] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self.is_unwinding = False
        self.set_exception_handler(_note_failure)
        self.set_task_factory(_new_task)

    def time(self) -> float:
        return self._at

    def resume_paused(self) -> None:
        """Let what was paused run again, in the order it would have run in."""
        parked, self._parked = self._parked, []
        self._ready.extendleft(reversed(parked))

    def _run_once(self) -> None:
        """Run what is ready until told to stop; the base class calls this again and again."""
        ready = self._ready
        while not self._stopping:
            self._take_due()
            if not ready:
                self._jump()
                continue
            handle = self._next(ready)
            process = handle._context.get(PROCESS)
            if handle._cancelled or (process is not None and not self._may_run(process, handle)):
                continue
            handle._run()
            self._count_step()

    def _may_run(self, process: Process, handle: Any) -> bool:
        if not process.is_alive:
            self._dropped.append(handle)
        elif process.is_paused:
            self._parked.append(handle)
        return process.is_alive and not process.is_paused

    def _count_step(self) -> None:
        self.steps += 1
        self._steps_now += 1
        if self._steps_now > STEPS_AT_ONE_INSTANT_MAX:
            self._steps_now = 0
            raise SimulationStuck(f"more than {STEPS_AT_ONE_INSTANT_MAX} steps at {self._at:.3f} s")

    def _take_due(self) -> None:
        scheduled = self._scheduled
        while scheduled and (scheduled[0]._cancelled or scheduled[0]._when <= self._at):
            timer = heapq.heappop(scheduled)
            timer._scheduled = False
            if not timer._cancelled:
                self._ready.append(timer)

    def _jump(self) -> None:
        if not self._scheduled:
            raise SimulationStuck(f"nothing is ready and no timer is set at {self._at:.3f} s")
        self._at = self._scheduled[0]._when
        self._steps_now = 0

    def _next(self, ready: deque[Any]) -> Any:
        """The first, or by seed one of the task steps that stand in line before the first plain callback."""
        if len(ready) == 1 or not _is_step(ready[0]):
            return ready.popleft()
        count = 1
        for handle in list(ready)[1:]:
            if not _is_step(handle):
                break
            count += 1
        chosen = self._dice.below(count)
        if not chosen:
            return ready.popleft()
        handle = ready[chosen]
        del ready[chosen]
        return handle

    async def unwind(self) -> None:
        """Cancel what is left until all of it has ended, and mind nothing that it raises on its way."""
        self.is_unwinding = True
        self._ready.extend(self._dropped)
        self.resume_paused()
        own = asyncio.current_task()
        given_up_at = self._at + _UNWINDING_SECONDS_MAX
        while self._at < given_up_at and (
            left := [task for task in self._tasks if task is not own and not task.done()]
        ):
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=1.0)
        for task in self._tasks:
            if task is not own and task.done():
                # Whatever it is, it has to be taken: CPython 3.11 does not collect a cancellation that nobody has read.
                with suppress(BaseException):
                    task.result()
        self._tasks.clear()

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Hold on to a task: one of the dead would be collected, and its `finally` run, at a moment nobody chose."""
        self._tasks.append(task)

    def _write_to_self(self) -> None:
        """Nothing sleeps here that would have to be woken."""

    def _process_events(self, event_list: Any) -> None:
        """There is no selector, so there are no events of it."""

    def _asyncgen_firstiter_hook(self, agen: AsyncGenerator[Any, Any]) -> None:
        """Generators of dead processes are forgotten with their frames."""

    def _asyncgen_finalizer_hook(self, agen: AsyncGenerator[Any, Any]) -> None:
        """See above: closing one would be work of a dead process."""


def _is_step(handle: Any) -> bool:
    return isinstance(getattr(handle._callback, "__self__", None), asyncio.Task)


def _new_task(loop: asyncio.AbstractEventLoop, work: Any, context: Any = None, **options: Any) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context, **options)
    if isinstance(loop, SimulatedLoop):
        loop.adopt(task)
    return task


def _note_failure(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Invariant 23: an exception that nobody awaited is a finding."""
    if isinstance(loop, SimulatedLoop) and not loop.is_unwinding:
        error = context.get("exception")
        loop.failures.append(f"{context['message']}: {error!r}" if error is not None else str(context["message"]))
