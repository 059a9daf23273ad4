"""Reading a store without being its writer: no lock, no recovery, nothing changed."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import Struct

from tidegate.adapters.stores.sqlite.codec import stored_moment
from tidegate.adapters.stores.sqlite.errors import OtherAccount, StoreError
from tidegate.adapters.stores.sqlite.files import connect_to_read, existing, in_our_words, resolved
from tidegate.adapters.stores.sqlite.lock import writer_of
from tidegate.adapters.stores.sqlite.readings import SqliteReadings
from tidegate.adapters.stores.sqlite.schema import require_current
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.records import (
    CommitOutcome,
    InboxAnswer,
    RecordOutcome,
    StartMarks,
    Step,
    StepCommitted,
    StoreUnavailable,
)

_READ_ONLY = StoreUnavailable(reason="the store is open to read only")


class WriterReading(Struct, frozen=True, kw_only=True):
    """The last process that wrote the account, the epoch that it holds, and whether it is there now."""

    process: str
    pid: int
    epoch: int
    is_alive: bool


def open_sqlite_reader(path: str | Path, *, clock: ClockPort, account_id: str = "") -> "SqliteStoreReader":
    """Open a store to read, beside its writer or without one; without an account id, whosever it is.

    Raises:
        NoSuchStore: there is no file.
        OtherAccount: it is pinned to another account than the one that is named.
        NotAStore, NewerSchema, OlderSchema: it is none that this program can read.
        StoreCorrupt, StoreUnusable: SQLite cannot read it.
    """
    file = existing(path)
    with in_our_words(file):
        connection = connect_to_read(file)
        try:
            require_current(connection, file)
            reader = SqliteStoreReader(file, connection, clock)
            if account_id and reader.account_id != account_id:
                raise OtherAccount(file, reader.account_id, account_id)
        except (sqlite3.Error, StoreError):
            connection.close()
            raise
    return reader


def has_orders(path: str | Path) -> bool:
    """Whether a store is there and an order was ever recorded in it.

    Raises:
        NotAStore, NewerSchema, OlderSchema, StoreCorrupt, StoreUnusable: it cannot be read.
    """
    return _first(resolved(path), "SELECT 1 FROM orders LIMIT 1") is not None


def last_moment(path: str | Path) -> datetime | None:
    """When the last row of a store's journal was written, by its account's clock; None without a store or a row.

    Raises:
        NotAStore, NewerSchema, OlderSchema, StoreCorrupt, StoreUnusable: it cannot be read.
    """
    at = _first(resolved(path), "SELECT at FROM journal ORDER BY sequence DESC LIMIT 1")
    with in_our_words(resolved(path)):
        return None if at is None else stored_moment("the journal's last row", at)


def _first(file: Path, question: str) -> Any:
    """The one figure that is asked for; None without a store or a row."""
    if not file.is_file():
        return None
    with in_our_words(file), closing(connect_to_read(file)) as connection:
        require_current(connection, file)
        row = connection.execute(question).fetchone()
        return None if row is None else row[0]


class SqliteStoreReader(SqliteReadings):
    """Implements the reading half of OrderStorePort with what is durable at each call; every write is refused."""

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: ClockPort) -> None:
        super().__init__(path, connection, clock, is_threaded=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; it can still be read. Harmless twice."""
        self._disconnect()

    @property
    def epoch(self) -> int:
        """The epoch of the last writer."""
        return self.writer().epoch

    def writer(self) -> WriterReading:
        """Who writes the account now, or did last."""
        process, pid, epoch = self._read(lambda queries: queries.last_writer())
        return WriterReading(process=process, pid=pid, epoch=epoch, is_alive=writer_of(self.path) is not None)

    async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
        return _READ_ONLY

    async def commit(self, step: Step) -> CommitOutcome:
        return _READ_ONLY

    def append(self, step: Step) -> None:
        """Refused like every write; there is nobody to tell."""

    async def flush(self) -> CommitOutcome:
        return StepCommitted(sequence=self._read(lambda queries: queries.sequence()))

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        return _READ_ONLY

    async def write_start_marks(self, marks: StartMarks) -> CommitOutcome:
        return _READ_ONLY

    async def answer(self, answer: InboxAnswer) -> CommitOutcome:
        return _READ_ONLY
