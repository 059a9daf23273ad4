"""The recorded market of one product, as its rows have told it so far: book, last trade, restrictions, recent mids."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from tidegate.adapters.brokers.simulated.book import LiveBook, LiveLevel
from tidegate.adapters.recordings.format import (
    BookSnapshotRow,
    Gap,
    Heartbeat,
    LevelUpdated,
    OrderAdded,
    OrderDeleted,
    OrderResized,
    Row,
    StatusChanged,
    TradePrinted,
)
from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.products import TradingFlags

_SAMPLE_US = 1_000_000
_REFERENCE_US = 60_000_000
_TWO = Decimal(2)


class RecentMids:
    """Mids of the last 60 s, at most one a second, and their median: the reference of the price collar."""

    __slots__ = ("_by_size", "_by_time", "due_us", "median")

    def __init__(self) -> None:
        self._by_time: deque[tuple[int, Decimal]] = deque()
        self._by_size: list[Decimal] = []
        self.due_us = 0
        self.median: Decimal | None = None

    def sample(self, at_us: int, mid: Decimal) -> None:
        """Take a mid down; the next is due a second later."""
        self._by_time.append((at_us, mid))
        insort(self._by_size, mid)
        self.due_us = at_us + _SAMPLE_US
        while self._by_time[0][0] <= at_us - _REFERENCE_US:
            _, gone = self._by_time.popleft()
            del self._by_size[bisect_left(self._by_size, gone)]
        self.median = _middle(self._by_size)


class MarketFeed:
    """What the rows of one recorded product say; `flags` is None until one restricts it.

    Rows come in order, and the caller works in the domain's decimal context.
    """

    __slots__ = ("_ask", "_bid", "_handlers", "_mid", "book", "flags", "last_price", "mids")

    def __init__(self) -> None:
        self.book = LiveBook()
        self.flags: TradingFlags | None = None
        self.last_price: Decimal | None = None
        self.mids = RecentMids()
        self._bid: Decimal | None = None
        self._ask: Decimal | None = None
        self._mid: Decimal | None = None
        book = self.book
        self._handlers: dict[type, Callable[[Any], LiveLevel | None]] = {
            OrderAdded: book.add,
            OrderResized: book.resize,
            OrderDeleted: book.delete,
            LevelUpdated: book.update,
            BookSnapshotRow: self._replaced,
            TradePrinted: self._printed,
            Heartbeat: self._heard,
            Gap: self._interrupted,
            StatusChanged: self._restricted,
        }

    def apply(self, row: Row) -> LiveLevel | None:
        """Take one row; the price level that it changed, if it changed one."""
        # The book is sampled as it stood before this moment's rows, which are one change told in several pieces.
        if row.at_us >= self.mids.due_us:
            self._sample(row.at_us)
        return self._handlers[type(row)](row)

    def mid(self) -> Decimal | None:
        """Half-way between the touches, reckoned once for each two; None where a side is empty or the book crossed."""
        bids, asks = self.book.bids.ordered, self.book.asks.ordered
        if not bids or not asks:
            return None
        bid, ask = bids[-1].price, asks[-1].price
        if bid is not self._bid or ask is not self._ask:
            self._bid, self._ask = bid, ask
            self._mid = DOMAIN_CONTEXT.divide(DOMAIN_CONTEXT.add(bid, ask), _TWO) if bid < ask else None
        return self._mid

    def mark(self) -> Decimal | None:
        """The median of the touches and the last trade: neither one print nor one quote far off moves it alone.

        None where there is no mid; the mid where nothing was traded yet.
        """
        mid, last = self.mid(), self.last_price
        if mid is None or last is None or self._bid is None or self._ask is None:
            return mid
        return min(max(last, self._bid), self._ask)

    def _sample(self, at_us: int) -> None:
        mid = self.mid()
        if mid is not None:
            self.mids.sample(at_us, mid)

    def _replaced(self, row: BookSnapshotRow) -> None:
        self.book.replace(row)

    def _printed(self, row: TradePrinted) -> None:
        self.last_price = row.price
        self.book.print(row)

    def _heard(self, row: Heartbeat) -> None:
        """The feed was alive; who reads it keeps the time."""

    def _interrupted(self, row: Gap) -> None:
        self.book.void()

    def _restricted(self, row: StatusChanged) -> None:
        self.flags = row.flags


def _middle(ordered: Sequence[Decimal]) -> Decimal:
    """The median of prices in order: half-way between the two in the middle when their number is even."""
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return DOMAIN_CONTEXT.divide(DOMAIN_CONTEXT.add(ordered[middle - 1], ordered[middle]), _TWO)
