"""The order store in a SQLite file, as its one writer has it."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from tidegate.adapters.stores.sqlite.chain import chain_flaw
from tidegate.adapters.stores.sqlite.files import as_store_error, connect_to_read, in_our_words
from tidegate.adapters.stores.sqlite.lanes import InlineLane, Lane
from tidegate.adapters.stores.sqlite.queries import Queries
from tidegate.adapters.stores.sqlite.units import AnswerUnit, plain_unit, sending_unit
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import ApprovedOrder, OrderRecord
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.records import (
    CommitOutcome,
    InboxAnswer,
    InboxRequest,
    JournalRow,
    RecordOutcome,
    Step,
    StoredAccount,
    StoredDecision,
)

T = TypeVar("T")


class SqliteOrderStore:
    """Implements OrderStorePort; made by `open_sqlite_store`, which checks the file before.

    Writes never raise for what a disk may do. Reads raise a StoreError when the file is damaged or gone, since none of
    their answers could say so.
    """

    def __init__(self, path: Path, epoch: int, clock: ClockPort, lane: Lane, release: Callable[[], None]) -> None:
        self.path = path
        self._epoch = epoch
        self._clock = clock
        self._lane = lane
        self._release = release
        self._connection = connect_to_read(path)
        self._queries = Queries(self._connection, path)
        self._is_open = True

    @property
    def account_id(self) -> str:
        return self._queries.account_id

    @property
    def epoch(self) -> int:
        return self._epoch

    def close(self) -> None:
        """Commit what is queued, leave a checkpoint and give up the lock; later writes are refused. Harmless twice."""
        if self._is_open:
            self._is_open = False
            self._lane.close()
            self._connection.close()
            self._release()

    # Writing

    async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
        return await self._lane.carry(sending_unit(self.account_id, approved, step))

    async def commit(self, step: Step) -> CommitOutcome:
        return await self._lane.carry(plain_unit(self.account_id, step))

    def append(self, step: Step) -> None:
        unit = plain_unit(self.account_id, step)
        if unit.claims:
            raise ValueError("a step that claims a decision must be committed, since it may find it claimed")
        self._lane.ride(unit)

    async def flush(self) -> CommitOutcome:
        return await self._lane.flush()

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        return await self.commit(Step(at=change.at, events=(change,)))

    async def answer(self, answer: InboxAnswer) -> CommitOutcome:
        return await self._lane.carry(AnswerUnit(answer=answer))

    # Reading

    async def load(self) -> StoredAccount:
        await self._lane.flush()
        return self._read(lambda queries: queries.load(self._clock.now()))

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        return self._read(lambda queries: queries.find_decision(decision_id))

    async def find_order(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        await self._lane.flush()
        return self._read(lambda queries: queries.find_order(client_order_id))

    async def orders(self, *, limit: int = 100, open_only: bool = False, symbol: str = "") -> Sequence[OrderRecord]:
        return await self._list(lambda queries: queries.orders(limit=limit, open_only=open_only, symbol=symbol))

    async def fills(self, *, limit: int = 100, symbol: str = "") -> Sequence[Fill]:
        return await self._list(lambda queries: queries.fills(limit=limit, symbol=symbol))

    async def journal(self, *, after: int = 0, limit: int = 1_000) -> Sequence[JournalRow]:
        return await self._list(lambda queries: queries.journal(after=after, limit=limit))

    async def requests(self) -> Sequence[InboxRequest]:
        return self._read(lambda queries: queries.requests())

    def journal_bytes(self) -> bytes:
        """The whole journal, as far as it is durable, as JSON lines with hashes; equal runs give equal bytes."""
        return self._read(lambda queries: b"".join(queries.journal_lines()))

    def verify_chain(self) -> str | None:
        """What is wrong with the journal's hash chain, in one line that names the row; None when all of it verifies."""
        try:
            return chain_flaw(self._connection, self.account_id)
        except sqlite3.Error as error:
            return str(as_store_error(self.path, error))

    async def _list(self, query: Callable[[Queries], T]) -> T:
        """A listing, which may take long in a long history: on a thread of its own, unless this store has none."""
        await self._lane.flush()
        if isinstance(self._lane, InlineLane):
            return self._read(query)
        return await asyncio.to_thread(self._read_apart, query)

    def _read_apart(self, query: Callable[[Queries], T]) -> T:
        with in_our_words(self.path), closing(connect_to_read(self.path)) as connection:
            return query(Queries(connection, self.path))

    def _read(self, query: Callable[[Queries], T]) -> T:
        with in_our_words(self.path):
            return query(self._queries)
