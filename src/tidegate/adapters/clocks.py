"""Clocks: the wall's time, a session's time that a recording drives, and a time that a test moves by hand."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from tidegate.adapters.recordings.header import microseconds_of, moment_of
from tidegate.adapters.timers import Timer, Timers
from tidegate.domain.ports.clock import ClockPort

# Bound once: finding the method on its class costs a fifth of what it does.
_now = datetime.now
MICROSECONDS = 1_000_000
"""In a second."""

SETTLE_ROUNDS = 16
"""How often the loop goes round before time moves on: a chain of that many tasks, each woken by the one before, comes
to rest.

What is not at rest by then runs a little later in session time, and in the same order every time: the number decides
how much work fits into one instant, not whether a replay is deterministic.
"""


async def settle() -> None:
    """Let every task that can run do so, until all of them wait again."""
    for _ in range(SETTLE_ROUNDS):
        await asyncio.sleep(0)


class SchedulingClock(ClockPort, Protocol):
    """A clock that also calls back: what a venue needs for messages under way, which no task of ours carries."""

    def now_us(self) -> int:
        """`now`, as whole microseconds since the epoch."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Run a callback that neither waits nor raises, after that many seconds of this clock's time."""
        ...


class WallClock:
    """The computer's own clock; `monotonic` and `sleep` do not follow its jumps."""

    def now(self) -> datetime:
        return _now(UTC)

    def now_us(self) -> int:
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, callback)


class SteppedClock:
    """Time that stands still until something moves it; a sleeper wakes at exactly the moment it asked for."""

    def __init__(self, starts_at: datetime) -> None:
        self._origin_us = microseconds_of(starts_at)
        self._reached_us = self._origin_us
        self._told: datetime | None = starts_at
        self.timers = Timers()

    def now_us(self) -> int:
        return self._reached_us

    def now(self) -> datetime:
        told = self._told
        if told is None:
            told = self._told = moment_of(self._reached_us)
        return told

    def monotonic(self) -> float:
        return (self.now_us() - self._origin_us) / MICROSECONDS

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._schedule(seconds, partial(_wake, waiter))
        try:
            await waiter
        finally:
            timer.cancel()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        self._schedule(seconds, callback)

    def step_to(self, at_us: int) -> None:
        """Move the time there; never back. Timers are fired by whoever drives the clock."""
        if at_us > self._reached_us:
            self._reached_us, self._told = at_us, None

    def _schedule(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return self.timers.add(self.now_us() + max(0, round(seconds * MICROSECONDS)), callback)


class ManualClock(SteppedClock):
    """For tests: `advance` moves the time past every sleeper on the way, and lets each come to rest."""

    async def advance(self, seconds: float) -> None:
        """Move the time on, stopping at each timer that falls due."""
        until_us = self._reached_us + round(seconds * MICROSECONDS)
        await settle()
        while (due_us := self.timers.next_due_us()) is not None and due_us <= until_us:
            self.step_to(due_us)
            self.timers.fire_one(due_us)
            await settle()
        self.step_to(until_us)


class SessionClock(SteppedClock):
    """A session's time, which its driver moves from one event of the recording, or of a sleeper, to the next.

    With a `speed` it also flows between events, that many session seconds a real second, but never past the event
    that is next: when the program is slow the session is slow with it, so that a busy moment is never taken for a
    silent feed. Without one it stands still until every task waits (replay). `real` gives real seconds, the system's
    unless told otherwise.
    """

    def __init__(
        self, starts_at: datetime, speed: float | None = None, real: Callable[[], float] | None = None
    ) -> None:
        super().__init__(starts_at)
        self.speed = speed
        self._real = real if real is not None else time.monotonic
        self._anchor_us = 0
        self._anchor_real: float | None = None
        self._held_at_us = self._reached_us
        self._on_timer: Callable[[], None] | None = None

    def now_us(self) -> int:
        if self._anchor_real is not None:
            flowed_us = min(self.flowed_us(), self._held_at_us)
            if flowed_us > self._reached_us:
                due_us = self.timers.next_due_us()
                self.step_to(flowed_us if due_us is None else min(flowed_us, due_us))
        return self._reached_us

    def now(self) -> datetime:
        if self._anchor_real is not None:
            self.now_us()  # It flows: let it come to where it is.
        told = self._told
        if told is None:
            told = self._told = moment_of(self._reached_us)
        return told

    def flow(self, wake: Callable[[], None]) -> None:
        """Flow from where the time stands; `wake` is called when a timer is added, since it may be due first."""
        self._on_timer = wake
        if self.speed is not None:
            self._anchor_us, self._anchor_real = self._reached_us, self._real()

    def stop(self) -> None:
        """Stand still from now on."""
        self._anchor_real, self._on_timer = None, None

    def hold_at(self, at_us: int) -> None:
        """The time may flow up to here: where the next event of the recording, or the end of what was saved, stands."""
        self._held_at_us = at_us

    def flowed_us(self) -> int:
        """Where the time would stand if nothing held it; a clock that only steps could be anywhere."""
        if self._anchor_real is None or self.speed is None:
            return self._reached_us
        return self._anchor_us + int((self._real() - self._anchor_real) * self.speed * MICROSECONDS)

    def forgive_lag(self) -> None:
        """Flow on from where the time stands, instead of hurrying after what was missed."""
        if self._anchor_real is not None:
            self._anchor_us, self._anchor_real = self._reached_us, self._real()

    def real_seconds_until(self, at_us: int) -> float:
        """How long it takes to flow there."""
        return (at_us - self.flowed_us()) / MICROSECONDS / self.speed if self.speed else 0.0

    def _schedule(self, seconds: float, callback: Callable[[], None]) -> Timer:
        timer = super()._schedule(seconds, callback)
        if self._on_timer is not None:
            self._on_timer()
        return timer


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
