"""Bare commits: the least that making a row durable can cost, by which the order store is measured.

One thread takes all that is queued, commits it in one transaction and wakes the loop once; a row is 300 bytes.
"""

import asyncio
import sqlite3
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import Self

ROW = b"x" * 300
_INSERT = "INSERT INTO rows (payload) VALUES (?)"


class BareCommits:
    """A context manager over a fresh SQLite file in WAL mode with `synchronous=FULL`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: SimpleQueue[asyncio.Future[None] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="bare commits", daemon=True)
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()

    async def commit(self) -> None:
        """Make one row durable."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._queue.put(waiter)
        await waiter

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE rows (row INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
        try:
            while self._commit_all(connection):
                pass
        finally:
            connection.close()

    def _commit_all(self, connection: sqlite3.Connection) -> bool:
        """Commit everything queued; False once the end is queued."""
        waiters = [self._queue.get()]
        while not self._queue.empty():
            waiters.append(self._queue.get())
        written = [waiter for waiter in waiters if waiter is not None]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_INSERT, [(ROW,)] * len(written))
        connection.execute("COMMIT")
        self._loop.call_soon_threadsafe(_wake, written)
        return len(written) == len(waiters)


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
