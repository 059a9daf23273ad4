"""Reading a file piece by piece as far as it goes: of a broken stream all that can be read, and then what broke it."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO
from zipfile import BadZipFile

_CHUNK_BYTES = 1 << 16
_PIECE_BYTES_MAX = 1 << 20  # a few kilobytes of gzip can be gigabytes of zeros
_GZIP = 16 + zlib.MAX_WBITS

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
    """The bytes of one gzip stream, as an iterator over pieces; `failure` says afterwards what stopped it early.

    Driven by hand, not by `gzip.open`, because that one throws away what it had read when the stream breaks off, and
    with it the line of the damage.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._plain = Plain(file)
        self.failure: str | None = None

    @property
    def read_bytes(self) -> int:
        """How many compressed bytes have been read."""
        return self._plain.read_bytes

    def __iter__(self) -> Iterator[bytes]:
        inflater = zlib.decompressobj(_GZIP)
        has_begun = False
        compressed = iter(self._plain)
        data = b""
        while not inflater.eof:
            # A full piece may have left more behind, even where it used up the chunk.
            chunk = inflater.unconsumed_tail or (b"" if len(data) == _PIECE_BYTES_MAX else next(compressed, None))
            if chunk is None:
                break
            before = inflater.copy()
            try:
                data = inflater.decompress(chunk, _PIECE_BYTES_MAX)
            except zlib.error as error:
                yield _up_to_the_damage(before, chunk)
                self.failure = f"the compressed data are damaged: {error}" if has_begun else "this is not gzip"
                return
            has_begun = True
            yield data
        if not inflater.eof:
            self.failure = self._plain.failure or "the compressed data break off: the file is truncated"
        elif inflater.unused_data or next(compressed, b""):
            self.failure = "more data follow the end of the compressed text"


def _up_to_the_damage(inflater: "zlib._Decompress", chunk: bytes) -> bytes:
    """What a chunk gives before the byte at which decompression fails."""
    data = b""
    try:
        for at in range(len(chunk)):
            data += inflater.decompress(chunk[at : at + 1])
    except zlib.error:
        return data
    return data
