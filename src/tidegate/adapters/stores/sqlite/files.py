"""The store's files: how they are made, who may read them, and how a connection to them is set up."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from tidegate.adapters.stores.sqlite.errors import (
    NoSuchStore,
    NotAStore,
    StoreCorrupt,
    StoreError,
    StoreReadOnly,
    StoreUnusable,
)

OWNER_ONLY = 0o600
BUSY_TIMEOUT_MS = 5_000
"""How long a transaction waits for another process's, in milliseconds; such a one is a single state or request."""

WAL_PAGES = 1_000
"""Pages of 4 KiB in the write-ahead log after which they are copied into the file; SQLite's own default."""

_WAL_BYTES_KEPT = 64 * 1024 * 1024


def prepare(path: Path) -> None:
    """Make the file with its folder if it is not there, for its owner only.

    Raises:
        NotAStore: it is a folder or a device.
        StoreReadOnly: it cannot be made or written here.
        StoreUnusable: the path is no place for a file.
    """
    refuse_other_kinds(path)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
        for name in (path, *side_files(path)):
            with suppress(FileNotFoundError):
                if name.stat().st_mode & 0o077:
                    name.chmod(OWNER_ONLY)
    except PermissionError:
        raise StoreReadOnly(path) from None
    except OSError as error:
        if error.errno == errno.EROFS:
            raise StoreReadOnly(path) from None
        raise StoreUnusable(path, error.strerror or str(error)) from None


def side_files(path: Path) -> tuple[Path, Path]:
    """SQLite's write-ahead log and its index, which inherit the file's mode."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def connect_to_write(path: Path, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> sqlite3.Connection:
    """A connection that has changed nothing yet: `make_durable` comes before its first commit."""
    connection = sqlite3.connect(_uri(path, "rw"), uri=True, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
    return connection


def make_durable(connection: sqlite3.Connection) -> None:
    """Have every commit be on the disk when it returns: write-ahead log, synced each time."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    # On macOS a plain fsync leaves the data in the drive's cache; elsewhere this changes nothing.
    connection.execute("PRAGMA fullfsync=1")
    # The writer copies the log by itself, once its waiters have been woken; this is for when it cannot.
    connection.execute(f"PRAGMA wal_autocheckpoint={4 * WAL_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit={_WAL_BYTES_KEPT}")


def connect_to_read(path: Path, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> sqlite3.Connection:
    """A connection that can change nothing; it reads where nothing can be written, too."""
    uri = f"{_uri(path, 'ro')}&immutable=1" if _stays_as_it_is(path) else _uri(path, "ro")
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
    return connection


def _stays_as_it_is(path: Path) -> bool:
    """Whether nobody writes the file, and no index of a log can be made beside it, without which SQLite reads none."""
    log, _ = side_files(path)
    return not log.exists() and not can_write(path.parent)


def can_write(path: Path) -> bool:
    """Whether this process may write the file, or make one in the folder."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path))}?mode={mode}"


def existing(path: str | Path) -> Path:
    """The path of a store that is there, links followed.

    Raises:
        NoSuchStore: it is not.
        NotAStore: it is a folder or a device.
    """
    found = resolved(path)
    refuse_other_kinds(found)
    if not found.is_file():
        raise NoSuchStore(found)
    return found


def refuse_other_kinds(path: Path) -> None:
    """Raise NotAStore where what stands under the path is no file: nothing is made beside it, and it is not moved."""
    if path.is_dir():
        raise NotAStore(path, "it is a folder; write sqlite:///FOLDER/NAME.sqlite")
    if path.exists() and not path.is_file():
        raise NotAStore(path, "it is no file")


def resolved(path: str | Path) -> Path:
    """One name for one file, so that its lock has one name too.

    Raises:
        NotAStore: its links lead in a circle.
    """
    try:
        return Path(path).expanduser().resolve()
    except RuntimeError:
        raise NotAStore(Path(path), "its links lead in a circle") from None


@contextmanager
def in_our_words(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into a StoreError of one line."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_store_error(path, error) from None
    except UnicodeDecodeError:
        # SQLite's words about a damaged schema quote it, and Python cannot read them.
        raise StoreCorrupt(path, "its schema is no text") from None


def as_store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """SQLite's failure by its code, in our words."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return NotAStore(path, "it is no SQLite file")
    # A text that is none has no code, and its words quote the whole cell.
    no_text, _, cell = str(error).partition(" with text ")
    if code == sqlite3.SQLITE_CORRUPT or cell:
        return StoreCorrupt(path, no_text)
    if code == sqlite3.SQLITE_READONLY:
        return StoreReadOnly(path)
    return StoreUnusable(path, str(error))
