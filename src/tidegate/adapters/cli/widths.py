"""Widths: a table is drawn closer together, and then wider than its window, before a figure of it is cut.

A terminal breaks a line that is too long and shows all of it; a figure without its last digit is another figure.
"""

from itertools import chain

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table

FOLDED = 10
"""Columns in which a text that may fold is still read."""

_ENDLESS = 100_000


def fitted(table: Table, console: Console) -> int:
    """Draw a ruled table closer together, then without its edges, where it would be cut.

    Returns how wide the console must be for it not to be.
    """
    if table.box is None:
        return console.width
    if _needed(table, console) > console.width:
        table.padding = (0, 0)
    if _needed(table, console) > console.width:
        table.show_edge = False
    return max(console.width, _needed(table, console))


def _needed(table: Table, console: Console) -> int:
    whole = console.measure(table, options=console.options.update(width=_ENDLESS)).maximum
    return whole - sum(_spare(column) for column in table.columns if not column.no_wrap)


def _spare(column: Column) -> int:
    """What a column that folds can do without."""
    lines = (line for cell in chain((column.header,), column.cells) for line in str(cell).splitlines())
    return max(0, max(map(cell_len, lines), default=0) - FOLDED)
