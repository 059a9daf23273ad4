"""Readings: the reading half of the port over one connection, the same for the store's writer and for anyone else."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from tidegate.adapters.stores.sqlite.agreement import disagreements
from tidegate.adapters.stores.sqlite.chain import chain_flaw
from tidegate.adapters.stores.sqlite.files import as_store_error, connect_to_read, in_our_words
from tidegate.adapters.stores.sqlite.queries import Queries
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.positions import Position
from tidegate.domain.records import (
    CommitOutcome,
    InboxAnswer,
    InboxRequest,
    JournalRow,
    StoredAccount,
    StoredDecision,
)

T = TypeVar("T")


class SqliteReadings(ABC):
    """What a store answers to a question; what is queued in this process is committed before, where it matters.

    Every reading raises a StoreError when the file is damaged or gone, since none of its answers could say so. Once
    closed each reads over a connection of its own.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, clock: ClockPort, is_threaded: bool) -> None:
        self.path = path
        self._connection = connection
        self._clock = clock
        self._is_threaded = is_threaded
        self._is_open = True
        with in_our_words(path):
            self._queries = Queries(connection, path)

    @property
    def account_id(self) -> str:
        return self._queries.account_id

    @abstractmethod
    async def flush(self) -> CommitOutcome:
        """Everything queued in this process is durable."""

    def _disconnect(self) -> None:
        self._is_open = False
        self._connection.close()

    async def load(self) -> StoredAccount:
        await self.flush()
        return self._read(lambda queries: queries.load(self._clock.now()))

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        if not self._is_open:
            return self._read_apart(lambda queries: queries.find_decision(decision_id))
        # Asked of every decision before anything else, so the shortest way.
        try:
            return self._queries.find_decision(decision_id)
        except sqlite3.Error as error:
            raise as_store_error(self.path, error) from None

    async def find_order(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        await self.flush()
        return self._read(lambda queries: queries.find_order(client_order_id))

    async def orders(self, *, limit: int = 100, open_only: bool = False, symbol: str = "") -> Sequence[OrderRecord]:
        return await self._list(lambda queries: queries.orders(limit=limit, open_only=open_only, symbol=symbol))

    async def fills(self, *, limit: int = 100, symbol: str = "") -> Sequence[Fill]:
        return await self._list(lambda queries: queries.fills(limit=limit, symbol=symbol))

    async def positions(self) -> Sequence[Position]:
        """Positions by symbol and strategy, flat ones that have a history included."""
        return await self._list(lambda queries: queries.positions())

    async def balances(self) -> dict[str, Decimal]:
        """Totals by currency."""
        return await self._list(lambda queries: queries.balances())

    async def journal(self, *, after: int = 0, limit: int = 1_000) -> Sequence[JournalRow]:
        return await self._list(lambda queries: queries.journal(after=after, limit=limit))

    async def requests(self) -> Sequence[InboxRequest]:
        return self._read(lambda queries: queries.requests())

    async def find_answer(self, request_id: str) -> InboxAnswer | None:
        """The answer of a request, once there is one."""
        return self._read(lambda queries: queries.find_answer(request_id))

    def journal_bytes(self) -> bytes:
        """The whole journal, as far as it is durable, as JSON lines with hashes; equal runs give equal bytes."""
        return self._read(lambda queries: b"".join(queries.journal_lines()))

    def verify_chain(self) -> str | None:
        """What is wrong with the journal's hash chain, in one line that names the row; None when all of it verifies."""
        try:
            return chain_flaw(self._connection, self.account_id)
        except sqlite3.Error as error:
            return str(as_store_error(self.path, error))

    def disagreements(self) -> tuple[str, ...]:
        """Where the projections are not what the journal folds to, a line each; empty when all agree."""
        try:
            return disagreements(self._connection)
        except sqlite3.Error as error:
            return (str(as_store_error(self.path, error)),)

    async def _list(self, query: Callable[[Queries], T]) -> T:
        """A listing, which may take long in a long history: on a thread of its own, unless this store has none."""
        await self.flush()
        return await asyncio.to_thread(self._read_apart, query) if self._is_threaded else self._read(query)

    def _read_apart(self, query: Callable[[Queries], T]) -> T:
        with in_our_words(self.path), closing(connect_to_read(self.path)) as connection:
            return query(Queries(connection, self.path))

    def _read(self, query: Callable[[Queries], T]) -> T:
        if not self._is_open:
            return self._read_apart(query)
        with in_our_words(self.path):
            return query(self._queries)
