"""Migrations: forward only, whole or not at all."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import open_at, steps_for, tamper
from tidegate.adapters.stores.sqlite.errors import NewerSchema
from tidegate.adapters.stores.sqlite.queries import Queries
from tidegate.adapters.stores.sqlite.reader import open_sqlite_reader
from tidegate.adapters.stores.sqlite.schema import MIGRATIONS, SCHEMA, migrate, version_of
from tidegate.domain.equity_history import EquityHistory
from tidegate.domain.events import DayOpened, EquityMarked
from tidegate.domain.records import StoreUnavailable
from tidegate.testing.contracts.order_stores.steps import FixedClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

SECOND = ("CREATE TABLE notes (note TEXT)", "ALTER TABLE account ADD COLUMN colour TEXT")
BROKEN = ("CREATE TABLE notes (note TEXT)", "INSERT INTO nowhere VALUES (1)")


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_a_file_is_brought_up_to_the_newest_schema_step_by_step(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path)
        assert version_of(connection, path) == SCHEMA
        migrate(connection, path, (*MIGRATIONS, SECOND))
        assert version_of(connection, path, SCHEMA + 1) == SCHEMA + 1
        assert "notes" in tables(connection)
        with pytest.raises(NewerSchema):
            migrate(connection, path)


def test_a_migration_that_ends_in_the_middle_leaves_the_old_schema(tmp_path: Path) -> None:
    """P10: the same holds for a kill, since the statements are one transaction."""
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path)
        before = tables(connection)
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, path, (*MIGRATIONS, BROKEN))
        assert (version_of(connection, path), tables(connection)) == (SCHEMA, before)
        migrate(connection, path, (*MIGRATIONS, SECOND))


def test_the_attempts_and_reservations_can_be_read_with_plain_sql(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path)
        assert connection.execute("SELECT * FROM attempts").fetchall() == []
        assert connection.execute("SELECT * FROM reservations").fetchall() == []


async def test_a_store_of_the_first_schema_is_held_against_its_days_opening(tmp_path: Path) -> None:
    """P10: it opens, and what it knows of equity is where its history begins; nothing is asked of the old program."""
    path = tmp_path / "store.db"
    store = open_at(path)
    day = DayOpened(equity=Decimal(100), at=NOON)
    await store.commit(steps_for(store).step(day))
    store.close()
    tamper(path, "DROP TABLE equity")
    tamper(path, "PRAGMA user_version=1")
    # Whoever looks before a writer does understands it as it is, and leaves it so.
    with open_sqlite_reader(path, clock=FixedClock()) as reader:
        seen = (await reader.load()).equity_history
    again = open_at(path)
    began = (await again.load()).equity_history
    mark = EquityMarked(equity=Decimal(90), high=Decimal(100), at=NOON + timedelta(hours=1))
    await again.commit(steps_for(again).step(mark))
    again.close()
    once_more = open_at(path)
    stored = await once_more.load()
    once_more.close()

    assert seen == began == EquityHistory().after(day)
    assert stored.equity_history == began.after(mark)


async def test_a_damaged_equity_history_is_named_and_nothing_opens_on_it(tmp_path: Path) -> None:
    """D3: neither a start nor a later mark makes one up."""
    path = tmp_path / "store.db"
    store = open_at(path)
    steps = steps_for(store)
    await store.commit(steps.step(DayOpened(equity=Decimal(100), at=NOON)))
    tamper(path, "UPDATE equity SET history = '{}'")
    marked = await store.commit(steps.step(EquityMarked(equity=Decimal(90), high=Decimal(100), at=NOON)))
    store.close()
    assert isinstance(marked, StoreUnavailable)
    assert "equity history" in marked.reason
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as connection,
        pytest.raises(sqlite3.DatabaseError, match="equity history is not what was written"),
    ):
        Queries(connection, path).load(NOON)
