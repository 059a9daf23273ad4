"""Readings: the market as we hear it, with the feed's latency, in snapshots that are made once for each change."""

from collections import deque

import msgspec

from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.recordings.format import Gap, Row, StatusChanged
from tidegate.adapters.recordings.header import moment_of
from tidegate.domain.amounts import exact
from tidegate.domain.books import BookSnapshot
from tidegate.domain.marks import Mark
from tidegate.domain.products import Product
from tidegate.domain.views import MarketReading


class Readings:
    """What we know of each symbol.

    Every row of any product is a message of the one connection and moves `heard_at`; a gap does not, since it says that
    nothing was heard. With a latency, rows wait here until they have arrived, and make books of their own.
    """

    def __init__(
        self,
        products: tuple[Product, ...],
        feed_index: dict[str, int],
        venue_feeds: list[MarketFeed],
        *,
        latency_us: int,
        offset_us: int,
        depth_levels: int,
    ) -> None:
        self.products = products
        self._products = {product.symbol: product for product in products}
        self._index = feed_index
        self._feeds = [MarketFeed() for _ in venue_feeds] if latency_us else venue_feeds
        self.is_late = latency_us > 0
        self._shift_us = offset_us + latency_us
        self._depth = depth_levels
        self.under_way: deque[Row] = deque()
        self._heard_us: int | None = None
        self._count = 0
        self._told: dict[str, tuple[int, MarketReading]] = {}
        self._sides: dict[str, BookSnapshot] = {}
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

    def product(self, symbol: str) -> Product | None:
        """The product with its flags as last heard."""
        return self._products.get(symbol)

    def reading(self, symbol: str) -> MarketReading:
        """The market of one symbol as last heard; nothing is known of one that is not traded here."""
        told = self._told.get(symbol)
        if told is not None and told[0] == self._count:
            return told[1]
        index = self._index.get(symbol)
        if index is None or self._heard_us is None:
            return MarketReading(symbol=symbol, is_synced=False)
        reading = self._read(symbol, self._feeds[index], self._heard_us)
        self._told[symbol] = (self._count, reading)
        return reading

    def _note(self, row: Row) -> None:
        self._count += 1
        self.changed[row.product] = None
        if type(row) is not Gap:
            self._heard_us = row.at_us + self._shift_us
        if type(row) is StatusChanged:
            self._restrict(row)

    def _restrict(self, row: StatusChanged) -> None:
        """What the recorded venue lets happen holds for every product that shares the book."""
        for symbol, index in self._index.items():
            if index == row.product:
                self._products[symbol] = msgspec.structs.replace(self._products[symbol], flags=row.flags)
        self.products = tuple(self._products.values())

    def _read(self, symbol: str, feed: MarketFeed, heard_us: int) -> MarketReading:
        heard_at = moment_of(heard_us)
        mid = feed.mid
        return MarketReading(
            symbol=symbol,
            book=self._snapshot(symbol, feed),
            heard_at=heard_at,
            mark=Mark(mid, heard_at) if mid is not None else None,
            last_price=feed.last_price,
            reference_mid=feed.reference_mid,
            is_synced=feed.book.is_synced,
        )

    def _snapshot(self, symbol: str, feed: MarketFeed) -> BookSnapshot | None:
        """The best levels. Never complete: what a recording does not show may be there all the same."""
        book = feed.book
        if not book.is_synced:
            return None
        known = self._sides.get(symbol)
        if known is None or known.version != book.version:
            known = self._sides[symbol] = BookSnapshot(
                symbol=symbol,
                bids=book.bids.top(self._depth),
                asks=book.asks.top(self._depth),
                version=book.version,
            )
        return known
