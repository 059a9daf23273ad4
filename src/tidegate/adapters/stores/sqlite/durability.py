"""Durability in doubt: whether a commit that failed took place (D8), and whether the files are where they were."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tidegate.adapters.stores.sqlite.files import connect_to_write, make_durable, side_files


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
    """Where a store stands, and which files those were: one that was moved, deleted or replaced can still be written.

    Made over a store that is open for writing: only then do the log and its index stay where they are.
    """

    def __init__(self, path: Path) -> None:
        log, index = side_files(path)
        named = {path: "the store's file", log: "the store's log", index: "the index of the store's log"}
        self._kept = [(one, name, _identity(one)) for one, name in named.items()]

    @property
    def loss(self) -> str:
        """Which file the next start, and whoever looks meanwhile, does not find any more; empty where they find all."""
        for path, name, identity in self._kept:
            if _identity(path) != identity:
                return f"{name} is gone from its place: {path.name} was moved, deleted or replaced"
        return ""


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
