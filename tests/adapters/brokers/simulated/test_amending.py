"""Amends that are refused leave the order as it was; those that pass hold for exactly the new terms."""

from decimal import Decimal

import msgspec
import pytest

from tests.adapters.brokers.simulated.exchange_floor import ExchangeFloor, an_order, book, trade
from tidegate.domain.submissions import AmendConfirmed, AmendRefused, CancelRefused
from tidegate.domain.vocabulary import OrderSide

BUY, SELL = OrderSide.BUY, OrderSide.SELL


@pytest.fixture
def floor() -> ExchangeFloor:
    """1,000 USD, and one resting buy of 4 at 99, of which 1 has filled."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_000)})
    floor.play(book([(98, 5)], [(101, 5)]))
    floor.submit(an_order("o", BUY, 4, 99))
    floor.play(trade(SELL, 99, 1))
    return floor


@pytest.mark.parametrize(
    ("quantity", "limit"),
    [("0.9", None), (4, "99.25"), ("4.05", None), (11, None), (4, 300), (0, None)],
    ids=["below the filled size", "price off increment", "size off increment", "unpayable", "unpayable price", "zero"],
)
def test_an_amend_that_cannot_be_leaves_the_order_as_it_was(
    floor: ExchangeFloor, quantity: str | int, limit: str | int | None
) -> None:
    """B34 and its kin."""
    before = msgspec.structs.asdict(floor.order("o"))
    assert isinstance(floor.amend("o", quantity, limit), AmendRefused)
    assert msgspec.structs.asdict(floor.order("o")) == before


def test_an_amend_of_an_order_that_is_not_open_is_refused(floor: ExchangeFloor) -> None:
    """As is its cancel."""
    floor.cancel("o")
    assert isinstance(floor.amend("o", 2), AmendRefused)
    assert isinstance(floor.cancel("o"), CancelRefused)
    assert isinstance(floor.cancel("never heard of"), CancelRefused)


def test_what_is_held_follows_the_new_terms(floor: ExchangeFloor) -> None:
    """Leaves × price × (1 + the larger fee rate), 0.002 here."""
    assert floor.order("o").held == 3 * 99 * Decimal("1.002")
    assert isinstance(floor.amend("o", 6, "98.5"), AmendConfirmed)
    assert floor.order("o").held == 5 * Decimal("98.5") * Decimal("1.002")
    assert isinstance(floor.amend("o", 2), AmendConfirmed)
    assert floor.order("o").held == Decimal("98.5") * Decimal("1.002")


def test_a_perpetual_order_that_grows_needs_the_margin_for_its_growth() -> None:
    """100 contracts at 99 are 990 USD of notional, 99 of margin; 2,000 USD carry about 20 times that."""
    floor = ExchangeFloor(balances={"USD": Decimal(2_000)})
    floor.play(book([(98, 5)], [(101, 5)]))
    floor.submit(an_order("o", BUY, 100, 99, symbol="BTC-PERP"))
    assert isinstance(floor.amend("o", 1_500), AmendConfirmed)
    assert isinstance(floor.amend("o", 3_000), AmendRefused)
    assert isinstance(floor.amend("o", 1_000), AmendConfirmed)
    assert floor.order("o").quantity == 1_000
