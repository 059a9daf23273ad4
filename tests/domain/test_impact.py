"""How far an order would move the market: read off the book, modelled beyond it, or not known."""

from decimal import Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.situations import ASKS, QUIET, book, levels
from tidegate.domain.amounts import BPS
from tidegate.domain.books import walk
from tidegate.domain.impact import Blind, ImpactEstimate, estimate_impact, quantity_within
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide

BUY, SELL = OrderSide
KNOWN_DAY: dict[str, Any] = {"daily_volume": Decimal(10_000), "daily_volatility": Decimal("0.03")}


def market(*, whole: bool = False, **fields: Any) -> MarketReading:
    """The quiet market, with other fields."""
    return replace(QUIET.reading, **({"book": book(whole=whole)} | fields))


@pytest.mark.parametrize(
    ("side", "quantity", "average"),
    [
        (BUY, "0.5", "60010"),
        (BUY, "1.5", "60016.66666667"),
        (SELL, "0.5", "60000"),
        (SELL, "1.5", "59993.33333333"),
    ],
)
def test_within_the_book_the_impact_is_the_walks_average_against_the_touch(
    side: OrderSide, quantity: str, average: str
) -> None:
    """Never negative, and nothing modelled."""
    found = estimate_impact(market(), side, Decimal(quantity))

    assert isinstance(found, ImpactEstimate)
    assert round(found.expected_price, 8) == Decimal(average)
    assert round(found.impact_bps, 4) == round(abs(Decimal(average) / found.touch - 1) * BPS, 4)
    assert not found.is_modelled


@pytest.mark.parametrize(
    ("reading", "side", "quantity", "why"),
    [
        (market(book=None), BUY, "1", "no usable book"),
        (market(is_synced=False), BUY, "1", "no usable book"),
        (market(book=book(QUIET.asks, QUIET.bids)), BUY, "1", "no usable book"),
        (market(book=book(asks=())), BUY, "1", "nothing is displayed"),
        (market(**KNOWN_DAY), BUY, "9", "not recorded"),
        (market(whole=True), BUY, "9", "volume is unknown"),
        (market(whole=True, daily_volume=Decimal(0), daily_volatility=Decimal(1)), BUY, "9", "volume is unknown"),
    ],
)
def test_what_cannot_be_seen_is_blind(reading: MarketReading, side: OrderSide, quantity: str, why: str) -> None:
    """No depth is invented: not past what was recorded, and not beyond a book of a market whose day is unknown."""
    found = estimate_impact(reading, side, Decimal(quantity))

    assert isinstance(found, Blind)
    assert why in found.reason


@pytest.mark.parametrize(("multiplier", "impact"), [("1", "150"), ("0.25", "75")])
def test_beyond_the_whole_book_the_square_root_law_holds(multiplier: str, impact: str) -> None:
    """Y·σ·√(Q/V): 0.03 × √(2500/10000) is 150 bps; a quarter of the size moves half as far."""
    found = estimate_impact(market(whole=True, **KNOWN_DAY), BUY, Decimal(2_500), multiplier=Decimal(multiplier))

    assert isinstance(found, ImpactEstimate)
    assert found.impact_bps == Decimal(impact)
    assert found.is_modelled


def test_the_model_never_says_less_than_the_book() -> None:
    """What the visible levels cost already is the least it can be."""
    quiet_day = KNOWN_DAY | {"daily_volatility": Decimal("0.0000001")}
    found = estimate_impact(market(whole=True, **quiet_day), BUY, Decimal(9))

    visible = estimate_impact(market(), BUY, Decimal("8.5"))
    assert isinstance(found, ImpactEstimate)
    assert isinstance(visible, ImpactEstimate)
    assert found.impact_bps == visible.impact_bps


def test_a_limit_bounds_what_an_order_can_move() -> None:
    """It takes the levels within its limit and rests."""
    found = estimate_impact(market(), BUY, Decimal(100), limit=Decimal(60_020))

    assert isinstance(found, ImpactEstimate)
    assert round(found.expected_price, 8) == Decimal("60016.66666667")


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.decimals(Decimal("0.01"), Decimal(5), places=2)), min_size=1, max_size=6),
    st.integers(0, 120),
)
def test_the_largest_quantity_within_a_bound_is_just_that(steps: list[tuple[int, Decimal]], room: int) -> None:
    """Its average is no worse than the bound, and where the book has more, a little more would be."""
    prices, price = [], 1_000
    for step, size in steps:
        price += step
        prices.append((str(price), str(size)))
    asks, bound = levels(*prices), Decimal(1_000 + room)

    largest = quantity_within(asks, bound, BUY)

    with localcontext() as exact:
        exact.prec = 50
        shown = book(asks=asks)
        if largest:
            assert walk(shown, BUY, largest).cost <= bound * largest + Decimal("1e-20")
        more = walk(shown, BUY, largest + Decimal("0.001"))
        if more.is_whole:
            assert more.cost > bound * more.filled


def test_a_quantity_within_a_bound_mirrors_for_a_sell() -> None:
    """Bids are as good downwards as asks are upwards."""
    mirrored = levels(*((str(120_000 - level.price), str(level.quantity)) for level in ASKS))

    bought = quantity_within(ASKS, Decimal(60_100), BUY)

    assert quantity_within(mirrored, Decimal(59_900), SELL) == bought
