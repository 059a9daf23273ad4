"""Impact: how far an order would move the market, read off the book, modelled beyond it, or BLIND."""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import BPS, ONE, ZERO, exact, plain
from tidegate.domain.books import Level, Walk, walk
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide

SQUARE_ROOT_COEFFICIENT = ONE
"""Y of the square-root law until it is fitted; of order one (Donier and Bonart 2015, measured on bitcoin)."""


class ImpactEstimate(Struct, frozen=True, gc=False, kw_only=True):
    """What an order would do to the market.

    `impact_bps` is the average price paid against the touch, in basis points, never negative; `expected_price` that
    average in quote currency. `is_modelled` says that part of the order lies beyond the visible book and comes from
    the square-root law.
    """

    symbol: str
    side: OrderSide
    quantity: Decimal
    touch: Decimal
    expected_price: Decimal
    impact_bps: Decimal
    is_modelled: bool = False


class Blind(Struct, frozen=True, gc=False, kw_only=True):
    """The impact cannot be seen, and is not made up."""

    symbol: str
    reason: str


ImpactEstimator = Callable[[str, OrderSide, Decimal], ImpactEstimate | Blind]


@exact
def estimate_impact(
    market: MarketReading,
    side: OrderSide,
    quantity: Decimal,
    *,
    limit: Decimal | None = None,
    multiplier: Decimal = ONE,
) -> ImpactEstimate | Blind:
    """The walk's average against the touch; beyond a complete book Y·σ_day·√(Q/V_day), where the day is known.

    `limit` bounds the walk as an order's limit would, and `multiplier` is the base units in one contract, since V is
    in base units. Blind without a usable book, past recorded depth, and beyond the book without the day's volume and
    volatility.
    """
    book, symbol = market.book, market.symbol
    if book is None or not market.is_synced or book.is_crossed:
        return Blind(symbol=symbol, reason="there is no usable book")
    walked = walk(book, side, quantity, limit)
    levels = book.side(side)
    if not levels or not walked.filled:
        return Blind(symbol=symbol, reason="nothing is displayed to trade against")
    touch = levels[0].price
    if walked.is_blind:
        reason = f"the book shows {plain(walked.filled)} of {plain(quantity)}, and more depth was not recorded"
        return Blind(symbol=symbol, reason=reason)
    fraction = _against_touch(walked, touch, side)
    is_beyond = not walked.is_whole and limit is None
    if is_beyond:
        modelled = square_root_impact(market, quantity * multiplier)
        if modelled is None:
            return Blind(symbol=symbol, reason="the order is larger than the book, and the day's volume is unknown")
        fraction = max(fraction, modelled)
    return ImpactEstimate(
        symbol=symbol,
        side=side,
        quantity=quantity,
        touch=touch,
        expected_price=touch * (ONE + fraction if side is OrderSide.BUY else ONE - fraction),
        impact_bps=fraction * BPS,
        is_modelled=is_beyond,
    )


def _against_touch(walked: Walk, touch: Decimal, side: OrderSide) -> Decimal:
    """(average − touch)/touch for a buy, the other way for a sell."""
    at_touch = touch * walked.filled
    worse = walked.cost - at_touch if side is OrderSide.BUY else at_touch - walked.cost
    return worse / at_touch


def square_root_impact(market: MarketReading, base_quantity: Decimal) -> Decimal | None:
    """Y·σ_day·√(Q/V_day) as a fraction of price; None where the day's volume or volatility is not known."""
    volume, volatility = market.daily_volume, market.daily_volatility
    if volume is None or volatility is None or volume <= ZERO:
        return None
    return SQUARE_ROOT_COEFFICIENT * volatility * (base_quantity / volume).sqrt()


def quantity_within(levels: tuple[Level, ...], bound: Decimal, side: OrderSide) -> Decimal:
    """The largest quantity that the levels fill at an average no worse than `bound`.

    Each level adds quantity × (bound − price) of room; the level at which the room runs out is taken in part.
    """
    total, room = ZERO, ZERO
    for level in levels:
        better = bound - level.price if side is OrderSide.BUY else level.price - bound
        gain = better * level.quantity
        if room + gain < ZERO:
            return total + room / -better
        room += gain
        total += level.quantity
    return total
