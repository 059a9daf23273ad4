"""Restart: how soon a store with a long history and many open orders is one's own again."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from tidegate.adapters.clocks import WallClock
from tidegate.adapters.stores.sqlite.draft import CHECKPOINT_ROWS
from tidegate.domain.decisions import Decision
from tidegate.domain.ledger import Ledger
from tidegate.domain.states import TradingStates
from tidegate.domain.vocabulary import Action, OrderStatus
from tidegate.testing.bench.durable import file_store, place
from tidegate.testing.bench.null_venue import NullVenue
from tidegate.testing.bench.places import disk_folder
from tidegate.testing.bench.rounds import median_of_rounds, seconds
from tidegate.testing.bench.services import BenchError, decisions, open_services
from tidegate.testing.bench.sizes import Sizes

_SIZE = Decimal("0.0001")
_LIMIT = Decimal(50_000)
_IN_FLIGHT = 100


async def restart_ms(sizes: Sizes) -> float:
    """Milliseconds until store and ledger stand again: opened as the writer, tail verified, open orders reserved.

    The tail is the longest that a crash can leave. The venue is not asked here: how long it takes to answer is its own.
    """
    with disk_folder() as folder:
        await _fill(folder, 1, OrderStatus.FILLED)
        _lengthen(folder, sizes.rows)
        await _fill(folder, sizes.open_orders, OrderStatus.ACCEPTED)

        async def one_round() -> float:
            _crash(folder, sizes.rows)
            return await _reopened(folder, sizes.open_orders) * 1e3

        return await median_of_rounds(one_round)


async def _reopened(folder: Path, open_orders: int) -> float:
    """Seconds from a closed file to a ledger with all open orders.

    Raises:
        BenchError: some are missing.
    """
    venue = NullVenue(WallClock())
    began = seconds()
    with file_store(folder) as store:
        ledger = Ledger(venue.product, TradingStates())
        ledger.load(await store.load())
        took = seconds() - began
    if len(ledger.orders) != open_orders:
        raise BenchError(f"{len(ledger.orders)} orders are open after the restart, not {open_orders}")
    return took


async def _fill(folder: Path, number: int, status: OrderStatus) -> None:
    """Send orders by the way that every order goes, to end with that status: filled, or resting in the book."""
    rests = status is OrderStatus.ACCEPTED
    clock = WallClock()
    venue = NullVenue(clock, rests=rests)
    if rests:
        made = [
            Decision(action=Action.BUY, decision_id=f"open.{one}", quantity=_SIZE, limit_price=_LIMIT)
            for one in range(number)
        ]
    else:
        made = decisions(number, _SIZE, "ended")
    with file_store(folder) as store:
        stored = await store.load()
        if stored.opened_at is not None:
            venue.hold(stored.balances)
        async with open_services(venue, store, clock) as application:
            await place(application, venue, made, _IN_FLIGHT, status)


def _lengthen(folder: Path, rows: int) -> None:
    """Copy the one ended order, with its journal row, under other ids until there are so many rows of each."""
    with closing(sqlite3.connect(folder / "orders.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN")
        for statement in (_COPY_JOURNAL, _COPY_ORDERS, _CHECKPOINT):
            connection.execute(statement, (rows,))
        connection.execute("COMMIT")


def _crash(folder: Path, copied: int) -> None:
    """Leave the file as a crash just before the next checkpoint would; only what was not copied can verify."""
    with closing(sqlite3.connect(folder / "orders.sqlite", isolation_level=None)) as connection:
        (end,) = connection.execute("SELECT max(sequence) FROM journal").fetchone()
        last = max(copied, end - CHECKPOINT_ROWS + 1)
        connection.execute("BEGIN")
        connection.execute("DELETE FROM checkpoints WHERE sequence >= ?", (last,))
        connection.execute("INSERT INTO checkpoints SELECT sequence, hash FROM journal WHERE sequence = ?", (last,))
        connection.execute("COMMIT")


# The hashes of copied rows are noise: they lie before a checkpoint, and a start does not look there.
_COPY_JOURNAL = """
    WITH RECURSIVE
        one AS (SELECT at, payload FROM journal WHERE sequence = (SELECT decided FROM orders LIMIT 1)),
        number(n) AS (SELECT max(sequence) + 1 FROM journal UNION ALL SELECT n + 1 FROM number WHERE n < ?)
    INSERT INTO journal SELECT n, one.at, one.payload, randomblob(32) FROM number, one"""
_COPY_ORDERS = """
    WITH RECURSIVE
        one AS (SELECT * FROM orders ORDER BY order_row LIMIT 1),
        number(n) AS (SELECT max(order_row) + 1 FROM orders UNION ALL SELECT n + 1 FROM number WHERE n < ?)
    INSERT INTO orders
    SELECT n, 'tg' || lower(hex(randomblob(15))), symbol, side, status, is_open, attempt, n, leaves_quantity,
        worst_price, record, checksum
    FROM number, one"""
_CHECKPOINT = "INSERT OR REPLACE INTO checkpoints SELECT sequence, hash FROM journal WHERE sequence = ?"
