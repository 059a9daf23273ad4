"""Making a recording of a Bitstamp capture: survey it, clean it, write it, and report what became of every row."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from tidegate.adapters.recordings.bitstamp.capture import DEFAULT_PAIR, Capture, find_capture
from tidegate.adapters.recordings.bitstamp.cleaning import Cleaning
from tidegate.adapters.recordings.bitstamp.report import ImportReport
from tidegate.adapters.recordings.bitstamp.rows import Moment, TradeRow, order_moments, trade_rows
from tidegate.adapters.recordings.bitstamp.survey import Survey, Tape, survey
from tidegate.adapters.recordings.format import RECORDING_VERSION
from tidegate.adapters.recordings.header import HeaderLine, Provenance, moment_of
from tidegate.adapters.recordings.products import recorded_products
from tidegate.adapters.recordings.writer import RecordingWriter

IMPORTER = "tidegate import bitstamp, version 1"

_PROGRESS_ROWS = 5_000
_PASSES = 2

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows in all; both passes over the capture count."""


def import_bitstamp(
    source: Path, destination: Path, *, progress: Progress | None = None, row_limit: int | None = None
) -> ImportReport:
    """Make a recording of the capture in a wheel, a folder or beside a bare orders file, or of its first rows.

    Raises:
        CaptureDamaged: the capture cannot be read; names file and line.
        ImportRejected: it can, but its book contradicts itself after the cleaning; names the moment.
        OSError: a file cannot be read or written.
    """
    capture = find_capture(source)
    steps = _Steps(capture, progress, row_limit)
    trades, repeated = trade_rows(capture.trades)
    tape = Tape(trades)
    found = survey(steps.moments(), tape)
    if found is None:
        capture.orders.damaged(2, "there is no order event")
    with RecordingWriter(destination, _header(capture, found)) as writer:
        cleaning = Cleaning((ghost.order_id for ghost in found.ghosts), writer.write)
        trades_dropped = _clean(steps.moments(), tape, found, cleaning)
        if repeated:
            trades_dropped["came twice"] = repeated
        cleaning.dropped["synthetic end"] = found.row_count - found.cut
        writer.end_at(found.ended_at_ms * 1_000)
        report = _report(capture, found, cleaning, trades_dropped, writer)
        writer.describe(_provenance(capture, report))
    return report


class _Steps:
    """The moments of a capture, once a pass, with the progress of all passes together."""

    def __init__(self, capture: Capture, progress: Progress | None, row_limit: int | None) -> None:
        self._capture = capture
        self._progress = progress
        self._row_limit = row_limit
        self._done = 0
        self._told = 0
        rows = capture.orders.line_count() - 1
        self._total = _PASSES * (rows if row_limit is None else min(rows, row_limit))

    def moments(self) -> Iterator[Moment]:
        for moment in order_moments(self._capture.orders, self._row_limit):
            yield moment
            self._done += len(moment.rows)
            if self._progress is not None and (self._done - self._told >= _PROGRESS_ROWS or self._done == self._total):
                self._told = self._done
                self._progress(self._done, self._total)


def _clean(moments: Iterator[Moment], tape: Tape, found: Survey, cleaning: Cleaning) -> Counter[str]:
    """Hand moments and trades to the cleaning in order of time; the trades that found no place, by reason."""
    dropped: Counter[str] = Counter()
    waiting = deque(tape.trades)
    while waiting and waiting[0].at_ms < found.opened_at_ms:
        waiting.popleft()
        dropped["before the opening book"] += 1
    row_count = 0
    for moment in moments:
        row_count += len(moment.rows)
        if row_count > found.cut:
            continue
        while waiting and waiting[0].at_ms < moment.at_ms:
            at_ms = waiting[0].at_ms
            cleaning.take(Moment(at_ms, [], 0), _trades_at(waiting, at_ms))
        cleaning.take(moment, _trades_at(waiting, moment.at_ms))
    while waiting and waiting[0].at_ms <= found.ended_at_ms:
        at_ms = waiting[0].at_ms
        cleaning.take(Moment(at_ms, [], 0), _trades_at(waiting, at_ms))
    if waiting:
        dropped["after the last order event"] = len(waiting)
    return dropped


def _trades_at(waiting: deque[TradeRow], at_ms: int) -> list[TradeRow]:
    trades = []
    while waiting and waiting[0].at_ms == at_ms:
        trades.append(waiting.popleft())
    return trades


def _header(capture: Capture, found: Survey) -> HeaderLine:
    return HeaderLine(
        tidegate_recording=RECORDING_VERSION,
        products=recorded_products(*capture.currencies, found.price_increment),
        provenance=Provenance(source=capture.origin, made_by=IMPORTER),
        started_at=moment_of(found.opened_at_ms * 1_000),
        depth="orders",
    )


def _report(
    capture: Capture, found: Survey, cleaning: Cleaning, trades_dropped: Counter[str], writer: RecordingWriter
) -> ImportReport:
    return ImportReport(
        destination=writer.destination,
        symbol=writer.header.products[0].symbol,
        started_at=writer.header.started_at,
        ended_at=moment_of(found.ended_at_ms * 1_000),
        order_rows=found.row_count,
        order_rows_kept=cleaning.kept,
        order_rows_dropped={reason: count for reason, count in sorted(cleaning.dropped.items()) if count},
        trades=cleaning.trades_kept + trades_dropped.total(),
        trades_kept=cleaning.trades_kept,
        trades_dropped=dict(trades_dropped),
        rested_later=cleaning.rested_later,
        rows_written=writer.row_count,
        ghosts=found.ghosts,
        ghosts_passed=tuple(cleaning.passed_ghost_ids),
        seconds_crossed_before=Decimal(found.crossed_ms).scaleb(-3),
        smallest_spread=cleaning.smallest_spread,
        notes=tuple(_notes(capture, found, cleaning)),
    )


def _notes(capture: Capture, found: Survey, cleaning: Cleaning) -> Iterator[str]:
    meta = capture.meta
    if meta.pair is None:
        yield f"the capture does not say its pair (meta.json does): it is taken for {DEFAULT_PAIR}"
    if meta.total_order_rows is not None and meta.total_order_rows != found.row_count:
        yield f"the collector counted {meta.total_order_rows} order rows, {found.row_count} were read"
    if meta.reconnects:
        yield f"the collector lost its connection {meta.reconnects} times; what happened meanwhile is missing"
    if found.cut == found.row_count:
        yield "the capture has no synthetic deletes at its end"
    if cleaning.late_count:
        yield f"{cleaning.late_count} rows were late by up to a second and stand where they arrived"
    if cleaning.long_waits:
        yield f"{cleaning.long_waits} orders crossed the book for a second or more without a fill, and were kept off it"
    if cleaning.trades_out_of_turn:
        yield f"{cleaning.trades_out_of_turn} trades are not with the order that stands first at the best price"


def _provenance(capture: Capture, report: ImportReport) -> Provenance:
    counts = {f"dropped: {reason}": count for reason, count in report.order_rows_dropped.items()}
    trades = {f"trades dropped: {reason}": count for reason, count in report.trades_dropped.items()}
    captured = f"captured from {report.started_at:%Y-%m-%d %H:%M:%S} to {report.ended_at:%Y-%m-%d %H:%M:%S} UTC"
    return Provenance(
        source=f"Bitstamp, public order events and trades of {report.symbol}, {captured}; {capture.origin}",
        made_by=IMPORTER,
        licence=capture.licence,
        notes=(
            "Prices and times are the venue's; the price increment is what the prices show.",
            "Fees and minimums are those that Bitstamp publishes.",
            "The perpetual is made up; it takes its prices from the pair.",
            *report.notes,
        ),
        figures={
            "order rows": report.order_rows,
            "kept": report.order_rows_kept,
            **counts,
            "rested later": report.rested_later,
            "trades": report.trades_kept,
            **trades,
            "seconds crossed before": str(report.seconds_crossed_before),
        },
    )
