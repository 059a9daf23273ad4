"""Outlets: streams whose reader may go away, or whose disk may fill, without an error wherever something is written."""

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
                self._stream.write(text)
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
        return self._stream.encoding

    def _lose(self, error: OSError) -> None:
        self.lost = error
        # What is still buffered, and what a strategy prints or the interpreter flushes as it ends, goes nowhere.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        if self._tell is not None:
            self._tell()
