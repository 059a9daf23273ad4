"""Migrations: forward only, whole or not at all."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tidegate.adapters.stores.sqlite.errors import NewerSchema
from tidegate.adapters.stores.sqlite.schema import MIGRATIONS, SCHEMA, migrate, version_of

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
