"""The store: the real SQLite file on its inline lane, with crash points around each call and a disk that can fail."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from tidegate.adapters.stores.sqlite import SqliteOrderStore, open_sqlite_store
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.ports import ClockPort, OrderStorePort
from tidegate.domain.records import (
    CommitOutcome,
    InboxAnswer,
    InboxRequest,
    JournalRow,
    RecordOutcome,
    StartMarks,
    Step,
    StoredAccount,
    StoredDecision,
    StoreUnavailable,
    WriterLost,
)
from tidegate.testing.simulation.gate import Gate
from tidegate.testing.simulation.plans import Fault
from tidegate.testing.simulation.world import World

T = TypeVar("T")

_BUSY_MS = 1
_FULL, _LOCKED, _READ_ONLY, _IO = (
    "database or disk is full",
    "database is locked",
    "attempt to write a readonly database",
    "disk I/O error",
)


class Disk:
    """The connection that transactions write through: it does what SQLite does when the disk below it fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.fault: Fault | None = None
        self.on_commit: Callable[[], None] | None = None

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Cursor:
        if self.on_commit is not None and sql.startswith("COMMIT"):
            self.on_commit()
        fault = self.fault
        if fault is not None:
            if fault.id in ("D2", "D13") and sql.startswith("BEGIN"):
                raise self._failure(_LOCKED if fault.id == "D2" else _READ_ONLY)
            if fault.id == "D8" and sql.startswith("COMMIT"):
                if fault.amount >= 0.5:
                    self._connection.execute(sql)
                else:
                    self._connection.execute("ROLLBACK")
                raise self._failure(_IO)
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> sqlite3.Cursor:
        if self.fault is not None and self.fault.id == "D1":
            raise self._failure(_FULL)
        return self._connection.executemany(sql, rows)

    def _failure(self, words: str) -> sqlite3.OperationalError:
        self.fault = None
        return sqlite3.OperationalError(words)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def open_file_store(path: Path, account_id: str, clock: ClockPort, process: str) -> SqliteOrderStore:
    """The store of a process; its commits are synced as anywhere, which costs nothing in a folder that is memory."""
    return open_sqlite_store(
        path, account_id=account_id, clock=clock, process=process, inline=True, busy_timeout_ms=_BUSY_MS
    )


def abandon_file_store(store: OrderStorePort) -> None:
    """Let go of a store as the death of its process does: nothing queued is committed, the lock is free."""
    if not isinstance(store, SqliteOrderStore):
        raise TypeError(f"{type(store).__name__} is no SQLite store: bring an `abandon` of its own")
    committer = store._lane._committer  # type: ignore[attr-defined]
    committer.refusal = committer.refusal or "the process was killed"
    vars(committer._transactions)["finish"] = lambda: None
    store.close()


def disk_of(store: OrderStorePort) -> Disk | None:
    """The disk below a store, put there on first use; None where there is no SQLite file."""
    if not isinstance(store, SqliteOrderStore):
        return None
    transactions = store._lane._committer._transactions  # type: ignore[attr-defined]
    if not isinstance(transactions._connection, Disk):
        vars(transactions)["_connection"] = Disk(transactions._connection)
    disk: Disk = transactions._connection
    return disk


class StoreHooks(Struct, frozen=True, kw_only=True):
    """What the world does about a store: pause the process for so long (P13), and look after one that is down."""

    pause: Callable[[float], None]
    is_down: Callable[[str], None]


class SimulatedStore:
    """An OrderStorePort around another one: fenced, numbered, slowed down and failed as the plan has it.

    What it hands over and what was answered is told to `watch`, for those who judge.
    """

    def __init__(self, inner: OrderStorePort, world: World, gate: Gate, watch: "StoreWatch", hooks: StoreHooks) -> None:
        self.inner = inner
        self._world = world
        self._gate = gate
        self._watch = watch
        self._hooks = hooks
        self._is_down = False
        self._disk = disk_of(inner)

    @property
    def account_id(self) -> str:
        return self.inner.account_id

    @property
    def epoch(self) -> int:
        return self.inner.epoch

    # Writing

    async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
        self._gate.process.require_alive()
        self._watch.reserving(approved, step, self._gate.process.name)
        seconds = await self._before("record_sending")
        self._world.recording += 1
        try:
            with self._weather():
                outcome = await self.inner.record_sending(approved, step)
            await self._after("record_sending", outcome, seconds)
        finally:
            self._world.recording -= 1
        self._watch.recorded(step, outcome, self._gate.process.name)
        if isinstance(outcome, RecordedOrder):
            struck = self._world.board.strike("sending")
            if struck is not None:
                self._hooks.pause(struck.amount)
                await self._world.clock.sleep(0)
        return outcome

    async def commit(self, step: Step) -> CommitOutcome:
        self._gate.process.require_alive()
        self._watch.appended(step, self._gate.process.name)
        seconds = await self._before("commit")
        with self._weather():
            outcome = await self.inner.commit(step)
        self._watch.committed(step, outcome, self._gate.process.name)
        await self._after("commit", outcome, seconds)
        return outcome

    def append(self, step: Step) -> None:
        self._gate.pass_by("append")
        self._watch.appended(step, self._gate.process.name)
        self.inner.append(step)

    async def flush(self) -> CommitOutcome:
        seconds = await self._before("flush")
        with self._weather():
            outcome = await self.inner.flush()
        await self._after("flush", outcome, seconds)
        return outcome

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        seconds = await self._before("write_state")
        with self._weather():
            outcome = await self.inner.write_state(change)
        self._watch.changed(change, outcome)
        await self._after("write_state", outcome, seconds)
        return outcome

    async def write_start_marks(self, marks: StartMarks) -> CommitOutcome:
        seconds = await self._before("write_start_marks")
        with self._weather():
            outcome = await self.inner.write_start_marks(marks)
        await self._after("write_start_marks", outcome, seconds)
        return outcome

    async def answer(self, answer: InboxAnswer) -> CommitOutcome:
        seconds = await self._before("answer")
        outcome = await self.inner.answer(answer)
        await self._after("answer", outcome, seconds)
        return outcome

    def _heed(self, outcome: RecordOutcome | CommitOutcome) -> None:
        """A store that has failed once takes nothing more until it is opened again."""
        if isinstance(outcome, StoreUnavailable | WriterLost) and not self._is_down:
            self._is_down = True
            self._hooks.is_down(outcome.reason)

    async def _after(self, what: str, outcome: RecordOutcome | CommitOutcome, seconds: float) -> None:
        """The effect is there; the caller hears of it once the disk has had its time."""
        self._heed(outcome)
        await self._world.clock.sleep(seconds)
        await self._gate.reach(f"{what}:after")

    async def _before(self, what: str) -> float:
        """Pass the point before the effect, with what the disk does this time; how long it then takes.

        No wait lies between this point and the effect, so that the journal has the order of the calls.
        """
        await self._gate.reach(f"{what}:before")
        fault = self._world.board.strike("write")
        if fault is not None and fault.id == "D6":
            return fault.amount
        if fault is not None and self._disk is not None:
            self._disk.fault = fault
        return self._world.commit_seconds()

    @contextmanager
    def _weather(self) -> Iterator[None]:
        """A fault that found nothing to strike, since nothing was queued, is over with its call."""
        try:
            yield
        finally:
            if self._disk is not None:
                self._disk.fault = None

    # Reading

    async def load(self) -> StoredAccount:
        await self._gate.reach("load:before")
        stored = await self.inner.load()
        self._world.sight.lost(self._gate.process.name, self._world.loop.time())
        self._watch.loaded(self._gate.process.name, stored)
        await self._gate.reach("load:after")
        return stored

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        self._gate.pass_by("find_decision")
        return await self.inner.find_decision(decision_id)

    async def find_order(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        self._gate.pass_by("find_order")
        found = await self.inner.find_order(client_order_id)
        if found is None:
            self._watch.absent(client_order_id, self._gate.process.name)
        return found

    async def orders(self, *, limit: int = 100, open_only: bool = False, symbol: str = "") -> Sequence[OrderRecord]:
        self._gate.pass_by("orders")
        return await self.inner.orders(limit=limit, open_only=open_only, symbol=symbol)

    async def fills(self, *, limit: int = 100, symbol: str = "") -> Sequence[Fill]:
        self._gate.pass_by("fills")
        return await self.inner.fills(limit=limit, symbol=symbol)

    async def journal(self, *, after: int = 0, limit: int = 1_000) -> Sequence[JournalRow]:
        self._gate.pass_by("journal")
        return await self.inner.journal(after=after, limit=limit)

    async def requests(self) -> Sequence[InboxRequest]:
        self._gate.pass_by("requests")
        return await self.inner.requests()


class StoreWatch:
    """What was handed to the store and what it said, for the invariants that hold at every instant."""

    def reserving(self, approved: ApprovedOrder, step: Step, process: str) -> None:
        """An order is about to be recorded as SENDING, in the step that reserves."""

    def recorded(self, step: Step, outcome: RecordOutcome, process: str) -> None:
        """The store's word on that."""

    def loaded(self, process: str, stored: StoredAccount) -> None:
        """A process has read what there is."""

    def appended(self, step: Step, process: str) -> None:
        """Any other step, as it is handed over."""

    def committed(self, step: Step, outcome: CommitOutcome, process: str) -> None:
        """The store's word on a step that was waited for."""

    def absent(self, client_order_id: str, process: str) -> None:
        """The store was asked for an order, and has none."""

    def changed(self, change: TradingStateChanged, outcome: CommitOutcome) -> None:
        """A trading state."""
