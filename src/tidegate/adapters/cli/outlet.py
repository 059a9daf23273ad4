"""Outlets: streams whose reader goes away, whose disk fills or whose encoding lacks a letter, without an error."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO


class Outlet:
    """Writes to a stream for as long as it takes what is written; from then on nothing is, and `lost` says why.

    What is written comes from the middle of trading: from a loop, a subscriber, the answer to a decision. None of them
    may end because nobody reads it. What should end in good order instead is told by `when_lost`.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._tell: Callable[[], None] | None = None
        self.lost: OSError | None = None

    def when_lost(self, tell: Callable[[], None]) -> None:
        """Call this once nothing more can be written; at once where that is so already."""
        self._tell = tell
        if self.lost is not None:
            tell()

    def write(self, text: str) -> int:
        if self.lost is None:
            try:
                self._stream.write(escaped(text, self.encoding))
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        if self.lost is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:
        """The stream's own, which decides what can be drawn."""
        return self._stream.encoding or "utf-8"

    def _lose(self, error: OSError) -> None:
        self.lost = error
        # What is still buffered, and what a strategy prints or the interpreter flushes as it ends, goes nowhere.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        if self._tell is not None:
            self._tell()


def escaped(text: str, encoding: str) -> str:
    """The text with what the encoding has no letter for written as JSON writes it: `\\u2192`."""
    return text if _fits(text, encoding) else "".join(one if _fits(one, encoding) else _spelt(one) for one in text)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _spelt(letter: str) -> str:
    return json.dumps(letter)[1:-1]
