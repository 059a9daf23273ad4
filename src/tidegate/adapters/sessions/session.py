"""A session: plays a recording to the venue and moves the session's clock from one event to the next."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Protocol

from msgspec import Struct

from tidegate.adapters.brokers.simulated.broker import SimulatedBroker
from tidegate.adapters.clocks import MICROSECONDS, SessionClock, settle
from tidegate.adapters.recordings.format import Row
from tidegate.adapters.recordings.header import RecordingHeader
from tidegate.adapters.recordings.reader import RecordingSummary
from tidegate.domain.amounts import exact

LEASE_US = MICROSECONDS
"""How much session time may pass between two writes of the world's place; a restart begins at the end of it."""
_ENDED_LEASE_US = 60 * LEASE_US
_ANNOUNCE_US = 100_000
_ROWS_AT_ONCE = 256
_TICK_SECONDS = 0.002
_LAG_SECONDS_MAX = 0.05
_OPENING_US_MAX = 10_000_000
_PROGRESS_STEPS = 200
_NEVER_US = 1 << 62


class PlayedRecording(Protocol):
    """What a session needs of a recording; `tidegate.adapters.recordings.reader.Recording` is one."""

    header: RecordingHeader

    def rows(self, start: int = 0) -> Iterator[Row]:
        """Every row in order, from that one on."""
        ...


class SessionProgress(Struct, frozen=True, kw_only=True):
    """How far a session has come: rows played of all there are, the session's time, and the fraction of the rows.

    In `gaps`, for `gap_seconds` over all products, nothing was known of a book; `assumptions` are what the recording
    holds that no source has told. `faults` are how often each fault on demand has struck, kept as it goes on.
    """

    rows: int
    row_count: int
    at: datetime
    fraction: float
    is_ended: bool
    gaps: int
    gap_seconds: Decimal
    assumptions: tuple[str, ...]
    faults: Mapping[str, int]


class Turn(Enum):
    """What came of one turn of the driver."""

    WOKEN = "WOKEN"  # somebody was woken: let everybody come to rest
    PLAYED = "PLAYED"  # rows were played, and there may be more
    IDLE = "IDLE"  # nothing is due yet


class MarketSession:
    """Drives venue and clock. Without a speed the clock steps, deterministically, whenever every task waits.

    `open` brings the venue to where the session begins or goes on, so that there is a price; `run` plays to the end
    and then keeps serving sleepers, with a silent feed, until it is cancelled; `finished` returns at the recording's
    end.
    """

    def __init__(
        self,
        recording: PlayedRecording,
        summary: RecordingSummary,
        broker: SimulatedBroker,
        clock: SessionClock,
        on_progress: Callable[[SessionProgress], None] | None = None,
    ) -> None:
        self.broker = broker
        self.clock = clock
        self.on_progress = on_progress
        self._recording = recording
        self._summary = summary
        self._venue = broker.venue
        self._state = broker.venue.world.state
        self._rows: Iterator[Row] = iter(())
        self._next: Row | None = None
        self._announce_us = 0
        self._progress_rows = 0
        self._wake = asyncio.Event()
        self._over = asyncio.Event()
        self._failure: Exception | None = None
        self._is_open = False

    @property
    def progress(self) -> SessionProgress:
        rows, row_count = self._state.rows, self._summary.row_count
        return SessionProgress(
            rows=rows,
            row_count=row_count,
            at=self.clock.now(),
            fraction=rows / row_count if row_count else 1.0,
            is_ended=self._state.is_ended,
            gaps=self._venue.readings.gaps.count,
            gap_seconds=self._venue.readings.gaps.seconds_until(self.clock.now_us() - self._state.offset_us),
            assumptions=self._recording.header.provenance.assumptions,
            faults=self.broker.fault_counts,
        )

    @exact
    def open(self) -> None:
        """Bring book, orders and clock to where the session begins, or to where a resumed one must go on.

        Raises:
            RecordingDamaged: in the rows up to there.
            WorldError: the world cannot be read or written.
        """
        self._rows = self._recording.rows()
        self._venue.rebuild(self._rows)
        self._next = next(self._rows, None)
        latency_us = round(self._venue.settings.feed_latency_ms * 1_000)
        if self._venue.world.is_resumed:
            self._catch_up(self._state.lease_us)
        else:
            begins_us = max(self._state.lease_us, min(self._next_row_us, self._state.lease_us + _OPENING_US_MAX))
            self._catch_up(begins_us)
            while self._has_no_price and self._next_row_us <= begins_us + _OPENING_US_MAX:
                self._catch_up(self._next_row_us)
            self._catch_up(self.clock.now_us() + latency_us)
        self._renew(self.clock.now_us())
        self.broker.announce()
        self._is_open = True

    async def run(self) -> None:
        """Play to the end, and serve sleepers after it, until cancelled.

        Raises:
            RecordingDamaged, OSError: the recording cannot be read further.
            WorldError: the world cannot be written.
        """
        self.clock.flow(self._wake.set)
        try:
            while self._next is not None:
                await self._turn()
            self._finish()
            await settle()
            while True:
                await self._turn()
        except Exception as error:
            self._failure = error
            raise
        finally:
            self._over.set()
            self.clock.stop()

    async def finished(self) -> None:
        """Return when the recording has been played to its end, or `run` was stopped.

        Raises:
            what ended `run` too early.
        """
        await self._over.wait()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Let go of the world; a session that was opened and did not fail ends as one that was not interrupted.

        Raises:
            WorldError: the world cannot be written.
        """
        self.broker.close()
        if self._is_open:
            self._tell_progress()
        # The rows hold the recording's file open until they are let go.
        self._rows, self._next = iter(()), None
        try:
            if self._is_open and self._failure is None:
                self._state.is_closed = True
                self._venue.tape.keep_place(self.clock.now_us())
        finally:
            self._venue.world.close()

    async def _turn(self) -> None:
        speed = self.clock.speed
        turn = self._step(_NEVER_US - 1 if speed is None else self._flowed_us(speed))
        if turn is Turn.WOKEN:
            await settle()
        elif turn is Turn.PLAYED:
            await asyncio.sleep(0)
        else:
            await self._wait(speed)
        if self._state.rows >= self._progress_rows:
            self._tell_progress()

    def _flowed_us(self, speed: float) -> int:
        """How far the pace has come. A program that was held up does not hurry after it: the session is late."""
        flowed_us = self.clock.flowed_us()
        if flowed_us - self._next_event_us > _LAG_SECONDS_MAX * speed * MICROSECONDS:
            self.clock.forgive_lag()
            return self.clock.flowed_us()
        return flowed_us

    async def _wait(self, speed: float | None) -> None:
        self._wake.clear()
        if speed is None:
            await self._wake.wait()
            return
        seconds = self.clock.real_seconds_until(self._next_event_us)
        handle = asyncio.get_running_loop().call_later(max(seconds, _TICK_SECONDS), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            handle.cancel()

    @property
    def _next_row_us(self) -> int:
        return self._next.at_us + self._state.offset_us if self._next is not None else _NEVER_US

    @property
    def _next_event_us(self) -> int:
        due_us = self.clock.timers.next_due_us()
        return min(self._next_row_us, self._state.lease_us, _NEVER_US if due_us is None else due_us)

    @exact
    def _step(self, until_us: int) -> Turn:
        """What happens next, by then: some rows, or one sleeper's waking; the rows of a moment before its sleepers."""
        row_us = self._next_row_us
        due_us = self.clock.timers.next_due_us()
        if row_us <= until_us and (due_us is None or row_us <= due_us):
            return self._play(until_us if due_us is None else min(until_us, due_us))
        if due_us is not None and due_us <= until_us:
            self._reach(due_us)
            self.clock.timers.fire_one(due_us)
            self.broker.announce()
            return Turn.WOKEN
        if self.clock.speed is not None and until_us >= self._state.lease_us:
            self._reach(self._state.lease_us)
            self._renew(self._state.lease_us)
        return Turn.IDLE

    def _play(self, until_us: int) -> Turn:
        """Rows up to then, in whole moments, until somebody is woken or has waited long enough to hear of changes."""
        row, offset_us = self._next, self._state.offset_us
        venue, broker, count = self._venue, self.broker, 0
        while row is not None and (at_us := row.at_us + offset_us) <= until_us:
            self._reach(at_us)
            while row is not None and row.at_us + offset_us == at_us:
                venue.play(row)
                row = next(self._rows, None)
                count += 1
            if broker.has_news or count >= _ROWS_AT_ONCE or at_us >= self._announce_us:
                break
        self._next = row
        self.clock.hold_at(min(self._next_row_us, self._state.lease_us))
        return Turn.WOKEN if self._announce() else Turn.PLAYED

    def _announce(self) -> bool:
        now_us = self.clock.now_us()
        if not self.broker.has_news and now_us < self._announce_us:
            return False
        self._announce_us = now_us + _ANNOUNCE_US
        self._venue.advance(now_us)
        return self.broker.announce()

    def _reach(self, at_us: int) -> None:
        """Move the time there, but not before the world has written that it may come so far."""
        if at_us > self._state.lease_us:
            self._renew(at_us)
        self.clock.step_to(at_us)
        self._venue.advance(at_us)

    def _renew(self, at_us: int) -> None:
        self._venue.tape.keep_place(at_us + (_ENDED_LEASE_US if self._state.is_ended else LEASE_US))
        self.clock.hold_at(min(self._next_row_us, self._state.lease_us))

    def _catch_up(self, until_us: int) -> None:
        """Let everything up to then have happened, with nobody there to be woken."""
        while self._next_row_us <= until_us:
            self._play(until_us)
        self.clock.step_to(until_us)
        self._venue.advance(until_us)

    @property
    def _has_no_price(self) -> bool:
        return self._next is not None and any(feed.mid() is None for feed in self._venue.exchange.feeds)

    def _finish(self) -> None:
        self._venue.tape.end_session()
        self._tell_progress()
        self._over.set()

    def _tell_progress(self) -> None:
        self._progress_rows = self._state.rows + max(1, self._summary.row_count // _PROGRESS_STEPS)
        if self.on_progress is not None:
            self.on_progress(self.progress)
