"""A broker's market data as a feed: the best levels of each book whenever they change, and no trades."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from tidegate.adapters.recordings.format import BookSnapshotRow, Depth, Gap, Heartbeat, LevelUpdated, Row
from tidegate.adapters.recordings.header import ProductEntry, entry_of, microseconds_of
from tidegate.domain.amounts import ZERO
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.ports import ClockPort, MarketDataPort
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide

_HEARTBEAT_SECONDS = 2.0
_SILENT_SECONDS = 5.0
"""The age at which entries are refused: from there on the recording says that nothing was heard."""

_NO_TRADES = (
    "The broker's market data tell the best levels of a book, as they stand when they are looked at, and no trades: "
    "an order that rests is filled by nothing."
)


class UnknownSymbol(Exception):
    """A symbol that a venue does not trade; one line that names it."""


class BrokerFeed:
    """The market data of any broker as rows.

    A book is told whole at first and after each gap, then by its changes. It counts as interrupted while the broker
    says that it is not synced, or has heard nothing for five seconds, which is looked for every `look_seconds`.
    """

    def __init__(
        self,
        market: MarketDataPort,
        symbols: Sequence[str],
        clock: ClockPort,
        source: str,
        look_seconds: float = _HEARTBEAT_SECONDS,
    ) -> None:
        products = {product.symbol: product for product in market.products}
        unknown = next((symbol for symbol in symbols if symbol not in products), None)
        if unknown is not None:
            raise UnknownSymbol(f"{source} has no {unknown}; it has {', '.join(sorted(products)[:8])}")
        self._market = market
        self._clock = clock
        self._look_seconds = look_seconds
        self._books = {symbol: _ToldBook(place) for place, symbol in enumerate(symbols or products)}
        self.products: tuple[ProductEntry, ...] = tuple(entry_of(products[symbol]) for symbol in self._books)
        self.depth: Depth = "levels"
        self.source = source
        self.notes = (_NO_TRADES,)

    async def rows(self) -> AsyncIterator[Row]:
        changes = self._market.changes()
        waiting: asyncio.Task[str | None] | None = None
        try:
            for row in self._look(self._books):
                yield row
            while True:
                waiting = waiting or asyncio.create_task(_next(changes), name="tidegate feed changes")
                await asyncio.wait({waiting}, timeout=self._look_seconds)
                symbols: Sequence[str] = tuple(self._books)
                if waiting.done():
                    symbol, waiting = waiting.result(), None
                    if symbol is None:
                        return  # the broker says no more: the market is over
                    symbols = (symbol,)
                for row in self._look(symbols):
                    yield row
        finally:
            if waiting is not None:
                waiting.cancel()
                await asyncio.wait({waiting})

    def _look(self, symbols: "Sequence[str] | dict[str, _ToldBook]") -> Iterator[Row]:
        now = self._clock.now()
        for symbol in symbols:
            book = self._books.get(symbol)
            if book is not None:
                yield from book.rows(self._market.reading(symbol), now)


class _ToldBook:
    """One product's book as it was told last; None while it is void."""

    def __init__(self, product: int) -> None:
        self._product = product
        self._shown: BookSnapshot | None = None
        self._heard_at: datetime | None = None
        self._told_at: datetime | None = None

    def rows(self, reading: MarketReading, now: datetime) -> Iterator[Row]:
        heard_at = reading.heard_at
        is_silent = heard_at is None or (now - heard_at).total_seconds() > _SILENT_SECONDS
        if heard_at is None or is_silent or not reading.is_synced or reading.book is None:
            if self._shown is not None:
                why = "nothing was heard" if is_silent else "the book is not synced"
                yield Gap(at_us=microseconds_of(self._heard_at or now), product=self._product, reason=why)
                self._shown = None
            return
        at_us = microseconds_of(heard_at)
        before, self._shown = self._shown, reading.book
        if before is None:
            yield BookSnapshotRow(
                at_us=at_us, product=self._product, bids=_pairs(reading.book.bids), asks=_pairs(reading.book.asks)
            )
        elif before != reading.book:
            yield from self._changes(at_us, before, reading.book)
        if self._told_at is None or before != reading.book:
            self._told_at = heard_at
        elif (heard_at - self._told_at).total_seconds() >= _HEARTBEAT_SECONDS:
            self._told_at = heard_at
            yield Heartbeat(at_us=at_us, product=self._product)
        self._heard_at = heard_at

    def _changes(self, at_us: int, before: BookSnapshot, after: BookSnapshot) -> Iterator[Row]:
        """Levels that are gone first, so that no step of it is crossed."""
        sides = ((OrderSide.BUY, before.bids, after.bids), (OrderSide.SELL, before.asks, after.asks))
        for is_gone in (True, False):
            for side, old, new in sides:
                was, now = _sizes(old), _sizes(new)
                changed = was.keys() - now.keys() if is_gone else (p for p in now if was.get(p) != now[p])
                for price in sorted(changed):
                    yield LevelUpdated(
                        at_us=at_us, product=self._product, side=side, price=price, size=now.get(price, ZERO)
                    )


def _pairs(levels: Sequence[Level]) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple(_sizes(levels).items())


def _sizes(levels: Sequence[Level]) -> dict[Decimal, Decimal]:
    """What stands at each price; a level of nothing is none."""
    return {level.price: level.quantity for level in levels if level.price > ZERO and level.quantity > ZERO}


async def _next(changes: AsyncIterator[str]) -> str | None:
    return await anext(changes, None)
