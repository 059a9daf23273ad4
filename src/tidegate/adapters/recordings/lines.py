"""The uncompressed lines of a recording: a header, blocks of whole rows, a footer, hashed and counted as they pass."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

import msgspec

from tidegate.adapters.recordings.damage import RecordingDamaged
from tidegate.adapters.recordings.format import RecordingFooter
from tidegate.adapters.recordings.header import HeaderLine, decode_header
from tidegate.adapters.recordings.inflation import Inflation

_LINE_BYTES_MAX = 1 << 23
_FOOTER_DECODER = msgspec.json.Decoder(RecordingFooter)


class RecordedLines:
    """One pass over a file, in this order: `header`, then `blocks` to their end, then `footer`."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self.passed = 0
        self._hash = hashlib.sha256()
        self._rest = b""  # what was inflated and has not passed yet
        self._inflation = Inflation(file)
        self._inflated = iter(self._inflation)

    def damaged(self, reason: str, line: int) -> NoReturn:
        raise RecordingDamaged(self._path, line, reason)

    def header(self) -> HeaderLine:
        """The first line.

        Raises:
            RecordingDamaged: it is not a header, or the file is not gzip.
            OSError: the file cannot be read.
        """
        for data in self._inflated:
            self._rest += data
            if b"\n" in data:
                break
            self._check_length()
        else:
            self.damaged(self._inflation.failure or "the header is not a whole line", 1)
        line, self._rest = _split_after(self._rest, self._rest.index(b"\n") + 1)
        try:
            header = decode_header(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self.damaged(f"not the header of a recording: {error}", 1)
        self._pass(line)
        return header

    def blocks(self) -> Iterator[bytes]:
        """Runs of whole rows, each ending with a newline; the file's last line is kept for `footer`.

        A block counts as passed, and `passed` moves, once the next one is asked for.
        """
        pending = self._rest
        for data in self._inflated:
            pending += data
            cut = pending.rfind(b"\n", 0, pending.rfind(b"\n")) + 1
            if cut:
                block, pending = _split_after(pending, cut)
                yield block
                self._pass(block)
            self._rest = pending
            self._check_length()
        block, self._rest = _split_after(pending, pending.rfind(b"\n", 0, pending.rfind(b"\n")) + 1)
        if block:
            yield block
            self._pass(block)

    def footer(self) -> RecordingFooter:
        """The last line, compared with everything that passed before it.

        Raises:
            RecordingDamaged: there is none, or its count or checksum does not match.
        """
        line, beyond = _split_after(self._rest, self._rest.find(b"\n") + 1)
        if self._inflation.failure is not None or beyond or not line:
            whole_lines = self.passed + self._rest.count(b"\n")
            self.damaged(
                self._inflation.failure or "the file ends in the middle of a line: it is truncated", whole_lines + 1
            )
        try:
            footer = _FOOTER_DECODER.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self.damaged(f"the footer is missing, the recording is truncated: {error}", self.passed + 1)
        if footer.row_count != self.passed - 1:
            self.damaged(f"the footer counts {footer.row_count} rows, there are {self.passed - 1}", self.passed + 1)
        if footer.sha256 != self._hash.hexdigest():
            self.damaged("the checksum does not match: the recording was altered", self.passed + 1)
        return footer

    def _check_length(self) -> None:
        if len(self._rest) > _LINE_BYTES_MAX:
            self.damaged(f"a line is longer than {_LINE_BYTES_MAX} bytes", self.passed + 1)

    def _pass(self, data: bytes) -> None:
        self._hash.update(data)
        self.passed += data.count(b"\n")


def _split_after(data: bytes, cut: int) -> tuple[bytes, bytes]:
    return data[:cut], data[cut:]
