"""Children: the application's background loops, named, watched, and missed when they die."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import Self

from tidegate.application.foreign import FOREIGN
from tidegate.domain.ports import ClockPort

Loop = Callable[[], Awaitable[None]]
Died = Callable[[str, BaseException | None], Awaitable[None]]


_FIRST_PAUSE_SECONDS = 1.0
_WELL_SECONDS = 600.0
RESTARTS = 5
"""How often a loop that may be restarted is, after 1, 2, 4, 8 and 16 seconds; ten minutes without harm begin anew."""
GRACE_SECONDS = 5.0
"""How long, in real seconds, whoever holds the loops has to leave them once he was cancelled as they were."""


class Children(AbstractAsyncContextManager["Children"]):
    """One task group over named loops.

    A loop that ends by an exception, by a cancellation of others, or at all while it should run, is reported to `died`
    (P15) and its siblings go on: without the guards entries must stop, but cancels, reductions and reports must not.
    Then it is started again, unless it may not be or has been too often: that is left to an operator.

    A program that is ended at once cancels all its tasks, loops and their holder alike: that is no death of a loop.
    """

    def __init__(self, died: Died, clock: ClockPort) -> None:
        self._died = died
        self._clock = clock
        self._group = asyncio.TaskGroup()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_leaving = False
        self._is_closing = False
        self._holder: asyncio.Task[object] | None = None
        self._holder_cancels = 0
        self.dead: dict[str, BaseException | None] = {}
        self.restarted: Counter[str] = Counter()
        self._given_up: dict[str, tuple[Loop, int]] = {}
        self._began: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        self._holder = asyncio.current_task()
        self._holder_cancels = self._holder.cancelling() if self._holder is not None else 0
        await self._group.__aenter__()
        return self

    def leave(self) -> None:
        """The loops are about to be left: one that is cancelled from here on is not missed."""
        self._is_leaving = True

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_closing = True
        for task in self._tasks.values():
            task.cancel()
        await self._group.__aexit__(kind, error, traceback)

    def start(self, name: str, loop: Loop, *, restarts: int = 0) -> None:
        """Run a loop beside the others until the group is left."""
        self._run(name, self._watched(name, loop, restarts), partial(self._cancelled, name, loop, restarts))

    def revive(self) -> None:
        """Start again what has died too often and was left to an operator, who has looked by now."""
        given_up, self._given_up = self._given_up, {}
        for name, (loop, restarts) in given_up.items():
            self.restarted[name] = 0
            del self.dead[name]
            self.start(name, loop, restarts=restarts)

    def task(self, name: str) -> asyncio.Task[None] | None:
        return self._tasks.get(name)

    def interrupt(self, name: str) -> None:
        """Cancel a loop that hangs: it is then as dead as any other, and started again."""
        self._tasks[name].cancel()

    def _run(self, name: str, work: Coroutine[None, None, None], is_done: Callable[[asyncio.Task[None]], None]) -> None:
        try:
            task = self._tasks[name] = self._group.create_task(work, name=f"tidegate {name}")
        except RuntimeError:
            # The group itself is being torn down: there is nobody left to run anything for.
            work.close()
            return
        task.add_done_callback(is_done)

    def _cancelled(self, name: str, loop: Loop, restarts: int, task: asyncio.Task[None]) -> None:
        """A loop that somebody else has cancelled is as dead as one that failed."""
        if task.cancelled() and not self._is_closing:
            self._run(name, self._missed(name, loop, restarts), partial(self._cancelled, name, loop, restarts))

    async def _missed(self, name: str, loop: Loop, restarts: int) -> None:
        """It is a death unless the holder was cancelled too and leaves; one that swallows that is told all the same."""
        if self._holder is not None and self._holder.cancelling() > self._holder_cancels:
            await asyncio.sleep(GRACE_SECONDS)
        if not self._is_leaving:
            await self._after(name, loop, asyncio.CancelledError("it was cancelled"), restarts)

    async def _watched(self, name: str, loop: Loop, restarts: int) -> None:
        self._began[name] = self._clock.monotonic()
        failure: BaseException | None = None
        try:
            await loop()
        except FOREIGN as error:  # whatever killed it, its siblings live and the operator knows
            failure = error
        await self._after(name, loop, failure, restarts)

    async def _after(self, name: str, loop: Loop, failure: BaseException | None, restarts: int) -> None:
        """A loop has ended: say so, and start it again after a pause that doubles each time."""
        if self._is_closing:
            return
        if self._clock.monotonic() - self._began.get(name, 0.0) > _WELL_SECONDS:
            # It had recovered from whatever it was.
            self.restarted[name] = 0
        self.dead[name] = failure
        await self._died(name, failure)
        if self.restarted[name] >= restarts:
            if restarts:
                self._given_up[name] = (loop, restarts)
            return
        await self._clock.sleep(_FIRST_PAUSE_SECONDS * 2 ** self.restarted[name])
        self.restarted[name] += 1
        del self.dead[name]
        await self._watched(name, loop, restarts)


async def first_of(
    ends: Sequence[Coroutine[None, None, object]], *, before_cancel: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Run several things beside one another until one of them ends, then cancel the others.

    Raises:
        Exception: what the one that ended first raised.
    """
    outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def ended(one: Coroutine[None, None, object]) -> None:
        failure: Exception | None = None
        try:
            await one
        except Exception as error:  # noqa: BLE001 -- handed to whoever waits, whatever it is
            failure = error
        if not outcome.done():
            outcome.set_result(None) if failure is None else outcome.set_exception(failure)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ended(one)) for one in ends]
            try:
                await asyncio.wait((outcome,))
                if outcome.exception() is None and before_cancel is not None:
                    # After a failure nothing is waited for: what failed may be what the others wait on.
                    await before_cancel()
            finally:
                for task in tasks:
                    task.cancel()
    finally:
        for one in ends:
            # One whose task was cancelled before its first step was never awaited.
            one.close()
    # Outside the group, which would wrap the failure in a group of its own.
    outcome.result()
