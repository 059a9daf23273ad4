"""Readings: the market as we hear it, with the feed's latency, in snapshots that are made once for each change."""

from collections import deque

import msgspec

from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.recordings.format import Gap, Row, StatusChanged
from tidegate.adapters.recordings.gaps import GapTally
from tidegate.adapters.recordings.header import RecordingHeader, moment_of
from tidegate.domain.amounts import exact
from tidegate.domain.books import BookSnapshot
from tidegate.domain.marks import Mark
from tidegate.domain.products import Product
from tidegate.domain.views import MarketReading


class Readings:
    """What we know of each symbol.

    Every row is a message of its product's connection and moves `heard_at` of all products on it; a gap does not, since
    it says that nothing was heard. With a latency, rows wait here until they have arrived, and make books of their own.
    `told` holds the readings made since the last row, `by_symbol` the products with their flags as last heard.
    """

    def __init__(
        self,
        products: tuple[Product, ...],
        feed_index: dict[str, int],
        venue_feeds: list[MarketFeed],
        header: RecordingHeader,
        *,
        latency_us: int,
        offset_us: int,
        depth_levels: int,
    ) -> None:
        self.products = products
        self.by_symbol = {product.symbol: product for product in products}
        self._index = feed_index
        self._feeds = [MarketFeed() for _ in venue_feeds] if latency_us else venue_feeds
        self._feed_of = {symbol: self._feeds[index] for symbol, index in feed_index.items()}
        self.is_late = latency_us > 0
        self._shift_us = offset_us + latency_us
        self._depth = depth_levels
        self.under_way: deque[Row] = deque()
        self._connections = header.connections
        self._heard_us: list[int | None] = [None] * (1 + max(header.connections))
        self.gaps = GapTally(header.bookless)
        self.told: dict[str, MarketReading] = {}
        self._books: dict[str, BookSnapshot] = {}
        self.changed: dict[int, None] = {}

    def hear(self, row: Row) -> None:
        """A row has happened at the venue, which applied it to its own book already."""
        if self.is_late:
            self.under_way.append(row)
        else:
            self._note(row)

    @exact
    def arrive(self, now_us: int) -> None:
        """Take what has reached us by now."""
        under_way, sent_us = self.under_way, now_us - self._shift_us
        while under_way and under_way[0].at_us <= sent_us:
            row = under_way.popleft()
            self._feeds[row.product].apply(row)
            self._note(row)

    def has_arrivals(self, now_us: int) -> bool:
        return bool(self.under_way) and self.under_way[0].at_us <= now_us - self._shift_us

    def symbols(self, changed: dict[int, None]) -> list[str]:
        """The symbols whose market those feeds are."""
        return [symbol for symbol, index in self._index.items() if index in changed]

    def reading(self, symbol: str) -> MarketReading:
        """The market of one symbol as last heard; nothing is known of one that is not traded here."""
        feed = self._feed_of.get(symbol)
        heard_us = None if feed is None else self._heard_us[self._connections[self._index[symbol]]]
        if feed is None or heard_us is None:
            return MarketReading(symbol=symbol, is_synced=False)
        heard_at, mid, book = moment_of(heard_us), feed.mid(), feed.book
        mark = mid if self.by_symbol[symbol].is_spot else feed.mark()
        known = self._books.get(symbol)
        if known is None or known.version != book.version:
            # The best levels. Never complete: what a recording does not show may be there all the same.
            depth = self._depth
            known = self._books[symbol] = BookSnapshot(
                symbol=symbol, bids=book.bids.top(depth), asks=book.asks.top(depth), version=book.version
            )
        reading = self.told[symbol] = MarketReading(
            symbol=symbol,
            book=known if book.is_synced else None,
            heard_at=heard_at,
            mark=Mark(mark, heard_at) if mark is not None else None,
            last_price=feed.last_price,
            reference_mid=feed.mids.median or mid,  # the mid itself where nothing was sampled yet
            is_synced=book.is_synced,
        )
        return reading

    def _note(self, row: Row) -> None:
        if self.told:
            self.told.clear()
        self.changed[row.product] = None
        if type(row) is not Gap:
            self._heard_us[self._connections[row.product]] = row.at_us + self._shift_us
            if self.gaps.open:
                self.gaps.take(row)
        else:
            self.gaps.take(row)
        if type(row) is StatusChanged:
            self._restrict(row)

    def _restrict(self, row: StatusChanged) -> None:
        """What the recorded venue lets happen holds for every product that shares the book."""
        for symbol, index in self._index.items():
            if index == row.product:
                self.by_symbol[symbol] = msgspec.structs.replace(self.by_symbol[symbol], flags=row.flags)
        self.products = tuple(self.by_symbol.values())
