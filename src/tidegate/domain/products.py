"""Products: what can be traded, its increments and minimums, and rounding that never raises a size."""

from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct
from msgspec.structs import force_setattr

from tidegate.domain.amounts import DOMAIN_CONTEXT, ONE, ZERO, Money, Price, Quantity, exact
from tidegate.domain.vocabulary import OrderSide, ProductKind

_BUY, _SPOT = OrderSide.BUY, ProductKind.SPOT
"""Bound once: in Python 3.11 looking a member up on its enumeration costs more than adding two decimals."""


class TradingFlags(Struct, frozen=True, gc=False, kw_only=True):
    """What the venue currently lets happen on a product; all False is normal trading."""

    trading_disabled: bool = False
    cancel_only: bool = False
    limit_only: bool = False
    post_only: bool = False
    auction: bool = False


OPEN_FOR_TRADING = TradingFlags()


class Product(Struct, frozen=True, gc=False, kw_only=True):
    """One tradable product.

    Amounts: prices in quote currency per unit of base (times `multiplier`, the base units in one contract); quantities
    in units of base, or in contracts where `multiplier` is not 1; rates are fractions (0.001 = 10 bps).
    `underlying` is the alias group for exposure: BTC-USD, BTC-USDC and BTC-PERP share BTC.
    """

    symbol: str
    kind: ProductKind
    base_currency: str
    quote_currency: str
    settlement_currency: str
    underlying: str
    price_increment: Decimal
    base_increment: Decimal
    minimum_quantity: Decimal = ZERO
    minimum_notional: Decimal = ZERO
    maximum_quantity: Decimal | None = None
    multiplier: Decimal = ONE
    maker_fee_rate: Decimal = ZERO
    taker_fee_rate: Decimal = ZERO
    initial_margin_rate: Decimal = ONE
    maintenance_margin_rate: Decimal = ZERO
    expires_at: datetime | None = None
    opens_at: datetime | None = None
    flags: TradingFlags = OPEN_FOR_TRADING

    def __post_init__(self) -> None:
        # Wherever a product comes from, what is usual is one object, by which an order's way knows it at a glance.
        if self.multiplier is not ONE and str(self.multiplier) == "1":
            force_setattr(self, "multiplier", ONE)
        if self.flags is not OPEN_FOR_TRADING and self.flags == OPEN_FOR_TRADING:
            force_setattr(self, "flags", OPEN_FOR_TRADING)

    @property
    def is_spot(self) -> bool:
        return self.kind is _SPOT

    def notional(self, quantity: Decimal, at_price: Decimal) -> Money:
        """quantity × multiplier × price, in quote currency."""
        value = DOMAIN_CONTEXT.multiply(quantity, at_price)
        return Money(value if self.multiplier is ONE else DOMAIN_CONTEXT.multiply(value, self.multiplier))


def fee_rate(product: Product) -> Decimal:
    """The worst fee of the product as a fraction of notional: maker or taker, and never a rebate."""
    taker, maker = product.taker_fee_rate, product.maker_fee_rate
    worst = taker if taker > maker else maker
    return worst if worst > ZERO else ZERO


def floor_to(value: Decimal, increment: Decimal) -> Decimal:
    """The largest multiple of an increment that is not above a value of zero or more, in the caller's context."""
    # Where the increment is a power of ten, as nearly all are, the first step is the answer already.
    near = value.quantize(increment, ROUND_FLOOR)
    rest = near % increment
    return near - rest if rest else near


def ceiling_to(value: Decimal, increment: Decimal) -> Decimal:
    """The smallest multiple of an increment that is not below a value of zero or more, in the caller's context."""
    below = floor_to(value, increment)
    return below if below == value else below + increment


def is_multiple(value: Decimal, increment: Decimal) -> bool:
    """Whether a value lies on the grid of an increment."""
    return DOMAIN_CONTEXT.remainder(value, increment) == ZERO


@exact
def round_quantity(product: Product, value: Decimal) -> Quantity:
    """A size down to the product's increment; never up, not even to the minimum."""
    increment = product.base_increment
    return Quantity(floor_to(value, increment) if value % increment else value)


@exact
def round_limit_price(product: Product, side: OrderSide, value: Decimal) -> Price:
    """A limit price to the increment in the order's favour: a buy down, a sell up."""
    increment = product.price_increment
    if not value % increment:
        return Price(value)
    return Price(floor_to(value, increment) if side is _BUY else ceiling_to(value, increment))


@exact
def round_trigger_price(product: Product, side: OrderSide, value: Decimal) -> Price:
    """A trigger to the increment so that it fires no later than asked: a sell's up, a buy's down."""
    increment = product.price_increment
    if not value % increment:
        return Price(value)
    return Price(floor_to(value, increment) if side is _BUY else ceiling_to(value, increment))


@exact
def round_trail(product: Product, value: Decimal) -> Price:
    """A trail down to the increment, so that it is no further behind than asked; zero where it is less than one."""
    return Price(floor_to(value, product.price_increment))
