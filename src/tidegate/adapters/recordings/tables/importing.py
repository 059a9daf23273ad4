"""Making a recording of a table: its rows as a tape, and in the header what of it is assumed and what is not known."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeVar

from tidegate.adapters.recordings.capture_files import CaptureDamaged, file_on_disk
from tidegate.adapters.recordings.format import RECORDING_VERSION
from tidegate.adapters.recordings.grid import Grid, OffGrid
from tidegate.adapters.recordings.header import HeaderLine, ProductEntry, Provenance, moment_of
from tidegate.adapters.recordings.made import Progress, RecordingMade, SourceRejected
from tidegate.adapters.recordings.tables import bars, trades
from tidegate.adapters.recordings.tables.bars import Bar, BarOptions, BarPlay, BarReader
from tidegate.adapters.recordings.tables.columns import Table
from tidegate.adapters.recordings.tables.tape import AssumedBook, TableTape
from tidegate.adapters.recordings.tables.trades import Trade, TradeOptions, TradePlay, TradeReader
from tidegate.adapters.recordings.writer import RecordingWriter
from tidegate.adapters.spelling import spelt_out

IMPORTER = "tidegate import csv, version 1"

_US = 1_000_000
_PROGRESS_ROWS = 2_000
_BAR_SECONDS_MAX = 31 * 86_400
_NO_BOOK = (
    "There is no book: no depth, no spread and no mid are known. A taker finds nothing, the checks of an entry see "
    "nothing and refuse it, and an order that rests is filled by prints alone, as if it stood first. "
    "With --spread-bps and --depth a book is assumed, and every result says so."
)
_ASSUMED_BOOK = "The book is assumed and no market's: a result on it says as much as the assumption is worth."
_SMOOTHED = "numbers put back on their increments, from which binary floats had moved them"
_NAIVE = "Times without a zone were taken for UTC."

ItemT = TypeVar("ItemT", Trade, Bar)
PlayedT = TypeVar("PlayedT", Trade, Bar, contravariant=True)


class _Play(Protocol[PlayedT]):
    """Hands rows to a tape, one by one."""

    def take(self, item: PlayedT, /) -> None: ...

    def end(self) -> None: ...


class _Source:
    """The rows of a file as what they are, with the lines of those that are none."""

    def __init__(
        self, path: Path, columns: tuple[tuple[str, ...], tuple[str, ...]], skip: bool, progress: Progress | None
    ) -> None:
        self.path = path
        self.table = Table(file_on_disk(path), *columns)
        self.count = 0
        self.damaged: list[int] = []
        self._skip = skip
        self._size = path.stat().st_size
        self._progress = progress

    def items(self, parse: Callable[[list[str]], ItemT]) -> Iterator[ItemT]:
        rows = self.table.rows()
        while True:
            try:
                row = next(rows, None)
            except CaptureDamaged as error:
                if not self._skip:
                    raise
                self.damaged.append(error.line)
                return
            if row is None:
                return
            self.count += 1
            if self._progress is not None and self.count % _PROGRESS_ROWS == 0:
                self._progress(self.table.file.read_bytes, self._size)
            try:
                item = parse(self.table.checked(row))
            except ValueError as error:
                if not self._skip:
                    self.table.file.damaged(self.table.line, str(error))
                self.damaged.append(self.table.line)
                continue
            yield item


def import_trades(
    source: Path, destination: Path, product: ProductEntry, options: TradeOptions, *, progress: Progress | None = None
) -> RecordingMade:
    """Make a recording of a CSV file of trades, plain or gzip. Without an assumed book it has none.

    Raises:
        CaptureDamaged: at the first line that is no trade, unless those are skipped, and at one whose price or size is
            off the product's increments in any case; names file and line.
        SourceRejected: there is no trade in it.
        OSError: a file cannot be read or written.
    """
    rows = _Source(source, (trades.NEEDED, trades.USEFUL), options.skip_damaged, progress)
    if not rows.table.tells_side and not options.by_tick_rule:
        rows.table.file.damaged(1, "no column says who took (side, is_buyer_maker); --tick-rule has the prices say it")
    grid = _grid(source, product, options.book)
    items = rows.items(TradeReader(rows.table).parse)
    first = _first(source, items)
    with RecordingWriter(destination, _header(source, product, first.at_us, options.book)) as writer:
        tape = TableTape(writer.write, options.book, product.price_increment)
        play = TradePlay(tape, options, grid)
        _play(play, chain((first,), items), rows)
        assumptions = tuple(options.assumptions(product, rows.table))
        return _made(rows, tape, writer, assumptions, _smoothed(grid), play.repeated)


def import_bars(
    source: Path, destination: Path, product: ProductEntry, options: BarOptions, *, progress: Progress | None = None
) -> RecordingMade:
    """Make a recording of a CSV file of bars, plain or gzip, read twice where their length is not given.

    Raises:
        CaptureDamaged: at the first line that is no bar, unless those are skipped, and at one whose prices or volume
            are off the product's increments in any case; names file and line.
        SourceRejected: there is no bar in it, or one alone of no given length.
        OSError: a file cannot be read or written.
    """
    columns: tuple[tuple[str, ...], tuple[str, ...]] = (bars.NEEDED, ())
    grid = _grid(source, product, options.book)
    interval_us = _interval_us(source, _Source(source, columns, options.skip_damaged, progress), options)
    rows = _Source(source, columns, options.skip_damaged, progress)
    items = rows.items(BarReader(rows.table).parse)
    first = _first(source, items)
    begins_us = first.at_us - (interval_us if options.stamped == "close" else 0)
    if begins_us < 0:
        raise SourceRejected(source, "the first bar begins before 1970")
    with RecordingWriter(destination, _header(source, product, begins_us, options.book)) as writer:
        tape = TableTape(writer.write, options.book, product.price_increment)
        play = BarPlay(tape, interval_us, options.stamped, grid)
        _play(play, chain((first,), items), rows)
        figures: dict[str, int | str] = {
            "seconds a bar": f"{interval_us / _US:g}",
            "bars without a trade, shown as gaps": play.empty,
            **_smoothed(grid),
        }
        return _made(rows, tape, writer, tuple(options.assumptions(product)), figures)


def _grid(source: Path, product: ProductEntry, book: AssumedBook | None) -> Grid:
    """The product's increments, on which an assumed book stands as well."""
    grid = Grid(product)
    if book is not None:
        try:
            grid.size(book.depth, "the assumed depth")
        except OffGrid as error:
            raise SourceRejected(source, str(error)) from None
    return grid


def _smoothed(grid: Grid) -> dict[str, int | str]:
    return {_SMOOTHED: grid.smoothed} if grid.smoothed else {}


def _interval_us(source: Path, rows: _Source, options: BarOptions) -> int:
    if options.interval_seconds is not None:
        return options.interval_seconds * _US
    reader = BarReader(rows.table)
    for _ in rows.items(reader.parse):
        pass
    if reader.shortest_us is None:
        raise SourceRejected(source, "one bar tells no length: give it with --interval SECONDS")
    if reader.shortest_us > _BAR_SECONDS_MAX * _US:
        raise SourceRejected(source, "the bars are more than a month apart: give their length with --interval SECONDS")
    return reader.shortest_us


def _first(source: Path, items: Iterator[ItemT]) -> ItemT:
    first = next(items, None)
    if first is None:
        raise SourceRejected(source, "there is no row in it")
    return first


def _play(play: _Play[ItemT], items: Iterator[ItemT], rows: _Source) -> None:
    for item in items:
        try:
            play.take(item)
        except ValueError as error:
            rows.table.file.damaged(rows.table.line, str(error))
    play.end()


def _header(source: Path, product: ProductEntry, begins_us: int, book: AssumedBook | None) -> HeaderLine:
    return HeaderLine(
        tidegate_recording=RECORDING_VERSION,
        products=(product,),
        provenance=Provenance(source=spelt_out(source.name), made_by=IMPORTER),
        started_at=moment_of(begins_us),
        depth="levels" if book is not None else "none",
    )


def _made(
    rows: _Source,
    tape: TableTape,
    writer: RecordingWriter,
    assumptions: tuple[str, ...],
    figures: dict[str, int | str],
    repeated: int = 0,
) -> RecordingMade:
    writer.end_at(tape.at_us)
    notes = [_ASSUMED_BOOK if tape.smallest_spread is not None else _NO_BOOK]
    if rows.table.has_naive_times:
        notes.append(_NAIVE)
    if rows.damaged:
        notes.append(f"the first damaged line is line {rows.damaged[0]}")
    dropped = (("damaged rows", len(rows.damaged)), ("trades that came twice", repeated))
    made = RecordingMade(
        destination=writer.destination,
        symbols=tuple(entry.symbol for entry in writer.header.products),
        started_at=writer.header.started_at,
        ended_at=moment_of(tape.at_us),
        read={"rows": rows.count},
        dropped={reason: count for reason, count in dropped if count},
        trades=tape.trades,
        gaps=tape.gaps.count,
        gap_seconds=tape.gaps.seconds,
        rows_written=writer.row_count,
        smallest_spread=tape.smallest_spread,
        figures=figures,
        assumptions=assumptions,
        notes=tuple(notes),
    )
    writer.describe(
        Provenance(
            source=f"a table of {spelt_out(rows.path.name)}",
            made_by=IMPORTER,
            licence="not stated by the file",
            notes=made.notes,
            assumptions=made.assumptions,
            figures={
                **{f"read: {kind}": count for kind, count in made.read.items()},
                **{f"dropped: {reason}": count for reason, count in made.dropped.items()},
                "prints": made.trades,
                "gaps": made.gaps,
                "gap seconds": str(made.gap_seconds),
                **figures,
            },
        )
    )
    return made
