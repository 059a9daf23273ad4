"""Market flaws: what no order may be sized, priced or paid by, told in one sentence."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.histories import NOW, PERPETUAL, SPOT
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.market_flaws import depth_flaw, is_plain, product_flaw, reading_flaw
from tidegate.domain.marks import Mark
from tidegate.domain.views import MarketReading

SYMBOL = SPOT.symbol
LEVELS = tuple(Level(Decimal(100 - step), Decimal(1)) for step in range(5))
HIGHER = tuple(Level(Decimal(101 + step), Decimal(1)) for step in range(5))
BOOK = BookSnapshot(symbol=SYMBOL, bids=LEVELS, asks=HIGHER)
SOUND = MarketReading(
    symbol=SYMBOL,
    book=BOOK,
    heard_at=NOW,
    mark=Mark(Decimal("100.5"), NOW),
    last_price=Decimal(100),
    clock_offset_ms=Decimal(-3),
)
NAIVE = datetime(2026, 5, 2)  # noqa: DTZ001 -- the flaw in question


def with_level(place: int, level: Any) -> BookSnapshot:
    """The book with another level among its bids."""
    return replace(BOOK, bids=(*LEVELS[:place], level, *LEVELS[place + 1 :]))


def test_what_is_sound_has_no_flaw() -> None:
    """Spot and derivatives; a reading with everything, with one side, and with nothing."""
    assert [product_flaw(one) for one in (SPOT, PERPETUAL)] == ["", ""]
    for reading in (SOUND, replace(SOUND, book=replace(BOOK, asks=())), MarketReading(symbol=SYMBOL)):
        assert reading_flaw(SYMBOL, reading) == depth_flaw(reading) == ""
    assert is_plain(SYMBOL, SOUND)
    assert is_plain(SYMBOL, replace(SOUND, book=None, mark=None))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbol": ""}, "its symbol"),
        ({"symbol": 5}, "its symbol"),
        ({"kind": "SPOT?"}, "kind 'SPOT?'"),
        ({"flags": None}, "flags None"),
        ({"quote_currency": None}, "quote_currency is None"),
        ({"price_increment": Decimal(0)}, "price_increment"),
        ({"base_increment": 0.01}, "base_increment is 0.01"),
        ({"multiplier": Decimal("NaN")}, "multiplier"),
        ({"minimum_notional": Decimal(-1)}, "minimum_notional"),
        ({"taker_fee_rate": Decimal("inf")}, "taker_fee_rate"),
        ({"maximum_quantity": Decimal(0)}, "maximum_quantity"),
        ({"expires_at": NAIVE}, "no moment"),
    ],
)
def test_a_product_that_cannot_be_traded_by(changes: dict[str, Any], words: str) -> None:
    """It is named with what is wrong in it."""
    assert words in product_flaw(replace(SPOT, **changes))


def test_a_rebate_is_no_flaw() -> None:
    """Makers are paid at some venues."""
    assert not product_flaw(replace(SPOT, maker_fee_rate=Decimal("-0.0001")))


@pytest.mark.parametrize("what", [None, {"symbol": SYMBOL}, "BTC-USD"])
def test_what_is_neither(what: object) -> None:
    """Its type is named."""
    assert product_flaw(what) == f"{type(what).__name__} is no product"
    assert reading_flaw(SYMBOL, what) == f"{type(what).__name__} is no reading"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbol": "ETH-USD"}, "a reading of 'ETH-USD'"),
        ({"heard_at": NAIVE}, "heard at"),
        ({"heard_at": 1_700_000_000}, "heard at 1700000000"),
        ({"mark": Decimal(100)}, "the mark"),
        ({"mark": Mark(Decimal(-1), NOW)}, "the mark"),
        ({"mark": Mark(Decimal(1), NAIVE)}, "the mark"),
        ({"book": "none"}, "the book"),
        ({"book": replace(BOOK, symbol="ETH-USD")}, "the book"),
        ({"book": replace(BOOK, bids=list(LEVELS))}, "a side of the book"),
        ({"book": with_level(0, (100, 1))}, "a side of the book"),
        ({"book": with_level(0, Level(Decimal("NaN"), Decimal(1)))}, "a side of the book"),
        ({"book": with_level(0, Level(Decimal(100), Decimal(-1)))}, "a side of the book"),
    ],
)
def test_a_reading_that_is_wrong_at_one_look(changes: dict[str, Any], words: str) -> None:
    """Its kind, its symbol, its moments, its mark, and the touch."""
    reading = replace(SOUND, **changes)

    assert words in reading_flaw(SYMBOL, reading)
    assert not is_plain(SYMBOL, reading)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"last_price": 100.5}, "last_price is 100.5"),
        ({"reference_mid": Decimal(0)}, "reference_mid"),
        ({"clock_offset_ms": Decimal("inf")}, "clock_offset_ms"),
        ({"daily_volume": 5}, "daily_volume is 5"),
        ({"book": with_level(3, Level(97.0, Decimal(1)))}, "the level"),  # type: ignore[arg-type]
        ({"book": with_level(3, (Decimal(97), Decimal(1)))}, "the level"),
        ({"book": with_level(3, Level(Decimal(99), Decimal(1)))}, "not best first"),
        ({"book": replace(BOOK, asks=HIGHER[::-1])}, "not best first"),
    ],
)
def test_a_reading_that_is_wrong_in_its_depth(changes: dict[str, Any], words: str) -> None:
    """What one look does not see."""
    reading = replace(SOUND, **changes)

    assert not reading_flaw(SYMBOL, reading)
    assert words in depth_flaw(reading)
