"""Salvage: a recording of what is left of one that broke off, whole rows up to the damage and nothing after it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from tidegate.adapters.recordings.format import RecordingFooter, Row, TradePrinted
from tidegate.adapters.recordings.gaps import GapTally
from tidegate.adapters.recordings.header import HeaderLine, RecordingHeader, decode_header, microseconds_of, moment_of
from tidegate.adapters.recordings.inflation import Inflation
from tidegate.adapters.recordings.made import RecordingMade, SourceRejected
from tidegate.adapters.recordings.writer import RecordingWriter
from tidegate.adapters.spelling import spelt_out

_ROW: msgspec.json.Decoder[Row] = msgspec.json.Decoder(Row)
_FOOTER = msgspec.json.Decoder(RecordingFooter)


def salvage(source: Path, destination: Path) -> RecordingMade:
    """Make a recording of the rows of a broken one, up to the first line that is none.

    Raises:
        SourceRejected: it is whole, or was altered rather than cut off, or has no header.
        OSError: a file cannot be read or written.
    """
    remains = _Remains(source)
    header = remains.header()
    with RecordingWriter(destination, header) as writer:
        gaps, at_us, trades = GapTally(RecordingHeader(header).bookless), microseconds_of(header.started_at), 0
        for row in remains.rows(header):
            writer.write(row)
            at_us = row.at_us
            trades += type(row) is TradePrinted
            gaps.take(row)
        gaps.end_at(at_us)
        note = f"Salvaged of {spelt_out(source.name)}, which breaks off at line {remains.line}: {remains.reason}."
        provenance = msgspec.structs.replace(header.provenance, notes=(*header.provenance.notes, note))
        writer.describe(provenance)
    return RecordingMade(
        destination=destination,
        symbols=tuple(entry.symbol for entry in header.products),
        started_at=header.started_at,
        ended_at=moment_of(at_us),
        read={"rows": writer.row_count},
        dropped={},
        trades=trades,
        gaps=gaps.count,
        gap_seconds=gaps.seconds,
        rows_written=writer.row_count,
        smallest_spread=None,
        figures={},
        assumptions=provenance.assumptions,
        notes=provenance.notes,
    )


class _Remains:
    """The lines of a broken recording; `line` and `reason` say where and why they end."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._lines = self._whole_lines()
        self.line = 1
        self.reason = "the file ends"

    def header(self) -> HeaderLine:
        line = next(self._lines, b"")
        try:
            return decode_header(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise SourceRejected(self._source, f"there is no header to begin with: {error}") from None

    def rows(self, header: HeaderLine) -> Iterator[Row]:
        at_us, count = microseconds_of(header.started_at), header.recorded_count
        for line in self._lines:
            self.line += 1
            try:
                row = _ROW.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self._refuse_footer(line)
                self.reason = f"not a row: {error}"
                return
            if row.at_us < at_us or row.product >= count:
                self.reason = "a row out of time, or of no product"
                return
            at_us = row.at_us
            yield row
        self.line += 1

    def _refuse_footer(self, line: bytes) -> None:
        """A recording that has its end is whole, or was altered: neither is for salvage."""
        try:
            _FOOTER.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
        raise SourceRejected(self._source, "it has its footer, so it was not cut off: verify it with `doctor`")

    def _whole_lines(self) -> Iterator[bytes]:
        rest = b""
        with self._source.open("rb") as file:
            inflation = Inflation(file)
            for piece in inflation:
                *whole, rest = (rest + piece).split(b"\n")
                yield from whole
        self.reason = inflation.failure or "the file ends in the middle"
