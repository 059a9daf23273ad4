"""The limit that a market order goes out with, and how old a moment is."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.domain.situations import LIMITS, NOW, QUIET, SPOT, book
from tidegate.domain.ages import after, is_older, seconds_between
from tidegate.domain.protection import protected_price, slippage_allowance, stale_exit_price
from tidegate.domain.risk import RiskLimits
from tidegate.domain.touch import NO_TOUCH, touch_of
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide


@pytest.mark.parametrize(
    ("touch", "mid", "allowed"),
    [
        ("10000", "9999", "9.999"),  # the guard of 10 bps
        ("10000", "9990", "30"),  # three half-spreads
        ("9970", "10000", "50"),  # at most 50 bps, for a sell as well
        ("10000", None, "10"),  # no mid, no half-spread
    ],
)
def test_the_allowance_is_the_guard_or_three_half_spreads_within_the_ceiling(
    touch: str, mid: str | None, allowed: str
) -> None:
    """max(10 bps, 3 × half-spread), at most 50."""
    found = slippage_allowance(Decimal(touch), None if mid is None else Decimal(mid), LIMITS)

    assert found == Decimal(allowed)


def test_the_ceiling_bounds_a_wider_guard_too() -> None:
    """At most 50 bps means at most, whatever the guard is set to."""
    loose = RiskLimits(slippage_guard_bps=Decimal(90))

    assert slippage_allowance(Decimal(10_000), Decimal(10_000), loose) == Decimal(50)
    assert slippage_allowance(Decimal(10_000), None, loose) == Decimal(50)


@pytest.mark.parametrize(
    ("side", "collar", "price"),
    [
        (OrderSide.BUY, "0.015", "10009.99"),
        (OrderSide.SELL, "0.015", "9990.01"),
        (OrderSide.BUY, "0.0005", "10005"),
        (OrderSide.SELL, "0.0005", "9995"),
    ],
)
def test_a_market_order_is_protected_by_the_narrower_of_slippage_and_collar(
    side: OrderSide, collar: str, price: str
) -> None:
    """Rounded in the order's favour, so that it never pays more than the bound."""
    limits = RiskLimits(collar_pct=Decimal(collar))

    allowance = slippage_allowance(Decimal(10_000), Decimal(9_999), limits)
    assert protected_price(SPOT, side, Decimal(10_000), allowance, limits) == Decimal(price)


@pytest.mark.parametrize(("side", "price"), [(OrderSide.BUY, "10500"), (OrderSide.SELL, "9500")])
def test_a_stale_exit_has_the_wider_band(side: OrderSide, price: str) -> None:
    """5 % of the last known price by default."""
    assert stale_exit_price(SPOT, side, Decimal(10_000), LIMITS) == Decimal(price)


@pytest.mark.parametrize(
    ("seconds", "limit", "older"),
    [
        (0, "5", False),
        (5, "5", False),
        (5.000001, "5", True),
        (0.6, "0.5", True),
        (-3, "0", False),
        (90_000, "5", True),
    ],
)
def test_an_age_is_compared_exactly(seconds: float, limit: str, older: bool) -> None:
    """The bound itself is inside, to the microsecond; the future is never old."""
    assert is_older(NOW, NOW - timedelta(seconds=seconds), Decimal(limit)) is older


def test_seconds_go_there_and_back() -> None:
    """Exact to the microsecond, with fractions."""
    later = after(NOW, Decimal("1.25"))

    assert later == NOW + timedelta(seconds=1.25)
    assert seconds_between(NOW, later) == Decimal("1.25")


@pytest.mark.parametrize(
    ("market", "touch"),
    [
        (QUIET.reading, (Decimal(60_000), Decimal(60_010), Decimal(60_005))),
        (MarketReading(symbol="X"), NO_TOUCH),
        (MarketReading(symbol="X", book=book(), is_synced=False), NO_TOUCH),
        (MarketReading(symbol="X", book=book(QUIET.asks, QUIET.bids)), NO_TOUCH),
        (MarketReading(symbol="X", book=book(bids=())), (None, Decimal(60_010), None)),
        (MarketReading(symbol="X", book=book(asks=())), (Decimal(60_000), None, None)),
        (MarketReading(symbol="X", book=book((), ())), NO_TOUCH),
    ],
)
def test_the_touch_is_read_only_off_a_book_that_can_be_used(
    market: MarketReading, touch: tuple[Decimal | None, ...]
) -> None:
    """M2 and M5: nothing of a crossed or unsynchronised book, and of a one-sided one only the side that has a price."""
    assert touch_of(market) == touch
