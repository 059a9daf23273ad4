"""JSON lines on a stream as a source of decisions: a bad line is one refusal, and the rest goes on."""

import asyncio
import os
import stat
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Iterable
from threading import Semaphore, Thread
from typing import Protocol

from tidegate.adapters.intake.decision_json import decision_of, refused
from tidegate.adapters.intake.lines import LINE_BYTES_MAX, Line, LineSplitter
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.ports import DecisionMessage
from tidegate.domain.refusals import AnyRefusal

_CHUNK_BYTES = 65_536
_CHUNKS_AHEAD = 4


class RawReader(Protocol):
    """A raw byte stream, such as `sys.stdin.buffer.raw`: it gives what there is, and nothing at the end."""

    def read(self, size: int, /) -> bytes | None: ...


class JsonLinesIntake:
    """One decision a line: `{"symbol": "BTC-USD", "action": "BUY", "target_notional": "250", "decision_id": "a-1"}`.

    The stream is read by a thread of its own, so that waiting for a line never holds up the loop, and at most a few
    chunks ahead of what has been executed. A file is read where it is wanted: it keeps nobody waiting, and in a replay
    its lines come at the same moment every time. `settle` keeps nothing: a producer that wants certainty over a restart
    gives each decision an id, and sends again what it saw no outcome of.
    """

    def __init__(self, stream: RawReader) -> None:
        self._stream = stream
        self.taken = 0
        """The last line that was dealt with; blank ones behind it do not count."""
        self.has_ended = False

    async def decisions(self) -> AsyncIterator[DecisionMessage | AnyRefusal]:
        """The lines in order, until the stream ends; blank ones are skipped and what cannot be read is its refusal."""
        splitter = LineSplitter()
        reading = _AtOnce(self._stream) if _is_file(self._stream) else _Reading(self._stream)
        try:
            while isinstance(chunk := await reading.next(), bytes) and chunk:
                for number, message in _messages(splitter.feed(chunk)):
                    yield message
                    self.taken = number
            for number, message in _messages(splitter.finish()):
                yield message
                self.taken = number
            self.has_ended = True
            if isinstance(chunk, OSError):
                yield refused(f"the input ended with an error: {chunk.strerror or chunk}", reference="input")
        finally:
            reading.stop()

    async def settle(self, message: DecisionMessage, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> None:
        """Nothing to forget: a stream does not deliver again."""


def _messages(lines: Iterable[Line]) -> Iterable[tuple[int, DecisionMessage | AnyRefusal]]:
    for line in lines:
        reference = f"line {line.number}"
        if line.content is None:
            yield line.number, refused(f"{reference} is longer than {LINE_BYTES_MAX} bytes", reference)
            continue
        # Editors and shells of Windows put it before the first line.
        content = line.content.removeprefix(BOM_UTF8) if line.number == 1 else line.content
        if content.strip():
            yield line.number, decision_of(content, reference)


def _is_file(stream: RawReader) -> bool:
    """Whether it is a file on a disk, and no pipe, terminal or buffer."""
    descriptor = getattr(stream, "fileno", None)
    try:
        return descriptor is not None and stat.S_ISREG(os.fstat(descriptor()).st_mode)
    except (OSError, ValueError):
        return False  # closed, or no stream of the system's


def _read(stream: RawReader) -> bytes | OSError:
    """The next chunk; empty bytes are the end."""
    try:
        return stream.read(_CHUNK_BYTES) or b""
    except OSError as error:
        return error
    except ValueError:
        return b""  # the stream was closed under the reader


class _AtOnce:
    """A file's chunks, each read when it is asked for."""

    def __init__(self, stream: RawReader) -> None:
        self._stream = stream

    async def next(self) -> bytes | OSError:
        """The next chunk."""
        return _read(self._stream)

    def stop(self) -> None:
        """Nothing is read that nobody asks for."""


class _Reading:
    """A thread's work: chunk after chunk for the loop, as many ahead as there are slots; empty bytes are the end."""

    def __init__(self, stream: RawReader) -> None:
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._chunks: asyncio.Queue[bytes | OSError] = asyncio.Queue()
        self._slots = Semaphore(_CHUNKS_AHEAD)
        self._is_wanted = True
        Thread(target=self._run, name="tidegate-json-lines", daemon=True).start()

    async def next(self) -> bytes | OSError:
        """The next chunk; its slot is free again."""
        chunk = await self._chunks.get()
        self._slots.release()
        return chunk

    def stop(self) -> None:
        """Nobody wants the rest."""
        self._is_wanted = False
        self._slots.release()

    def _run(self) -> None:
        chunk: bytes | OSError = b" "
        while chunk and isinstance(chunk, bytes):
            self._slots.acquire()
            if not self._is_wanted:
                return
            chunk = _read(self._stream)
            try:
                self._loop.call_soon_threadsafe(self._chunks.put_nowait, chunk)
            except RuntimeError:
                return  # the loop has ended
