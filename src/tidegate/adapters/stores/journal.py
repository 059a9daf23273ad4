"""The journal's bytes: how a step is written, how rows are chained by their hashes, and how they are exported.

The same steps give the same bytes in every store, so that two runs can be compared and a changed row is found.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec

from tidegate.domain.events import JournalEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_encode_events = msgspec.json.Encoder(order="deterministic").encode
_decode_events = msgspec.json.Decoder(tuple[JournalEvent, ...]).decode


def microseconds(at: datetime) -> int:
    """Whole microseconds since the Unix epoch of an aware moment."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(at_us: int) -> datetime:
    """The aware UTC moment of so many microseconds since the Unix epoch."""
    return _EPOCH + at_us * _MICROSECOND


def encode_events(events: tuple[JournalEvent, ...]) -> bytes:
    """One row's payload: a JSON array of tagged events, amounts as text, keys of mappings sorted."""
    return _encode_events(events)


def decode_events(payload: bytes | str) -> tuple[JournalEvent, ...]:
    """The events of one row's payload.

    Raises:
        msgspec.MsgspecError: the payload is not what `encode_events` writes.
    """
    return _decode_events(payload)


def genesis(account_id: str) -> bytes:
    """The hash before the first row: it names the account, so that no other account's journal verifies in its place."""
    return sha256(b"tidegate journal\0" + account_id.encode()).digest()


def row_hash(previous: bytes, sequence: int, at_us: int, payload: bytes) -> bytes:
    """SHA-256 of the previous row's hash and this row's canonical bytes: sequence, moment and payload, a line each."""
    return sha256(b"%b%d\n%d\n%b" % (previous, sequence, at_us, payload)).digest()


def journal_lines(rows: Iterable[tuple[int, int, bytes, bytes]]) -> Iterable[bytes]:
    """Rows of (sequence, at in microseconds, payload, hash) as JSON lines, the form in which journals are compared."""
    for sequence, at_us, payload, digest in rows:
        yield b'{"sequence":%d,"at_us":%d,"hash":"%b","events":%b}\n' % (
            sequence,
            at_us,
            digest.hex().encode(),
            payload,
        )
