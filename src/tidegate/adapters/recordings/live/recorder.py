"""The recorder: rows of a feed written as they come, so that what kills it takes no more than the last second."""

import asyncio
import os
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from errno import EEXIST
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from tidegate.adapters.recordings.format import (
    RECORDING_VERSION,
    BookSnapshotRow,
    Gap,
    Heartbeat,
    LevelUpdated,
    OrderAdded,
    OrderDeleted,
    OrderResized,
    RecordingFooter,
    Row,
    StatusChanged,
    TradePrinted,
)
from tidegate.adapters.recordings.gaps import GapTally
from tidegate.adapters.recordings.header import HeaderLine, Provenance, RecordingHeader, moment_of
from tidegate.adapters.recordings.live.feeds import MarketFeed
from tidegate.adapters.recordings.made import RecordingMade
from tidegate.adapters.recordings.writer import checked_line, encode_line
from tidegate.domain.ports import ClockPort

RECORDER = "tidegate record, version 1"
PARTIAL = ".partial"
"""How the file of a recorder is called until it has ended well."""

_KINDS: Mapping[type, str] = {
    OrderAdded: "orders added",
    OrderResized: "orders resized",
    OrderDeleted: "orders deleted",
    BookSnapshotRow: "books",
    LevelUpdated: "levels",
    TradePrinted: "trades",
    Heartbeat: "heartbeats",
    Gap: "gaps",
    StatusChanged: "restrictions",
}
_LEVEL = 6
_GZIP = 16 + zlib.MAX_WBITS
_FLUSH_SECONDS = 1.0


class NothingHeard(Exception):
    """A feed that said nothing until the recorder was stopped, so that there is no recording; one line."""


class RecorderStopped(Exception):
    """A file that cannot be written any further; one line that names it, and what can still be done with it."""

    def __init__(self, path: Path, error: OSError) -> None:
        left = f"; what was written is there: tidegate import salvage {path}" if path.exists() else ""
        super().__init__(f"{path}: {error.strerror or error}{left}")


class Recorder:
    """One recording under way: `DESTINATION.partial`, a gzip stream that is whole up to the last flush.

    Its name becomes the destination's when `finish` has written the footer. Until then, and after a kill or a full
    disk, a reader says that it is truncated, and `salvage` makes a recording of what is there.
    """

    def __init__(self, destination: Path, feed: MarketFeed, assumptions: tuple[str, ...] = ()) -> None:
        self.destination = destination
        self.partial = destination.with_name(destination.name + PARTIAL)
        self.read: Counter[str] = Counter()
        self.late = 0
        self.row_count = 0
        self.started_us: int | None = None
        self.at_us = 0
        self.header = HeaderLine(
            tidegate_recording=RECORDING_VERSION,
            products=feed.products,
            provenance=Provenance(source=feed.source, made_by=RECORDER, notes=feed.notes, assumptions=assumptions),
            started_at=moment_of(0),
            depth=feed.depth,
        )
        self.gaps = GapTally(RecordingHeader(self.header).bookless)
        self._digest = sha256()
        self._squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        self._is_dirty = False
        if destination.exists():
            raise FileExistsError(EEXIST, os.strerror(EEXIST), str(destination))
        try:
            self._file = self.partial.open("xb", buffering=0)
        except FileExistsError as error:
            raise RecorderStopped(self.partial, error) from None

    def write(self, row: Row) -> None:
        """Take a row; one that is late stands at the time reached.

        Raises:
            ValueError: a row that no reader would take, which is the feed's fault.
            RecorderStopped: the disk refuses it.
        """
        if self.started_us is None:
            self.started_us = self.at_us = row.at_us
            self.header = replace(self.header, started_at=moment_of(row.at_us))
            self._put(encode_line(self.header))
        if row.at_us < self.at_us:
            self.late += 1
            row = replace(row, at_us=self.at_us)
        self._put(checked_line(row, self.at_us, self.header.recorded_count))
        self.at_us = row.at_us
        self.row_count += 1
        self.read[_KINDS[type(row)]] += 1
        self.gaps.take(row)

    def flush(self) -> None:
        """Have everything so far in the file, so that a kill does not take it."""
        if self._is_dirty:
            self._out(self._squeeze.flush(zlib.Z_SYNC_FLUSH))
            self._is_dirty = False

    def finish(self) -> RecordingMade:
        """Write the footer, give the file its name, and tell what is in it.

        Raises:
            NothingHeard: there was no row; no file is left.
            RecorderStopped: the disk refuses it.
        """
        if self.started_us is None:
            self.abandon()
            self.partial.unlink()
            raise NothingHeard("nothing was heard, so there is nothing to record")
        digest = self._digest.hexdigest()
        self._put(encode_line(RecordingFooter(ended_at_us=self.at_us, row_count=self.row_count, sha256=digest)))
        self._out(self._squeeze.flush(zlib.Z_FINISH))
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            self.partial.rename(self.destination)
        except OSError as error:
            raise RecorderStopped(self.partial, error) from None
        self.gaps.end_at(self.at_us)
        return self._made(moment_of(self.at_us))

    def abandon(self) -> None:
        """Let go of the file as it is."""
        with suppress(OSError):
            self._file.close()

    def _put(self, line: bytes) -> None:
        self._digest.update(line)
        self._is_dirty = True
        self._out(self._squeeze.compress(line))

    def _out(self, data: bytes) -> None:
        try:
            while data:
                data = data[self._file.write(data) or 0 :]
        except OSError as error:
            self.abandon()
            raise RecorderStopped(self.partial, error) from None

    def _made(self, ended_at: datetime) -> RecordingMade:
        dropped = {"late rows, kept at the time reached": self.late} if self.late else {}
        return RecordingMade(
            destination=self.destination,
            symbols=tuple(entry.symbol for entry in self.header.products),
            started_at=self.header.started_at,
            ended_at=ended_at,
            read=dict(sorted(self.read.items())),
            dropped=dropped,
            trades=self.read[_KINDS[TradePrinted]],
            gaps=self.gaps.count,
            gap_seconds=self.gaps.seconds,
            rows_written=self.row_count,
            smallest_spread=None,
            figures={},
            assumptions=self.header.provenance.assumptions,
            notes=self.header.provenance.notes,
        )


async def record(
    feed: MarketFeed,
    recorder: Recorder,
    clock: ClockPort,
    stop: asyncio.Event,
    on_second: Callable[[Recorder], None] | None = None,
) -> RecordingMade:
    """Write what the feed tells until it is over or `stop` is set, and end the recording well.

    Raises:
        NothingHeard, RecorderStopped: see `Recorder`.
    """

    async def listen() -> None:
        async for row in feed.rows():
            recorder.write(row)

    async def flush() -> None:
        while True:
            await clock.sleep(_FLUSH_SECONDS)
            recorder.flush()
            if on_second is not None:
                on_second(recorder)

    tasks = [
        asyncio.create_task(listen(), name="tidegate record: listen"),
        asyncio.create_task(flush(), name="tidegate record: flush"),
        asyncio.create_task(stop.wait(), name="tidegate record: stop"),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    except BaseException:
        recorder.abandon()
        raise
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.wait(tasks)
    return recorder.finish()
