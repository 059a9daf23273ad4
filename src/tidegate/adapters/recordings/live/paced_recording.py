"""A recording as a feed: its rows at a pace, as if they happened now; what is rehearsed on without a venue."""

from collections.abc import AsyncIterator

from tidegate.adapters.recordings.format import Depth, Row
from tidegate.adapters.recordings.header import ProductEntry, microseconds_of
from tidegate.adapters.recordings.joined import AnyRecording
from tidegate.domain.ports import ClockPort

_US = 1_000_000
_NAP_SECONDS = 0.01
"""What is due sooner is told at once."""


class PacedFeed:
    """Rows with the times that they have in the recording, told at so many of its seconds a second of the clock."""

    def __init__(self, recording: AnyRecording, clock: ClockPort, speed: float) -> None:
        header = recording.header
        self._recording = recording
        self._clock = clock
        self._speed = speed
        self.products: tuple[ProductEntry, ...] = header.line.products
        self.depth: Depth = header.depth
        self.source = f"played again: {header.provenance.source}"
        self.notes: tuple[str, ...] = header.provenance.notes
        self.assumptions: tuple[str, ...] = header.provenance.assumptions

    async def rows(self) -> AsyncIterator[Row]:
        began = self._clock.monotonic()
        started_us = microseconds_of(self._recording.header.started_at)
        for row in self._recording.rows():
            due = (row.at_us - started_us) / _US / self._speed
            early = due - (self._clock.monotonic() - began)
            if early > _NAP_SECONDS:
                await self._clock.sleep(early)
            yield row
