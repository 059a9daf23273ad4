"""The schema: numbered migrations, forward only, each whole or not at all."""

import sqlite3
from pathlib import Path

from tidegate.adapters.stores.sqlite.errors import NewerSchema, NotAStore, OlderSchema

APPLICATION_ID = 0x54474154
"""`TGAT` in the file's header, by which a Tidegate store is told from any other SQLite file."""

_FIRST = (
    f"PRAGMA application_id={APPLICATION_ID}",
    """CREATE TABLE account (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        account_id TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        process TEXT NOT NULL,
        pid INTEGER NOT NULL,
        facts TEXT NOT NULL,
        checksum INTEGER NOT NULL
    )""",
    """CREATE TABLE journal (
        sequence INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        payload TEXT NOT NULL,
        hash BLOB NOT NULL
    )""",
    "CREATE TABLE checkpoints (sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL)",
    # `decided` is the journal row with the decision that the order carries out;
    # a fill's `sequence` is the row that holds it.
    """CREATE TABLE orders (
        order_row INTEGER PRIMARY KEY,
        client_order_id TEXT NOT NULL UNIQUE,
        symbol TEXT NOT NULL,
        side TEXT NOT NULL,
        status TEXT NOT NULL,
        is_open INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        decided INTEGER,
        leaves_quantity TEXT,
        worst_price TEXT,
        record TEXT NOT NULL,
        checksum INTEGER NOT NULL
    )""",
    "CREATE INDEX orders_open ON orders (order_row) WHERE is_open = 1",
    "CREATE TABLE decisions (decision_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE fills (
        fill_row INTEGER PRIMARY KEY,
        symbol TEXT NOT NULL,
        trade_id TEXT NOT NULL,
        client_order_id TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        UNIQUE (symbol, trade_id)
    )""",
    "CREATE TABLE movements (movement_id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE positions (
        symbol TEXT NOT NULL,
        strategy_id TEXT NOT NULL,
        position TEXT NOT NULL,
        checksum INTEGER NOT NULL,
        PRIMARY KEY (symbol, strategy_id)
    ) WITHOUT ROWID""",
    "CREATE TABLE balances (currency TEXT PRIMARY KEY, total TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE states (symbol TEXT PRIMARY KEY, change TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE inbox (
        request_row INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        payload TEXT NOT NULL,
        at INTEGER NOT NULL,
        answer TEXT,
        process TEXT,
        epoch INTEGER
    )""",
    "CREATE INDEX inbox_waiting ON inbox (request_row) WHERE answer IS NULL",
    """CREATE VIEW reservations AS
        SELECT client_order_id, symbol, side, status, leaves_quantity, worst_price FROM orders WHERE is_open = 1""",
    """CREATE VIEW attempts AS
        SELECT json_extract(event.value, '$.order.client_order_id') AS client_order_id,
            json_extract(event.value, '$.attempt') AS attempt,
            json_extract(event.value, '$.epoch') AS epoch,
            json_extract(event.value, '$.at') AS at,
            journal.sequence AS sequence
        FROM journal, json_each(journal.payload) AS event
        WHERE json_extract(event.value, '$.event') = 'ORDER_SENDING'""",
)

_SECOND = (
    # A row of its own, since it changes once an hour and the account's row with every order.
    """CREATE TABLE equity (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        history TEXT NOT NULL,
        checksum INTEGER NOT NULL
    )""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _SECOND)
"""Statements by version: the first makes version 1. A released one is never changed."""

SCHEMA = len(MIGRATIONS)

READABLE = 1
"""The oldest schema that a reader understands: what it lacks is read as what its migration would have made of it."""


def migrate(connection: sqlite3.Connection, path: Path, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> None:
    """Bring the file up to the newest schema; killed at any moment, it has the old one or the new one.

    Raises:
        NotAStore: it is a SQLite file of something else.
        NewerSchema: a later program has been at it.
    """
    while (version := version_of(connection, path, len(migrations))) < len(migrations):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in migrations[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={version + 1}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def version_of(connection: sqlite3.Connection, path: Path, known: int = SCHEMA) -> int:
    """The schema's version; 0 for an empty file."""
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    is_empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application_id != APPLICATION_ID and not is_empty:
        raise NotAStore(path, "it is the SQLite file of another program")
    if version > known:
        raise NewerSchema(path, version, known)
    return version


def require_current(connection: sqlite3.Connection, path: Path) -> None:
    """Raise unless a reader understands the file as it is."""
    version = version_of(connection, path)
    if not version:
        raise NotAStore(path, "it is empty")
    if version < READABLE:
        raise OlderSchema(path, version, READABLE)
