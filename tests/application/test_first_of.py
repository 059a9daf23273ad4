"""A run ends with the first of its ends, and a failure is not kept waiting."""

import asyncio
from inspect import CORO_CLOSED, getcoroutinestate

import pytest

from tidegate.application.children import first_of


async def _never() -> None:
    await asyncio.Event().wait()


async def _fails() -> None:
    raise OSError("the market is gone")


async def _ends() -> None:
    return


async def test_a_failure_ends_the_rest_without_waiting_for_what_may_depend_on_it() -> None:
    """A decision under way may be waiting on the very clock that has stopped."""
    with pytest.raises(OSError, match="the market is gone"):
        async with asyncio.timeout(5):
            await first_of([_never(), _fails()], before_cancel=_never)


async def test_a_good_end_waits_for_what_is_under_way() -> None:
    """What is asked for before the others are cancelled is done first."""
    done = []

    async def finish() -> None:
        done.append("finished")

    await first_of([_never(), _ends()], before_cancel=finish)
    assert done == ["finished"]


async def test_what_is_cancelled_before_its_first_step_is_closed() -> None:
    """A program that is ended at once cancels all its tasks, those among them that have not begun."""
    ends = [_never(), _ends()]
    waiting = asyncio.create_task(first_of(ends))
    await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert [getcoroutinestate(end) for end in ends] == [CORO_CLOSED, CORO_CLOSED]
