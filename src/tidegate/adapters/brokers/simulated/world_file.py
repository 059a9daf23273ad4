"""The world's file: SQLite, one transaction a venue step, so that it survives the death of whoever holds it open.

WAL with `synchronous=NORMAL`: a step that was answered survives kill -9 of the process. A power failure may take back
the last steps, whole and in order, which a simulation can afford and a store of real orders cannot.
"""

import os
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from tidegate.adapters.brokers.simulated.archive import WorldState, nothing
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.recordings.header import microseconds_of
from tidegate.adapters.stores.sqlite.files import connect_to_read
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId
from tidegate.domain.movements import Movement

WORLD_VERSION = 3
"""3 has orders that wait for a trigger, which a program of version 2 would not know. It reads both, and writes 3."""
_READABLE = (2, WORLD_VERSION)
_APPLICATION_ID = 0x54475731  # "TGW1"
_SCHEMA = """
CREATE TABLE orders (client_order_id TEXT PRIMARY KEY, is_open INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX open_orders ON orders (is_open) WHERE is_open;
CREATE TABLE fills (
    trade_id TEXT PRIMARY KEY, at_us INTEGER NOT NULL, client_order_id TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX fills_by_time ON fills (at_us);
CREATE INDEX fills_by_order ON fills (client_order_id);
CREATE TABLE movements (movement_id TEXT PRIMARY KEY, at_us INTEGER NOT NULL, body BLOB NOT NULL);
CREATE INDEX movements_by_time ON movements (at_us);
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, body BLOB NOT NULL);
"""
_UNREADABLE = (msgspec.MsgspecError, TypeError, ValueError)
"""What a body or a number raises that was never written so; in a damaged page it may be of any kind."""
_PUT_ORDER = (
    "INSERT INTO orders VALUES (?, ?, ?) "
    "ON CONFLICT (client_order_id) DO UPDATE SET is_open = excluded.is_open, body = excluded.body"
)
_PUT_FILL = "INSERT INTO fills VALUES (?, ?, ?, ?)"
_PUT_MOVEMENT = "INSERT INTO movements VALUES (?, ?, ?)"
_PUT_STATE = "UPDATE state SET body = ? WHERE id = 1 AND epoch = ?"

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode_order = msgspec.json.Decoder(WorkingOrder).decode
_decode_fill = msgspec.json.Decoder(Fill).decode
_decode_movement = msgspec.json.Decoder(Movement).decode
_decode_state = msgspec.json.Decoder(WorldState).decode


class WorldError(Exception):
    """A world that cannot be used: damaged, not ours, taken by another process, or impossible to write. One line."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = " ".join(reason.split())
        super().__init__(path, reason)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"

    def __repr__(self) -> str:
        # As an incident of the journal quotes it.
        return f"{type(self).__name__}({self})"


class FileArchive:
    """An archive in one file, mode 0600. Its epoch fences an older holder that still lives.

    One that is only read is opened where nothing can be written, too, and must be there.
    """

    def __init__(self, path: Path, *, is_read_only: bool = False) -> None:
        self.path = path
        self._epoch = 0
        self.remember = nothing
        self._taken_back: list[TradeId] = []
        try:
            self._database = connect_to_read(path) if is_read_only else _connected(path)
        except (OSError, sqlite3.Error) as error:
            raise WorldError(path, f"cannot be opened: {getattr(error, 'strerror', None) or error}") from None
        try:
            self._prepare(is_read_only)
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            self._database.close()
            raise self._damaged(error) from None
        except WorldError:
            self._database.close()
            raise

    def load(self) -> WorldState | None:
        """The standing figures, or None where the file is new.

        Raises:
            WorldError: they cannot be read.
        """
        try:
            row = self._database.execute("SELECT epoch, body FROM state").fetchone()
            if row is None:
                return None
            self._epoch = int(row[0])
            return _decode_state(row[1])
        except (sqlite3.Error, *_UNREADABLE) as error:
            raise self._damaged(error) from None

    def begin(self, state: WorldState) -> None:
        """Make this a fresh world: nothing of an earlier one is kept but its epoch."""
        with self._transaction():
            self._database.execute(f"PRAGMA user_version = {WORLD_VERSION}")
            for table in ("orders", "fills", "movements", "state"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608  the names are the four above
            self._epoch += 1
            self._database.execute("INSERT INTO state VALUES (1, ?, ?)", (self._epoch, _encode(state)))

    def take(self, state: WorldState) -> None:
        """Become its only writer; an older one fails at its next write."""
        with self._transaction():
            self._database.execute(f"PRAGMA user_version = {WORLD_VERSION}")
            self._database.execute(
                "UPDATE state SET epoch = ?, body = ? WHERE id = 1", (self._epoch + 1, _encode(state))
            )
        self._epoch += 1

    def find(self, client_order_id: ClientOrderId) -> WorkingOrder | None:
        rows = self._select("SELECT body FROM orders WHERE client_order_id = ?", (client_order_id,))
        return self._orders(rows)[0] if rows else None

    def open_orders(self) -> Sequence[WorkingOrder]:
        return self._orders(self._select("SELECT body FROM orders WHERE is_open ORDER BY rowid", ()))

    def all_orders(self) -> Sequence[WorkingOrder]:
        return self._orders(self._select("SELECT body FROM orders ORDER BY rowid", ()))

    def fills(self, since: datetime) -> Sequence[Fill]:
        query = "SELECT body FROM fills WHERE at_us >= ? ORDER BY at_us, trade_id"
        return self._fills(self._select(query, (microseconds_of(since),)))

    def fills_of(self, client_order_id: ClientOrderId) -> Sequence[Fill]:
        query = "SELECT body FROM fills WHERE client_order_id = ? ORDER BY trade_id"
        return self._fills(self._select(query, (client_order_id,)))

    def movements(self, since: datetime) -> Sequence[Movement]:
        query = "SELECT body FROM movements WHERE at_us >= ? ORDER BY at_us, movement_id"
        rows = self._select(query, (microseconds_of(since),))
        try:
            return [_decode_movement(body) for (body,) in rows]
        except _UNREADABLE as error:
            raise self._damaged(error) from None

    def take_back(self, fill: Fill) -> None:
        self._taken_back.append(fill.trade_id)

    def write(
        self,
        state: WorldState,
        orders: Mapping[ClientOrderId, WorkingOrder],
        fills: Sequence[Fill],
        movements: Sequence[Movement] = (),
    ) -> None:
        """One venue step in one transaction.

        Raises:
            WorldError: the disk refuses it, or another process has taken the world.
        """
        self.remember()
        with self._transaction():
            execute = self._database.execute
            for order_id, order in orders.items():
                execute(_PUT_ORDER, (order_id, order.is_open, _encode(order)))
            for fill in fills:
                execute(_PUT_FILL, (fill.trade_id, microseconds_of(fill.at), fill.client_order_id, _encode(fill)))
            for one in movements:
                execute(_PUT_MOVEMENT, (one.movement_id, microseconds_of(one.at), _encode(one)))
            for trade_id in self._taken_back:
                execute("DELETE FROM fills WHERE trade_id = ?", (trade_id,))
            self._taken_back.clear()
            if execute(_PUT_STATE, (_encode(state), self._epoch)).rowcount != 1:
                raise WorldError(self.path, "another process has taken this world over")

    def close(self) -> None:
        self._database.close()

    def _prepare(self, is_read_only: bool) -> None:
        database = self._database
        (application_id,) = database.execute("PRAGMA application_id").fetchone()
        (version,) = database.execute("PRAGMA user_version").fetchone()
        (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and application_id != _APPLICATION_ID:
            raise WorldError(self.path, "it is a database, but not a world")
        if tables and version not in _READABLE:
            raise WorldError(self.path, f"it is of version {version}, and this program knows version {WORLD_VERSION}")
        if not is_read_only:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
        if tables:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise WorldError(self.path, f"damaged: {verdict}")
            return
        database.executescript(
            f"BEGIN; PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {WORLD_VERSION};{_SCHEMA} COMMIT;"
        )

    def _select(self, query: str, parameters: tuple[object, ...]) -> list[tuple[bytes]]:
        try:
            return self._database.execute(query, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._damaged(error) from None

    def _orders(self, rows: list[tuple[bytes]]) -> list[WorkingOrder]:
        try:
            return [_decode_order(body) for (body,) in rows]
        except _UNREADABLE as error:
            raise self._damaged(error) from None

    def _fills(self, rows: list[tuple[bytes]]) -> list[Fill]:
        try:
            return [_decode_fill(body) for (body,) in rows]
        except _UNREADABLE as error:
            raise self._damaged(error) from None

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._database, self.path)

    def _damaged(self, error: Exception) -> WorldError:
        # A text that is none is quoted whole by SQLite.
        words, _, _ = str(error).partition(" with text ")
        return WorldError(self.path, f"damaged, or not a world: {words}")


def _connected(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return sqlite3.connect(path, isolation_level=None)


class _Transaction:
    """BEGIN to COMMIT, or ROLLBACK; a failure of the database comes out as WorldError."""

    __slots__ = ("_database", "_path")

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path

    def __enter__(self) -> None:
        try:
            self._database.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise WorldError(self._path, f"cannot be written: {error}") from None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is None:
            try:
                self._database.execute("COMMIT")
                return
            except sqlite3.Error as failure:
                self._roll_back()
                raise WorldError(self._path, f"cannot be written: {failure}") from None
        self._roll_back()
        if isinstance(error, sqlite3.Error):
            raise WorldError(self._path, f"cannot be written: {error}") from None

    def _roll_back(self) -> None:
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")
