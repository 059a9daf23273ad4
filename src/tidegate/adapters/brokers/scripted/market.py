"""A scripted market: books, marks and silence as a test sets them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from tidegate.adapters.brokers.streams import ChangeStream, Listeners
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.marks import Mark
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.products import Product, TradingFlags
from tidegate.domain.views import MarketReading

Levels = Iterable[tuple[str | int | Decimal, str | int | Decimal]]
"""Price and quantity of each level, best first."""


class ScriptedMarket:
    """The market data side: its connection counts as heard at every moment until it is silenced."""

    def __init__(self, products: Sequence[Product], clock: ClockPort) -> None:
        self._products = {product.symbol: product for product in products}
        self._listed = tuple(self._products.values())
        self._clock = clock
        self._readings: dict[str, MarketReading] = {}
        self._silent_since: datetime | None = None
        self._changes: Listeners[ChangeStream] = Listeners()
        self._version = 0

    @property
    def products(self) -> tuple[Product, ...]:
        return self._listed

    def product(self, symbol: str) -> Product | None:
        return self._products.get(symbol)

    def reading(self, symbol: str) -> MarketReading:
        """What was set, heard now; or as it was when the connection fell silent."""
        known = self._readings.get(symbol)
        if known is None:
            return MarketReading(symbol=symbol, is_synced=False)
        heard_at = self._silent_since if self._silent_since is not None else self._clock.now()
        if known.heard_at != heard_at:
            mark = known.mark if known.mark is None else Mark(known.mark.price, heard_at)
            known = self._readings[symbol] = msgspec.structs.replace(known, heard_at=heard_at, mark=mark)
        return known

    def changes(self) -> ChangeStream:
        return self._changes.add(ChangeStream())

    def set_book(self, symbol: str, bids: Levels, asks: Levels, *, is_complete: bool = True) -> None:
        """Show this book, best first; the mark and the reference follow its mid, where it has one."""
        self._version += 1
        book = BookSnapshot(
            symbol=symbol,
            bids=_levels(bids),
            asks=_levels(asks),
            version=self._version,
            is_complete=is_complete,
        )
        mark = Mark(book.mid, self._clock.now()) if book.mid is not None else None
        self._set(symbol, book=book, mark=mark, reference_mid=book.mid, last_price=book.mid, is_synced=True)

    def set_mark(self, symbol: str, price: str | int | Decimal | None) -> None:
        """Give the venue's mark, whatever the book says; None takes it away."""
        self._set(symbol, mark=Mark(Decimal(price), self._clock.now()) if price is not None else None)

    def set_reading(self, symbol: str, **fields: object) -> None:
        """Set any other field of the reading: `index_price`, `reference_mid`, `clock_offset_ms`, `is_synced`, ..."""
        self._set(symbol, **fields)

    def set_flags(self, symbol: str, flags: TradingFlags) -> None:
        """Restrict the product, as the venue's status message would."""
        self._products[symbol] = msgspec.structs.replace(self._products[symbol], flags=flags)
        self._listed = tuple(self._products.values())
        self._changed(symbol)

    def silence(self) -> None:
        """Nothing is heard from now on, heartbeats included."""
        if self._silent_since is None:
            self._silent_since = self._clock.now()

    def speak(self) -> None:
        """The connection is back."""
        self._silent_since = None
        for symbol in self._readings:
            self._changed(symbol)

    def close(self) -> None:
        """End the listeners' streams."""
        self._changes.close()

    def _set(self, symbol: str, **fields: object) -> None:
        known = self._readings.get(symbol) or MarketReading(symbol=symbol, heard_at=self._clock.now())
        self._readings[symbol] = msgspec.structs.replace(known, **fields)
        self._changed(symbol)

    def _changed(self, symbol: str) -> None:
        for stream in self._changes.live():
            stream.put((symbol,))


def _levels(levels: Levels) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in levels)
