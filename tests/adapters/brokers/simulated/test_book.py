"""The live book: levels and orders as their rows leave them, against a plain model."""

from collections import OrderedDict
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.brokers.simulated.exchange_floor import ExchangeFloor, add, book, delete, gap, level, resize
from tidegate.adapters.brokers.simulated.book import LiveBook
from tidegate.adapters.recordings.format import LevelUpdated, OrderAdded, OrderDeleted, OrderResized
from tidegate.domain.vocabulary import OrderSide

BUY, SELL = OrderSide.BUY, OrderSide.SELL

CHANGES = st.lists(
    st.tuples(
        st.integers(0, 12), st.sampled_from(["+", "=", "-"]), st.booleans(), st.integers(1, 8), st.integers(1, 5)
    ),
    max_size=80,
)


@settings(max_examples=150, deadline=None)
@given(changes=CHANGES)
def test_levels_are_the_sums_of_their_orders_in_the_order_in_which_they_came(
    changes: list[tuple[int, str, bool, int, int]],
) -> None:
    """Any rows in any order, those of unknown ids included; one that grows, or comes again, goes to the end."""
    live = LiveBook()
    model: OrderedDict[str, tuple[OrderSide, Decimal, Decimal]] = OrderedDict()
    for number, what, is_bid, price, size in changes:
        name, side = f"o{number}", BUY if is_bid else SELL
        if what == "+":
            row = add(name, side, price, size)
            assert isinstance(row, OrderAdded)
            live.add(row)
            model.pop(name, None)
            model[name] = (side, Decimal(price), Decimal(size))
        elif what == "=":
            row = resize(name, size)
            assert isinstance(row, OrderResized)
            live.resize(row)
            if name in model:
                grows = size > model[name][2]
                model[name] = (*model[name][:2], Decimal(size))
                if grows:
                    model.move_to_end(name)
        else:
            row = delete(name)
            assert isinstance(row, OrderDeleted)
            live.delete(row)
            model.pop(name, None)
    for side, is_bid in ((BUY, True), (SELL, False)):
        prices = sorted({price for own, price, _ in model.values() if own is side}, reverse=is_bid)
        shown = live.side(side).top(100)
        assert [one.price for one in shown] == prices
        for one in shown:
            queue = {name: size for name, (own, price, size) in model.items() if (own, price) == (side, one.price)}
            assert list(live.side(side).levels[one.price].queue.items()) == list(queue.items())
            assert one.quantity == sum(queue.values())


def test_only_the_best_levels_are_shown_and_they_are_the_same_objects_until_they_change() -> None:
    """Readers pay for a change, not for looking."""
    floor = ExchangeFloor()
    floor.play(book([(99, 1), (98, 2), (97, 3)], [(101, 1), (102, 2)]))
    bids = floor.venue.exchange.feeds[0].book.bids
    shown = bids.top(2)
    assert [one.price for one in shown] == [99, 98]
    assert bids.top(2) is shown
    floor.play(level(BUY, 99, 5))
    assert [one.quantity for one in bids.top(2)] == [5, 2]
    assert bids.top(2)[1] is shown[1]


@settings(max_examples=300, deadline=None)
@given(
    first=st.sets(st.integers(1, 8), min_size=3),
    changes=st.lists(st.tuples(st.integers(1, 8), st.integers(0, 2), st.booleans()), max_size=40),
    count=st.integers(1, 4),
    is_bid=st.booleans(),
)
def test_a_reader_sees_what_stands_there_whenever_it_looks_and_however_deep(
    first: set[int], changes: list[tuple[int, int, bool]], count: int, *, is_bid: bool
) -> None:
    """What was shown before is kept only where nothing has changed: levels come, change and go between two looks."""
    live, model = LiveBook(), dict[Decimal, Decimal]()
    for price, size, is_looked_at in [*((price, 1, True) for price in first), *changes]:
        row = level(BUY if is_bid else SELL, price, size)
        assert isinstance(row, LevelUpdated)
        live.update(row)
        model[Decimal(price)] = Decimal(size)
        if is_looked_at:
            there = sorted(((at, total) for at, total in model.items() if total), reverse=is_bid)
            shown = live.side(BUY if is_bid else SELL).top(count)
            assert [(one.price, one.quantity) for one in shown] == there[:count]


def test_an_update_of_a_level_that_is_not_there_to_nothing_changes_nothing() -> None:
    """Removing twice is harmless."""
    floor = ExchangeFloor()
    floor.play(book([(99, 1)], [(101, 1)]), level(SELL, 105, 0), level(SELL, 101, 0))
    live = floor.venue.exchange.feeds[0].book
    assert not live.asks.ordered


def test_a_gap_voids_the_book_until_rows_build_it_again() -> None:
    """And it counts as unsynced until then."""
    floor = ExchangeFloor("orders")
    floor.play(add("a", BUY, 99, 1), gap())
    live = floor.venue.exchange.feeds[0].book
    assert (live.is_synced, live.orders, live.bids.ordered) == (False, {}, [])
    floor.play(delete("a"), add("b", BUY, 98, 1))
    assert live.is_synced
    assert live.bids.ordered
