"""Clocks: the wall's, a test's and a session's, each with one notion of time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tidegate.adapters.clocks import ManualClock, SessionClock, WallClock

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


async def test_the_wall_clock_is_aware_and_its_sleep_takes_real_time() -> None:
    """`now` in UTC, in both forms; `monotonic` moves with the sleep; a callback comes after its time."""
    clock = WallClock()
    before, began = clock.now(), clock.monotonic()
    called = asyncio.Event()
    clock.call_later(0.001, called.set)
    await clock.sleep(0.002)
    await called.wait()
    assert before.tzinfo is UTC
    assert clock.now() > before
    assert clock.monotonic() - began >= 0.002
    assert abs(clock.now_us() / 1e6 - clock.now().timestamp()) < 1


async def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    """No time passes by itself."""
    clock = ManualClock(START)
    await asyncio.sleep(0.001)
    assert (clock.now(), clock.monotonic()) == (START, 0)
    await clock.advance(2.5)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=2.5), 2.5)


async def test_sleepers_wake_in_order_each_at_its_own_moment() -> None:
    """One that sleeps again on the way wakes again on the way."""
    clock = ManualClock(START)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float, times: int) -> None:
        for _ in range(times):
            await clock.sleep(seconds)
            woken.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper("slow", 5, 1))
        group.create_task(sleeper("quick", 2, 3))
        await clock.advance(10)
    assert woken == [("quick", 2), ("quick", 4), ("slow", 5), ("quick", 6)]
    assert clock.monotonic() == 10


async def test_sleepers_of_one_moment_wake_in_the_order_in_which_they_lay_down() -> None:
    """Ties are broken by order, never by chance."""
    clock = ManualClock(START)
    woken: list[int] = []

    async def sleeper(number: int) -> None:
        await clock.sleep(1)
        woken.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(sleeper(number))
        await clock.advance(1)
    assert woken == list(range(20))


@pytest.mark.parametrize("seconds", [0, -1])
async def test_a_sleep_of_no_time_lets_others_run_and_returns(seconds: float) -> None:
    """It does not wait for the clock to move."""
    clock = ManualClock(START)
    await asyncio.wait_for(clock.sleep(seconds), timeout=1)
    assert clock.now() == START


async def test_a_cancelled_sleeper_leaves_nothing_behind() -> None:
    """Its timer is gone, and the clock passes it without a stop."""
    clock = ManualClock(START)
    task = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert clock.timers.next_due_us() is None
    await clock.advance(2)


async def test_a_callback_runs_at_its_moment() -> None:
    """Also when it is due at once."""
    clock = ManualClock(START)
    called: list[float] = []
    clock.call_later(3, lambda: called.append(clock.monotonic()))
    clock.call_later(0, lambda: called.append(clock.monotonic()))
    await clock.advance(5)
    assert called == [0, 3]


async def test_time_never_goes_back() -> None:
    """Stepping to the past is no step."""
    clock = ManualClock(START)
    await clock.advance(5)
    clock.step_to(clock.now_us() - 1_000_000)
    assert clock.monotonic() == 5


class RealTime:
    """Real seconds in the test's hands."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_session_clock_flows_at_its_speed_up_to_where_it_is_held() -> None:
    """90 session seconds a real one, and never past the next event."""
    real = RealTime()
    clock = SessionClock(START, speed=90, real=real)
    real.seconds += 1
    assert clock.now() == START  # it does not flow before it is started
    clock.flow(lambda: None)
    clock.hold_at(clock.now_us() + 50_000_000)
    real.seconds += 0.5
    assert clock.now() == START + timedelta(seconds=45)
    real.seconds += 0.5
    assert clock.now() == START + timedelta(seconds=50)
    clock.stop()
    real.seconds += 5
    assert clock.now() == START + timedelta(seconds=50)


def test_a_session_clock_does_not_flow_past_a_sleepers_moment() -> None:
    """The sleeper must wake at its moment, not at a later one."""
    real, woken = RealTime(), []
    clock = SessionClock(START, speed=1, real=real)
    clock.flow(lambda: woken.append("driver"))
    clock.hold_at(clock.now_us() + 50_000_000)
    clock.call_later(2, lambda: None)
    real.seconds += 9
    assert clock.now() == START + timedelta(seconds=2)
    assert woken == ["driver"]


def test_lag_that_is_forgiven_is_not_made_up() -> None:
    """From here on it flows at its own speed again."""
    real = RealTime()
    clock = SessionClock(START, speed=8, real=real)
    clock.flow(lambda: None)
    clock.hold_at(clock.now_us() + 1_000_000)
    real.seconds += 60
    assert clock.now() == START + timedelta(seconds=1)
    clock.forgive_lag()
    clock.hold_at(clock.now_us() + 50_000_000)
    real.seconds += 0.125
    assert clock.now() == START + timedelta(seconds=2)
    assert clock.real_seconds_until(clock.now_us() + 4_000_000) == pytest.approx(0.5)


def test_a_session_clock_without_a_speed_only_steps() -> None:
    """A replay's time is nobody's but its driver's."""
    real = RealTime()
    clock = SessionClock(START, real=real)
    clock.flow(lambda: None)
    real.seconds += 9
    assert clock.now() == START
    assert clock.flowed_us() == clock.now_us()
    assert clock.real_seconds_until(clock.now_us() + 5) == 0
    clock.forgive_lag()
    clock.step_to(clock.now_us() + 1)
    assert clock.now() == START + timedelta(microseconds=1)
