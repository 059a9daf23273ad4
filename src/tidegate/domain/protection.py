"""Protection: the worst price a market order may pay, and the bounds that it is made of."""

from decimal import Decimal

from tidegate.domain.amounts import ONE, ZERO, Price
from tidegate.domain.products import Product, ceiling_to, floor_to, round_limit_price
from tidegate.domain.risk import RiskLimits
from tidegate.domain.vocabulary import OrderSide

BASIS_POINT = Decimal("0.0001")
"""One basis point as a fraction, so that limits in basis points are compared by multiplication."""
PROTECTED = "protection of a market order"
"""Why review gives a market order a limit, in words."""
_BUY = OrderSide.BUY


def slippage_allowance(touch: Decimal, mid: Decimal | None, limits: RiskLimits) -> Decimal:
    """How far from mid a taker may pay, in quote currency.

    max(guard, half-spreads × half-spread), at most the ceiling. Without a mid (one side of the book is empty) there
    is no half-spread to widen it, so the plain guard of the touch stands.
    """
    guard, ceiling_bps = limits.slippage_guard_bps, limits.slippage_ceiling_bps
    if guard > ceiling_bps:
        guard = ceiling_bps
    if mid is None:
        return touch * guard * BASIS_POINT
    allowed = mid * guard * BASIS_POINT
    half = touch - mid
    wide = (half if half > ZERO else -half) * limits.slippage_half_spreads
    if wide <= allowed:
        return allowed
    ceiling = mid * ceiling_bps * BASIS_POINT
    return wide if wide < ceiling else ceiling


def protected_price(product: Product, side: OrderSide, touch: Decimal, allowance: Decimal, limits: RiskLimits) -> Price:
    """touch ± min(slippage allowance, collar), rounded in the order's favour: the limit of a market order."""
    collar, increment = touch * limits.collar_pct, product.price_increment
    allowed = allowance if allowance < collar else collar
    if side is _BUY:
        return Price(floor_to(touch + allowed, increment))
    return Price(ceiling_to(touch - allowed, increment))


def stale_exit_price(product: Product, side: OrderSide, last_known: Decimal, limits: RiskLimits) -> Price:
    """last known price ± the wider band: the limit of an exit while the feed is silent."""
    band = limits.stale_exit_band_pct
    return round_limit_price(product, side, last_known * (ONE + band if side is _BUY else ONE - band))
