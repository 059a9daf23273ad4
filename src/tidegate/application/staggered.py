"""Staggering: calls made one after the other, of which one that hangs keeps the next waiting for a moment only."""

from asyncio import FIRST_COMPLETED, TaskGroup, wait
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tidegate.domain.ports import ClockPort

T = TypeVar("T")
_PATIENCE_SECONDS = 1.0


async def staggered(calls: Sequence[Callable[[], Awaitable[T]]], clock: ClockPort, name: str) -> list[T]:
    """What they come to, in order. Each is made once the one before has ended, or has not within a second.

    Raises:
        Exception: what the first of those that failed raised, once all have ended.
    """
    if len(calls) <= 1:
        return [await call() for call in calls]
    tasks = []
    async with TaskGroup() as group:
        for number, call in enumerate(calls, 1):
            task = group.create_task(_ended(call), name=f"tidegate {name} {number}")
            pause = group.create_task(clock.sleep(_PATIENCE_SECONDS), name=f"tidegate {name} {number} patience")
            await wait((task, pause), return_when=FIRST_COMPLETED)
            pause.cancel()
            tasks.append(task)
    found = []
    for value, failure in [task.result() for task in tasks]:
        if failure is not None:
            raise failure
        found += value
    return found


async def _ended(call: Callable[[], Awaitable[T]]) -> tuple[list[T], Exception | None]:
    """What a call came to, kept so that one which fails does not call the others off."""
    try:
        return [await call()], None
    except Exception as failure:  # noqa: BLE001 -- handed to whoever waits, whatever it is
        return [], failure
