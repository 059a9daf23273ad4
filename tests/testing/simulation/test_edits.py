"""Edits: in which terms the records and the venue may differ, and in which never."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.domain.histories import order, record
from tidegate.domain.orders import OrderRecord
from tidegate.domain.vocabulary import OrderStatus
from tidegate.testing.simulation.judging.edits import terms_at_venue
from tidegate.testing.simulation.truth import TrueOrder

OURS = record(order(quantity=Decimal("2.2"), limit_price=Decimal(1_250)))


def at_venue(quantity: str, filled: str, state: str = "canceled") -> TrueOrder:
    """The order as the venue has it, which made it smaller by itself."""
    of = OURS.order
    return TrueOrder(
        venue_order_id="V1",
        client_order_id=of.client_order_id,
        symbol=of.symbol,
        side=of.side,
        quantity=Decimal(quantity),
        limit_price=of.limit_price,
        time_in_force=of.time_in_force,
        reduce_only=False,
        arrived_at=0.0,
        asked_quantity=of.quantity,
        filled=Decimal(filled),
        state=state,
        reduced_reason="self-trade prevention",
    )


def ended(of: OrderRecord) -> OrderRecord:
    return replace(of, status=OrderStatus.CANCELED)


@pytest.mark.parametrize("filled", ["0", "1.65"])
def test_an_order_that_was_made_smaller_unheard_and_then_ended_may_be_recorded_as_it_was(filled: str) -> None:
    """With some of it left: an end is told without a total. That it was heard of is as well."""
    heard = replace(ended(OURS), amended_quantity=Decimal("1.925"))

    assert [terms_at_venue(one, at_venue("1.925", filled)) for one in (ended(OURS), heard)] == ["", ""]


@pytest.mark.parametrize(("filled", "state"), [("1.65", "open"), ("1.925", "filled")])
def test_one_that_is_worked_or_was_filled_may_not(filled: str, state: str) -> None:
    """What is still to come of it, or that there is nothing to come, follows from the total."""
    assert "recorded" in terms_at_venue(OURS, at_venue("1.925", filled, state))
