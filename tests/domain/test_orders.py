"""Orders: what a record says of itself."""

from decimal import Decimal

import pytest

from tests.domain.histories import filled, news, order, record
from tidegate.domain.events import OrderCanceled
from tidegate.domain.orders import TERMINAL
from tidegate.domain.vocabulary import OrderStatus, TimeInForce

OF = order()


def test_a_record_tells_its_orders_terms() -> None:
    """Without going through the order."""
    now = record(OF)

    assert (now.client_order_id, now.decision_id, now.symbol) == (OF.client_order_id, "one", "BTC-USD")
    assert (now.side, now.order_type, now.quantity, now.limit_price) == (
        OF.side, OF.order_type, OF.quantity, OF.limit_price,
    )  # fmt: skip


def test_the_average_price_is_that_of_the_fills() -> None:
    """Weighted by quantity; none before the first."""
    now = record(OF, filled(OF, 1, "0.25", "60000"), filled(OF, 2, "0.75", "61000"))

    assert now.average_price == 60_750
    assert record(OF).average_price is None


def test_leaves_are_what_could_still_fill() -> None:
    """Nothing once it has ended."""
    part = filled(OF, 1, "0.25")

    assert record(OF).leaves_quantity == 1
    assert record(OF, part).leaves_quantity == Decimal("0.75")
    assert record(OF, part, news(OrderCanceled, OF)).leaves_quantity == 0


@pytest.mark.parametrize("force", TimeInForce)
def test_only_immediate_orders_never_rest(force: TimeInForce) -> None:
    """IOC and FOK."""
    assert order(time_in_force=force).is_taker_only is (force in (TimeInForce.IOC, TimeInForce.FOK))


def test_four_statuses_are_ends() -> None:
    """UNKNOWN is none."""
    assert {OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REFUSED} == TERMINAL
