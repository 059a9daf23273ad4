"""The market: seeded random walks with books, the same at a moment whoever asks and whenever."""

from decimal import Decimal

from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.products import Product
from tidegate.domain.vocabulary import OrderSide, ProductKind
from tidegate.testing.simulation.dice import Dice

SPOT = Product(
    symbol="BTC-USD",
    kind=ProductKind.SPOT,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.01"),
    base_increment=Decimal("0.00000001"),
    minimum_quantity=Decimal("0.0001"),
    minimum_notional=Decimal(1),
    maker_fee_rate=Decimal("0.001"),
    taker_fee_rate=Decimal("0.002"),
)
PERPETUAL = Product(
    symbol="ETH-PERP",
    kind=ProductKind.PERPETUAL,
    base_currency="ETH",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="ETH",
    price_increment=Decimal("0.01"),
    base_increment=Decimal("0.001"),
    minimum_quantity=Decimal("0.001"),
    minimum_notional=Decimal(1),
    maker_fee_rate=Decimal("0.0002"),
    taker_fee_rate=Decimal("0.0005"),
    initial_margin_rate=Decimal("0.1"),
    maintenance_margin_rate=Decimal("0.05"),
    multiplier=Decimal(2),
)
PRODUCTS = (SPOT, PERPETUAL)
BY_SYMBOL = {product.symbol: product for product in PRODUCTS}
OPENING_USD = Decimal(100_000)

_START_CENTS = {"BTC-USD": 5_000_000, "ETH-PERP": 125_000}
_SIZES = {"BTC-USD": Decimal("0.4"), "ETH-PERP": Decimal(8)}
_STEP_BPS = 2.0
_LEVELS = 5
_REFERENCE_SECONDS = 60


class Market:
    """Mid prices that move once a second, as whole cents, and a book of a few levels around each."""

    def __init__(self, seed: int) -> None:
        self._walks = {symbol: [cents] for symbol, cents in _START_CENTS.items()}
        self._dice = {symbol: Dice("market", seed, symbol) for symbol in _START_CENTS}
        self._books: dict[str, tuple[int, BookSnapshot]] = {}

    def cents(self, symbol: str, second: int) -> int:
        """The mid in cents in that second of the life."""
        walk, dice = self._walks[symbol], self._dice[symbol]
        while len(walk) <= second:
            walk.append(max(100, round(walk[-1] * (1 + dice.uniform(-_STEP_BPS, _STEP_BPS) / 10_000))))
        return walk[second]

    def reference(self, symbol: str, second: int) -> Decimal:
        """The median mid of the last minute, of what there is of it."""
        self.cents(symbol, second)
        recent = sorted(self._walks[symbol][max(0, second - _REFERENCE_SECONDS + 1) : second + 1])
        return Decimal(recent[len(recent) // 2]).scaleb(-2)

    def touch(self, symbol: str, second: int, taker: OrderSide) -> Decimal:
        """The best price that a taker on this side meets."""
        cents = self.cents(symbol, second)
        return Decimal(cents + _tick(cents) * taker.sign).scaleb(-2)

    def mid(self, symbol: str, second: int) -> Decimal:
        return Decimal(self.cents(symbol, second)).scaleb(-2)

    def book(self, symbol: str, second: int) -> BookSnapshot:
        """What is displayed in that second, best first."""
        known = self._books.get(symbol)
        if known is not None and known[0] == second:
            return known[1]
        cents = self.cents(symbol, second)
        tick = _tick(cents)
        size = _SIZES[symbol]
        book = BookSnapshot(
            symbol=symbol,
            bids=tuple(Level(Decimal(cents - tick * step).scaleb(-2), size * step) for step in range(1, _LEVELS + 1)),
            asks=tuple(Level(Decimal(cents + tick * step).scaleb(-2), size * step) for step in range(1, _LEVELS + 1)),
            version=second + 1,
            is_complete=True,
        )
        self._books[symbol] = (second, book)
        return book


def _tick(cents: int) -> int:
    """Half the spread and the distance between levels, half a basis point or a cent."""
    return max(1, cents // 20_000)
