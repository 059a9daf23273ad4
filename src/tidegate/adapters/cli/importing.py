"""`import`: recordings made of captures and files of real markets, each importer a command of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.destinations import OverwriteOption, may_be_made
from tidegate.adapters.cli.failures import DONE, FileUnusable, UsageError
from tidegate.adapters.cli.import_words import import_line, import_words, made_line, made_words
from tidegate.adapters.recordings.binance import import_binance
from tidegate.adapters.recordings.bitstamp import import_bitstamp
from tidegate.adapters.recordings.live import salvage
from tidegate.adapters.recordings.numerals import amount
from tidegate.adapters.recordings.product_file import read_product
from tidegate.adapters.recordings.tables import (
    AssumedBook,
    BarOptions,
    TradeOptions,
    import_bars,
    import_trades,
)

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
    overwrite: OverwriteOption = False,
) -> int:
    """Make a recording of a capture of Bitstamp's order events; a book that contradicts itself is refused.

    [dim]tidegate import bitstamp ob_analytics-0.1.0-py3-none-any.whl day.tgr.gz[/dim]
    """
    may_be_made(destination, overwrite, source=source)
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
    overwrite: OverwriteOption = False,
) -> int:
    """Make a recording of raw messages of Binance's streams: depth, bookTicker and trade, one a line.

    [dim]tidegate import binance btcusdt_20240809.gz --product btc-usdt.toml --output day.tgr.gz[/dim]
    """
    destination = destination_of(file, output, overwrite)
    with _importing(call, file) as progress:
        made = import_binance(file, destination, read_product(product), skip_damaged=skip_damaged, progress=progress)
    call.terminal.answer([made_line(made)], *made_words(made))
    return DONE


def csv(
    call: Call,
    product: ProductOption,
    trades: Annotated[Path | None, typer.Option("--trades", metavar="FILE", help="Trades, one a row.")] = None,
    bars: Annotated[
        Path | None, typer.Option("--bars", metavar="FILE", help="Bars: open, high, low, close and volume a row.")
    ] = None,
    output: OutputOption = None,
    spread_bps: Annotated[
        str | None, typer.Option("--spread-bps", metavar="BPS", help="Assume a book this wide beside each print.")
    ] = None,
    depth: Annotated[
        str | None, typer.Option("--depth", metavar="SIZE", help="Assume so much at either touch of that book.")
    ] = None,
    tick_rule: Annotated[
        bool, typer.Option("--tick-rule", help="Assume who took from the prices, where no column says it.")
    ] = False,
    gap_seconds: Annotated[
        int, typer.Option("--gap-seconds", min=1, max=86_400, help="A longer silence between trades is a gap.")
    ] = 60,
    interval: Annotated[
        int | None,
        typer.Option(
            "--interval", min=1, max=2_678_400, metavar="SECONDS", help="A bar's length; the shortest there is."
        ),
    ] = None,
    stamped: Annotated[
        str, typer.Option("--stamped", metavar="WHEN", help="What a bar's time is: its open or its close.")
    ] = "open",
    skip_damaged: SkipOption = False,
    overwrite: OverwriteOption = False,
) -> int:
    """Make a recording of a CSV file of trades or of bars. It has no book, unless you assume one and say so.

    Columns go by their names (docs/recordings.md); what the file cannot say is told with every result.

    [dim]tidegate import csv --trades trades.csv --product btc-usdt.toml[/dim]

    [dim]tidegate import csv --bars minutes.csv --product btc-usdt.toml --spread-bps 2 --depth 0.5[/dim]
    """
    if (trades is None) == (bars is None):
        raise UsageError("name either --trades FILE or --bars FILE")
    if stamped not in ("open", "close"):
        raise UsageError("--stamped is open or close")
    source = trades or bars or Path()
    destination, terms, book = (
        destination_of(source, output, overwrite),
        read_product(product),
        _assumed_book(spread_bps, depth),
    )
    with _importing(call, source) as progress:
        if trades is not None:
            ticks = TradeOptions(gap_seconds=gap_seconds, by_tick_rule=tick_rule, book=book, skip_damaged=skip_damaged)
            made = import_trades(trades, destination, terms, ticks, progress=progress)
        else:
            shape = BarOptions(
                interval_seconds=interval,
                stamped="close" if stamped == "close" else "open",
                book=book,
                skip_damaged=skip_damaged,
            )
            made = import_bars(source, destination, terms, shape, progress=progress)
    call.terminal.answer([made_line(made)], *made_words(made))
    return DONE


def _assumed_book(spread_bps: str | None, depth: str | None) -> AssumedBook | None:
    if spread_bps is None and depth is None:
        return None
    if spread_bps is None or depth is None:
        raise UsageError("an assumed book takes both --spread-bps and --depth")
    return AssumedBook(spread_bps=_above_zero(spread_bps, "--spread-bps"), depth=_above_zero(depth, "--depth"))


def _above_zero(text: str, name: str) -> Decimal:
    try:
        value = amount(text, name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not value:
        raise UsageError(f"{name} is a number above zero")
    return value


def salvaged(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recording that breaks off, FILE.tgr.gz.partial.")],
    output: OutputOption = None,
    overwrite: OverwriteOption = False,
) -> int:
    """Make a recording of what is left of one that breaks off: a recorder was killed, or its disk was full.

    [dim]tidegate import salvage day.tgr.gz.partial[/dim]
    """
    destination = destination_of(file, output, overwrite)
    with _importing(call, file):
        made = salvage(file, destination)
    call.terminal.answer([made_line(made)], *made_words(made))
    return DONE


def destination_of(source: Path, output: Path | None, overwrite: bool) -> Path:
    """The recording that is asked for, or one in this folder that is named for its source.

    Raises:
        UsageError: a file of that name is there, and is not given up.
    """
    return may_be_made(output or _named_for(source), overwrite, "name another with --output", source)


def _named_for(source: Path) -> Path:
    name = source.name
    while (end := next((one for one in _SUFFIXES if name.endswith(one)), None)) is not None:
        name = name.removesuffix(end)
    return Path(f"{name}{_RECORDING}")


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
