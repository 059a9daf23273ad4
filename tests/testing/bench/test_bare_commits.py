"""The bare writer, by which the store is measured, does make every row durable that it says it did."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from tidegate.testing.bench.bare_commits import ROW, BareCommits
from tidegate.testing.bench.places import disk_folder


async def test_rows_committed_at_once_are_all_in_the_file(tmp_path: Path) -> None:
    """Many waiters share commits, and each is woken once its row of 300 bytes is there."""
    with BareCommits(tmp_path / "bare.sqlite") as bare:
        await asyncio.gather(*(bare.commit() for _ in range(50)))
    with closing(sqlite3.connect(tmp_path / "bare.sqlite")) as connection:
        rows = connection.execute("SELECT payload FROM rows").fetchall()
    assert rows == [(ROW,)] * 50
    assert len(ROW) == 300


def test_a_disk_folder_is_gone_afterwards() -> None:
    """A bench leaves nothing behind."""
    with disk_folder() as folder:
        (folder / "file").write_text("x", encoding="ascii")
    assert not folder.exists()
