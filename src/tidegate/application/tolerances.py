"""Tolerances: by how much holdings may differ between records and venue without being a mismatch."""

from decimal import Decimal

from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.ports import MarketDataPort
from tidegate.domain.risk import RiskManager


def of_positions(market_data: MarketDataPort, risk: RiskManager) -> dict[str, Decimal]:
    """By derivative: so many of its increments as its limits allow."""
    return {
        product.symbol: DOMAIN_CONTEXT.multiply(
            product.base_increment, risk.limits_for(product.symbol).position_tolerance_increments
        )
        for product in market_data.products
        if not product.is_spot
    }


def of_balances(market_data: MarketDataPort) -> dict[str, Decimal]:
    """By currency: one increment of what is traded, and one cent-like step of what pays."""
    tolerance: dict[str, Decimal] = {}
    for product in market_data.products:
        step = DOMAIN_CONTEXT.multiply(product.base_increment, product.price_increment)
        tolerance[product.quote_currency] = max(step, tolerance.get(product.quote_currency, step))
        if product.is_spot:
            tolerance[product.base_currency] = product.base_increment
    return tolerance
