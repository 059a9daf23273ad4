"""The simulated loop: virtual time, steps picked by seed, and processes that can be killed and paused."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.loop import STEPS_AT_ONE_INSTANT_MAX, SimulatedLoop, SimulationStuck
from tidegate.testing.simulation.processes import Process


def run(work: Coroutine[Any, Any, Any], seed: int = 1) -> SimulatedLoop:
    """Run something to its end on a loop of its own."""
    loop = SimulatedLoop(Dice(seed))
    try:
        loop.run_until_complete(work)
        loop.run_until_complete(loop.unwind())
    finally:
        loop.close()
    return loop


def test_an_hour_passes_at_once() -> None:
    """When nothing is ready the clock jumps to the next timer."""

    async def sleep() -> None:
        await asyncio.sleep(3_600)

    assert run(sleep()).time() == 3_600


def test_the_seed_decides_which_of_two_tasks_goes_on_first() -> None:
    """Over some seeds both orders occur, and one seed always gives the same."""

    def order(seed: int) -> str:
        said: list[str] = []

        async def say(word: str) -> None:
            await asyncio.sleep(0)
            said.append(word)

        async def both() -> None:
            await asyncio.gather(say("a"), say("b"))

        run(both(), seed)
        return "".join(said)

    assert {order(seed) for seed in range(20)} == {"ab", "ba"}
    assert order(7) == order(7)


def test_callbacks_keep_their_order() -> None:
    """Only task steps may overtake each other."""
    said: list[int] = []

    async def call() -> None:
        for number in range(20):
            asyncio.get_running_loop().call_soon(said.append, number)
        await asyncio.sleep(0.001)

    for seed in range(5):
        said.clear()
        run(call(), seed)
        assert said == list(range(20))


def test_a_killed_process_is_never_resumed() -> None:
    """Not even its `finally` runs while the life goes on."""
    said: list[str] = []
    process = Process("p")

    async def work() -> None:
        try:
            await asyncio.sleep(1)
            said.append("woke")
        finally:
            said.append("finally")

    async def live() -> None:
        process.start(work(), "work")
        await asyncio.sleep(0.5)
        process.kill()
        await asyncio.sleep(10)
        assert said == []
        process.unwind()

    run(live())
    assert said == ["finally"]


def test_a_paused_process_goes_on_where_it_stood() -> None:
    """Later, and not before it is resumed."""
    process = Process("p")
    woke_at: list[float] = []

    async def work() -> None:
        await asyncio.sleep(1)
        woke_at.append(asyncio.get_running_loop().time())

    async def live() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        process.start(work(), "work")
        await asyncio.sleep(0.5)
        process.pause(loop.time(), 59.5)
        await asyncio.sleep(59.5)
        process.resume(loop.time())
        loop.resume_paused()
        await asyncio.sleep(0.001)

    run(live())
    assert woke_at == [60.0]


def test_a_loop_that_never_rests_is_found() -> None:
    """Invariant 23: so many steps without the clock moving are an error."""

    async def spin() -> None:
        while True:  # noqa: ASYNC110 -- the very mistake that is to be found
            await asyncio.sleep(0)

    loop = SimulatedLoop(Dice(1))
    with pytest.raises(SimulationStuck, match=str(STEPS_AT_ONE_INSTANT_MAX)):
        loop.run_until_complete(spin())
    loop.run_until_complete(loop.unwind())
    loop.close()


def test_a_deadlock_is_found() -> None:
    """Nothing ready and no timer: nobody will ever wake anybody."""

    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    loop = SimulatedLoop(Dice(1))
    with pytest.raises(SimulationStuck, match="nothing is ready"):
        loop.run_until_complete(wait())
    loop.run_until_complete(loop.unwind())
    loop.close()


def test_a_thread_is_refused() -> None:
    """No seed could decide when it is done."""

    async def ask() -> None:
        await asyncio.get_running_loop().run_in_executor(None, print)

    with pytest.raises(SimulationStuck, match="asked for a thread"):
        run(ask())
