"""Reading a recording: fast in batches, and every damage named by file, line and reason."""

import errno
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import NoReturn, Self

import msgspec

from tidegate.adapters.recordings.damage import RecordingDamaged
from tidegate.adapters.recordings.format import Row
from tidegate.adapters.recordings.header import RecordingHeader, microseconds_of, moment_of
from tidegate.adapters.recordings.lines import RecordedLines

__all__ = ["Recording", "RecordingDamaged", "RecordingSummary", "open_recording"]

_ROW_DECODER: msgspec.json.Decoder[Row] = msgspec.json.Decoder(Row)


class RecordingSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording holds, once its checksum has been found right; `sha256` is of all lines before the footer."""

    started_at: datetime
    ended_at: datetime
    row_count: int
    sha256: str


class Recording:
    """An opened recording: its header is read once, its rows anew with every call.

    Between calls no file is held open, so a recording costs nothing to keep and several may read it at once; it is a
    context manager only so that it can stand where other sources of a market do.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.paths = (path,)
        with path.open("rb") as file:
            self.header = RecordingHeader(RecordedLines(path, file).header())

    def rows(self, start: int = 0) -> Iterator[Row]:
        """Every row in order, from row number `start` on (the first is 0); the rows before it are checked all the same.

        Raises, as far as the iteration has come:
            RecordingDamaged: at the first line that is not as the format says, or at the end when the footer does not
                agree with what was read.
            OSError: the file cannot be read.
        """
        return chain.from_iterable(self.batches(start))

    def batches(self, start: int = 0) -> Iterator[list[Row]]:
        """The rows as lists of a few thousand; see `rows`."""
        with self.path.open("rb") as file:
            for batch in _decoded(RecordedLines(self.path, file)):
                if start < len(batch):
                    yield batch[start:] if start else batch
                start = max(0, start - len(batch))

    def summary(self) -> RecordingSummary:
        """The figures of header and footer, after comparing the checksum of the whole file; rows are not decoded.

        Raises:
            RecordingDamaged: truncated, altered, or not a recording.
            OSError: the file cannot be read.
        """
        with self.path.open("rb") as file:
            lines = RecordedLines(self.path, file)
            header = lines.header()
            for _ in lines.blocks():
                pass
            footer = lines.footer()
        return RecordingSummary(
            started_at=header.started_at,
            ended_at=moment_of(footer.ended_at_us),
            row_count=footer.row_count,
            sha256=footer.sha256,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open between calls."""


def open_recording(path: Path | str) -> Recording:
    """Open a recording and read its header.

    Raises:
        RecordingDamaged: not gzip, or no header of this format in its first line.
        OSError: the file cannot be read, or is a pipe: the checksum is looked at before the rows.
    """
    file = Path(path)
    if file.is_fifo():
        raise OSError(
            errno.ESPIPE, "a pipe can be read only once, and a recording is read twice: save it first", str(file)
        )
    return Recording(file)


def _decoded(lines: RecordedLines) -> Iterator[list[Row]]:
    """Blocks of lines as rows, checked for what a row cannot know by itself: the time reached and the products."""
    header = lines.header()
    product_count = header.recorded_count
    last_at_us = microseconds_of(header.started_at)
    for block in lines.blocks():
        try:
            rows = _ROW_DECODER.decode_lines(block)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            _find_damage(lines, block, last_at_us, product_count)
        times = [row.at_us for row in rows]
        is_whole = len(rows) == block.count(b"\n")
        is_ordered = times == sorted(times) and times[:1] >= [last_at_us]
        if not (is_whole and is_ordered and max([row.product for row in rows]) < product_count):
            _find_damage(lines, block, last_at_us, product_count)
        last_at_us = times[-1]
        yield rows
    if lines.footer().ended_at_us < last_at_us:
        lines.damaged("the footer ends the recording before its last row", lines.passed + 1)


def _find_damage(lines: RecordedLines, block: bytes, last_at_us: int, product_count: int) -> NoReturn:
    """Go through a block that was found wrong line by line, and raise for the first line that is."""
    first = lines.passed + 1
    for number, line in enumerate(block[:-1].split(b"\n"), start=first):
        try:
            row = _ROW_DECODER.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            lines.damaged(f"not a row: {error}", number)
        if row.at_us < last_at_us:
            lines.damaged(f"time goes back from {last_at_us} to {row.at_us}", number)
        if row.product >= product_count:
            lines.damaged(f"product {row.product} is not one that the header records", number)
        last_at_us = row.at_us
    lines.damaged("the lines from here on are rows one by one but not together", first)
