"""Protection: the worst price a market order may pay, and the bounds that it is made of."""

from decimal import Decimal

from tidegate.domain.amounts import ONE, Price
from tidegate.domain.products import Product, round_limit_price
from tidegate.domain.risk import RiskLimits
from tidegate.domain.vocabulary import OrderSide

BASIS_POINT = Decimal("0.0001")
"""One basis point as a fraction, so that limits in basis points are compared by multiplication."""


def slippage_allowance(touch: Decimal, mid: Decimal | None, limits: RiskLimits) -> Decimal:
    """How far from mid a taker may pay, in quote currency: max(guard, half-spreads × half-spread), at most the ceiling.

    Without a mid (one side of the book is empty) there is no half-spread to widen it, so the plain guard stands.
    """
    reference = touch if mid is None else mid
    allowed = reference * limits.slippage_guard_bps * BASIS_POINT
    if mid is not None:
        half = touch - mid
        wide = (half if half > 0 else -half) * limits.slippage_half_spreads
        if wide > allowed:
            ceiling = reference * limits.slippage_ceiling_bps * BASIS_POINT
            return wide if wide < ceiling else ceiling
    return allowed


def protected_price(
    product: Product, side: OrderSide, touch: Decimal, mid: Decimal | None, limits: RiskLimits
) -> Price:
    """touch ± min(slippage limit, collar), rounded in the order's favour: the limit that a market order goes out with."""
    allowed = slippage_allowance(touch, mid, limits)
    collar = touch * limits.collar_pct
    if collar < allowed:
        allowed = collar
    return round_limit_price(product, side, touch + allowed if side is OrderSide.BUY else touch - allowed)


def stale_exit_price(product: Product, side: OrderSide, last_known: Decimal, limits: RiskLimits) -> Price:
    """last known price ± the wider band: the limit of an exit while the feed is silent."""
    band = limits.stale_exit_band_pct
    return round_limit_price(product, side, last_known * (ONE + band if side is OrderSide.BUY else ONE - band))
