"""Durability after a doubt: whether a commit that failed in the act took place (D8: read by key first)."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tidegate.adapters.stores.sqlite.files import connect_to_write, make_durable


def is_durable(path: Path, end: tuple[int, bytes]) -> bool:
    """Whether the journal has the row of this sequence number and hash, synced to the disk."""
    sequence, digest = end
    try:
        with closing(connect_to_write(path)) as connection:
            make_durable(connection)
            row = connection.execute("SELECT hash FROM journal WHERE sequence = ?", (sequence,)).fetchone()
            if row is None or row[0] != digest:
                return False
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
            return not busy
    except sqlite3.Error:
        return False
