"""Figures as people read them."""

import doctest
from decimal import Decimal

import pytest

from tidegate.adapters.cli import figures


def test_the_examples_in_the_docstrings_hold() -> None:
    """They are what the next reader learns from."""
    assert doctest.testmod(figures).failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0.00"),
        ("-0.001", "0.00"),
        ("0.005", "0.00"),
        ("-1234.5", "-1,234.50"),
        ("1E+3", "1,000.00"),
        ("NaN", "NaN"),
    ],
)
def test_money_has_two_decimals_and_no_negative_zero(value: str, text: str) -> None:
    """Half to even, as the books have it."""
    assert figures.money(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0.00 BTC"),
        ("0.1997", "0.20 BTC"),
        ("1234.5678", "1,234.57 BTC"),
        ("0.002456", "0.002456 BTC"),
        ("0.0127384", "0.01274 BTC"),
        ("0.00000001", "0.00000001 BTC"),
        ("-0.004", "-0.004 BTC"),
    ],
)
def test_a_fee_in_coins_is_no_zero(value: str, text: str) -> None:
    """Two decimals would make nothing of it, or of a fifth of it."""
    assert figures.fee(Decimal(value), "BTC") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("78350", "78,350"),
        ("78350.123456789", "78,350.123"),
        ("0.0000123456789", "0.000012345679"),
        ("1234567890.5", "1,234,567,890"),
        ("-12.5", "-12.5"),
        ("1E+3", "1,000"),
    ],
)
def test_a_price_has_eight_significant_digits(value: str, text: str) -> None:
    """Never fewer than those before the point."""
    assert figures.price(Decimal(value)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (3660, "1 h 1 min"), (86_400, "24 h")],
)
def test_a_span_has_the_units_that_matter(seconds: float, text: str) -> None:
    """Two at most."""
    assert figures.span(seconds) == text


def test_what_is_not_known_is_a_dash() -> None:
    """Never a zero."""
    assert {figures.money(None), figures.price(None), figures.quantity(None), figures.moment(None)} == {"–"}
    assert figures.signed(None) == figures.time_of_day(None) == "–"
