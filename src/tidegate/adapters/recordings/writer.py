"""Writing a recording: rows are checked as a reader would, the file appears under its name only when it is whole."""

import gzip
import hashlib
import os
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, BinaryIO, Self

import msgspec

from tidegate.adapters.recordings.format import RecordingFooter, Row
from tidegate.adapters.recordings.header import HeaderLine, Provenance, decode_header, microseconds_of

_COMPRESSION_LEVEL = 6
_CHUNK_BYTES = 1 << 18
_OWNER_WRITES_ALL_READ = 0o644

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


def checked_line(row: Row, last_at_us: int, product_count: int) -> bytes:
    """The line of a row.

    Raises:
        ValueError: a reader would refuse it: its amounts, its time before the time reached, its product.
    """
    if row.at_us < last_at_us:
        raise ValueError(f"the row's time {row.at_us} is before {last_at_us}, the time reached")
    if row.product >= product_count:
        raise ValueError(f"product {row.product} has no rows in this recording")
    line = encode_line(row)
    if _ROW_DECODER.decode(line) != row:
        raise ValueError(f"the row does not survive its own encoding: {line!r}")
    return line


class RecordingWriter:
    """Writes one recording, as a context manager.

    The bytes depend on nothing but the header and the rows. The rows gather in an unnamed file, because what the header
    tells of them is known last; the recording is put together beside its destination and takes its name when the block
    ends without an exception. Otherwise nothing is left behind.

    Raises:
        ValueError: a row that a reader would refuse: its amounts, its time before the previous row's, its product.
        OSError: the file cannot be written.
    """

    def __init__(self, destination: Path, header: HeaderLine) -> None:
        self.destination = destination
        self.header = header
        self.row_count = 0
        self.sha256 = ""  # of the finished recording, as its footer has it
        self._last_at_us = self._ended_at_us = microseconds_of(header.started_at)
        self._product_count = header.recorded_count
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._rows: IO[bytes]

    def __enter__(self) -> Self:
        folder = self.destination.parent
        try:
            self._rows = TemporaryFile(dir=folder)
        except OSError as error:
            # Nobody has heard of the file without a name: what is amiss is the folder it would be in.
            raise OSError(error.errno, error.strerror, str(folder)) from None
        return self

    def write(self, row: Row) -> None:
        """Append a row; its time is no earlier than the previous row's."""
        line = checked_line(row, self._last_at_us, self._product_count)
        self.row_count += 1
        self._last_at_us = row.at_us
        self._pending.append(line)
        self._pending_bytes += len(line)
        if self._pending_bytes >= _CHUNK_BYTES:
            self._flush()

    def end_at(self, at_us: int) -> None:
        """Say until when the feed was watched; without it, the recording ends with its last row."""
        self._ended_at_us = at_us

    def describe(self, provenance: Provenance) -> None:
        """Replace the header's provenance, whose figures are complete only after the last row."""
        self.header = msgspec.structs.replace(self.header, provenance=provenance)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._rows:
            if kind is None:
                self._flush()
                self._put_together()

    def _flush(self) -> None:
        self._rows.write(b"".join(self._pending))
        self._pending.clear()
        self._pending_bytes = 0

    def _put_together(self) -> None:
        partial = self.destination.with_name(f".{self.destination.name}.{os.getpid()}.partial")
        try:
            with partial.open("xb") as file:
                self._compress_into(file)
                file.flush()
                os.fsync(file.fileno())
            partial.chmod(_OWNER_WRITES_ALL_READ)
            partial.replace(self.destination)
        finally:
            partial.unlink(missing_ok=True)

    def _compress_into(self, file: BinaryIO) -> None:
        first_line = encode_line(self.header)
        if decode_header(first_line) != self.header:
            raise ValueError("the header does not survive its own encoding")
        digest = hashlib.sha256(first_line)
        # A name or a time in the gzip header would make equal recordings differ.
        with gzip.GzipFile(
            filename="", mode="wb", compresslevel=_COMPRESSION_LEVEL, fileobj=file, mtime=0
        ) as compressed:
            compressed.write(first_line)
            self._rows.seek(0)
            while chunk := self._rows.read(_CHUNK_BYTES):
                digest.update(chunk)
                compressed.write(chunk)
            self.sha256 = digest.hexdigest()
            ended_at_us = max(self._last_at_us, self._ended_at_us)
            footer = RecordingFooter(ended_at_us=ended_at_us, row_count=self.row_count, sha256=self.sha256)
            compressed.write(encode_line(footer))
