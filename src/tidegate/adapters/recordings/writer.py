"""Writing a recording: rows are checked as a reader would, the file appears under its name only when it is whole."""

import gzip
import hashlib
import os
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec

from tidegate.adapters.recordings.format import RecordingFooter, Row
from tidegate.adapters.recordings.header import HeaderLine, decode_header, microseconds_of

_COMPRESSION_LEVEL = 6
_FLUSH_BYTES = 1 << 18
_OWNER_AND_READERS = 0o644

_ROW_DECODER: msgspec.json.Decoder[Row] = msgspec.json.Decoder(Row)
_ENCODER = msgspec.json.Encoder()


def _plain(value: Any) -> Any:
    """A JSON value with decimals as plain strings; Python's own form turns small ones into exponents."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def encode_line(line: msgspec.Struct) -> bytes:
    """One line of a recording, with its newline; the same struct always gives the same bytes."""
    return _ENCODER.encode(_plain(msgspec.to_builtins(line, builtin_types=(Decimal,)))) + b"\n"


class RecordingWriter:
    """Writes one recording, as a context manager.

    The bytes depend on nothing but the header and the rows. The file is written beside its destination and takes its
    name when the block ends without an exception; otherwise nothing is left behind.

    Raises:
        ValueError: a row that a reader would refuse: its amounts, its time before the previous row's, its product.
        OSError: the file cannot be written.
    """

    def __init__(self, destination: Path, header: HeaderLine) -> None:
        self.destination = destination
        self.header = header
        self.row_count = 0
        self.last_at_us = microseconds_of(header.started_at)
        self._partial = destination.with_name(f".{destination.name}.{os.getpid()}.partial")
        self._product_count = header.recorded_count
        self._hash = hashlib.sha256()
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._ended_at_us = self.last_at_us
        self._file: BinaryIO
        self._gzip: gzip.GzipFile

    def __enter__(self) -> Self:
        first_line = encode_line(self.header)
        if decode_header(first_line) != self.header:
            raise ValueError("the header does not survive its own encoding")
        self._file = self._partial.open("xb")
        self._gzip = gzip.GzipFile(
            filename="", mode="wb", compresslevel=_COMPRESSION_LEVEL, fileobj=self._file, mtime=0
        )
        self._put(first_line)
        return self

    def write(self, row: Row) -> None:
        """Append a row; its time is no earlier than the previous row's."""
        if row.at_us < self.last_at_us:
            raise ValueError(f"the row's time {row.at_us} is before {self.last_at_us}, the time reached")
        if row.product >= self._product_count:
            raise ValueError(f"product {row.product} has no rows in this recording")
        line = encode_line(row)
        if _ROW_DECODER.decode(line) != row:
            raise ValueError(f"the row does not survive its own encoding: {line!r}")
        self._put(line)
        self.row_count += 1
        self.last_at_us = row.at_us

    def end_at(self, at_us: int) -> None:
        """Say how long the feed was watched; without it, the recording ends with its last row."""
        self._ended_at_us = at_us

    def _put(self, line: bytes) -> None:
        self._pending.append(line)
        self._pending_bytes += len(line)
        if self._pending_bytes >= _FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        self._hash.update(data)
        self._gzip.write(data)

    def _finish(self) -> None:
        self._flush()
        footer = RecordingFooter(
            ended_at_us=max(self.last_at_us, self._ended_at_us), row_count=self.row_count, sha256=self._hash.hexdigest()
        )
        self._gzip.write(encode_line(footer))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
            self._gzip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            if kind is None:
                self._partial.chmod(_OWNER_AND_READERS)
                self._partial.replace(self.destination)
        finally:
            self._file.close()
            self._partial.unlink(missing_ok=True)
