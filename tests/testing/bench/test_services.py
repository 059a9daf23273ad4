"""What is measured is the product: real services, every check, and an error where an order ends otherwise."""

from decimal import Decimal

import pytest

from tidegate.adapters.clocks import WallClock
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.domain.decisions import Decision
from tidegate.domain.vocabulary import Action, OrderStatus
from tidegate.testing.bench.null_venue import ASK, BID, SYMBOL, NullVenue
from tidegate.testing.bench.services import ACCOUNT, BenchError, decisions, execute, open_services


async def test_a_bought_and_sold_bench_order_leaves_two_fills_at_the_touch() -> None:
    """The null venue fills whole, a buy at the ask and a sell at the bid, and the store has both."""
    clock = WallClock()
    async with open_services(NullVenue(clock), MemoryOrderStore(ACCOUNT, clock), clock) as application:
        for decision in decisions(2, Decimal("0.001"), "one"):
            await execute(application, SYMBOL, decision)
        fills = await application.fills()
        assert [(fill.price, fill.quantity) for fill in fills] == [(BID, Decimal("0.001")), (ASK, Decimal("0.001"))]


async def test_a_refused_bench_order_is_an_error_and_not_a_fast_order() -> None:
    """An order size check that trips ends the bench: a refusal would be cheaper than what the row promises."""
    clock = WallClock()
    async with open_services(NullVenue(clock), MemoryOrderStore(ACCOUNT, clock), clock) as application:
        with pytest.raises(BenchError, match="refused"):
            await execute(application, SYMBOL, Decision(action=Action.BUY, quantity=Decimal(1_000)))


async def test_a_bench_order_with_another_end_is_an_error() -> None:
    """A venue that rests what should fill ends the bench."""
    clock = WallClock()
    venue = NullVenue(clock, rests=True)
    decision = Decision(action=Action.BUY, quantity=Decimal("0.001"), limit_price=Decimal(90_000))
    async with open_services(venue, MemoryOrderStore(ACCOUNT, clock), clock) as application:
        with pytest.raises(BenchError, match="not FILLED"):
            await execute(application, SYMBOL, decision)
        assert [order.status for order in application.open_orders()] == [OrderStatus.ACCEPTED]
