"""Streams: what a venue says unasked, to as many listeners as there are, each with a bounded queue of its own."""

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Generic, TypeVar
from weakref import ref

from tidegate.domain.submissions import ReportGap, VenueReport

T = TypeVar("T")


class Stream(AsyncIterator[T], Generic[T]):
    """One listener. Iteration ends once the stream is closed and nothing waits in it."""

    def __init__(self) -> None:
        self._waiter: asyncio.Future[None] | None = None
        self.is_closed = False

    async def __anext__(self) -> T:
        while (item := self.take()) is None:
            if self.is_closed:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return item

    @abstractmethod
    def take(self) -> T | None:
        """The next item, if there is one."""

    def close(self) -> None:
        """Say no more."""
        self.is_closed = True
        self.wake()

    async def aclose(self) -> None:
        self.close()

    def wake(self) -> bool:
        """Let a waiting listener look again; whether there was one."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            return False
        waiter.set_result(None)
        return True


class ReportStream(Stream[VenueReport]):
    """Reports in order; one that overflows loses them all and says so with a ReportGap."""

    def __init__(self, bound: int) -> None:
        super().__init__()
        self._reports: deque[VenueReport] = deque()
        self._bound = bound

    def put(self, report: VenueReport, at: datetime) -> bool:
        """Queue a report; whether a waiting listener was woken."""
        if len(self._reports) >= self._bound:
            self._reports.clear()
            report = ReportGap(reason=f"more than {self._bound} reports were waiting", at=at)
        self._reports.append(report)
        return self.wake()

    def take(self) -> VenueReport | None:
        return self._reports.popleft() if self._reports else None


class ChangeStream(Stream[str]):
    """Symbols whose market has changed, each at most once until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._symbols: dict[str, None] = {}

    def put(self, symbols: Iterable[str]) -> bool:
        """Note changes; whether a waiting listener was woken."""
        for symbol in symbols:
            self._symbols[symbol] = None
        return bool(self._symbols) and self.wake()

    def take(self) -> str | None:
        for symbol in self._symbols:
            del self._symbols[symbol]
            return symbol
        return None


S = TypeVar("S", ReportStream, ChangeStream)


class Listeners(Generic[S]):
    """The streams of one kind; one that nobody holds any more, or that was closed, is forgotten."""

    def __init__(self) -> None:
        self._streams: list[ref[S]] = []
        self._is_closed = False

    def add(self, stream: S) -> S:
        if self._is_closed:
            stream.close()
        self._streams.append(ref(stream))
        return stream

    def live(self) -> list[S]:
        """Those that still listen."""
        streams = [stream for one in self._streams if (stream := one()) is not None and not stream.is_closed]
        if len(streams) != len(self._streams):
            self._streams = [ref(stream) for stream in streams]
        return streams

    def close(self) -> None:
        """End all of them, and every later one at once."""
        self._is_closed = True
        for stream in self.live():
            stream.close()
