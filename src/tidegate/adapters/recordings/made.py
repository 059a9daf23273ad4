"""What came of making a recording: the figures that importers and the recorder report."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

Progress = Callable[[int, int], None]
"""Called with what is done and what there is in all."""


class SourceRejected(Exception):
    """A source that can be read, but of which no honest recording can be made; one line that names it."""

    def __init__(self, source: Path, reason: str) -> None:
        super().__init__(f"{source}: {' '.join(reason.split())}")


class RecordingMade(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a recording that was made.

    `read` counts what the source holds by kind, `dropped` what of it is not in the recording by reason, and `figures`
    is everything else that the header says. `smallest_spread` is None where there is no book.
    """

    destination: Path
    symbols: tuple[str, ...]
    started_at: datetime
    ended_at: datetime
    read: Mapping[str, int]
    dropped: Mapping[str, int]
    trades: int
    gaps: int
    gap_seconds: Decimal
    rows_written: int
    smallest_spread: Decimal | None
    figures: Mapping[str, int | str]
    assumptions: tuple[str, ...]
    notes: tuple[str, ...]
