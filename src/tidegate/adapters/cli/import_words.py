"""What an import says: its figures as one JSON line, and as people read them."""

import re
from collections.abc import Iterator, Mapping

from rich.text import Text

from tidegate.adapters.cli import figures, wire_upkeep
from tidegate.adapters.recordings.bitstamp import ImportReport
from tidegate.adapters.recordings.made import RecordingMade
from tidegate.domain.amounts import plain

_PLURAL = re.compile(r"\b(\w+)s\b")


def import_line(report: ImportReport) -> wire_upkeep.ImportLine:
    """An import of a Bitstamp capture."""
    return wire_upkeep.ImportLine(
        recording=str(report.destination),
        symbol=report.symbol,
        started_at=report.started_at,
        ended_at=report.ended_at,
        order_rows=report.order_rows,
        order_rows_kept=report.order_rows_kept,
        order_rows_dropped=dict(report.order_rows_dropped),
        trades=report.trades,
        trades_kept=report.trades_kept,
        trades_dropped=dict(report.trades_dropped),
        rows_written=report.rows_written,
        seconds_crossed_before=plain(report.seconds_crossed_before),
        smallest_spread=None if report.smallest_spread is None else plain(report.smallest_spread),
        notes=list(report.notes),
    )


def import_words(report: ImportReport) -> Iterator[Text]:
    """The same in sentences."""
    span = figures.span((report.ended_at - report.started_at).total_seconds())
    yield Text(
        f"{report.destination}: {report.symbol}, {span} from {figures.moment(report.started_at)} UTC", style="bold"
    )
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in report.order_rows_dropped.items())
    yield Text(f"  {report.order_rows_kept:,} of {report.order_rows:,} order rows kept; dropped: {dropped or 'none'}")
    lost = ", ".join(f"{count:,} {reason}" for reason, count in report.trades_dropped.items())
    trades = f"{report.trades_kept:,} of {report.trades:,} trades kept; dropped: {lost or 'none'}"
    yield Text(f"  {trades}; {figures.counted(report.rows_written, 'row')} written")
    yield Text(f"  the book was crossed for {report.seconds_crossed_before} s as captured, and is never crossed now")
    yield from (Text(f"  {note}", style="dim") for note in report.notes)


def made_line(made: RecordingMade) -> wire_upkeep.RecordingLine:
    """Any other recording that was made."""
    return wire_upkeep.RecordingLine(
        recording=str(made.destination),
        symbols=list(made.symbols),
        started_at=made.started_at,
        ended_at=made.ended_at,
        read=dict(made.read),
        dropped=dict(made.dropped),
        trades=made.trades,
        gaps=made.gaps,
        gap_seconds=plain(made.gap_seconds),
        rows_written=made.rows_written,
        smallest_spread=None if made.smallest_spread is None else plain(made.smallest_spread),
        figures=dict(made.figures),
        assumed=list(made.assumptions),
        notes=list(made.notes),
    )


def made_words(made: RecordingMade) -> Iterator[Text]:
    """The same in sentences."""
    span = figures.span((made.ended_at - made.started_at).total_seconds())
    symbols = ", ".join(made.symbols)
    yield Text(f"{made.destination}: {symbols}, {span} from {figures.moment(made.started_at)} UTC", style="bold")
    yield Text(f"  read: {_counts(made.read)}")
    yield Text(f"  dropped: {_counts(made.dropped)}")
    yield Text(f"  {figures.counted(made.trades, 'trade')}; {figures.counted(made.rows_written, 'row')} written")
    yield Text(f"  {figures.gaps(made.gaps, made.gap_seconds)}")
    if made.smallest_spread is not None:
        yield Text(f"  the book is never crossed: its smallest spread is {plain(made.smallest_spread)}")
    yield from (Text(f"  {name}: {value}") for name, value in made.figures.items())
    yield from (Text(f"  assumed: {one}", style="yellow") for one in made.assumptions)
    yield from (Text(f"  {note}", style="dim") for note in made.notes)


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {_one(name) if count == 1 else name}" for name, count in counted.items()) or "nothing"


def _one(name: str) -> str:
    """`trades that came twice` of a single one; a name of anybody else's, after a colon, stays."""
    return name if ":" in name else _PLURAL.sub(r"\1", name, count=1)
