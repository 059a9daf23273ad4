"""Gaps: how often a feed was interrupted, and for how long nothing was known of a book."""

from decimal import Decimal

from tidegate.adapters.recordings.format import BookSnapshotRow, Gap, LevelUpdated, OrderAdded, Row
from tidegate.adapters.recordings.header import microseconds_of
from tidegate.adapters.recordings.joined import AnyRecording

_BUILDING = (BookSnapshotRow, OrderAdded, LevelUpdated)


class GapTally:
    """Counts the gaps of each product: each lasts from its row to the first row that builds the book again.

    A gap that is told again before its book is built is the same one. One that nothing ends lasts until `end_at`. For
    `bookless` products, which never have a book, a gap ends with whatever is heard next.
    """

    def __init__(self, bookless: frozenset[int] = frozenset()) -> None:
        self._bookless = bookless
        self.count = 0
        self.open: dict[int, int] = {}
        self._us = 0

    @property
    def seconds(self) -> Decimal:
        """How long books were void, over all products, in gaps that have ended."""
        return Decimal(self._us).scaleb(-6)

    def seconds_until(self, at_us: int) -> Decimal:
        """The same with the gaps that are open, up to then."""
        return Decimal(self._us + sum(max(0, at_us - since_us) for since_us in self.open.values())).scaleb(-6)

    def take(self, row: Row) -> None:
        """A row has happened."""
        if type(row) is Gap:
            if row.product not in self.open:
                self.count += 1
                self.open[row.product] = row.at_us
        elif row.product in self.open and (isinstance(row, _BUILDING) or row.product in self._bookless):
            self._us += row.at_us - self.open.pop(row.product)

    def end_at(self, at_us: int) -> None:
        """The feed was watched until then."""
        for since_us in self.open.values():
            self._us += max(0, at_us - since_us)
        self.open.clear()


def gaps_of(recording: AnyRecording) -> GapTally:
    """The gaps of a whole recording, whose every row is read for it.

    Raises:
        RecordingDamaged, OSError: as far as it cannot be read.
    """
    tally = GapTally(recording.header.bookless)
    for row in recording.rows():
        if tally.open or type(row) is Gap:
            tally.take(row)
    tally.end_at(microseconds_of(recording.summary().ended_at))
    return tally
