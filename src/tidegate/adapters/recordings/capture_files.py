"""One text file of a capture, read line by line wherever it lies, so that every complaint names its file and line."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Literal, NoReturn, cast
from zipfile import BadZipFile, ZipFile

from tidegate.adapters.recordings.inflation import Inflation, Plain

_LINE_BYTES_MAX = 1 << 21  # a whole book of ten thousand levels is a fifth of it
_WHOLE_BYTES_MAX = 1 << 20

_NO_TEXT: Mapping[bytes, str] = {
    b"\x1f\x8b": "this is gzip: give the file a name that ends in .gz",
    b"PK\x03\x04": "this is a zip archive: take the file out of it first",
    b"\x28\xb5\x2f\xfd": "this is zstd: decompress the file first",
    b"\xfd7zXZ\x00": "this is xz: decompress the file first",
    b"BZh": "this is bzip2: decompress the file first",
    BOM_UTF16_LE: "this is UTF-16: save the file as UTF-8",
    BOM_UTF16_BE: "this is UTF-16: save the file as UTF-8",
}
"""What people hand over instead of text, by how it begins."""


class CaptureDamaged(Exception):
    """A capture that cannot be read; the message names file, line and reason in one line."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        self.file = file
        self.line = line
        self.reason = " ".join(reason.split())
        super().__init__(file, line, reason)

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


class CaptureFile:
    """A file of a capture, compressed if its name ends in .gz; `name` is how messages call it.

    `read_bytes` is how much of it, as it lies there, the current pass has read.
    """

    def __init__(self, name: str, opener: Callable[[], AbstractContextManager[BinaryIO]]) -> None:
        self.name = name
        self.read_bytes = 0
        self._open = opener

    def damaged(self, line: int, reason: str) -> NoReturn:
        raise CaptureDamaged(self.name, line, reason)

    def lines(self, encoding: Literal["ASCII", "UTF-8"] = "ASCII") -> Iterator[str]:
        """Every line without its end.

        Raises:
            CaptureDamaged: compressed data that are broken or end early, and text of another encoding.
        """
        passed = 0
        rest = b""
        with self._open() as file:
            pieces = self._pieces(file)
            for piece in pieces:
                self.read_bytes = pieces.read_bytes
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    passed += 1
                    yield self._text(line, passed, encoding)
                if len(rest) > _LINE_BYTES_MAX:
                    self.damaged(passed + 1, f"the line is longer than {_LINE_BYTES_MAX} bytes")
            if pieces.failure is not None:
                self.damaged(passed + 1, pieces.failure)
        if rest:
            yield self._text(rest, passed + 1, encoding)

    def line_count(self) -> int:
        """How many lines there are as far as they can be read; a damage is left for `lines` to find."""
        count, last = 0, b"\n"
        with self._open() as file:
            for piece in self._pieces(file):
                count += piece.count(b"\n")
                last = piece[-1:] or last
        return count + (last != b"\n")

    def content(self) -> bytes:
        """A small file as a whole.

        Raises:
            CaptureDamaged: it cannot be read, or is not small.
        """
        with self._open() as file:
            pieces = self._pieces(file)
            data = b"".join(pieces)
        if pieces.failure is not None or len(data) > _WHOLE_BYTES_MAX:
            self.damaged(1, pieces.failure or f"the file is longer than {_WHOLE_BYTES_MAX} bytes")
        return data

    def _pieces(self, file: BinaryIO) -> Plain | Inflation:
        return Inflation(file, is_one_stream=False) if self.name.endswith(".gz") else Plain(file)

    def _text(self, line: bytes, number: int, encoding: str) -> str:
        if number == 1:
            line = line.removeprefix(BOM_UTF8)
            no_text = next((what for start, what in _NO_TEXT.items() if line.startswith(start)), None)
            if no_text is not None:
                self.damaged(1, no_text)
            if b"\r" in line[:-1]:
                self.damaged(1, "its lines end in CR alone: save the file with LF or CRLF")
        try:
            return line.removesuffix(b"\r").decode(encoding)
        except UnicodeDecodeError:
            self.damaged(number, f"the line is not {encoding} text")


def file_on_disk(path: Path) -> CaptureFile:
    """A file of its own."""
    return CaptureFile(str(path), lambda: path.open("rb"))


def file_in_archive(archive: Path, member: str) -> CaptureFile:
    """A member of a zip archive; its name says both."""
    name = f"{archive}!{member}"

    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with open_archive(archive) as members:
            if members.getinfo(member).flag_bits & 1:
                raise CaptureDamaged(name, 1, "the member is encrypted")
            try:
                file = members.open(member)
            except (BadZipFile, NotImplementedError) as error:
                raise CaptureDamaged(name, 1, f"the archive is damaged: {error}") from error
            with file:
                yield file

    return CaptureFile(name, cast("Callable[[], AbstractContextManager[BinaryIO]]", opened))


def open_archive(archive: Path) -> ZipFile:
    """A zip archive.

    Raises:
        CaptureDamaged: it is none, or its directory is broken (a truncated archive has lost it).
    """
    try:
        return ZipFile(archive)
    except BadZipFile as error:
        raise CaptureDamaged(str(archive), 1, f"not a whole zip archive: {error}") from error
