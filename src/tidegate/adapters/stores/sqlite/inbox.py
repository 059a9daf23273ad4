"""The inbox from outside: how another process asks an account's writer for something, and halts it at once."""

import sqlite3
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from tidegate.adapters.stores.journal import microseconds
from tidegate.adapters.stores.sqlite.codec import inbox_row
from tidegate.adapters.stores.sqlite.durability import Place, is_durable
from tidegate.adapters.stores.sqlite.errors import StoreError
from tidegate.adapters.stores.sqlite.files import (
    BUSY_TIMEOUT_MS,
    connect_to_write,
    existing,
    in_our_words,
    make_durable,
)
from tidegate.adapters.stores.sqlite.lanes import Committer, InlineLane
from tidegate.adapters.stores.sqlite.lock import writer_of
from tidegate.adapters.stores.sqlite.queries import Queries
from tidegate.adapters.stores.sqlite.schema import require_current
from tidegate.adapters.stores.sqlite.transaction import Transactions
from tidegate.adapters.stores.sqlite.units import plain_unit
from tidegate.adapters.stores.steps import Facts
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.records import CommitOutcome, InboxAnswer, RequestKind, Step

POLL_SECONDS = 0.02
"""Between two looks for an answer."""


def open_sqlite_inbox(path: str | Path, *, clock: ClockPort, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> "SqliteInbox":
    """Open a store's inbox, without its lock: it is for those who are not its writer.

    Raises:
        NoSuchStore: there is no file; nothing is made.
        NotAStore, NewerSchema, OlderSchema: it is none that this program can use.
        StoreReadOnly, StoreCorrupt, StoreUnusable: SQLite cannot use it.
    """
    file = existing(path)
    with in_our_words(file):
        connection = connect_to_write(file, busy_timeout_ms)
        try:
            require_current(connection, file)
            make_durable(connection)
            return SqliteInbox(file, connection, clock)
        except (sqlite3.Error, StoreError):
            connection.close()
            raise


class SqliteInbox:
    """Requests to the writer of an account, and trading states that hold before it has read them."""

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: ClockPort) -> None:
        self.path = path
        self._connection = connection
        self._clock = clock
        self._queries = Queries(connection, path)
        # No epoch: an operator's halt is fenced by nobody.
        transactions = Transactions(connection, self._queries.account_id, None, Facts())
        self._lane = InlineLane(Committer(transactions, _nobody, partial(is_durable, path), 0, Place(path)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def writer_alive(self) -> bool:
        """Whether a process writes the account now and so reads its inbox."""
        return writer_of(self.path) is not None

    async def submit_request(self, kind: RequestKind, payload: str) -> str:
        """Leave a request durably; its id. `payload` is JSON text whose shape the kind gives (docs/store.md).

        Raises:
            StoreError: it could not be left.
        """
        insert = "INSERT INTO inbox (kind, payload, at) VALUES (?, ?, ?)"
        with in_our_words(self.path):
            cursor = self._connection.execute(insert, (kind.value, payload, microseconds(self._clock.now())))
        return f"r{cursor.lastrowid}"

    async def await_answer(self, request_id: str, timeout_seconds: float) -> InboxAnswer | None:
        """The answer once there is one, or None when that takes longer; the request stays and may still be carried out.

        Raises:
            StoreError: the store cannot be read.
        """
        ends = self._clock.monotonic() + timeout_seconds
        while True:
            with in_our_words(self.path):
                answer = self._queries.find_answer(request_id)
            if answer is not None or self._clock.monotonic() >= ends:
                return answer
            await self._clock.sleep(POLL_SECONDS)

    async def withdraw(self, request_id: str, payload: str) -> bool:
        """Answer a request in its writer's stead, so that no later one carries it out; whether nobody had before.

        Raises:
            StoreError: the store cannot be written.
        """
        update = "UPDATE inbox SET answer = ?, process = '', epoch = 0 WHERE request_row = ? AND answer IS NULL"
        with in_our_words(self.path):
            return self._connection.execute(update, (payload, inbox_row(request_id))).rowcount == 1

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        """Make a trading state durable now; the writer's next SENDING transaction reads it, whatever it is doing."""
        step = Step(at=change.at, events=(change,))
        return await self._lane.carry(plain_unit(self._queries.account_id, step))


def _nobody(sequence: int) -> None:
    """The high-water mark is the writer's to move."""
