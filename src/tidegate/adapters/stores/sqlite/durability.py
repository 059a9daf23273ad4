"""Durability in doubt: whether a commit that failed took place (D8), and whether the file is still where it was."""

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


class Place:
    """Where a store stands, and which file that was: one that was moved, deleted or replaced can still be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = self._found()

    def is_kept(self) -> bool:
        """Whether the next start, and whoever looks meanwhile, finds the file that this process writes."""
        return self._found() == self._identity

    def _found(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino
