"""Products for scripted markets: a spot pair and a perpetual on the same coin, with round figures."""

from decimal import Decimal

from tidegate.domain.products import Product
from tidegate.domain.vocabulary import ProductKind

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
    symbol="BTC-PERP",
    kind=ProductKind.PERPETUAL,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.01"),
    base_increment=Decimal("0.0001"),
    minimum_quantity=Decimal("0.0001"),
    minimum_notional=Decimal(1),
    maker_fee_rate=Decimal("0.0002"),
    taker_fee_rate=Decimal("0.0005"),
    initial_margin_rate=Decimal("0.1"),
    maintenance_margin_rate=Decimal("0.05"),
)
SCRIPTED_PRODUCTS = (SPOT, PERPETUAL)
