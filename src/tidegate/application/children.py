"""Children: the application's background loops, named, watched, and missed when they die."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

Loop = Callable[[], Awaitable[None]]
Died = Callable[[str, BaseException | None], Awaitable[None]]


class Children(AbstractAsyncContextManager["Children"]):
    """One task group over named loops.

    A loop that ends by an exception, or at all while it should run, is reported to `died` (P15) and its siblings go on:
    without the guards entries must stop, but cancels, reductions and reports must not.
    """

    def __init__(self, died: Died) -> None:
        self._died = died
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closing = False
        self.dead: dict[str, BaseException | None] = {}

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_closing = True
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(kind, error, traceback)

    def start(self, name: str, loop: Loop) -> None:
        """Run a loop beside the others until the group is left."""
        self._tasks.append(self._group.create_task(self._watched(name, loop), name=f"tidegate {name}"))

    async def _watched(self, name: str, loop: Loop) -> None:
        failure: BaseException | None = None
        try:
            await loop()
        except Exception as error:  # noqa: BLE001 -- whatever killed it, its siblings live and the operator knows
            failure = error
        if not self._is_closing:
            self.dead[name] = failure
            await self._died(name, failure)


async def first_of(
    ends: Sequence[Coroutine[None, None, object]], *, before_cancel: Callable[[], Awaitable[None]]
) -> None:
    """Run several things beside one another until one of them ends, then cancel the others.

    Raises:
        Exception: what the one that ended first raised.
    """
    outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:

        async def ended(one: Coroutine[None, None, object]) -> None:
            failure: Exception | None = None
            try:
                await one
            except Exception as error:  # noqa: BLE001 -- handed to whoever waits, whatever it is
                failure = error
            if not outcome.done():
                outcome.set_result(None) if failure is None else outcome.set_exception(failure)

        tasks = [group.create_task(ended(one)) for one in ends]
        try:
            await asyncio.wait((outcome,))
            if outcome.exception() is None:
                # After a failure nothing is waited for: what failed may be what the others wait on.
                await before_cancel()
        finally:
            for task in tasks:
                task.cancel()
    # Outside the group, which would wrap the failure in a group of its own.
    outcome.result()
