"""The draft: the rows of one transaction, with what is written twice in it written once, as it last stood."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zlib import crc32

from tidegate.adapters.stores.journal import microseconds, row_hash
from tidegate.adapters.stores.sqlite.codec import encode, inbox_row, stored_equity_history
from tidegate.adapters.stores.sqlite.head import Head
from tidegate.adapters.stores.sqlite.units import StepUnit
from tidegate.adapters.stores.steps import ACCOUNT_FACTS, EQUITY_EVENTS, Facts
from tidegate.domain.equity_history import EquityEvent, EquityHistory, history_since
from tidegate.domain.events import (
    AccountMoved,
    AccountOpened,
    ExternalFlow,
    JournalEvent,
    TradingStateChanged,
)
from tidegate.domain.orders import OrderRecord
from tidegate.domain.positions import Position
from tidegate.domain.records import InboxAnswer, StartMarks, Step
from tidegate.domain.vocabulary import OrderSide, OrderStatus

CHECKPOINT_ROWS = 4_096
"""Journal rows between two checkpoints: a start verifies at most so many, in about 10 ms."""

_NOTED = frozenset(ACCOUNT_FACTS)

# Plain strings only: sqlite3 asks its adapters about every subclass of str, for a microsecond each, and a member's
# `value` is a property made in Python.
_WORDS: dict[OrderSide | OrderStatus, str] = {
    member: member.value for kind in (OrderSide, OrderStatus) for member in kind
}

JournalTuple = tuple[int, int, str, bytes]


class Draft:
    """Collects accepted steps in order; `write` puts them down inside the caller's transaction."""

    def __init__(self, head: Head, facts: Facts) -> None:
        self._head = head
        self._sequence, self._hash = head.sequence, head.hash
        self._facts = facts
        self._facts_changed = False
        self._day: date | None = None
        self._journal: list[JournalTuple] = []
        self._orders: dict[str, OrderRecord] = {}
        self._decided: dict[str, int] = {}
        self._decisions: list[tuple[str, int]] = []
        self._fills: list[tuple[str, str, str, int]] = []
        self._movements: list[tuple[str, int]] = []
        self._positions: dict[tuple[str, str], Position] = {}
        self._balances: dict[str, Decimal] = {}
        self._states: dict[str, TradingStateChanged] = {}
        self._answers: list[InboxAnswer] = []
        self._equities: list[EquityEvent] = []
        self._before = EquityHistory()
        """What stands where the store has no history: that of the day's opening, before these equities."""

    @property
    def sequence(self) -> int:
        """The journal's last sequence number once this is written."""
        return self._sequence

    @property
    def end(self) -> tuple[int, bytes]:
        """Sequence number and hash of the last row once this is written, by which an unknown commit is found."""
        return self._sequence, self._hash

    @property
    def row_count(self) -> int:
        return len(self._journal)

    def add(self, unit: StepUnit[Any]) -> int:
        """Take one step; the sequence number that it gets."""
        sequence = self._sequence + 1
        digest = row_hash(self._hash, sequence, unit.at_us, unit.payload)
        self._sequence, self._hash = sequence, digest
        self._journal.append((sequence, unit.at_us, unit.payload.decode(), digest))
        self._project(unit.step, sequence)
        return sequence

    def claim(self, unit: StepUnit[Any], sequence: int, client_order_id: str = "") -> None:
        """Take the decision that a step claims; an order that is named after its decision is the claim itself."""
        if client_order_id:
            self._decided[client_order_id] = sequence
        if client_order_id != unit.claim_key:
            self._decisions.append((unit.claims, sequence))

    def sent(self, step: Step) -> None:
        """Count one more order sent today."""
        self._facts_changed = True
        day = step.at.date()
        if day == self._day:
            self._facts.sent_count += 1
        else:
            self._day = day
            self._facts.sent(step.at)

    def start_marks(self, marks: StartMarks) -> None:
        self._facts.starts = marks
        self._facts_changed = True

    def answer(self, answer: InboxAnswer) -> None:
        self._answers.append(answer)

    def _project(self, step: Step, sequence: int) -> None:
        for record in step.orders:
            self._orders[record.order.client_order_id] = record
        for fill in step.fills:
            self._fills.append((fill.symbol, fill.trade_id, fill.client_order_id, sequence))
            self._facts.filled(fill.at)
            self._facts_changed = True
        for position in step.positions:
            self._positions[position.symbol, position.strategy_id] = position
        if step.balances:
            self._balances.update(step.balances)
        if not _NOTED.isdisjoint(map(type, step.events)):
            for event in step.events:
                self._note(event)

    def _note(self, event: JournalEvent) -> None:
        if isinstance(event, TradingStateChanged):
            self._states[event.symbol] = event
            self._head.apply(event)
        elif isinstance(event, AccountOpened):
            self._facts_changed = True
            self._facts.opened(event)
        elif isinstance(event, ExternalFlow):
            self._facts_changed = True
            self._facts.flowed(event.currency, event.amount)
        elif isinstance(event, AccountMoved):
            self._facts_changed = True
            self._facts.moved(event)
            self._movements.append((event.movement.movement_id, microseconds(event.movement.at)))
        elif isinstance(event, EQUITY_EVENTS):
            self._note_equity(event)

    def _note_equity(self, event: EquityEvent) -> None:
        if not self._equities:
            self._before = history_since(self._facts.day_opened_at, self._facts.day_opening_equity)
        self._equities.append(event)
        self._facts_changed |= self._facts.day(event)

    def write(self, connection: sqlite3.Connection) -> None:
        """Put everything down."""
        for statement, rows in self._rows():
            if rows:
                connection.executemany(statement, rows)
        if self._facts_changed:
            text = encode(self._facts)
            connection.execute("UPDATE account SET facts = ?, checksum = ?", (text.decode(), crc32(text)))
        if self._equities:
            self._write_equities(connection)

    def _write_equities(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT history, checksum FROM equity").fetchone()
        history = self._before if row is None else stored_equity_history(row)
        for event in self._equities:
            history = history.after(event)
        text = encode(history)
        connection.execute("INSERT OR REPLACE INTO equity VALUES (1, ?, ?)", (text.decode(), crc32(text)))

    def _rows(self) -> Iterator[tuple[str, Sequence[tuple[object, ...]]]]:
        decided = self._decided
        yield "INSERT INTO journal VALUES (?, ?, ?, ?)", self._journal
        yield (
            "INSERT INTO checkpoints VALUES (?, ?)",
            [(sequence, digest) for sequence, _, _, digest in self._journal if sequence % CHECKPOINT_ROWS == 0],
        )
        yield _PUT_ORDER, [_order_row(record, decided.get(key)) for key, record in self._orders.items()]
        yield "INSERT INTO decisions VALUES (?, ?)", self._decisions
        yield _ADD_FILL, self._fills
        yield "INSERT OR IGNORE INTO movements VALUES (?, ?)", self._movements
        yield _PUT_POSITION, [_position_row(position) for position in self._positions.values()]
        yield _PUT_BALANCE, [_balance_row(currency, total) for currency, total in self._balances.items()]
        yield _PUT_STATE, [(symbol, encode(change).decode()) for symbol, change in self._states.items()]
        yield _ANSWER, [(one.payload, one.process, one.epoch, inbox_row(one.request_id)) for one in self._answers]


def _order_row(record: OrderRecord, decided: int | None) -> tuple[object, ...]:
    order = record.order
    text = encode(record)
    is_open = not record.is_terminal
    return (
        order.client_order_id,
        order.symbol,
        _WORDS[order.side],
        _WORDS[record.status],
        1 if is_open else 0,
        record.attempt,
        decided,
        str(record.leaves_quantity) if is_open else None,
        str(record.worst_price) if is_open else None,
        text.decode(),
        crc32(text),
    )


def _position_row(position: Position) -> tuple[object, ...]:
    text = encode(position)
    return position.symbol, position.strategy_id, text.decode(), crc32(text)


def _balance_row(currency: str, total: Decimal) -> tuple[object, ...]:
    text = str(total)
    return currency, text, crc32(text.encode())


_PUT_ORDER = """
    INSERT INTO orders (client_order_id, symbol, side, status, is_open, attempt, decided, leaves_quantity, worst_price,
        record, checksum)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (client_order_id) DO UPDATE SET status = excluded.status, is_open = excluded.is_open,
        attempt = excluded.attempt, decided = coalesce(decided, excluded.decided),
        leaves_quantity = excluded.leaves_quantity, worst_price = excluded.worst_price, record = excluded.record,
        checksum = excluded.checksum"""
# The first record of a fill stands: none is ever overwritten.
_ADD_FILL = """
    INSERT INTO fills (symbol, trade_id, client_order_id, sequence) VALUES (?, ?, ?, ?)
    ON CONFLICT (symbol, trade_id) DO NOTHING"""
_PUT_POSITION = """
    INSERT INTO positions (symbol, strategy_id, position, checksum) VALUES (?, ?, ?, ?)
    ON CONFLICT (symbol, strategy_id) DO UPDATE SET position = excluded.position, checksum = excluded.checksum"""
_PUT_BALANCE = """
    INSERT INTO balances (currency, total, checksum) VALUES (?, ?, ?)
    ON CONFLICT (currency) DO UPDATE SET total = excluded.total, checksum = excluded.checksum"""
_PUT_STATE = """
    INSERT INTO states (symbol, change) VALUES (?, ?) ON CONFLICT (symbol) DO UPDATE SET change = excluded.change"""
# The first answer stands.
_ANSWER = "UPDATE inbox SET answer = ?, process = ?, epoch = ? WHERE request_row = ? AND answer IS NULL"
