"""Making a recording of raw messages: the book as far as it is known, every trade, and a gap where one was lost."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tidegate.adapters.recordings.binance.book import CrossedMessage
from tidegate.adapters.recordings.binance.messages import RawLine, parse
from tidegate.adapters.recordings.binance.replaying import MessageReplay
from tidegate.adapters.recordings.capture_files import CaptureDamaged, CaptureFile, file_on_disk
from tidegate.adapters.recordings.format import RECORDING_VERSION
from tidegate.adapters.recordings.grid import Grid, OffGrid
from tidegate.adapters.recordings.header import HeaderLine, ProductEntry, Provenance, moment_of
from tidegate.adapters.recordings.made import Progress, RecordingMade, SourceRejected
from tidegate.adapters.recordings.writer import RecordingWriter
from tidegate.adapters.spelling import spelt_out

IMPORTER = "tidegate import binance, version 1"

_PROGRESS_LINES = 2_000
_CLOCK = (
    "Times are the collector's receive times: its clock is the only one that every message has, since a spot "
    "bookTicker carries no stamp of the venue. The way from the venue is in them. Nothing was shifted; how far the "
    "venue's own stamps are ahead is among the figures."
)
_BAND = (
    "There was no opening snapshot: levels that never changed are missing outside the band that bookTicker has seen, "
    "so a taker meets less than there was, and an order that rests at such a price stands behind less than there was."
)
_SNAPSHOT = "Snapshots among the messages gave the book its depth."


def import_binance(
    source: Path,
    destination: Path,
    product: ProductEntry,
    *,
    skip_damaged: bool = False,
    progress: Progress | None = None,
) -> RecordingMade:
    """Make a recording of a file of raw stream messages of one market, plain or gzip, whose terms are the product's.

    With `skip_damaged` lines that are none are counted and left out; a lost update then shows as a gap all the same.

    Raises:
        CaptureDamaged: at the first line that is not a message, or has a price off the product's increments; names file
            and line.
        SourceRejected: nothing bounds the book, or the messages are another market's.
        OSError: a file cannot be read or written.
    """
    lines = _Lines(file_on_disk(source), source.stat().st_size, skip_damaged, progress)
    messages = lines.messages()
    first = next(messages, None)
    if first is None:
        raise SourceRejected(source, "there is no message in it")
    header = HeaderLine(
        tidegate_recording=RECORDING_VERSION,
        products=(product,),
        provenance=Provenance(source=spelt_out(source.name), made_by=IMPORTER),
        started_at=moment_of(first.at_ns // 1_000),
        depth="levels",
    )
    with RecordingWriter(destination, header) as writer:
        replay = MessageReplay(_venue_symbol(product), Grid(product), writer.write)
        try:
            for message in chain((first,), messages):
                replay.take(message)
        except (CrossedMessage, OffGrid) as error:
            raise CaptureDamaged(str(source), lines.count, str(error)) from None
        replay.end()
        if not replay.has_book:
            seen = f"; its symbols are {', '.join(sorted(replay.others))}" if replay.others else ""
            raise SourceRejected(source, f"no bookTicker of {_venue_symbol(product)} bounds the book{seen}")
        writer.end_at(replay.at_us)
        made = _made(destination, replay, lines, writer)
        writer.describe(_provenance(source, product, made))
    return made


def _venue_symbol(product: ProductEntry) -> str:
    """How Binance writes a pair."""
    return f"{product.base_currency}{product.quote_currency}"


class _Lines:
    """The lines of a source as messages, with what was wrong in those that are none."""

    def __init__(self, file: CaptureFile, size: int, skip_damaged: bool, progress: Progress | None) -> None:
        self._file = file
        self._size = size
        self._skip_damaged = skip_damaged
        self._progress = progress
        self.damaged: list[int] = []
        self.count = 0

    def messages(self) -> Iterator[RawLine]:
        lines = self._file.lines()
        while True:
            try:
                line = next(lines, None)
            except CaptureDamaged as error:
                if not self._skip_damaged:
                    raise
                self.damaged.append(error.line)
                return
            if line is None:
                return
            self.count += 1
            if self._progress is not None and self.count % _PROGRESS_LINES == 0:
                self._progress(self._file.read_bytes, self._size)
            try:
                message = parse(line)
            except ValueError as error:
                if not self._skip_damaged:
                    self._file.damaged(self.count, str(error))
                self.damaged.append(self.count)
                continue
            yield message


def _made(destination: Path, replay: MessageReplay, lines: _Lines, writer: RecordingWriter) -> RecordingMade:
    dropped = Counter(replay.dropped)
    if lines.damaged:
        dropped["damaged lines"] = len(lines.damaged)
    return RecordingMade(
        destination=destination,
        symbols=tuple(entry.symbol for entry in writer.header.products),
        started_at=writer.header.started_at,
        ended_at=moment_of(replay.at_us),
        read={"lines": lines.count, **dict(sorted(replay.read.items()))},
        dropped={reason: count for reason, count in sorted(dropped.items()) if count},
        trades=replay.trades,
        gaps=replay.gaps.count,
        gap_seconds=replay.gaps.seconds,
        rows_written=writer.row_count,
        smallest_spread=replay.smallest_spread,
        figures=replay.figures(),
        assumptions=(),
        notes=tuple(_notes(replay, lines)),
    )


def _notes(replay: MessageReplay, lines: _Lines) -> Iterator[str]:
    yield _CLOCK
    yield _SNAPSHOT if replay.read["snapshot"] else _BAND
    if lines.damaged:
        yield f"the first damaged line is line {lines.damaged[0]}"
    if replay.trades_missing:
        yield f"{replay.trades_missing} trades are missing between those that are there"
    if replay.finer_sizes:
        yield (
            f"{replay.finer_sizes} sizes are finer than the product's base_increment, as those of orders older than it "
            "are; they stand as they were told"
        )


def _provenance(source: Path, product: ProductEntry, made: RecordingMade) -> Provenance:
    span = f"from {made.started_at:%Y-%m-%d %H:%M:%S} to {made.ended_at:%Y-%m-%d %H:%M:%S} UTC"
    return Provenance(
        source=f"Binance, public streams of {_venue_symbol(product)}, captured {span}; {spelt_out(source.name)}",
        made_by=IMPORTER,
        licence="not stated by the capture",
        notes=made.notes,
        figures={
            **{f"read: {kind}": count for kind, count in made.read.items()},
            **{f"dropped: {reason}": count for reason, count in made.dropped.items()},
            "trades": made.trades,
            "gaps": made.gaps,
            "gap seconds": str(made.gap_seconds),
            **made.figures,
        },
    )
