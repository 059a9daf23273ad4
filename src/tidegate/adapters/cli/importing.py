"""`import`: recordings made of captures and files of real markets, each importer a command of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, FileUnusable, UsageError
from tidegate.adapters.cli.import_words import import_line, import_words, made_line, made_words
from tidegate.adapters.recordings.binance import import_binance
from tidegate.adapters.recordings.bitstamp import import_bitstamp
from tidegate.adapters.recordings.product_file import read_product

_SUFFIXES = (".gz", ".txt", ".csv", ".jsonl", ".json", ".log", ".tgr", ".partial")
_RECORDING = ".tgr.gz"

ProductOption = Annotated[
    Path, typer.Option("--product", metavar="FILE", help="The product's terms, in TOML or JSON (docs/recordings.md).")
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="The recording to make; NAME.tgr.gz here by default.")
]
SkipOption = Annotated[
    bool, typer.Option("--skip-damaged", help="Leave out what cannot be read, and count it; else it ends the import.")
]


def bitstamp(
    call: Call,
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The capture: a wheel, a folder or an orders file.")],
    destination: Annotated[Path, typer.Argument(metavar="DEST", help="The recording to make, FILE.tgr.gz.")],
) -> int:
    """Make a recording of a capture of Bitstamp's order events; a book that contradicts itself is refused.

    [dim]tidegate import bitstamp ob_analytics-0.1.0-py3-none-any.whl day.tgr.gz[/dim]
    """
    with _importing(call, source) as progress:
        report = import_bitstamp(source, destination, progress=progress)
    call.terminal.answer([import_line(report)], *import_words(report))
    return DONE


def binance(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Raw stream messages by receive time, plain or gzip.")],
    product: ProductOption,
    output: OutputOption = None,
    skip_damaged: SkipOption = False,
) -> int:
    """Make a recording of raw messages of Binance's streams: depth, bookTicker and trade, one a line.

    [dim]tidegate import binance btcusdt_20240809.gz --product btc-usdt.toml --output day.tgr.gz[/dim]
    """
    destination = destination_of(file, output)
    with _importing(call, file) as progress:
        made = import_binance(file, destination, read_product(product), skip_damaged=skip_damaged, progress=progress)
    call.terminal.answer([made_line(made)], *made_words(made))
    return DONE


def destination_of(source: Path, output: Path | None) -> Path:
    """The recording that is asked for, or one in this folder that is named for its source.

    Raises:
        UsageError: nothing was asked for, and a file of that name is there.
    """
    if output is not None:
        return output
    name = source.name
    while (end := next((one for one in _SUFFIXES if name.endswith(one)), None)) is not None:
        name = name.removesuffix(end)
    made = Path(f"{name}{_RECORDING}")
    if made.exists():
        raise UsageError(f"{made} exists already; name another with --output")
    return made


@contextmanager
def _importing(call: Call, source: Path) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while it lasts; a file that fails is named."""
    err = call.terminal.err
    columns = (TextColumn("Importing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
            task = progress.add_task("import")
            yield lambda done, total: progress.update(task, completed=done, total=total)
    except OSError as error:
        raise FileUnusable(Path(error.filename or source), error) from None
