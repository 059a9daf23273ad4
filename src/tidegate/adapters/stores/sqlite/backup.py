"""Backups: a copy of a store made beside its writer, verified before it gets its name."""

import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from tidegate.adapters.stores.sqlite.agreement import disagreements
from tidegate.adapters.stores.sqlite.chain import chain_flaw
from tidegate.adapters.stores.sqlite.errors import BackupRefused, StoreCorrupt, StoreError
from tidegate.adapters.stores.sqlite.files import OWNER_ONLY, connect_to_read, existing, in_our_words, resolved
from tidegate.adapters.stores.sqlite.queries import Queries, account_of
from tidegate.adapters.stores.sqlite.schema import require_current

_ANY_DAY = datetime(1970, 1, 1, tzinfo=UTC)


class BackupReport(Struct, frozen=True, kw_only=True):
    """What a verified copy holds: its account, its last journal row and that row's hash in hexadecimal."""

    path: str
    account_id: str
    sequence: int
    hash: str


def back_up(path: str | Path, destination: str | Path) -> BackupReport:
    """Copy a store, written or not at the time; the copy is one moment of it, whole, and verified as doctor does it.

    The destination appears only once all of that is so, and is never written over.

    Raises:
        NoSuchStore: there is nothing to copy.
        BackupRefused: the destination exists, or cannot be written.
        StoreCorrupt: the copy does not verify, because the store does not.
    """
    source, target = existing(path), resolved(destination)
    draft = target.with_name(target.name + ".part")
    if target.exists():
        raise BackupRefused(target, "it exists already, and a backup is never written over")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
    except OSError as error:
        raise BackupRefused(target, error.strerror or str(error)) from None
    try:
        _copy(source, draft)
        report = _verified(source, draft, target)
        os.fsync(descriptor)
        draft.rename(target)
    except (sqlite3.Error, OSError, StoreError):
        with suppress(FileNotFoundError):
            draft.unlink()
        raise
    finally:
        os.close(descriptor)
    _sync_folder(target.parent)
    return report


def _copy(source: Path, draft: Path) -> None:
    with (
        in_our_words(source),
        closing(connect_to_read(source)) as reading,
        closing(sqlite3.connect(draft, isolation_level=None)) as writing,
    ):
        require_current(reading, source)
        reading.backup(writing)


def _verified(source: Path, draft: Path, target: Path) -> BackupReport:
    # Immutable, so that reading the copy leaves no log or index beside it.
    uri = f"file:{quote(str(draft))}?immutable=1"
    with in_our_words(source), closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as copy:
        (sound,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        if sound != "ok":
            raise StoreCorrupt(source, sound)
        account_id = account_of(copy)
        flaw = chain_flaw(copy, account_id)
        if flaw is None:
            flaw = next(iter(disagreements(copy)), None)
        if flaw is not None:
            raise StoreCorrupt(source, flaw)
        # Sums are in no table that the journal is held against, and carry checksums of their own.
        Queries(copy, source).load(_ANY_DAY)
        last = copy.execute("SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1").fetchone()
    sequence, digest = (0, b"") if last is None else last
    return BackupReport(path=str(target), account_id=account_id, sequence=sequence, hash=digest.hex())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
