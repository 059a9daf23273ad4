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
    """Draw a ruled table closer together where no text has to fold then, or it would be cut; then without its edges.

    Returns how wide the console must be for it not to be cut.
    """
    if table.box is None:
        return console.width
    padding = table.padding
    if _whole(table, console) > console.width:
        table.padding = (0, 0)
        if _whole(table, console) > console.width:
            table.padding = padding
    if _needed(table, console) > console.width:
        table.padding = (0, 0)
    if _needed(table, console) > console.width:
        table.show_edge = False
    return max(console.width, _needed(table, console))


def _whole(table: Table, console: Console) -> int:
    """How wide it is where nothing folds."""
    return console.measure(table, options=console.options.update(width=_ENDLESS)).maximum


def _needed(table: Table, console: Console) -> int:
    """How wide it is where every text folds that may."""
    return _whole(table, console) - sum(_spare(column) for column in table.columns if not column.no_wrap)


def _spare(column: Column) -> int:
    """What a column that folds can do without."""
    lines = (line for cell in chain((column.header,), column.cells) for line in str(cell).splitlines())
    return max(0, max(map(cell_len, lines), default=0) - FOLDED)
