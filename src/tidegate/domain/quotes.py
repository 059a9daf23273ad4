"""Quotes: what a product and one reading of its market say to all plain orders alike, worked out once for them."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from msgspec import Struct

from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE, ONE, ZERO
from tidegate.domain.instructions import TIMES_IN_FORCE
from tidegate.domain.orders import TermsChange
from tidegate.domain.products import OPEN_FOR_TRADING, Product, fee_rate
from tidegate.domain.protection import BASIS_POINT, PROTECTED
from tidegate.domain.risk import RiskLimits
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide, OrderType, ProductKind

_BUY, _HALF = OrderSide.BUY, Decimal("0.5")
_NEVER = datetime.max.replace(tzinfo=UTC)
_DAY_SECONDS = 86_400
_TIMES_OF_PLAIN_ORDERS = frozenset(TIMES_IN_FORCE[kind][0] for kind in (OrderType.MARKET, OrderType.LIMIT))


class Ground(Struct, frozen=True, gc=False):
    """What follows from product, limits and the venue's capabilities alone; `is_plain` says that one look may do.

    The counts are such that a whole number must be below them; `alone` is the tighter bound on an account's only pair.
    """

    product: Product
    limits: RiskLimits
    capabilities: EngineCapabilities
    is_plain: bool
    guard: Decimal
    ceiling: Decimal
    highest: Decimal
    lowest: Decimal
    cost: Decimal
    decision_life: timedelta
    feed_life: timedelta
    entries_below: int
    requests_below: int
    alone: Decimal


class Quote(Struct, frozen=True, gc=False):
    """What one reading of a market says to one side of it; `is_clear` is off where a closer look is wanted.

    It holds from `heard_at` until `silent_at`, when the feed has said nothing for too long. `limit` protects a market
    order, as `protection` tells; `may_take` says that taking at the touch costs no more than the `allowance`, and
    `shown` how much stands there, with the next level where each unit of it costs less: more are seldom needed.
    `furthest` is the collar's bound, `valued` what a unit is worth, and `is_narrow` says that the spread is one that a
    working market has.
    """

    ground: Ground
    market: MarketReading
    is_clear: bool
    heard_at: datetime = _NEVER
    silent_at: datetime = _NEVER
    bid: Decimal = ZERO
    ask: Decimal = ZERO
    touch: Decimal = ZERO
    mid: Decimal = ZERO
    limit: Decimal = ZERO
    protection: tuple[TermsChange, ...] = ()
    shown: Decimal = ZERO
    may_take: bool = False
    furthest: Decimal = ZERO
    valued: Decimal = ZERO
    is_narrow: bool = False
    allowance: Decimal = ZERO


def ground_of(
    product: Product, limits: RiskLimits, capabilities: EngineCapabilities, reporting_currency: str
) -> Ground:
    guard, ceiling = limits.slippage_guard_bps, limits.slippage_ceiling_bps
    is_plain = (
        product.kind is ProductKind.SPOT
        and product.multiplier is ONE
        and product.quote_currency == reporting_currency != product.base_currency
        and product.flags is OPEN_FOR_TRADING
        and product.opens_at is None
        and product.expires_at is None
        and _is_power_of_ten(product.price_increment)
        and _is_power_of_ten(product.base_increment)
        and not limits.kill_switch_enabled
        and not limits.reduce_only_mode
        and not limits.unprotected
        and limits.slippage_half_spreads >= ZERO
        and capabilities.market_as_limit_ioc
        and OrderType.MARKET in capabilities.order_types
        and OrderType.LIMIT in capabilities.order_types
        and capabilities.times_in_force >= _TIMES_OF_PLAIN_ORDERS
    )
    return Ground(
        product,
        limits,
        capabilities,
        is_plain,
        (guard if guard < ceiling else ceiling) * BASIS_POINT,
        ceiling * BASIS_POINT,
        ONE + limits.collar_pct,
        ONE - limits.collar_pct,
        ONE + fee_rate(product),
        _whole_seconds(limits.max_decision_age_seconds),
        _whole_seconds(limits.max_feed_age_seconds),
        _above(limits.entry_orders_per_second),
        _above(limits.venue_requests_per_second * limits.entry_budget_pct),
        min(limits.max_position_pct_per_symbol, limits.max_exposure_pct),
    )


def _whole_seconds(bound: Decimal) -> timedelta:
    """Whole seconds within the bound, and no more than a day of them: what is older than that is not plain."""
    return timedelta(seconds=min(int(bound), _DAY_SECONDS))


def _above(bound: Decimal) -> int:
    """The whole number that another is below exactly when it is below the bound."""
    return int(bound.to_integral_value(ROUND_CEILING))


def _is_power_of_ten(increment: Decimal) -> bool:
    """Whether rounding to its decimals is rounding to the increment, within the decimals that an amount may have."""
    sign, digits, exponent = increment.as_tuple()
    return not sign and digits == (1,) and isinstance(exponent, int) and -MAX_DIGITS_EACH_SIDE <= exponent <= 0


def quote_of(ground: Ground, market: MarketReading, side: OrderSide, before: Quote | None = None) -> Quote:
    """The quote as the pipeline's stages would read it; worked out once a reading.

    What follows from the touches alone is taken from the quote of this side before, where they are the same objects.
    """
    product, limits, book, heard_at = ground.product, ground.limits, market.book, market.heard_at
    if (
        book is None
        or heard_at is None
        or not market.is_synced
        or market.is_polled
        or market.clock_offset_ms
        or not (book.bids and book.asks)
    ):
        return Quote(ground, market, False)
    bid, ask = book.bids[0].price, book.asks[0].price
    is_buy, mark, index = side is _BUY, market.mark, market.index_price
    if before is not None and before.bid is bid and before.ask is ask and before.ground is ground:
        touch, mid, limit, protection = before.touch, before.mid, before.limit, before.protection
        may_take, is_narrow, allowance = before.may_take, before.is_narrow, before.allowance
    else:
        mid, spread, most = (bid + ask) * _HALF, ask - bid, limits.collar_pct
        touch, half = (ask, ask - mid) if is_buy else (bid, mid - bid)
        allowance, wide, collar = mid * ground.guard, half * limits.slippage_half_spreads, touch * most
        if wide > allowance:
            ceiling = mid * ground.ceiling
            allowance = wide if wide < ceiling else ceiling
        bound = allowance if allowance < collar else collar
        if is_buy:
            limit = (touch + bound).quantize(product.price_increment, ROUND_FLOOR)
        else:
            limit = (touch - bound).quantize(product.price_increment, ROUND_CEILING)
        protection = (TermsChange("limit_price", "none", str(limit), PROTECTED),)
        may_take, is_narrow = half * limits.slippage_multiplier <= allowance, ZERO < spread <= mid * most
    levels = book.asks if is_buy else book.bids
    shown = levels[0].quantity
    if len(levels) > 1:
        second = levels[1]
        away = second.price - mid if is_buy else mid - second.price
        if away * limits.slippage_multiplier < allowance:
            shown += second.quantity
    valued = mark.price if mark is not None else mid
    reference = market.reference_mid
    if reference is None:
        reference = valued
    return Quote(
        ground,
        market,
        is_narrow
        and mark is not None
        and market.symbol == product.symbol
        and (index is None or abs(reference - index) <= index * limits.collar_pct),
        heard_at,
        heard_at + ground.feed_life,
        bid,
        ask,
        touch,
        mid,
        limit,
        protection,
        shown,
        may_take,
        reference * (ground.highest if is_buy else ground.lowest),
        valued,
        is_narrow,
        allowance,
    )
