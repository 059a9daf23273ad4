"""Sight: whether what the venue did may have been missed, since when nothing has compared everything."""

from collections.abc import Sequence
from datetime import datetime

from tidegate.domain.reconciliation import ReconciliationReport


class Sight:
    """`reason` is why something may have been missed, empty once everything was asked for and compared since.

    `blind_since` is since when no pass could read the venue whole, None while the last one could; `back_at` when the
    first pass began that could again.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.gaps = 0
        self.blind_since: datetime | None = None
        self.back_at: datetime | None = None
        self._symbols: frozenset[str] = frozenset()

    def lost(self, reason: str, symbols: Sequence[str] = ()) -> None:
        """Something may have been missed, on all symbols if none is named: no entry there until it is compared (S1)."""
        is_everywhere = not symbols or (self.reason and not self._symbols)
        self._symbols = frozenset() if is_everywhere else self._symbols | frozenset(symbols)
        self.reason = reason
        self.gaps += 1

    def is_lost_of(self, symbol: str) -> bool:
        """Whether something of this symbol may have been missed."""
        return bool(self.reason) and (not self._symbols or symbol in self._symbols)

    def went_blind(self, at: datetime) -> None:
        """Something that was asked of the venue found nobody; it stands until a pass has read all of it."""
        self.blind_since = self.blind_since or at

    def compared(self, report: ReconciliationReport, gaps: int) -> None:
        """A pass that began after so many gaps has ended; if it saw everything and suspects nothing, entries go on."""
        if not report.is_complete:
            self.went_blind(report.at)
            return
        if self.blind_since is not None:
            self.blind_since, self.back_at = None, report.at
        if not report.suspected and self.gaps == gaps:
            self.reason, self._symbols = "", frozenset()
