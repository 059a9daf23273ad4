"""Products: rounding that never raises a size, in the order's favour, on the grid."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.histories import PERPETUAL, SPOT, product
from tidegate.domain.amounts import ONE
from tidegate.domain.products import (
    OPEN_FOR_TRADING,
    Product,
    TradingFlags,
    is_multiple,
    round_limit_price,
    round_quantity,
    round_trigger_price,
)
from tidegate.domain.vocabulary import OrderSide

increments = st.sampled_from("1 10 0.5 0.25 0.05 0.01 0.3 0.00000001 1E+1 0.000000000000000001".split()).map(Decimal)
values = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(0, 10**18 - 1), st.integers(0, 18)
)


@given(increments, values)
def test_rounding_never_raises_a_size(increment: Decimal, value: Decimal) -> None:
    """B23: down to the grid, by less than one increment, and what is on it stays as it is."""
    rounded = round_quantity(product("BTC-USD", base_increment=increment), value)

    assert rounded <= value
    assert value - rounded < increment
    assert is_multiple(rounded, increment)
    assert round_quantity(product("BTC-USD", base_increment=increment), rounded) == rounded


@pytest.mark.parametrize("rounds", [round_limit_price, round_trigger_price])
@given(increment=increments, value=values, side=st.sampled_from(OrderSide))
def test_a_price_rounds_in_the_orders_favour(
    rounds: Callable[[Product, OrderSide, Decimal], Decimal], increment: Decimal, value: Decimal, side: OrderSide
) -> None:
    """A buy pays no more and a sale gets no less, within one increment, on the grid."""
    of = product("BTC-USD", price_increment=increment)
    rounded = rounds(of, side, value)

    assert rounded <= value if side is OrderSide.BUY else rounded >= value
    assert abs(value - rounded) < increment
    assert is_multiple(rounded, increment)
    assert rounds(of, side, rounded) == rounded


def test_a_size_below_the_minimum_is_not_raised_to_it() -> None:
    """It is refused later, and never filled up."""
    of = product("BTC-USD", base_increment=Decimal("0.01"), minimum_quantity=Decimal("0.05"))

    assert round_quantity(of, Decimal("0.049")) == Decimal("0.04")
    assert round_quantity(of, Decimal("0.009")) == 0


def test_a_notional_counts_contracts_by_their_multiplier() -> None:
    """3 contracts of 0.01 at 60,000; one is one where it comes from a store as well."""
    assert PERPETUAL.notional(Decimal(3), Decimal(60_000)) == 1_800
    assert SPOT.notional(Decimal(3), Decimal(60_000)) == 180_000
    assert product("BTC-USD", multiplier=Decimal("1.0")).notional(Decimal(3), Decimal(2)) == 6
    assert SPOT.multiplier is ONE


def test_only_spot_is_spot() -> None:
    """A perpetual is settled, not delivered."""
    assert (SPOT.is_spot, PERPETUAL.is_spot) == (True, False)


def test_what_is_usual_of_a_product_is_one_object_wherever_it_comes_from() -> None:
    """An order's way knows a multiplier of one and a market without restrictions at a glance."""
    decoded = msgspec.json.decode(msgspec.json.encode(replace(SPOT, multiplier=Decimal(1))), type=Product)

    assert decoded.multiplier is ONE
    assert decoded.flags is OPEN_FOR_TRADING
    assert replace(decoded, multiplier=Decimal("1.0")).multiplier is not ONE
    assert replace(decoded, flags=TradingFlags(auction=True)).flags.auction
