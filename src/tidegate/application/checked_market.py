"""The checked market: whatever an adapter says of products and prices is looked at before it is believed.

What it raises, and what cannot be, decides nothing: a reading is then one in which nothing was heard, so that entries
are refused and exits go as they do without a price; a product is as it last was, or none. It ends by itself as soon as
a sound one comes. The guard of the feed shows it as ADAPTER_FAILED; want of memory or stack stops entries until an
operator resumes (P14).
"""

from collections.abc import AsyncIterator, Callable

from msgspec import Struct

from tidegate.application.foreign import FOREIGN, shown, writable
from tidegate.domain.market_flaws import depth_flaw, is_plain, product_flaw, reading_flaw
from tidegate.domain.ports import MarketDataPort
from tidegate.domain.products import Product
from tidegate.domain.views import MarketReading

_DEPTH_EVERY = 256
"""Of so many new readings of a symbol one is looked at to its last level, and the first one always: what an adapter
does wrong it does all the time."""
_UNREAD = object()
"""What no adapter can answer."""
_TOLD_MAX = 100
"""So many different failures are shown; an adapter that finds more has said enough."""


class MarketTrouble(Struct, frozen=True):
    """What was found wrong, in a sentence, with the symbol it concerns, if one; grave is want of memory or stack."""

    symbol: str
    words: str
    is_grave: bool


class CheckedMarket:
    """A MarketDataPort over another one; the readings of one that `is_trusted` are taken as they are."""

    def __init__(self, market: MarketDataPort, *, is_trusted: bool = False) -> None:
        self._market = market
        self._is_trusted = is_trusted
        self._given: object = None
        self.listed: tuple[Product, ...] = ()
        """The products as they were when `products` or `product` was last asked for; no look is taken for it."""
        self.on_listed: Callable[[tuple[Product, ...]], None] | None = None
        """Told of the products whenever they are others than before: a venue may know none until it is connected."""
        self._by_symbol: dict[str, Product] = {}
        self._readings: dict[str, MarketReading] = {}
        self._until_depth: dict[str, int] = {}
        self._told: set[str] = set()
        self._untold: list[MarketTrouble] = []

    @property
    def products(self) -> tuple[Product, ...]:
        try:
            given: object = self._market.products
        except FOREIGN as error:  # whatever it is, it decides nothing
            self._raised(error, "it was asked for products")
            return self.listed
        if given is not self._given:
            self._list(given)
        return self.listed

    def _list(self, given: object) -> None:
        """Keep those that can be believed; the same object while they are the same."""
        if not isinstance(given, tuple | list):
            self._failed(f"its products are {type(given).__name__}")
            return
        flaws = [product_flaw(one) for one in given]
        for flaw in filter(None, flaws):
            self._failed(flaw)
        found = tuple(one for one, flaw in zip(given, flaws, strict=True) if not flaw)
        self._given = given if isinstance(given, tuple) else None  # a list may change
        if found != self.listed:
            self.listed = found
            if self.on_listed is not None:
                self.on_listed(found)

    def product(self, symbol: str) -> Product | None:
        market = self._market
        try:
            if market.products is not self._given:
                self._list(market.products)
            product = market.product(symbol)
        except FOREIGN as error:
            self._raised(error, "it was asked for products")
            return self._by_symbol.get(symbol)
        known = self._by_symbol.get(symbol)
        if product is known or product is None:
            return product
        flaw = product_flaw(product)
        if not flaw and product.symbol != symbol:
            flaw = f"it told of product {product.symbol} when asked for {symbol}"
        if flaw:
            self._failed(flaw, symbol)
            return known
        if product == known:
            return known
        self._by_symbol[symbol] = product
        return product

    def reading(self, symbol: str) -> MarketReading:
        try:
            reading = self._market.reading(symbol)
        except FOREIGN as error:
            self._raised(error, "the market was read", symbol)
            return MarketReading(symbol=symbol)
        if self._is_trusted or reading is self._readings.get(symbol, _UNREAD):
            return reading
        left = self._until_depth.get(symbol, 0)
        if not left or not is_plain(symbol, reading):
            flaw = reading_flaw(symbol, reading) or depth_flaw(reading)
            if flaw:
                self._until_depth[symbol] = 0
                self._failed(f"{flaw}, when {symbol} was read", symbol)
                return MarketReading(symbol=symbol)
            left = _DEPTH_EVERY
        self._until_depth[symbol] = left - 1
        self._readings[symbol] = reading
        return reading

    def changes(self) -> AsyncIterator[str]:
        return self._market.changes()

    def _raised(self, error: BaseException, when: str, symbol: str = "") -> None:
        is_grave = isinstance(error, MemoryError | RecursionError)
        self._failed(f"it raised {shown(error)} when {when}", symbol, is_grave=is_grave)

    def _failed(self, words: str, symbol: str = "", *, is_grave: bool = False) -> None:
        """Keep it to be shown, once for each kind: a market is read again and again. What is grave counts each time."""
        words = writable(words)
        trouble = MarketTrouble(symbol, f"the venue's market data cannot be believed: {words}", is_grave)
        if is_grave:
            if trouble not in self._untold:
                self._untold.append(trouble)
        elif words not in self._told and len(self._told) < _TOLD_MAX:
            self._told.add(words)
            self._untold.append(trouble)

    def take_untold(self) -> list[MarketTrouble]:
        """What was found wrong and has not been shown yet."""
        untold, self._untold = self._untold, []
        return untold


def checked(market: MarketDataPort, *, is_trusted: bool = False) -> CheckedMarket:
    """The market with every word of it looked at; one that is already stays as it is."""
    return market if isinstance(market, CheckedMarket) else CheckedMarket(market, is_trusted=is_trusted)
