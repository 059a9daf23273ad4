"""Lines of a byte stream, numbered, with a bound on their length that holds before a line is whole."""

from collections.abc import Iterator
from dataclasses import dataclass

LINE_BYTES_MAX = 65_536
"""Fifty times the longest decision that makes sense; what is longer is not even parsed (N5)."""

_END = b"\n"


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `content` is None where it was longer than a line may be."""

    number: int
    content: bytes | None


class LineSplitter:
    """Cuts chunks into lines; of a line that is too long nothing is kept."""

    def __init__(self, length_max: int = LINE_BYTES_MAX) -> None:
        self._length_max = length_max
        self._rest = b""
        self._is_too_long = False
        self._number = 0

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that end in this chunk."""
        *whole, rest = chunk.split(_END)
        for part in whole:
            self._keep(part)
            yield self._take()
        self._keep(rest)

    def finish(self) -> Iterator[Line]:
        """The last line, if the stream did not end with a line's end."""
        if self._rest or self._is_too_long:
            yield self._take()

    def _keep(self, part: bytes) -> None:
        if self._is_too_long or len(self._rest) + len(part) > self._length_max:
            self._rest, self._is_too_long = b"", True
        else:
            self._rest += part

    def _take(self) -> Line:
        content = None if self._is_too_long else self._rest
        self._rest, self._is_too_long = b"", False
        self._number += 1
        return Line(self._number, content)
