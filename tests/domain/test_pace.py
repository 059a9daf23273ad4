"""Pace: counts in windows that forget what has left them."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.histories import NOW, SELL, order
from tidegate.domain.pace import Pace, terms_of
from tidegate.domain.risk import RiskLimits
from tidegate.domain.vocabulary import Purpose

OF = order()


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def pace() -> Pace:
    return Pace(timedelta(seconds=10))


def test_orders_and_other_requests_count_against_the_venues_second() -> None:
    """Entries apart, since the rest is kept for cancels and exits."""
    kept = pace()
    kept.note_request(NOW)
    kept.note_order(OF, terms_of(OF), NOW + after(0.5))
    kept.note_order(order(purpose=Purpose.REDUCTION), terms_of(OF), NOW + after(0.6))
    now, later = kept.reading(NOW + after(0.9), 5), kept.reading(NOW + after(1.5), 5)

    assert (now.requests_last_second, now.entries_last_second) == (3, 1)
    assert (later.requests_last_second, later.entries_last_second) == (1, 0)


def test_a_request_keeps_no_order_that_was_sent_before_it_in_the_windows() -> None:
    """The order's second is over before the request's is."""
    kept = pace()
    kept.note_order(OF, terms_of(OF), NOW)
    kept.note_request(NOW + after(0.9))

    assert kept.reading(NOW + after(1.5), 5).requests_last_second == 1


@pytest.mark.parametrize("looks", [False, True])
@pytest.mark.parametrize("heard", [(), (NOW + timedelta(hours=1),), (NOW,)])
def test_a_clock_that_goes_back_leaves_no_budget_full_until_it_has_caught_up(
    heard: tuple[datetime, ...], *, looks: bool
) -> None:
    """X7: every entry was refused (RATE) for as long as the clock had gone back, an hour say."""
    kept, ahead = pace(), NOW + timedelta(hours=1)
    kept.note_request(ahead)
    for moment in (ahead, *heard, NOW):
        kept.note_order(OF, terms_of(OF), moment)
        if looks:
            kept.reading(moment, 2)
    kept.note_request(NOW)
    then, later = kept.reading(NOW, 2), kept.reading(NOW + after(1), 2)

    assert (then.entries_last_second, then.entry_free_at) == (len(heard) + 2, NOW + after(1))
    assert (later.requests_last_second, later.entries_last_second) == (0, 0)
    assert kept.repeats(terms_of(OF)) == len(heard) + 2
    kept.reading(NOW + after(10), 2)
    assert kept.repeats(terms_of(OF)) == 0


def test_a_full_budget_says_when_it_has_room() -> None:
    """When the second of the last two has been gone for a second, there is room for one."""
    kept = pace()
    for tenth in (0, 1, 2):
        kept.note_order(OF, terms_of(OF), NOW + after(tenth / 10))
    reading = kept.reading(NOW + after(0.5), 2)

    assert reading.entry_free_at == NOW + after(1.1)
    assert kept.reading(NOW + after(0.5), 4).entry_free_at is None
    assert kept.reading(NOW + after(1.1), 2).entry_free_at is None


def test_a_day_counts_from_midnight_utc() -> None:
    """And a restart goes on where the store has it."""
    kept = pace()
    kept.restore(NOW, 41)
    kept.note_order(OF, terms_of(OF), NOW)
    midnight = NOW.replace(hour=0) + timedelta(days=1)

    assert kept.reading(NOW, 5).orders_today == 42
    assert kept.reading(midnight, 5).orders_today == 0


def test_a_first_order_begins_its_day() -> None:
    """Without a store to restore from."""
    kept = pace()
    kept.note_order(OF, terms_of(OF), NOW)

    assert kept.reading(NOW, 5).orders_today == 1


def test_orders_are_alike_by_symbol_side_quantity_and_limit() -> None:
    """1 is 1.0; another limit is another order."""
    kept = pace()
    for one in (OF, order("two", quantity=Decimal("1.0")), order("three", side=SELL), order("four", limit_price=None)):
        kept.note_order(one, terms_of(one), NOW)
    kept.reading(NOW + after(9), 5)

    assert [kept.repeats(terms_of(one)) for one in (OF, order(side=SELL), order(symbol="ETH-USD"))] == [2, 1, 0]


def test_repeats_leave_with_their_window() -> None:
    """Ten seconds."""
    kept = pace()
    kept.note_order(OF, terms_of(OF), NOW)
    kept.note_order(OF, terms_of(OF), NOW + after(5))
    kept.reading(NOW + after(10), 5)
    halfway = kept.repeats(terms_of(OF))
    kept.reading(NOW + after(15), 5)

    assert (halfway, kept.repeats(terms_of(OF))) == (1, 0)


def test_requests_that_nobody_asks_about_are_forgotten_all_the_same() -> None:
    """Weeks of polling without an order fill no memory."""
    kept = pace()
    for second in range(1_000):
        kept.note_request(NOW + after(second))

    assert len(kept._requests) == 1


def test_a_clock_that_goes_back_takes_along_what_was_sent_before() -> None:
    """X7: it counts as sent then, so that each window forgets it in its own time, and not when the wall is back."""
    kept = Pace(timedelta(seconds=10), {OF.symbol: timedelta(seconds=20)})
    kept.note_order(OF, terms_of(OF), NOW)
    kept.note_request(NOW + after(0.5))
    back = NOW - timedelta(hours=1)
    then = kept.reading(back, 1)
    counted = kept.repeats(terms_of(OF))
    kept.note_request(back + after(0.5))
    later = kept.reading(back + after(1.2), 1)

    assert (then.requests_last_second, then.entries_last_second, counted) == (2, 1, 1)
    assert then.entry_free_at == back + after(1)
    assert (later.requests_last_second, later.entries_last_second) == (1, 0)
    assert kept.repeats(terms_of(OF)) == 1
    kept.reading(back + after(21), 1)
    assert kept.repeats(terms_of(OF)) == 0


def test_an_order_that_was_just_sent_is_taken_along_by_the_smallest_jump() -> None:
    """It has not entered the windows yet when the clock goes back."""
    kept = pace()
    kept.note_order(OF, terms_of(OF), NOW)
    kept.reading(NOW - after(0.9), 5)

    assert kept.reading(NOW + after(0.1), 5).entries_last_second == 0


LIMITS = RiskLimits(max_orders_per_day=150, repeated_orders_max=8)
BELOW = 5
"""Entries a second, and all requests a second."""


@given(st.lists(st.tuples(st.sampled_from([0, 0.1, 0.4, 1, 3, 11, 40_000]), st.booleans()), max_size=200))
def test_there_is_room_exactly_when_the_windows_say_so(steps: list[tuple[float, bool]]) -> None:
    """Whether or not what has left them has been forgotten already."""
    kept, forgetful, at = pace(), pace(), NOW
    for seconds, is_entry in steps:
        at += after(seconds)
        one = OF if is_entry else order(side=SELL, purpose=Purpose.REDUCTION)
        terms = terms_of(one)
        reading = forgetful.reading(at, BELOW)
        has_room = kept.has_room(at, terms, LIMITS, BELOW, BELOW)
        assert has_room is (
            reading.orders_today < LIMITS.max_orders_per_day
            and forgetful.repeats(terms) < LIMITS.repeated_orders_max
            and reading.entries_last_second < BELOW
            and reading.requests_last_second < BELOW
        )
        if has_room:
            kept.note_order(one, terms, at)
            forgetful.note_order(one, terms, at)


def test_orders_that_have_left_every_window_fill_no_memory() -> None:
    """A minute apart, each finds room without a look at what can be forgotten, which must not go on for ever."""
    kept, limits, terms = pace(), RiskLimits(max_orders_per_day=10_000), terms_of(OF)
    for minute in range(1_000):
        at = NOW + timedelta(minutes=minute)
        kept.has_room(at, terms, limits, 10_000, 10_000)
        kept.note_order(OF, terms, at)

    assert max(len(kept._requests), len(kept._entries), len(kept._recent)) <= 64


def test_orders_that_wait_for_different_prices_are_not_alike() -> None:
    """A ladder of stops of one size was taken for one order sent again and again, and stopped its symbol."""
    stops = [replace(OF, limit_price=None, trigger_price=Decimal(price)) for price in (98, 99, 98)]
    trails = [replace(OF, limit_price=None, trail=Decimal(trail)) for trail in (1, 2, 1)]

    for one, other, same in (stops, trails):
        assert terms_of(one) != terms_of(other)
        assert terms_of(one) == terms_of(same)
