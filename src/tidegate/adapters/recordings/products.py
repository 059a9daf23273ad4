"""The products that a recording of a Bitstamp pair carries: the pair, and a perpetual that takes its prices from it."""

from decimal import Decimal

from tidegate.adapters.recordings.header import ProductEntry, entry_of
from tidegate.domain.products import Product
from tidegate.domain.vocabulary import ProductKind

_QUOTE_CURRENCIES = ("usdt", "usdc", "usd", "eur", "gbp", "btc")

_BASE_INCREMENT = Decimal("0.00000001")  # Bitstamp states 8 base decimals for its pairs
_MINIMUM_NOTIONAL = Decimal(10)  # "minimum order 10.0 USD" in Bitstamp's trading pair information
_MAKER_FEE_RATE = Decimal("0.003")  # Bitstamp's fee schedule, the tier up to 10,000 USD in 30 days
_TAKER_FEE_RATE = Decimal("0.004")

# Bitstamp's public perpetuals were not captured. These are round figures of the size that retail venues ask, ours and
# nobody's schedule: what they are for is a derivative to practise on.
_PERPETUAL_BASE_INCREMENT = Decimal("0.0001")
_PERPETUAL_MAKER_FEE_RATE = Decimal("0.0002")
_PERPETUAL_TAKER_FEE_RATE = Decimal("0.0005")
_PERPETUAL_INITIAL_MARGIN_RATE = Decimal("0.1")
_PERPETUAL_MAINTENANCE_MARGIN_RATE = Decimal("0.05")


def currencies_of(pair: str) -> tuple[str, str] | None:
    """Base and quote of a pair as Bitstamp writes it (`btcusd`); None of one whose quote currency is not known here."""
    for quote in _QUOTE_CURRENCIES:
        base = pair.removesuffix(quote)
        if base and base != pair:
            return base.upper(), quote.upper()
    return None


def recorded_products(base: str, quote: str, price_increment: Decimal) -> tuple[ProductEntry, ProductEntry]:
    """A pair with the increment its prices show, and its perpetual."""
    spot = Product(
        symbol=f"{base}-{quote}",
        kind=ProductKind.SPOT,
        base_currency=base,
        quote_currency=quote,
        settlement_currency=quote,
        underlying=base,
        price_increment=price_increment,
        base_increment=_BASE_INCREMENT,
        minimum_quantity=_BASE_INCREMENT,
        minimum_notional=_MINIMUM_NOTIONAL,
        maker_fee_rate=_MAKER_FEE_RATE,
        taker_fee_rate=_TAKER_FEE_RATE,
    )
    perpetual = Product(
        symbol=f"{base}-PERP",
        kind=ProductKind.PERPETUAL,
        base_currency=base,
        quote_currency=quote,
        settlement_currency=quote,
        underlying=base,
        price_increment=price_increment,
        base_increment=_PERPETUAL_BASE_INCREMENT,
        minimum_quantity=_PERPETUAL_BASE_INCREMENT,
        minimum_notional=_MINIMUM_NOTIONAL,
        maker_fee_rate=_PERPETUAL_MAKER_FEE_RATE,
        taker_fee_rate=_PERPETUAL_TAKER_FEE_RATE,
        initial_margin_rate=_PERPETUAL_INITIAL_MARGIN_RATE,
        maintenance_margin_rate=_PERPETUAL_MAINTENANCE_MARGIN_RATE,
    )
    return entry_of(spot), entry_of(perpetual, prices_from=spot.symbol)
