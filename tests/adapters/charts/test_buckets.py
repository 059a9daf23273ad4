"""A curve made small keeps its extremes, stands where nothing changes, and has a hole where nothing was known."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.charts.buckets import Buckets


def test_a_bucket_has_the_first_lowest_highest_and_last_value() -> None:
    """Whatever came in between."""
    curve = Buckets(begin_us=0, width_us=10, count=2)
    for at_us, value in ((0, 5.0), (1, 9.0), (2, 1.0), (3, 4.0)):
        curve.put(at_us, value)

    assert curve.values == [(5.0, 1.0, 9.0, 4.0), None]


def test_a_value_stands_until_it_changes() -> None:
    """A quiet book is not a gap."""
    curve = Buckets(begin_us=0, width_us=10, count=4)
    curve.put(5, 7.0)
    curve.stand_until(39)

    assert curve.values == [(7.0, 7.0, 7.0, 7.0)] * 4
    assert curve.breaks == []


def test_what_is_not_known_is_a_hole_and_is_not_bridged() -> None:
    """The value before a gap does not stand through it, and the bucket in which it began is marked."""
    curve = Buckets(begin_us=0, width_us=10, count=5)
    curve.put(0, 7.0)
    curve.put(12, None)
    curve.put(40, 8.0)

    assert curve.values == [(7.0,) * 4, (7.0,) * 4, None, None, (8.0,) * 4]
    assert curve.breaks == [1]


def test_a_hole_within_one_bucket_still_breaks_the_curve() -> None:
    """However short it was."""
    curve = Buckets(begin_us=0, width_us=10, count=2)
    curve.put(0, 7.0)
    curve.put(1, None)
    curve.put(2, 8.0)

    assert curve.breaks == [0]


@given(st.lists(st.tuples(st.integers(0, 999), st.floats(-1e6, 1e6)), min_size=1, max_size=60))
def test_no_extreme_is_lost(points: list[tuple[int, float]]) -> None:
    """Over all buckets, lowest and highest are those of the values."""
    curve = Buckets(begin_us=0, width_us=100, count=10)
    for at_us, value in sorted(points, key=lambda point: point[0]):
        curve.put(at_us, value)

    seen = [bucket for bucket in curve.values if bucket is not None]
    assert min(low for _, low, _, _ in seen) == min(value for _, value in points)
    assert max(high for _, _, high, _ in seen) == max(value for _, value in points)
