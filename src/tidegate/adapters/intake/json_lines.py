"""JSON lines on a stream as a source of decisions: a bad line is one refusal, and the rest goes on."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import CancelledError
from threading import Thread
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
    chunks ahead of what has been executed. `settle` keeps nothing: a producer that wants certainty over a restart gives
    each decision an id, and sends again what it saw no outcome of.
    """

    def __init__(self, stream: RawReader) -> None:
        self._stream = stream

    async def decisions(self) -> AsyncIterator[DecisionMessage | AnyRefusal]:
        """The lines in order, until the stream ends; blank ones are skipped and what cannot be read is its refusal."""
        splitter = LineSplitter()
        chunks: asyncio.Queue[bytes | OSError] = asyncio.Queue(_CHUNKS_AHEAD)
        reading = Thread(
            target=_read,
            args=(self._stream, asyncio.get_running_loop(), chunks),
            name="tidegate-json-lines",
            daemon=True,
        )
        reading.start()
        while isinstance(chunk := await chunks.get(), bytes) and chunk:
            for message in _messages(splitter.feed(chunk)):
                yield message
        for message in _messages(splitter.finish()):
            yield message
        if isinstance(chunk, OSError):
            yield refused(f"the input ended with an error: {chunk.strerror or chunk}", reference="input")

    async def settle(self, message: DecisionMessage, outcome: OrderPlaced | NoOrderNeeded | AnyRefusal) -> None:
        """Nothing to forget: a stream does not deliver again."""


def _messages(lines: Iterable[Line]) -> Iterable[DecisionMessage | AnyRefusal]:
    for line in lines:
        reference = f"line {line.number}"
        if line.content is None:
            yield refused(f"{reference} is longer than {LINE_BYTES_MAX} bytes", reference)
        elif line.content.strip():
            yield decision_of(line.content, reference)


def _read(stream: RawReader, loop: asyncio.AbstractEventLoop, chunks: asyncio.Queue[bytes | OSError]) -> None:
    """The thread's work: hand over chunk after chunk, waiting where the loop is behind; empty bytes are the end."""
    chunk: bytes | OSError = b" "
    while chunk and not isinstance(chunk, OSError):
        try:
            chunk = stream.read(_CHUNK_BYTES) or b""
        except (OSError, ValueError) as error:
            # A ValueError is a stream that was closed under the thread.
            chunk = error if isinstance(error, OSError) else b""
        handing_over = chunks.put(chunk)
        try:
            asyncio.run_coroutine_threadsafe(handing_over, loop).result()
        except (RuntimeError, CancelledError):
            # The loop has ended, and nobody wants the rest.
            handing_over.close()
            return
