"""Amounts: what is one, and arithmetic that no host context changes."""

from decimal import ROUND_CEILING, ROUND_UP, Context, Decimal, DivisionByZero, Inexact, getcontext, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.amounts import DOMAIN_CONTEXT, InvalidAmount, exact, flaw, money, plain, price, quantity, to_finest

sound = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(0, 10**18 - 1), st.integers(0, 18)
)


@given(sound)
def test_up_to_eighteen_digits_on_either_side_are_an_amount(value: Decimal) -> None:
    """As text, as a decimal, and to the last digit."""
    assert quantity(str(value)) == quantity(value) == money(value) == value
    assert money(-value) == -value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("NaN", "finite"),
        ("sNaN", "finite"),
        ("Infinity", "finite"),
        ("-Infinity", "finite"),
        ("-1", "negative"),
        ("-0", "minus zero"),
        ("1e18", "before the point"),
        ("1e999", "before the point"),
        ("1e-19", "after the point"),
        ("1.0000000000000000000", "after the point"),
        ("9" * 60, "before the point"),
        ("abc", "not a number"),
        ("", "not a number"),
        ("1_000", "not a number"),
        ("١٢", "not a number"),
        ("1２", "not a number"),
        (1.5, "float"),
        (True, "bool"),
        (None, "NoneType"),
    ],
)
def test_what_no_quantity_can_be_is_named_with_its_field(value: Any, reason: str) -> None:
    """N1: before it can reach any arithmetic."""
    with pytest.raises(InvalidAmount, match=reason) as raised:
        quantity(value, "size")
    assert raised.value.field == "size"
    assert reason in str(raised.value)
    assert raised.value.reason in str(raised.value)


@pytest.mark.parametrize("value", [0, "0", "0.00", "-1", "NaN"])
def test_a_price_is_above_zero(value: Any) -> None:
    """M3: zero and negative prices are dropped at the edge."""
    with pytest.raises(InvalidAmount):
        price(value)


def test_a_price_is_what_it_says() -> None:
    """An int serves as well."""
    assert price(60_000) == price("60000.00") == 60_000


@pytest.mark.parametrize("value", ["NaN", "sNaN", "-Infinity", "1e18", "-1e18", "1e-19"])
def test_money_has_either_sign_and_the_same_bounds(value: str) -> None:
    """A debt of nineteen digits is none."""
    with pytest.raises(InvalidAmount, match="amount"):
        money(value)


def test_a_flaw_is_a_sentence_and_none_is_none() -> None:
    """For those who refuse instead of raising."""
    assert flaw(Decimal("0.1")) is None
    assert flaw(Decimal(-1)) == "must not be negative (minus zero included)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.5000", "1.5"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
        ("0E-8", "0"),
        ("-0.00", "0"),
        ("-2.50", "-2.5"),
        ("100", "100"),
        ("NaN", "NaN"),
        ("1E-99999999", "1E-99999999"),
        ("1E+99999999", "1E+99999999"),
        ("123456789012345678.123456789012345678", "123456789012345678.123456789012345678"),
    ],
)
def test_an_amount_is_written_plainly(value: str, text: str) -> None:
    """No exponent and no trailing zeros, but for what nobody could read, nor wait for."""
    assert plain(Decimal(value)) == text


@given(sound)
def test_what_is_written_plainly_reads_back_as_the_same_value(value: Decimal) -> None:
    """Whatever its exponent was."""
    assert Decimal(plain(value)) == value


@exact
def third(value: Decimal, *, twice: bool = False) -> Decimal:
    return third(value) + third(value) if twice else value / 3


def test_an_exact_function_works_in_the_domains_context_and_gives_the_hosts_back() -> None:
    """Nested calls too, and whatever the host set."""
    host = Context(prec=3, rounding=ROUND_UP, traps=[Inexact])
    with localcontext(host):
        before = getcontext()
        assert third(Decimal(1)) == DOMAIN_CONTEXT.divide(1, 3)
        assert third(Decimal(1), twice=True) == Decimal("0." + "6" * 50)
        assert getcontext() is before


def test_the_hosts_context_comes_back_after_an_exception() -> None:
    """Or everything after it would be computed otherwise."""

    @exact
    def fails() -> Decimal:
        return Decimal(1) / 0

    before = getcontext()
    with pytest.raises(DivisionByZero):
        fails()
    assert getcontext() is before


@pytest.mark.parametrize(
    ("value", "rounding", "finest"),
    [
        ("0.3333333333333333333333", "ROUND_HALF_EVEN", "0.333333333333333333"),
        ("0.3333333333333333333333", ROUND_CEILING, "0.333333333333333334"),
        ("2", "ROUND_HALF_EVEN", "2"),
        ("1E+40", "ROUND_HALF_EVEN", "1E+40"),
    ],
)
def test_a_quotient_is_brought_to_eighteen_decimals(value: str, rounding: str, finest: str) -> None:
    """Unless it is too large for that, and then nothing is lost either."""
    with localcontext(Context(prec=2)):
        assert to_finest(Decimal(value), rounding) == Decimal(finest)
