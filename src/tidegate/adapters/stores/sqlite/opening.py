"""Opening a store to write: the lock, the schema, the account, the tail of the chain and the epoch, in this order."""

import os
import sqlite3
from contextlib import ExitStack, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from zlib import crc32

from tidegate.adapters.stores.journal import microseconds
from tidegate.adapters.stores.sqlite.chain import tail_flaw
from tidegate.adapters.stores.sqlite.codec import encode
from tidegate.adapters.stores.sqlite.durability import Place, is_durable
from tidegate.adapters.stores.sqlite.errors import OtherAccount, StoreCorrupt
from tidegate.adapters.stores.sqlite.files import (
    BUSY_TIMEOUT_MS,
    connect_to_write,
    in_our_words,
    make_durable,
    prepare,
    resolved,
)
from tidegate.adapters.stores.sqlite.head import states_of
from tidegate.adapters.stores.sqlite.lanes import Committer, GroupLane, InlineLane
from tidegate.adapters.stores.sqlite.lock import Mark, WriterLock
from tidegate.adapters.stores.sqlite.queries import Queries, account_of
from tidegate.adapters.stores.sqlite.schema import migrate, version_of
from tidegate.adapters.stores.sqlite.store import SqliteOrderStore
from tidegate.adapters.stores.sqlite.transaction import Transactions
from tidegate.adapters.stores.sqlite.units import plain_unit
from tidegate.adapters.stores.steps import Facts
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.records import Step
from tidegate.domain.states import lowered

_OLD_COPY = "old copy or lost log; reconcile first (--adopt, where its money differs), then resume"


def open_sqlite_store(
    path: str | Path,
    *,
    account_id: str,
    clock: ClockPort,
    process: str,
    inline: bool = False,
    busy_timeout_ms: int = BUSY_TIMEOUT_MS,
    lock: WriterLock | None = None,
) -> SqliteOrderStore:
    """Open the store of an account as its one writer, and make it if it is not there.

    `process` names the writer to others ("run", "serve"). `inline` commits in the calling thread, one transaction for
    each awaited call, as replay and simulation need it. A store that has come less far than its high-water mark opens
    with its entries halted: an old copy must be reconciled before it trades. A `lock` on this very file that is held
    already is the store's from here on.

    Raises:
        StoreLocked: another process writes it; its pid and name are in the text.
        OtherAccount: it is pinned to another account.
        NewerSchema: a later program has migrated it.
        NotAStore: the file is something else.
        StoreCorrupt: a row of the journal's tail is not what was written.
        StoreReadOnly: it cannot be written.
        StoreUnusable: the disk or SQLite does not serve it.
    """
    file = resolved(path)
    is_new = not file.exists()
    prepare(file)
    with ExitStack() as undo:
        lock = WriterLock.acquire(file, process) if lock is None else lock
        undo.callback(lock.release)
        with in_our_words(file):
            connection = connect_to_write(file, busy_timeout_ms)
            undo.callback(connection.close)
            # A file that is not ours is found before anything in it is changed.
            version_of(connection, file)
            make_durable(connection)
            migrate(connection, file)
            birth = _pinned(connection, file, account_id, clock.now())
            flaw = tail_flaw(connection, account_id)
            if flaw is not None:
                raise StoreCorrupt(file, flaw)
            loss = "" if is_new else _loss(lock.mark, _standing(connection))
            mark = _taken(connection, lock, process, is_new)
            transactions = Transactions(connection, account_id, mark.epoch, Queries(connection, file).facts())
            if loss:
                _halt_entries(connection, transactions, account_id, loss, clock.now())
            if birth:
                # The account and its birth are in the file itself, so that a lost log can be told from a new store.
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            store = _store(file, connection, lock, transactions, mark, clock, inline)
        undo.pop_all()
    return store


def _pinned(connection: sqlite3.Connection, path: Path, account_id: str, now: datetime) -> bool:
    """Pin a new file to the account, or check that an old one is; whether it was new."""
    pinned = account_of(connection)
    if not pinned:
        text = encode(Facts())
        values = (account_id, microseconds(now), text.decode(), crc32(text))
        connection.execute("INSERT INTO account VALUES (1, ?, ?, 0, '', 0, ?, ?)", values)
        return True
    if pinned != account_id:
        raise OtherAccount(path, pinned, account_id)
    return False


def _standing(connection: sqlite3.Connection) -> Mark:
    """How far the store has come."""
    created_at, epoch, sequence = connection.execute(
        "SELECT created_at, epoch, (SELECT coalesce(max(sequence), 0) FROM journal) FROM account"
    ).fetchone()
    return Mark(created_at=created_at, epoch=epoch, sequence=sequence)


def _loss(mark: Mark, standing: Mark) -> str:
    """What the store has lost since its mark was left; empty where nothing, or where the mark is another store's."""
    if mark.created_at != standing.created_at:
        return ""
    if standing.sequence < mark.sequence:
        return f"the store ends at row {standing.sequence} and had come to row {mark.sequence}: {_OLD_COPY}"
    if standing.epoch < mark.epoch:
        return f"the store is at epoch {standing.epoch} and had come to epoch {mark.epoch}: {_OLD_COPY}"
    return ""


def _taken(connection: sqlite3.Connection, lock: WriterLock, process: str, is_new: bool) -> Mark:
    """Raise the epoch, beyond every one that was ever held here, and so fence every earlier writer."""
    standing, mark = _standing(connection), lock.mark
    held = 0 if is_new or mark.created_at != standing.created_at else mark.epoch
    epoch = max(standing.epoch, held) + 1
    connection.execute("UPDATE account SET epoch = ?, process = ?, pid = ?", (epoch, process, os.getpid()))
    taken = Mark(created_at=standing.created_at, epoch=epoch, sequence=standing.sequence)
    lock.write_mark(taken)
    return taken


def _halt_entries(
    connection: sqlite3.Connection, transactions: Transactions, account_id: str, loss: str, now: datetime
) -> None:
    """REDUCING, or HALTED where the account is: what was lost makes nothing that stands any bolder."""
    stood = states_of(connection.execute("SELECT change FROM states WHERE symbol = ''").fetchall()).account
    change = TradingStateChanged(state=lowered(stood), reason=loss, by="store", is_latched=True, at=now)
    transactions.commit([plain_unit(account_id, Step(at=now, events=(change,)))])


def _store(
    path: Path,
    connection: sqlite3.Connection,
    lock: WriterLock,
    transactions: Transactions,
    mark: Mark,
    clock: ClockPort,
    inline: bool,
) -> SqliteOrderStore:
    def committed(sequence: int) -> None:
        lock.write_mark(Mark(created_at=mark.created_at, epoch=mark.epoch, sequence=sequence))

    def release() -> None:
        # What could not be tidied is found by the next start; the journal has everything either way.
        with suppress(sqlite3.Error):
            transactions.finish()
        connection.close()
        lock.release()

    sequence = _standing(connection).sequence
    committer = Committer(transactions, committed, partial(is_durable, path), sequence, Place(path))
    lane = InlineLane(committer) if inline else GroupLane(committer)
    return SqliteOrderStore(path, mark.epoch, clock, lane, release)
