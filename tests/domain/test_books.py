"""Books: what can be read off one, and what taking from it would pay."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.domain.books import BookSnapshot, Level, walk
from tidegate.domain.vocabulary import OrderSide

BUY, SELL = OrderSide.BUY, OrderSide.SELL


def levels(*pairs: tuple[str, str]) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(quantity)) for price, quantity in pairs)


BIDS, ASKS = levels(("99", "1"), ("98", "2")), levels(("101", "1"), ("103", "3"))


def book(bids: tuple[Level, ...] = BIDS, asks: tuple[Level, ...] = ASKS, *, whole: bool = False) -> BookSnapshot:
    return BookSnapshot(symbol="BTC-USD", bids=bids, asks=asks, is_complete=whole)


def test_a_book_shows_its_touches_and_the_mid_between_them() -> None:
    """A taker meets the other side."""
    shown = book()

    assert (shown.best_bid, shown.best_ask, shown.mid) == (Decimal(99), Decimal(101), Decimal(100))
    assert (shown.side(BUY), shown.side(SELL)) == (ASKS, BIDS)


@pytest.mark.parametrize(("bids", "asks"), [((), ASKS), (BIDS, ()), ((), ())])
def test_a_one_sided_book_has_no_mid(bids: tuple[Level, ...], asks: tuple[Level, ...]) -> None:
    """M4, M5: only the side that has a price has one."""
    shown = book(bids, asks)

    assert (shown.mid, shown.is_crossed) == (None, False)
    assert (shown.best_bid is None, shown.best_ask is None) == (not bids, not asks)


@pytest.mark.parametrize("ask", ["99", "98"])
def test_a_crossed_or_locked_book_has_no_mid(ask: str) -> None:
    """M2: unusable."""
    shown = book(asks=levels((ask, "1")))

    assert (shown.is_crossed, shown.mid) == (True, None)


def test_a_walk_pays_level_by_level() -> None:
    """1 at 101 and 1 at 103."""
    taken = walk(book(), BUY, Decimal(2))

    assert (taken.filled, taken.cost, taken.average, taken.worst) == tuple(map(Decimal, (2, 204, 102, 103)))
    assert (taken.is_whole, taken.is_blind) == (True, False)


def test_a_walk_past_the_recorded_depth_is_blind() -> None:
    """What lies there was not recorded, and is not invented."""
    taken = walk(book(), SELL, Decimal(5))

    assert (taken.filled, taken.worst) == (Decimal(3), Decimal(98))
    assert (taken.is_whole, taken.is_blind) == (False, True)


def test_a_walk_to_the_end_of_a_complete_book_is_not_blind() -> None:
    """There is nothing more, and that is known."""
    taken = walk(book(whole=True), SELL, Decimal(5))

    assert (taken.filled, taken.is_whole, taken.is_blind) == (Decimal(3), False, False)


@pytest.mark.parametrize(
    ("side", "limit", "filled"), [(BUY, "102", 1), (BUY, "103", 4), (SELL, "99", 1), (SELL, "100", 0)]
)
def test_a_walk_goes_no_further_than_its_limit(side: OrderSide, limit: str, filled: int) -> None:
    """Having met the limit is no blindness."""
    taken = walk(book(whole=True), side, Decimal(10), Decimal(limit))

    assert (taken.filled, taken.is_blind) == (Decimal(filled), False)


def test_a_walk_that_takes_nothing_has_no_price() -> None:
    """Neither an average nor a worst one."""
    for taken in (walk(book(), BUY, Decimal(0)), walk(book(), BUY, Decimal(1), Decimal(100))):
        assert (taken.filled, taken.average, taken.worst, taken.is_blind) == (Decimal(0), None, None, False)
    assert walk(book(), BUY, Decimal(0)).is_whole


def test_an_empty_side_is_blind_unless_it_is_known_to_be_empty() -> None:
    """M4."""
    assert walk(book(asks=()), BUY, Decimal(1)).is_blind
    assert not walk(book(asks=(), whole=True), BUY, Decimal(1)).is_blind


@pytest.mark.parametrize(("width", "is_within"), [("0.02", True), ("0.0199", False)])
def test_a_spread_is_held_against_its_mid(width: str, is_within: bool) -> None:
    """99 to 101 is 2 % of 100; without both sides there is none that would be narrow enough."""
    assert book().is_within(Decimal(width)) is is_within
    assert not book(asks=()).is_within(Decimal(1))
    assert not book(bids=levels(("102", "1"))).is_within(Decimal(1))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.integers(1, 400), st.sampled_from(OrderSide))
def test_a_walk_never_pays_more_than_its_worst_price_nor_less_than_the_touch(
    sizes: list[int], wanted: int, side: OrderSide
) -> None:
    """And takes what is there, up to what is wanted."""
    step = 1 if side is BUY else -1
    side_levels = levels(*((str(1_000 + step * number), str(size)) for number, size in enumerate(sizes)))
    taken = walk(book((), side_levels) if side is BUY else book(side_levels, ()), side, Decimal(wanted))
    touch = side_levels[0].price

    assert taken.filled == min(wanted, sum(sizes))
    assert taken.average is not None
    assert taken.worst is not None
    assert touch * step <= taken.average * step <= taken.worst * step
    assert taken.is_blind is (wanted > sum(sizes))
