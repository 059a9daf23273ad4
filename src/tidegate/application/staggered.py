"""Staggering: calls made one after the other, of which one that hangs keeps the next waiting for a moment only."""

from asyncio import FIRST_COMPLETED, TaskGroup, wait
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from tidegate.application.transmissions import Transmissions
from tidegate.domain.ports import ClockPort

T = TypeVar("T")
_PATIENCE_SECONDS = 1.0
_ALL_WITHIN_SECONDS = 20.0
"""By when all of them are made, so that whoever makes many is soon at his other work again."""
_APART_SECONDS = 0.04
"""How far apart they are at least while none is answered: no venue is sent more than 25 a second."""


async def staggered(
    calls: Sequence[Callable[[], Awaitable[T]]], clock: ClockPort, under_way: Transmissions, name: str
) -> list[T]:
    """What they come to, in order. Each is made once the one before has ended, or has not within a second or less.

    Whoever makes them waits for the venue for as long as one of them does.

    Raises:
        Exception: what the first of those that failed raised, once all have ended.
        BaseException: what is no Exception, at once.
    """
    if len(calls) <= 1:
        return [await call() for call in calls]
    patience = max(min(_PATIENCE_SECONDS, _ALL_WITHIN_SECONDS / len(calls)), _APART_SECONDS)
    tasks = []
    try:
        async with TaskGroup() as group:
            for number, call in enumerate(calls, 1):
                task = group.create_task(_ended(call), name=f"tidegate {name} {number}")
                under_way.help(task)
                pause = group.create_task(clock.sleep(patience), name=f"tidegate {name} {number} patience")
                await wait((task, pause), return_when=FIRST_COMPLETED)
                pause.cancel()
                tasks.append(task)
    except BaseExceptionGroup as group_ended:
        # What is no Exception ends the program, and is to be known by its name.
        raise group_ended.exceptions[0] from None
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
