"""The equity history: 24 hours of marks and a high, bounded, and moved by flows."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.histories import NOW
from tidegate.domain.equity_history import EquityEvent, EquityHistory, EquityMark, history_since
from tidegate.domain.events import DayOpened, EquityMarked, EquityShifted

HOUR = timedelta(hours=1)
FIGURES = st.integers(-100_000, 100_000).map(Decimal)
MINUTES = st.integers(0, 3_000)


def opened(equity: int = 100, hours: float = 0) -> DayOpened:
    return DayOpened(equity=Decimal(equity), at=NOW + hours * HOUR)


def marked(equity: int, hours: float, high: int = 100) -> EquityMarked:
    return EquityMarked(equity=Decimal(equity), high=Decimal(high), at=NOW + hours * HOUR)


def history(*events: EquityEvent) -> EquityHistory:
    found = EquityHistory()
    for event in events:
        found = found.after(event)
    return found


def test_a_fresh_account_is_held_against_its_first_equity() -> None:
    """There is no other."""
    assert history(opened()).day_ago(NOW + 5 * HOUR) == EquityMark(NOW, Decimal(100))


def test_after_a_day_it_is_the_last_mark_that_is_24_hours_old() -> None:
    """As each gets old enough."""
    kept = history(opened(), *(marked(100 + n, n) for n in range(1, 27)))

    assert [kept.day_ago(NOW + n * HOUR) for n in (25, 26, 26.5)] == [
        EquityMark(NOW + n * HOUR, Decimal(100 + n)) for n in (1, 2, 2)
    ]


def test_an_account_that_is_given_another_currency_begins_anew() -> None:
    """Nothing of what it was in the old one is held against it; that it had tripped waits for an operator as before."""
    tripped = EquityMarked(equity=Decimal(90), high=Decimal(100), has_tripped=True, at=NOW + 2 * HOUR)
    waiting = EquityShifted(amount=Decimal(0), unpriced={"ETH": Decimal(2)}, at=NOW + 2 * HOUR)
    before = history(replace(opened(), currency="USD"), tripped, waiting)
    after = before.after(replace(opened(80, 3), currency="EUR"))

    assert [before.is_in(one) for one in ("USD", "EUR")] == [True, False]
    assert [after.is_in(one) for one in ("USD", "EUR")] == [False, True]
    assert after.marks == (EquityMark(NOW + 3 * HOUR, Decimal(80)),)
    assert after.high == 80
    assert after.has_tripped
    assert after.unpriced == {"ETH": Decimal(2)}


def test_a_history_that_never_said_its_currency_goes_on() -> None:
    """Of an earlier version."""
    after = history(opened(100), replace(opened(90, 24), currency="USD"))

    assert after.currency == "USD"
    assert [one.equity for one in after.marks] == [100, 90]
    assert after.high == 100


def test_marks_are_an_hour_apart_and_a_new_high_between_them_is_none() -> None:
    """However often a high is new, the history stays as short."""
    kept = history(opened(), marked(120, 0.5, high=120), opened(110, 0.9), marked(90, 1, high=120))

    assert [one.equity for one in kept.marks] == [100, 90]
    assert kept.high == 120


def test_what_was_long_before_the_24_hours_says_nothing_of_them() -> None:
    """After a stop of two days the first equity that is seen counts; the drawdown has the rest."""
    kept = history(opened(), marked(70, 48))

    assert kept.day_ago(NOW + 48 * HOUR) == EquityMark(NOW + 48 * HOUR, Decimal(70))
    assert kept.high == 100


def test_a_clock_that_went_back_begins_anew() -> None:
    """What lies ahead of it is not 24 hours ago."""
    kept = history(opened(hours=30), marked(90, 2))

    assert kept.marks == (EquityMark(NOW + 2 * HOUR, Decimal(90)),)
    assert history(opened(hours=30)).day_ago(NOW) is None


def test_a_store_of_an_earlier_version_begins_with_its_days_opening() -> None:
    """And one without begins with nothing."""
    assert history_since(NOW, Decimal(100)) == history(opened())
    assert history_since(None, None) == EquityHistory() == history_since(NOW, None)


@given(st.lists(st.tuples(MINUTES, FIGURES)), st.data())
def test_it_is_bounded_in_order_and_a_flow_moves_all_of_it_alike(
    steps: list[tuple[int, Decimal]], data: st.DataObject
) -> None:
    """27 marks hold 26 hours, whatever the times; a flow now is as if it had been there from the beginning."""
    minutes, plain, moved, flow = 0, history(opened()), history(opened()), data.draw(FIGURES)
    moved = moved.after(EquityShifted(amount=flow, at=NOW))
    for passed, equity in steps:
        minutes += passed
        at = NOW + timedelta(minutes=minutes)
        plain = plain.after(EquityMarked(equity=equity, high=max(equity, plain.high or equity), at=at))
        later = equity + flow
        moved = moved.after(EquityMarked(equity=later, high=max(later, moved.high or later), at=at))
        assert len(plain.marks) <= 27
        assert list(plain.marks) == sorted(plain.marks, key=lambda one: one.at)
        assert plain.day_ago(at) is not None
    assert plain.after(EquityShifted(amount=flow, at=NOW)) == moved
