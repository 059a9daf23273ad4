"""Contradiction: what a caller says is held against what market data and ledger say."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.domain.histories import NOW, PERPETUAL, SPOT, product
from tidegate.domain.contradiction import as_mark, contradiction
from tidegate.domain.marks import Mark
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import MarketReading

MARKET = MarketReading(symbol="BTC-USD", mark=Mark(Decimal(60_000), NOW))
HELD = Position(symbol="BTC-USD", quantity=Decimal(1), entry_price=Decimal(60_000))


def judged(of: Product = SPOT, market: MarketReading = MARKET, **said: Any) -> AnyRefusal | None:
    """The refusal of what the caller says; collar 5 %."""
    nothing = {"mark": None, "given_product": None, "given_position": None, "at": NOW}
    return contradiction(product=of, market=market, held=HELD, limits=RiskLimits(), **(nothing | said))


def test_who_says_nothing_contradicts_nothing() -> None:
    """All of it is read from the venue and the ledger."""
    assert judged() is None


def test_a_bare_decimal_is_a_mark_seen_now() -> None:
    """A mark stays as it is, and none is none."""
    earlier = Mark(Decimal(1), NOW)

    assert as_mark(Decimal(5), NOW) == Mark(Decimal(5), NOW)
    assert as_mark(earlier, NOW) is earlier
    assert as_mark(None, NOW) is None


@pytest.mark.parametrize("given", [60_000.0, "60000", 60_000, Mark(1.5, NOW)])  # type: ignore[arg-type] # on purpose
def test_a_mark_of_another_type_is_named(given: Any) -> None:
    """A float is no price."""
    with pytest.raises(TypeError, match="mark must be a Mark, a Decimal or None, not"):
        as_mark(given, NOW)


@pytest.mark.parametrize(
    ("price", "code"), [("57000", None), ("63000", None), ("56999", "COLLAR"), ("63001", "COLLAR")]
)
def test_a_mark_may_differ_by_the_collar(price: str, code: str | None) -> None:
    """M8: 5 % either way of 60,000."""
    refusal = judged(mark=Mark(Decimal(price), NOW))

    assert (refusal.code if refusal is not None else None) == code


def test_a_mark_beyond_the_collar_is_told_which_would_do() -> None:
    """On the product's grid, and within the collar on both sides."""
    refusal = judged(of=product("BTC-USD", price_increment=Decimal(7)), mark=Mark(Decimal(1), NOW))

    assert refusal is not None
    assert refusal.remedy is not None
    assert refusal.remedy.text == "give a mark between 57001 and 63000, or none"
    assert refusal.figures == {"given": 1, "market": 60_000, "low": 57_000, "high": 63_000}


@pytest.mark.parametrize(
    ("ahead_ms", "is_exit", "code"), [(1_000, False, None), (1_001, False, "INVALID"), (1_001, True, None)]
)
def test_a_mark_from_the_future_is_refused_beyond_the_skew_of_clocks(
    ahead_ms: int, is_exit: bool, code: str | None
) -> None:
    """N9: its age says nothing. No clock stops an exit."""
    ahead = Mark(Decimal(60_000), NOW + timedelta(milliseconds=ahead_ms))
    refusal = judged(mark=ahead, is_exit=is_exit)

    assert (refusal.code if refusal is not None else None) == code
    if refusal is not None:
        assert refusal.figures == {"ahead_seconds": Decimal("1.001"), "limit_seconds": 1}


def test_a_mark_without_a_market_to_hold_it_against_stands() -> None:
    """The checks will find that there is no price."""
    assert judged(market=MarketReading(symbol="BTC-USD"), mark=Mark(Decimal(5), NOW)) is None


@pytest.mark.parametrize("price", ["NaN", "sNaN", "Infinity", "0", "-1", "1e18"])
def test_an_impossible_mark_is_invalid(price: str) -> None:
    """N1, M3."""
    refusal = judged(mark=Mark(Decimal(price), NOW))

    assert refusal is not None
    assert (refusal.code, refusal.facts["argument"]) == ("INVALID", "mark")


@pytest.mark.parametrize(
    "other",
    [
        PERPETUAL,
        product("BTC-USD", kind=PERPETUAL.kind),
        product("BTC-USD", price_increment=Decimal(1)),
        product("BTC-USD", base_increment=Decimal(1)),
        product("BTC-USD", multiplier=Decimal("0.01")),
    ],
)
def test_a_product_that_is_not_the_venues_is_invalid(other: Product) -> None:
    """Its increments would make another order of it."""
    refusal = judged(given_product=other)

    assert refusal is not None
    assert (refusal.code, refusal.facts["argument"]) == ("INVALID", "product")


def test_a_product_may_know_other_fees_and_flags() -> None:
    """The venue's are used in any case."""
    assert judged(given_product=product("BTC-USD", taker_fee_rate=Decimal(0))) is None


@pytest.mark.parametrize(
    ("quantity", "agrees"),
    [("1", True), ("1.00000001", True), ("0.99999999", True), ("1.00000002", False), ("-1", False)],
)
def test_a_position_may_differ_by_one_increment(quantity: str, agrees: bool) -> None:
    """The ledger's is used in any case."""
    refusal = judged(given_position=Position(symbol="BTC-USD", quantity=Decimal(quantity)))

    assert (refusal is None) is agrees
    assert refusal is None or (refusal.code, refusal.facts["argument"]) == ("INVALID", "position_state")


def test_a_position_of_another_symbol_is_invalid() -> None:
    """However large it is."""
    refusal = judged(given_position=Position(symbol="ETH-USD", quantity=Decimal(1)))

    assert refusal is not None
    assert refusal.message == "the position given is of ETH-USD"


@pytest.mark.parametrize("quantity", ["NaN", "sNaN", "-Infinity", "1e30"])
def test_an_impossible_position_is_invalid(quantity: str) -> None:
    """N1."""
    refusal = judged(given_position=Position(symbol="BTC-USD", quantity=Decimal(quantity)))

    assert refusal is not None
    assert refusal.message.startswith("the quantity of the position given ")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"given_product": "BTC-USD"}, "product must be a Product or None, not str"),
        ({"given_position": 1}, "position_state must be a Position or None, not int"),
        (
            {"given_position": Position(symbol="BTC-USD", quantity=1.0)},  # type: ignore[arg-type] # on purpose
            "position_state.quantity must be a Decimal, not float",
        ),
    ],
)
def test_an_argument_of_another_type_is_a_named_error(said: dict[str, Any], message: str) -> None:
    """Never an AttributeError from somewhere within."""
    with pytest.raises(TypeError, match=message):
        judged(**said)
