"""Reading a file piece by piece as far as it goes: of a broken stream all that can be read, and then what broke it."""

import zlib
from collections.abc import Generator, Iterator
from typing import BinaryIO
from zipfile import BadZipFile

_CHUNK_BYTES = 1 << 16
_PIECE_BYTES_MAX = 1 << 20  # a few kilobytes of gzip can be gigabytes of zeros
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"

_ARCHIVE_ERRORS = (zlib.error, BadZipFile, EOFError)
"""What a member of an archive raises while it is read."""


class Plain:
    """The bytes of a file that is not compressed, or only by the archive it lies in; see `Inflation` for `failure`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failure: str | None = None
        self.read_bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._file.read(_CHUNK_BYTES):
                self.read_bytes += len(chunk)
                yield chunk
        except _ARCHIVE_ERRORS as error:
            self.failure = f"the archive is damaged: {error}"


class Inflation:
    """The bytes of gzip, as an iterator over pieces; `failure` says afterwards what stopped it early.

    A recording is one stream, so that what follows it is damage. A capture may be several, one after the other: that
    is what a collector leaves that was started again and went on with its file.

    Driven by hand, not by `gzip.open`, because that one throws away what it had read when the stream breaks off, and
    with it the line of the damage.
    """

    def __init__(self, file: BinaryIO, *, is_one_stream: bool = True) -> None:
        self._plain = Plain(file)
        self._is_one_stream = is_one_stream
        self.failure: str | None = None

    @property
    def read_bytes(self) -> int:
        """How many compressed bytes have been read."""
        return self._plain.read_bytes

    def __iter__(self) -> Iterator[bytes]:
        compressed = iter(self._plain)
        beyond = yield from self._stream(b"", compressed)
        while beyond and self.failure is None:
            if self._is_one_stream or not _GZIP_MAGIC.startswith(beyond[:2]):
                self.failure = "more data follow the end of the compressed text"
            else:
                beyond = yield from self._stream(beyond, compressed)

    def _stream(self, data: bytes, compressed: Iterator[bytes]) -> Generator[bytes, None, bytes]:
        """The bytes of the stream that begins with `data`; what is left, and has been read already, is returned."""
        inflater = zlib.decompressobj(_GZIP)
        chunk: bytes | None
        has_begun = False
        piece = b""
        while not inflater.eof:
            # A full piece may have left more behind, even where it used up the chunk.
            chunk = inflater.unconsumed_tail or data
            if not chunk and len(piece) < _PIECE_BYTES_MAX:
                chunk = next(compressed, None)
            data = b""
            if chunk is None:
                break
            before = inflater.copy()
            try:
                piece = inflater.decompress(chunk, _PIECE_BYTES_MAX)
            except zlib.error as error:
                yield _up_to_the_damage(before, chunk)
                self.failure = f"the compressed data are damaged: {error}" if has_begun else "this is not gzip"
                return b""
            has_begun = True
            yield piece
        if not inflater.eof:
            self.failure = self._plain.failure or "the compressed data break off: the file is truncated"
            return b""
        return inflater.unused_data or next(compressed, b"")


def _up_to_the_damage(inflater: "zlib._Decompress", chunk: bytes) -> bytes:
    """What a chunk gives before the byte at which decompression fails."""
    data = b""
    try:
        for at in range(len(chunk)):
            data += inflater.decompress(chunk[at : at + 1])
    except zlib.error:
        return data
    return data
