"""The chain: whether the journal's rows are those that were written, in order and none missing."""

import sqlite3
from collections.abc import Iterator

from tidegate.adapters.stores.journal import genesis, row_hash

_ROWS = "SELECT sequence, at, payload, hash FROM journal WHERE sequence > ? ORDER BY sequence"


def tail_flaw(connection: sqlite3.Connection, account_id: str) -> str | None:
    """What is wrong with the journal since its last checkpoint; None when it verifies."""
    checkpoint = connection.execute("SELECT sequence, hash FROM checkpoints ORDER BY sequence DESC LIMIT 1").fetchone()
    if checkpoint is None:
        return _flaw(connection, 0, genesis(account_id))
    sequence, digest = checkpoint
    row = connection.execute("SELECT hash FROM journal WHERE sequence = ?", (sequence,)).fetchone()
    if row is None:
        return f"journal row {sequence}, of which there is a checkpoint, is missing"
    if row[0] != digest or not isinstance(digest, bytes):
        return f"journal row {sequence} does not have the hash of its checkpoint"
    return _flaw(connection, sequence, digest)


def chain_flaw(connection: sqlite3.Connection, account_id: str) -> str | None:
    """What is wrong with the whole journal, checkpoints included; None when it verifies."""
    flaw = _flaw(connection, 0, genesis(account_id))
    if flaw is not None:
        return flaw
    stray = connection.execute(
        "SELECT checkpoints.sequence FROM checkpoints LEFT JOIN journal USING (sequence) "
        "WHERE journal.hash IS NOT checkpoints.hash ORDER BY 1 LIMIT 1"
    ).fetchone()
    return None if stray is None else f"journal row {stray[0]} does not have the hash of its checkpoint"


def _flaw(connection: sqlite3.Connection, after: int, digest: bytes) -> str | None:
    expected = after + 1
    for sequence, at_us, payload, found in _rows(connection, after):
        if sequence != expected:
            return f"journal row {expected} is missing"
        # Type by type: a changed cell may hold anything.
        if not (isinstance(at_us, int) and isinstance(payload, str) and isinstance(found, bytes)):
            return f"journal row {sequence} does not match its hash"
        digest = row_hash(digest, sequence, at_us, payload.encode())
        if digest != found:
            return f"journal row {sequence} does not match its hash"
        expected += 1
    return None


def _rows(connection: sqlite3.Connection, after: int) -> Iterator[tuple[int, object, object, object]]:
    return connection.execute(_ROWS, (after,))
