"""Queries: what can be read of a store, by its writer and by anyone else."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec

from tidegate.adapters.stores.journal import decode_events, journal_lines
from tidegate.adapters.stores.sqlite.codec import (
    checked,
    decode_facts,
    decode_order,
    decode_position,
    inbox_row,
    is_intact,
    stored_equity_history,
    stored_moment,
)
from tidegate.adapters.stores.sqlite.errors import StoreCorrupt, StoreUnusable
from tidegate.adapters.stores.sqlite.head import states_of
from tidegate.adapters.stores.steps import CLAIMS, Facts, stored_decision
from tidegate.domain.equity_history import EquityHistory, history_since
from tidegate.domain.events import FillBusted, JournalEvent, OrderFilled, OrderSending
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, client_order_id
from tidegate.domain.orders import OrderRecord
from tidegate.domain.positions import Position
from tidegate.domain.records import (
    InboxAnswer,
    InboxRequest,
    JournalRow,
    RequestKind,
    StoredAccount,
    StoredDecision,
)

T = TypeVar("T")


class Queries:
    """Reads of one store over one connection, each a consistent reading by itself.

    Raises:
        StoreCorrupt, sqlite3.Error: the file cannot be read, or a row is not what was written; the text names the row.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self.account_id = account_of(connection)
        if not self.account_id:
            raise StoreUnusable(path, "its first start has not been finished")

    def load(self, now: datetime) -> StoredAccount:
        """Everything that a start needs, in one reading."""
        self._connection.execute("BEGIN")
        try:
            return self._load(now)
        finally:
            self._connection.execute("COMMIT")

    def _load(self, now: datetime) -> StoredAccount:
        facts = self.facts()
        epoch, sequence = self._connection.execute(
            "SELECT epoch, (SELECT coalesce(max(sequence), 0) FROM journal) FROM account"
        ).fetchone()
        changes = self._connection.execute("SELECT symbol, change FROM states").fetchall()
        states = states_of([(change,) for _, change in changes])
        return StoredAccount(
            account_id=self.account_id,
            epoch=epoch,
            sequence=sequence,
            open_orders=tuple(self._orders("is_open = 1 ORDER BY order_row", ())),
            positions=self.positions(),
            balances=self.balances(),
            opening_balances=facts.opening_balances,
            account_state=states.account if any(not symbol for symbol, _ in changes) else None,
            symbol_states=states.symbols,
            opened_at=facts.opened_at,
            day_opened_at=facts.day_opened_at,
            day_opening_equity=facts.day_opening_equity,
            orders_today=facts.sent_today(now),
            last_fill_at=facts.last_fill_at,
            starts=facts.starts,
            movements=self._movements(),
            equity_history=self._equity_history(facts),
        )

    def _movements(self) -> dict[str, datetime]:
        rows = self._connection.execute("SELECT movement_id, at FROM movements").fetchall()
        return {movement_id: stored_moment(f"movement {movement_id}", at_us) for movement_id, at_us in rows}

    def _equity_history(self, facts: Facts) -> EquityHistory:
        # A store of schema 1 that no writer has opened since has no such table.
        is_there = self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'equity'").fetchone()
        row = self._connection.execute("SELECT history, checksum FROM equity").fetchone() if is_there else None
        if row is None:
            return history_since(facts.day_opened_at, facts.day_opening_equity)
        return stored_equity_history(row)

    def facts(self) -> Facts:
        """What is remembered of the account beside orders and holdings."""
        text, checksum = self._connection.execute("SELECT facts, checksum FROM account").fetchone()
        return self._decoded(decode_facts, text, checksum, "the account's row")

    def find_order(self, order_id: ClientOrderId) -> OrderRecord | None:
        return next(self._orders("client_order_id = ?", (order_id,)), None)

    def orders(self, *, limit: int = 100, open_only: bool = False, symbol: str = "") -> tuple[OrderRecord, ...]:
        """Orders, the latest first."""
        where = "is_open = 1" if open_only else "1"
        return tuple(
            self._orders(f"{where} AND (? = '' OR symbol = ?) ORDER BY order_row DESC LIMIT ?", (symbol, symbol, limit))
        )

    def _orders(self, where: str, parameters: tuple[object, ...]) -> Iterator[OrderRecord]:
        select = f"SELECT client_order_id, record, checksum FROM orders WHERE {where}"  # noqa: S608 -- our own words only
        for order_id, text, checksum in self._connection.execute(select, parameters):
            yield self._decoded(decode_order, text, checksum, f"order {order_id}")

    def fills(self, *, limit: int = 100, symbol: str = "") -> tuple[Fill, ...]:
        """Fills, the latest first."""
        return tuple(
            self._fill(symbol, trade_id, sequence, payload)
            for symbol, trade_id, sequence, payload in self._connection.execute(_FILLS, (symbol, symbol, limit))
        )

    def _fill(self, symbol: str, trade_id: str, sequence: int, payload: object) -> Fill:
        for event in self._events(sequence, payload):
            if isinstance(event, OrderFilled | FillBusted) and (event.fill.symbol, event.fill.trade_id) == (
                symbol,
                trade_id,
            ):
                return event.fill
        raise StoreCorrupt(self._path, f"journal row {sequence} does not hold fill {trade_id}")

    def positions(self) -> tuple[Position, ...]:
        """Every strategy's positions, flat ones included."""
        select = "SELECT symbol, position, checksum FROM positions"
        return tuple(
            self._decoded(decode_position, text, checksum, f"position {symbol}")
            for symbol, text, checksum in self._connection.execute(select)
        )

    def balances(self) -> dict[str, Decimal]:
        """Totals by currency."""
        select = "SELECT currency, total, checksum FROM balances"
        return {
            currency: self._decoded(Decimal, total, checksum, f"balance {currency}")
            for currency, total, checksum in self._connection.execute(select)
        }

    def find_decision(self, decision_id: str) -> StoredDecision | None:
        """What a decision id was used for."""
        key = client_order_id(self.account_id, decision_id)
        row = self._connection.execute(_FIND_DECISION, (decision_id, key)).fetchone()
        if row is None:
            return None
        sequence, payload = row
        event = self._events(sequence, payload)[0]
        if not isinstance(event, (OrderSending, *CLAIMS)):
            raise StoreCorrupt(self._path, f"journal row {sequence} does not begin with the decision {decision_id}")
        return stored_decision(event)

    def journal(self, *, after: int = 0, limit: int = 1_000) -> tuple[JournalRow, ...]:
        """Journal rows after a sequence number, oldest first."""
        select = "SELECT sequence, at, payload, hash FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?"
        return tuple(
            JournalRow(
                sequence=sequence,
                at=stored_moment(f"journal row {sequence}", at_us),
                events=self._events(sequence, payload),
                hash=checked(f"journal row {sequence}", (digest,), bytes)[0].hex(),
            )
            for sequence, at_us, payload, digest in self._connection.execute(select, (after, limit))
        )

    def journal_lines(self) -> Iterator[bytes]:
        """The whole journal as JSON lines with hashes; equal runs give equal bytes, in any store."""
        rows = self._connection.execute("SELECT sequence, at, payload, hash FROM journal ORDER BY sequence")
        yield from journal_lines(
            (sequence, at_us, payload.encode(), digest)
            for sequence, at_us, payload, digest in (checked(f"journal row {row[0]}", row, *_JOURNAL) for row in rows)
        )

    def sequence(self) -> int:
        """The number of the journal's last row; 0 before the first."""
        row = self._connection.execute("SELECT coalesce(max(sequence), 0) FROM journal").fetchone()
        return int(row[0])

    def last_writer(self) -> tuple[str, int, int]:
        """The name, the process id and the epoch of who writes the account, or did last."""
        process, pid, epoch = self._connection.execute("SELECT process, pid, epoch FROM account").fetchone()
        return process, pid, epoch

    def requests(self) -> tuple[InboxRequest, ...]:
        """Unanswered requests, oldest first."""
        select = "SELECT request_row, kind, payload, at FROM inbox WHERE answer IS NULL ORDER BY request_row"
        return tuple(
            InboxRequest(
                request_id=f"r{row}",
                kind=RequestKind(kind),
                payload=checked(f"request r{row}", (payload,), str)[0],
                at=stored_moment(f"request r{row}", at_us),
            )
            for row, kind, payload, at_us in self._connection.execute(select)
            # What a later program asks for waits for a writer that knows it.
            if kind in _KINDS
        )

    def find_answer(self, request_id: str) -> InboxAnswer | None:
        """The answer of a request, once there is one."""
        select = "SELECT answer, process, epoch FROM inbox WHERE request_row = ? AND answer IS NOT NULL"
        row = self._connection.execute(select, (inbox_row(request_id),)).fetchone()
        if row is None:
            return None
        payload, process, epoch = checked(f"the answer to request {request_id}", row, str, str, int)
        return InboxAnswer(request_id=request_id, payload=payload, process=process, epoch=epoch)

    def _events(self, sequence: int, payload: object) -> tuple[JournalEvent, ...]:
        try:
            return decode_events(*checked(f"journal row {sequence}", (payload,), str))
        except msgspec.MsgspecError as error:
            raise StoreCorrupt(self._path, f"journal row {sequence}: {error}") from None

    def _decoded(self, decode: Callable[[str], T], text: str, checksum: int, name: str) -> T:
        if not is_intact(text, checksum):
            raise StoreCorrupt(self._path, f"{name} does not match its checksum")
        try:
            return decode(text)
        except msgspec.MsgspecError as error:
            raise StoreCorrupt(self._path, f"{name}: {error}") from None


def account_of(connection: sqlite3.Connection) -> str:
    """The account that a store is pinned to; empty before its first start is done.

    Raises:
        sqlite3.Error: the file cannot be read, or the account's row is not what was written.
    """
    row = connection.execute("SELECT account_id, created_at, epoch, process, pid FROM account").fetchone()
    return "" if row is None else str(checked("the account's row", row, str, int, int, str, int)[0])


_JOURNAL = (int, int, str, bytes)
_KINDS = frozenset(kind.value for kind in RequestKind)
_FILLS = """
    SELECT fills.symbol, trade_id, sequence, payload FROM fills JOIN journal USING (sequence)
    WHERE ? = '' OR fills.symbol = ? ORDER BY fill_row DESC LIMIT ?"""
_FIND_DECISION = """
    SELECT journal.sequence, journal.payload FROM decisions JOIN journal USING (sequence) WHERE decision_id = ?
    UNION ALL
    SELECT journal.sequence, journal.payload FROM orders JOIN journal ON journal.sequence = orders.decided
        WHERE client_order_id = ?"""
