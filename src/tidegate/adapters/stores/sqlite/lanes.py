"""Lanes: how units reach a transaction, by a thread that commits in groups, or at once in the calling thread."""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol, TypeVar

from tidegate.adapters.stores.sqlite.durability import Place
from tidegate.adapters.stores.sqlite.files import WAL_PAGES
from tidegate.adapters.stores.sqlite.transaction import CommitUnknown, Transactions
from tidegate.adapters.stores.sqlite.units import AnyUnit, FlushUnit, Unit
from tidegate.domain.records import CommitOutcome, StepCommitted, StoreUnavailable

T = TypeVar("T")
Committed = Callable[[int], None]
"""Told of the journal's last sequence number after each commit, on whatever thread that was."""
LookUp = Callable[[tuple[int, bytes]], bool]
"""Whether the row with this sequence number and hash is durable, asked when a commit failed in the act."""

RIDE_SECONDS = 0.05
"""How long queued news waits at most for a commit to ride in, in seconds of the computer's own time."""

CLOSED = "the store is closed"
ENDED = "the store's writer has ended"


class Lane(Protocol):
    """Takes units in order; after a failure it refuses them all, since what rode with the failure is missing."""

    @property
    def refusal(self) -> str:
        """Why nothing is taken any more; empty while it is."""
        ...

    async def flush(self) -> CommitOutcome:
        """Commit everything queued before, if there is anything."""
        ...

    async def carry(self, unit: Unit[T]) -> T | StoreUnavailable:
        """Commit a unit with everything queued before it; its outcome."""
        ...

    def ride(self, unit: AnyUnit) -> None:
        """Queue a unit for the next commit."""
        ...

    def close(self) -> None:
        """Commit what is queued, then refuse everything."""
        ...


class Committer:
    """Commits batches and knows whether the store still can; the part that both lanes share."""

    def __init__(
        self, transactions: Transactions, committed: Committed, look_up: LookUp, sequence: int, place: Place
    ) -> None:
        self._place = place
        self._transactions = transactions
        self._committed = committed
        self._look_up = look_up
        self._sequence = sequence
        self.refusal = ""

    @property
    def flushed(self) -> CommitOutcome:
        """What a flush answers when nothing is queued."""
        return StoreUnavailable(reason=self.refusal) if self.refusal else StepCommitted(sequence=self._sequence)

    def commit(self, units: Sequence[AnyUnit]) -> None:
        """Give every unit its outcome, whatever happens."""
        self._look_at_place()
        if self.refusal:
            self._refuse(units)
            return
        is_durable = False
        try:
            self._sequence = self._transactions.commit(units)
            is_durable = True
        except CommitUnknown as unknown:
            self.refusal = f"the outcome of a commit was unknown, reopen the store: {_line(unknown)}"
            is_durable = self._look_up(unknown.end)
        except sqlite3.Error as error:
            self.refusal = f"the store could not be written: {_line(error)}"
        finally:
            # A bug of ours leaves here too, and by then some units have been judged that were never written.
            if not is_durable:
                self._refuse(units)
        if is_durable:
            self._committed(self._sequence)

    def _look_at_place(self) -> None:
        if not self.refusal and (loss := self._place.loss):
            # What is in a log without a name is in the file at once, or a death of this process would lose it.
            self.tidy(0)
            self.refusal = loss

    def _refuse(self, units: Sequence[AnyUnit]) -> None:
        self.refusal = self.refusal or ENDED
        outcome = StoreUnavailable(reason=self.refusal)
        for unit in units:
            unit.outcome = outcome

    def tidy(self, pages: int = WAL_PAGES) -> None:
        """Copy a long write-ahead log into the file."""
        # The log has everything already; if the disk is full, the next commit finds out and says so.
        with suppress(sqlite3.Error):
            if not self.refusal:
                self._transactions.tidy(pages)


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


class InlineLane:
    """Commits in the calling thread, one transaction for each awaited call: for replay and simulation."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._riding: list[AnyUnit] = []

    @property
    def refusal(self) -> str:
        return self._committer.refusal

    async def flush(self) -> CommitOutcome:
        return await self.carry(FlushUnit()) if self._riding else self._committer.flushed

    async def carry(self, unit: Unit[T]) -> T | StoreUnavailable:
        self._riding.append(unit)
        self._commit()
        return _outcome(unit)

    def ride(self, unit: AnyUnit) -> None:
        self._riding.append(unit)

    def close(self) -> None:
        if self._riding:
            self._commit()
        self._committer.refusal = self._committer.refusal or CLOSED

    def _commit(self) -> None:
        units, self._riding = self._riding, []
        self._committer.commit(units)
        self._committer.tidy()


class GroupLane:
    """Commits in a thread of its own: all that was queued while the last commit was under way goes into the next.

    The loop is woken once for a whole group. A commit's fsync and the loop's work overlap, since the thread gives the
    interpreter's lock away while it waits.
    """

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._queued: deque[AnyUnit] = deque()
        self._wakes: SimpleQueue[None] = SimpleQueue()
        self._is_woken = False
        self._is_closing = False
        self._under_way = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        # A daemon: a program that ends without closing its store ends, as if it had been killed.
        self._thread = Thread(target=self._run, name="tidegate store", daemon=True)
        self._thread.start()

    @property
    def refusal(self) -> str:
        return CLOSED if self._is_closing else self._committer.refusal

    async def flush(self) -> CommitOutcome:
        if self._queued or self._under_way or self._is_closing:
            return await self.carry(FlushUnit())
        return self._committer.flushed

    async def carry(self, unit: Unit[T]) -> T | StoreUnavailable:
        if self.refusal:
            return StoreUnavailable(reason=self.refusal)
        loop = asyncio.get_running_loop()
        self._loop = loop
        waiter: asyncio.Future[T] = loop.create_future()
        unit.waiter = waiter
        self._queued.append(unit)
        self._wake()
        return await waiter

    def ride(self, unit: AnyUnit) -> None:
        if not self.refusal:
            self._queued.append(unit)

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._wakes.put(None)
            self._thread.join()

    def _wake(self) -> None:
        # The thread lowers the flag before it takes the queue, so that a unit queued after that wakes it again.
        if not self._is_woken:
            self._is_woken = True
            self._wakes.put(None)

    def _run(self) -> None:
        try:
            while not (self._is_closing and not self._queued):
                with suppress(Empty):
                    self._wakes.get(timeout=RIDE_SECONDS)
                self._is_woken = False
                self._commit()
        finally:
            # Only a bug ends the thread before it is closed, and nobody may wait for an answer that will not come.
            self._committer.refusal = self._committer.refusal or ENDED
            self._commit()

    def _commit(self) -> None:
        units: list[AnyUnit] = []
        while self._queued:
            self._under_way += 1
            units.append(self._queued.popleft())
        if units:
            try:
                self._committer.commit(units)
            finally:
                self._under_way = 0
                self._settle_soon(units)
            self._committer.tidy()

    def _settle_soon(self, units: list[AnyUnit]) -> None:
        if self._loop is not None:
            # A loop that has been closed has nobody left to tell.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_settle, units)


def _settle(units: list[AnyUnit]) -> None:
    for unit in units:
        if unit.waiter is not None and not unit.waiter.done():
            unit.waiter.set_result(_outcome(unit))


def _outcome(unit: Unit[T]) -> T | StoreUnavailable:
    return unit.outcome if unit.outcome is not None else StoreUnavailable(reason=ENDED)
