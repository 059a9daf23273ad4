"""What an import did to its capture, to the last row, or why it refused it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from tidegate.adapters.recordings.bitstamp.survey import Ghost


class ImportRejected(Exception):
    """A capture whose book stays contradictory after the cleaning; the message gives the moment and the figures."""

    def __init__(self, at: datetime, reason: str) -> None:
        self.at = at
        self.reason = reason
        super().__init__(at, reason)

    def __str__(self) -> str:
        return f"at {self.at.isoformat(timespec='milliseconds')}: {self.reason}"


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of an import.

    A report exists only of a recording whose book is never crossed; `seconds_crossed_before` is how long it is when the
    rows are taken as they stand. Every order row of the capture is in `order_rows_kept` or in `order_rows_dropped` by
    reason, every trade in `trades_kept` or `trades_dropped`. `rows_written` is the recording's count: the kept rows,
    the trades, `rested_later` (what aggressive orders left in the book after their fills, and orders that moved to
    another price), and one deletion for each of `ghosts_passed`, orders that several others rested through.
    """

    destination: Path
    symbol: str
    started_at: datetime
    ended_at: datetime
    order_rows: int
    order_rows_kept: int
    order_rows_dropped: Mapping[str, int]
    trades: int
    trades_kept: int
    trades_dropped: Mapping[str, int]
    rested_later: int
    rows_written: int
    ghosts: tuple[Ghost, ...]
    ghosts_passed: tuple[str, ...]
    seconds_crossed_before: Decimal
    smallest_spread: Decimal | None
    notes: tuple[str, ...]
