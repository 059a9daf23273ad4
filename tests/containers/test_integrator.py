"""The integrator's example runs, and what it swapped is what counts."""

from examples.integrator import trade
from tests.application.rig import placed, refused
from tidegate import OrderStatus


async def test_the_example_trades_by_its_own_limits() -> None:
    """The smaller order goes, the larger is refused by the limit that was put in."""
    small, large = await trade()

    assert placed(small).status is OrderStatus.FILLED
    assert refused(large, "ORDER_SIZE").figures["limit"] == 500
