"""Several recordings played as one: rows interleaved by time, and whatever ended first void while the others go on."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from heapq import merge
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path

from msgspec.structs import force_setattr

from tidegate.adapters.recordings.format import RECORDING_VERSION, Gap, Row
from tidegate.adapters.recordings.header import HeaderLine, Provenance, RecordingHeader, microseconds_of
from tidegate.adapters.recordings.reader import Recording, RecordingSummary, open_recording

_ENDED = "its recording ended"


class RecordingsClash(Exception):
    """Recordings that cannot be played together; one line that names both, and the symbol or the times."""


class JoinedRecording:
    """Recordings of different products as one market.

    Rows of one moment stand in the order in which the recordings were named, and each recording's in its own. The
    products are those of all; each recording counts as a connection of its own, so that the silence of one is not
    taken for life because another speaks.
    """

    def __init__(self, recordings: Sequence[Recording]) -> None:
        self._recordings = tuple(recordings)
        self.paths = tuple(recording.path for recording in recordings)
        _refuse_clash(recordings)
        counts = [recording.header.recorded_count for recording in recordings]
        self._firsts = [sum(counts[:place]) for place in range(len(counts))]
        self.header = RecordingHeader(
            _joined_header([recording.header for recording in recordings]),
            tuple(place for place, count in enumerate(counts) for _ in range(count)),
            frozenset(
                first + index
                for first, recording in zip(self._firsts, recordings, strict=True)
                for index in recording.header.bookless
            ),
        )

    def rows(self, start: int = 0) -> Iterator[Row]:
        """Every row in order of time, from that one on; see `Recording.rows`."""
        ended_at_us = microseconds_of(self.summary().ended_at)
        sources = [self._shifted(place, ended_at_us) for place in range(len(self._recordings))]
        return islice(merge(*sources, key=attrgetter("at_us")), start, None)

    def summary(self) -> RecordingSummary:
        """The figures of all of them, each verified; see `Recording.summary`.

        Raises:
            RecordingsClash: they share no time.
        """
        summaries = self._summaries
        ended_at = max(one.ended_at for one in summaries)
        void = sum(
            recording.header.recorded_count
            for recording, one in zip(self._recordings, summaries, strict=True)
            if one.ended_at < ended_at
        )
        return RecordingSummary(
            started_at=self.header.started_at,
            ended_at=ended_at,
            row_count=sum(one.row_count for one in summaries) + void,
            sha256=sha256("\n".join(one.sha256 for one in summaries).encode()).hexdigest(),
        )

    @cached_property
    def _summaries(self) -> tuple[RecordingSummary, ...]:
        """The figures of each.

        Raises:
            RecordingsClash: one ends before another begins, so that a session would stand still in between.
        """
        summaries = tuple(recording.summary() for recording in self._recordings)
        told = sorted(zip(summaries, self.paths, strict=True), key=lambda one: one[0].started_at)
        last, last_path = told[0]
        for summary, path in told[1:]:
            if summary.started_at > last.ended_at:
                raise RecordingsClash(
                    f"{last_path} ends at {last.ended_at:%Y-%m-%d %H:%M:%S} UTC and {path} begins at "
                    f"{summary.started_at:%Y-%m-%d %H:%M:%S} UTC: they share no time, so play them one after the other"
                )
            if summary.ended_at > last.ended_at:
                last, last_path = summary, path
        return summaries

    def _shifted(self, place: int, all_ended_at_us: int) -> Iterator[Row]:
        """One recording's rows under the products' joint places, and a gap where it ends before the others."""
        recording, first = self._recordings[place], self._firsts[place]
        ended_at_us = microseconds_of(self._summaries[place].ended_at)
        rows = recording.rows()
        if first:
            rows = _moved(rows, first)
        if ended_at_us == all_ended_at_us:
            return rows
        products = range(first, first + recording.header.recorded_count)
        return chain(rows, (Gap(at_us=ended_at_us, product=product, reason=_ENDED) for product in products))


AnyRecording = Recording | JoinedRecording
"""What a session plays."""


def open_recordings(paths: Sequence[Path]) -> AnyRecording:
    """One recording, or several as one.

    Raises:
        RecordingsClash: two of them have a product of the same symbol, or are the same file.
        RecordingDamaged: one of them is none.
        OSError: one cannot be read.
    """
    recordings = [open_recording(path) for path in paths]
    return recordings[0] if len(recordings) == 1 else JoinedRecording(recordings)


def _moved(rows: Iterator[Row], first: int) -> Iterator[Row]:
    for row in rows:
        force_setattr(row, "product", row.product + first)  # it was decoded for us alone
        yield row


def _refuse_clash(recordings: Sequence[Recording]) -> None:
    of_symbol: dict[str, Path] = {}
    for recording in recordings:
        for product in recording.header.products:
            other = of_symbol.setdefault(product.symbol, recording.path)
            if other is not recording.path:
                raise RecordingsClash(
                    f"{other} and {recording.path} both have {product.symbol}: one session has each symbol once"
                )


def _joined_header(headers: Sequence[RecordingHeader]) -> HeaderLine:
    lines = [header.line for header in headers]
    recorded = [entry for line in lines for entry in line.products if entry.prices_from is None]
    following = [entry for line in lines for entry in line.products if entry.prices_from is not None]
    return HeaderLine(
        tidegate_recording=RECORDING_VERSION,
        products=(*recorded, *following),
        provenance=_joined_provenance(lines),
        started_at=min(line.started_at for line in lines),
        depth=lines[0].depth if len({line.depth for line in lines}) == 1 else "levels",
    )


def _joined_provenance(lines: Sequence[HeaderLine]) -> Provenance:
    told = [line.provenance for line in lines]
    return Provenance(
        source="; ".join(one.source for one in told),
        made_by="; ".join(dict.fromkeys(one.made_by for one in told)),
        is_synthetic=any(one.is_synthetic for one in told),
        licence="; ".join(dict.fromkeys(one.licence for one in told if one.licence)),
        notes=tuple(dict.fromkeys(note for one in told for note in one.notes)),
        assumptions=tuple(dict.fromkeys(assumption for one in told for assumption in one.assumptions)),
        figures={
            f"{line.products[0].symbol}: {name}": value
            for line in lines
            for name, value in line.provenance.figures.items()
        },
    )
