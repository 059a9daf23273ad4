"""Order statistics: counters that read like a mapping."""

import pytest

from tidegate.domain.order_stats import OrderStats


def test_the_counters_read_like_a_mapping() -> None:
    """In the order of an order's way."""
    stats = OrderStats()
    stats.attempted += 2
    stats.unknown += 1

    assert dict(stats) == {"attempted": 2, "successful": 0, "failed": 0, "refused": 0, "unknown": 1}
    assert (len(stats), stats["attempted"], "failed" in stats) == (5, 2, True)
    assert repr(stats) == "OrderStats(attempted=2, successful=0, failed=0, refused=0, unknown=1)"


@pytest.mark.parametrize("name", ["canceled", "__class__", ""])
def test_a_counter_that_there_is_not_is_a_key_error(name: str) -> None:
    """And no attribute of the object."""
    with pytest.raises(KeyError):
        OrderStats()[name]
    assert name not in OrderStats()
