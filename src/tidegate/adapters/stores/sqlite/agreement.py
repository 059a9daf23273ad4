"""Agreement: whether orders, fills, decisions and states are what the journal folds to, found without loading either.

The fold keeps only live orders in memory; what is terminal goes to temporary tables, on which SQL then compares.
Positions and balances need the products, which a store does not have: the application's own audit refolds those.
"""

import sqlite3
from collections.abc import Iterator
from itertools import islice

import msgspec

from tidegate.adapters.stores.journal import decode_events
from tidegate.adapters.stores.sqlite.codec import checked, decode_order, encode, is_intact
from tidegate.domain.events import (
    AccountEvent,
    DecisionRefused,
    FillBusted,
    JournalEvent,
    NoOrderDecided,
    OrderFilled,
    OrderPrepared,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.lifecycle import apply_news, prepared, sending
from tidegate.domain.orders import OrderRecord

SHOWN = 20
"""Disagreements that are named; a damaged table has thousands, and the first say it all."""


def disagreements(connection: sqlite3.Connection) -> tuple[str, ...]:
    """The first disagreements, a line each, in one consistent reading.

    Raises:
        sqlite3.Error: the file cannot be read.
    """
    connection.execute("BEGIN")
    try:
        for statement in _FOLDED:
            connection.execute(statement)
        flaw = _Fold(connection).run()
        return (flaw,) if flaw is not None else tuple(islice(_compared(connection), SHOWN))
    finally:
        # The temporary tables go with it.
        connection.execute("ROLLBACK")


class _Fold:
    """The journal's events, folded into temporary tables."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._live: dict[str, OrderRecord] = {}

    def run(self) -> str | None:
        """Fold every row; what makes that impossible, if anything does."""
        for sequence, payload in self._connection.execute("SELECT sequence, payload FROM journal ORDER BY sequence"):
            try:
                for event in decode_events(*checked(f"journal row {sequence}", (payload,), str)):
                    self._one(sequence, event)
            except msgspec.MsgspecError as error:
                return f"journal row {sequence} cannot be read: {error}"
            except LookupError as error:
                return f"journal row {sequence} tells of {error.args[0]}, which no earlier row has begun"
        for record in self._live.values():
            self._put(record)
        return None

    def _one(self, sequence: int, event: JournalEvent) -> None:
        if isinstance(event, OrderPrepared):
            self._keep(prepared(event, self._record(event.order.client_order_id)))
            if event.decision is not None:
                self._claim(event.decision.decision_id, sequence, event.order.client_order_id)
        elif isinstance(event, OrderSending):
            self._keep(sending(event, self._record(event.order.client_order_id)))
            if event.decision is not None:
                self._claim(event.decision.decision_id, sequence, event.order.client_order_id)
        elif isinstance(event, DecisionRefused | NoOrderDecided):
            self._claim(event.decision.decision_id, sequence, None)
        elif isinstance(event, TradingStateChanged):
            self._insert("REPLACE INTO folded_states VALUES (?, ?)", event.symbol, encode(event).decode())
        elif not isinstance(event, AccountEvent):
            record = self._record(event.client_order_id)
            if record is None:
                raise LookupError(f"order {event.client_order_id}")
            self._keep(apply_news(record, event))
            if isinstance(event, OrderFilled | FillBusted):
                fill = event.fill
                self._insert(
                    "INSERT OR IGNORE INTO folded_fills VALUES (?, ?, ?)", fill.symbol, fill.trade_id, sequence
                )

    def _record(self, order_id: str) -> OrderRecord | None:
        live = self._live.get(order_id)
        if live is not None:
            return live
        select = "SELECT record FROM folded_orders WHERE client_order_id = ?"
        row = self._connection.execute(select, (order_id,)).fetchone()
        return None if row is None else decode_order(row[0])

    def _keep(self, record: OrderRecord) -> None:
        if record.is_terminal:
            self._live.pop(record.client_order_id, None)
            self._put(record)
        else:
            self._live[record.client_order_id] = record

    def _put(self, record: OrderRecord) -> None:
        self._insert("REPLACE INTO folded_orders VALUES (?, ?)", record.client_order_id, encode(record).decode())

    def _claim(self, decision_id: str, sequence: int, order_id: str | None) -> None:
        self._insert("INSERT INTO folded_claims VALUES (?, ?, ?)", decision_id, sequence, order_id)

    def _insert(self, statement: str, *values: object) -> None:
        self._connection.execute(statement, values)


def _compared(connection: sqlite3.Connection) -> Iterator[str]:
    for sentence, select in _COMPARISONS:
        for (name,) in connection.execute(select):
            yield sentence.format(name)
    for symbol, text, checksum in connection.execute("SELECT symbol, position, checksum FROM positions"):
        if not is_intact(text, checksum):
            yield f"position {symbol} does not match its checksum"


_FOLDED = (
    "CREATE TEMP TABLE folded_orders (client_order_id TEXT PRIMARY KEY, record TEXT)",
    "CREATE TEMP TABLE folded_fills (symbol TEXT, trade_id TEXT, sequence INTEGER, PRIMARY KEY (symbol, trade_id))",
    "CREATE TEMP TABLE folded_claims (decision_id TEXT, sequence INTEGER, client_order_id TEXT)",
    "CREATE TEMP TABLE folded_states (symbol TEXT PRIMARY KEY, change TEXT)",
)
_COMPARISONS = (
    (
        "order {} is not what the journal makes of it",
        """SELECT client_order_id FROM folded_orders JOIN orders USING (client_order_id)
            WHERE orders.record IS NOT folded_orders.record""",
    ),
    (
        "order {} is in the journal and not among the orders",
        """SELECT client_order_id FROM folded_orders
            WHERE client_order_id NOT IN (SELECT client_order_id FROM orders)""",
    ),
    (
        "order {} is not in the journal",
        """SELECT client_order_id FROM orders
            WHERE client_order_id NOT IN (SELECT client_order_id FROM folded_orders)""",
    ),
    (
        "order {} is listed with another status than it has",
        """SELECT client_order_id FROM orders WHERE coalesce(json_extract(record, '$.status'), 'PREPARED') IS NOT status
            OR is_open IS NOT (status NOT IN ('FILLED', 'CANCELED', 'EXPIRED', 'REFUSED'))""",
    ),
    (
        "fill {} is not listed where the journal has it",
        """SELECT trade_id FROM folded_fills LEFT JOIN fills USING (symbol, trade_id)
            WHERE fills.sequence IS NOT folded_fills.sequence""",
    ),
    (
        "fill {} is not in the journal",
        """SELECT trade_id FROM fills LEFT JOIN folded_fills USING (symbol, trade_id)
            WHERE folded_fills.sequence IS NULL""",
    ),
    (
        "decision {} has more than one outcome in the journal",
        "SELECT decision_id FROM folded_claims GROUP BY decision_id HAVING count(*) > 1",
    ),
    (
        "decision {} is not claimed as the journal has it",
        """SELECT folded_claims.decision_id FROM folded_claims
            LEFT JOIN decisions USING (decision_id) LEFT JOIN orders USING (client_order_id)
            WHERE coalesce(decisions.sequence, orders.decided) IS NOT folded_claims.sequence""",
    ),
    (
        "the trading state of {} is not the journal's last",
        """SELECT CASE symbol WHEN '' THEN 'the account' ELSE symbol END FROM folded_states
            LEFT JOIN states USING (symbol) WHERE states.change IS NOT folded_states.change""",
    ),
)
