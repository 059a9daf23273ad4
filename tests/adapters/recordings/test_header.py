"""The header gives back the products that went in, and refuses what no product is."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.adapters.recordings.samples import HEADER
from tidegate.adapters.recordings.header import (
    ProductEntry,
    RecordingHeader,
    decode_header,
    entry_of,
    microseconds_of,
    moment_of,
)
from tidegate.adapters.recordings.writer import encode_line
from tidegate.domain.products import Product, TradingFlags
from tidegate.domain.vocabulary import ProductKind

FUTURE = Product(
    symbol="BIT-28AUG26-CDE",
    kind=ProductKind.FUTURE,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal(5),
    base_increment=Decimal(1),
    minimum_quantity=Decimal(1),
    maximum_quantity=Decimal(1000),
    multiplier=Decimal("0.01"),
    maker_fee_rate=Decimal("-0.0001"),
    taker_fee_rate=Decimal("0.0005"),
    initial_margin_rate=Decimal("0.25"),
    maintenance_margin_rate=Decimal("0.2"),
    expires_at=datetime(2026, 8, 28, 15, tzinfo=UTC),
    opens_at=datetime(2026, 5, 3, 22, tzinfo=UTC),
    flags=TradingFlags(limit_only=True),
)


def edited(**changes: Any) -> bytes:
    """The header line with some of its first product's fields changed."""
    fields = msgspec.json.decode(encode_line(HEADER))
    fields["products"][0].update(changes)
    return msgspec.json.encode(fields)


def test_a_product_survives_the_wire_with_every_field() -> None:
    """Increments, fees, margins, expiry and flags decide what an order may be; none may be lost."""
    header = msgspec.structs.replace(HEADER, products=(entry_of(FUTURE), *HEADER.products[:1]))

    read = RecordingHeader(decode_header(encode_line(header)))

    assert read.products[0] == FUTURE
    assert read.started_at == HEADER.started_at
    assert read.depth == "orders"


def test_a_product_may_take_its_prices_from_a_recorded_one() -> None:
    """BTC-PERP has no rows of its own; the header says whose it shares."""
    read = RecordingHeader(HEADER)

    assert [product.symbol for product in read.products] == ["BTC-USD", "BTC-PERP"]
    assert dict(read.prices_from) == {"BTC-PERP": "BTC-USD"}
    assert read.recorded_count == 1


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"symbol": "btc usd"}, "symbol"),
        ({"base_currency": "\u0412TC"}, "base_currency"),
        ({"price_increment": "0"}, "price_increment"),
        ({"base_increment": "NaN"}, "base_increment"),
        ({"maximum_quantity": "0"}, "maximum_quantity"),
        ({"minimum_notional": "-1"}, "minimum_notional"),
        ({"taker_fee_rate": "Infinity"}, "taker_fee_rate"),
        ({"initial_margin_rate": "0"}, "initial_margin_rate"),
        ({"kind": "OPTION"}, "kind"),
        ({"expires_at": "2026-08-28T15:00:00"}, "timezone"),
        ({"colour": "red"}, "colour"),
        ({"prices_from": "ETH-USD"}, "ETH-USD"),
    ],
)
def test_a_product_that_cannot_be_is_refused_with_its_field(changes: dict[str, str], complaint: str) -> None:
    """What a header says decides sizes and prices of orders."""
    with pytest.raises(msgspec.ValidationError, match=complaint):
        decode_header(edited(**changes))


def test_products_stand_once_and_recorded_ones_first() -> None:
    """A row's product index is checked against one bound."""
    spot, perpetual = HEADER.products
    with pytest.raises(ValueError, match="twice"):
        msgspec.structs.replace(HEADER, products=(spot, spot))
    with pytest.raises(ValueError, match="not recorded here"):
        msgspec.structs.replace(HEADER, products=(perpetual, spot))
    other = ProductEntry(**{**msgspec.structs.asdict(spot), "symbol": "ETH-USD"})
    with pytest.raises(ValueError, match="ETH-USD is recorded but stands behind"):
        msgspec.structs.replace(HEADER, products=(spot, perpetual, other))


def test_a_newer_format_is_refused_by_its_version_whatever_else_it_says() -> None:
    """A newer header may have fields that this reader would call mistakes."""
    with pytest.raises(msgspec.ValidationError, match="version 2 is not 1"):
        decode_header(b'{"tidegate_recording":2,"novelty":true}')


def test_a_moment_is_microseconds_since_the_epoch_in_any_zone() -> None:
    """A row's time and the clock's are the same instant."""
    at = datetime(2026, 5, 2, 4, 36, 20, 521_001, tzinfo=timezone(timedelta(hours=2)))

    assert moment_of(microseconds_of(at)) == at
    assert microseconds_of(at) == 1_777_689_380_521_001
