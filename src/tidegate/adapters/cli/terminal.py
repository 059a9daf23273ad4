"""The terminal: results on standard output, everything else on standard error, colours only where somebody looks."""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TextIO, cast

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from tidegate.adapters.cli.lines import encoded
from tidegate.adapters.cli.outlet import Outlet, escaped
from tidegate.adapters.cli.widths import fitted
from tidegate.adapters.cli.wire import Line
from tidegate.adapters.spelling import shown

_PIPED_COLUMNS = 100
_VERBOSE_COLUMNS = 140
_ERROR_LENGTH_MAX = 2_000


class Terminal:
    """Where one command writes. With `is_json` standard output carries JSON lines and nothing else.

    Writing never raises for a reader that has gone, or a full disk: `lost` has the error, and later writes go nowhere.
    """

    def __init__(self, *, is_json: bool = False, is_verbose: bool = False) -> None:
        self.is_json = is_json
        self.is_verbose = is_verbose
        self._outlet = Outlet(sys.stdout)
        self.out = _console(self._outlet, _VERBOSE_COLUMNS if is_verbose else _PIPED_COLUMNS)
        self.err = _console(Outlet(sys.stderr), _PIPED_COLUMNS)

    @property
    def lost(self) -> OSError | None:
        """Why standard output takes nothing any more; None while it does."""
        return self._outlet.lost

    def when_lost(self, tell: Callable[[], None]) -> None:
        """Call this once standard output takes nothing any more."""
        self._outlet.when_lost(tell)

    @property
    def is_interactive(self) -> bool:
        """Whether a person sees standard output while it is written, and it is not JSON."""
        return self.out.is_terminal and not self.is_json

    @property
    def is_plain(self) -> bool:
        """Whether what happens is told line by line: for people, and where no picture can be drawn."""
        return not self.is_json and not self.out.is_terminal

    @property
    def aside(self) -> IO[str]:
        """Standard error as a stream: what a strategy prints is no JSON of ours."""
        return self.err.file

    def json(self, line: Line | dict[str, float]) -> None:
        """One object on a line of its own, at once; in letters of ASCII where the stream is not UTF-8."""
        text = encoded(line) + "\n"
        is_unicode = self._outlet.encoding.lower().startswith("utf")
        self._outlet.write(text if is_unicode else escaped(text, "ascii"))
        self._outlet.flush()

    def show(self, *parts: RenderableType) -> None:
        """Something for people, on standard output; a table is as wide as its figures."""
        for part in parts:
            width = fitted(part, self.out) if isinstance(part, Table) else self.out.width
            out = self.out if width <= self.out.width else _console(self._outlet, width, is_fixed=True)
            out.print(part)

    def line(self, text: Text) -> None:
        """One line as it is, however long: what reads it may be another program."""
        self.out.print(text, soft_wrap=True)

    def answer(self, lines: Iterable[Line], *parts: RenderableType) -> None:
        """The result: as JSON lines, or as it reads."""
        if self.is_json:
            for line in lines:
                self.json(line)
        else:
            self.show(*parts)

    def note(self, message: str) -> None:
        """Something beside the result, in one line on standard error."""
        self.err.print(Text(message, style="dim"), soft_wrap=True)

    def error(self, message: str) -> None:
        """What went wrong, in one red line on standard error."""
        words = shown(" ".join(message.split()), _ERROR_LENGTH_MAX)
        self.err.print(f"[bold red]error:[/] [red]{escape(words)}[/]", soft_wrap=True)


def stand_in() -> None:
    """Put something in the place of standard streams that were closed before the start, as `>&-` does.

    Otherwise the next file that is opened, such as the store, would have their number, and what is written to them.
    """
    nowhere = Path(os.devnull)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, nowhere.open("r" if name == "stdin" else "w"))


def _console(outlet: Outlet, columns: int, *, is_fixed: bool = False) -> Console:
    """A console as wide as its terminal, or as what reads it can be expected to take."""
    width = None if outlet.isatty() and not is_fixed else columns
    # All that a console does with its stream is what an outlet does.
    return Console(file=cast(TextIO, outlet), highlight=False, width=width, emoji=False)
