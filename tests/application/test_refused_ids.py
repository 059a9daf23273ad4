"""Refused ids are watched for H: what the venue works all the same is found, called off and never kept silent."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.application.interposing import InterposedVenue
from tests.application.rig import (
    HORIZON_SECONDS,
    PERPETUAL,
    SPOT,
    LeapingClock,
    Rig,
    buy,
    offer_to_buy,
    only,
    placed,
    refused,
)
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer, CancelAnswer
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import IncidentRaised
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.vocabulary import Delivery


async def kinds(rig: Rig) -> list[str]:
    return [incident.kind for incident in await rig.stored(IncidentRaised)]


def tell(rig: Rig, order_id: ClientOrderId) -> None:
    rig.venue.tell_order(order_id)


def keep_silent(rig: Rig, order_id: ClientOrderId) -> None:
    """The stream says nothing."""


@pytest.mark.parametrize("news", [tell, keep_silent])
async def test_a_refused_order_that_is_worked_is_called_off(news: Callable[[Rig, ClientOrderId], None]) -> None:
    """B25, told by the stream or only found by asking: the cancel goes out and an incident names the order."""
    rig = Rig()
    rig.venue.next_submit(Answer.reject("VENUE_OTHER"))
    async with rig.open() as app:
        decision = offer_to_buy(99_000)
        refused(await app.coordinator.execute_decision(SPOT, decision), "VENUE_OTHER")
        order_id = only(list(rig.venue.truth.orders))
        rig.venue.truth.orders[order_id].rejected_code = ""
        news(rig, order_id)
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert order_id in rig.venue.truth.canceled
        assert placed(await app.coordinator.execute_decision(SPOT, decision)).status is OrderStatus.CANCELED
        assert (app.state(SPOT), app.state(PERPETUAL)) == (TradingState.REDUCING, TradingState.ACTIVE)
        assert (await app.summary(0)).invariants == "hold"

    assert await kinds(rig) == ["LATE_ACCEPT"]


async def test_one_that_was_worked_and_has_ended_is_found_by_asking_for_it() -> None:
    """No list of open orders shows it, and nothing of it filled: only its id does."""
    rig = Rig()
    rig.venue.next_submit(Answer.reject("VENUE_OTHER"))
    async with rig.open() as app:
        decision = offer_to_buy(99_000)
        refused(await app.coordinator.execute_decision(SPOT, decision), "VENUE_OTHER")
        order = only(list(rig.venue.truth.orders.values()))
        order.rejected_code, order.is_canceled = "", True
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert placed(await app.coordinator.execute_decision(SPOT, decision)).status is OrderStatus.CANCELED

    assert await kinds(rig) == ["LATE_ACCEPT"]


async def test_a_restart_goes_on_watching() -> None:
    """What was refused less than H before is asked for by the next life."""
    rig = Rig()
    rig.venue.next_submit(Answer.reject("VENUE_OTHER"))
    async with rig.open() as app:
        refused(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)), "VENUE_OTHER")
    order = only(list(rig.venue.truth.orders.values()))
    order.rejected_code, order.is_canceled = "", True
    async with rig.open():
        await rig.clock.advance(HORIZON_SECONDS + 3)

    assert await kinds(rig) == ["LATE_ACCEPT"]


async def test_a_cancel_that_is_refused_is_asked_for_again() -> None:
    """The late order does not rest because one cancel failed."""
    rig = Rig()
    rig.venue.next_submit(Answer.reject_then_accept("VENUE_OTHER"))
    rig.venue.next_cancel(CancelAnswer.refuse(), CancelAnswer.never_received())
    async with rig.open() as app:
        refused(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)), "VENUE_OTHER")
        rig.venue.release()
        await rig.clock.advance(30)
        assert rig.venue.truth.open_orders() == ()
        assert app.open_orders() == ()


async def test_a_refusal_that_stands_is_no_difference() -> None:
    """A venue that does not know the refused id says nothing new."""
    rig = Rig()
    rig.venue.next_submit(Answer.no_connection())
    async with rig.open() as app:
        refused(await app.coordinator.execute_decision(SPOT, buy()), "VENUE_UNREACHABLE")
        await rig.clock.advance(HORIZON_SECONDS + 60)
        assert app.state(SPOT) is TradingState.ACTIVE
        assert (await app.reconcile()).agrees

    assert await kinds(rig) == []


async def test_where_no_query_can_show_it_absence_is_no_evidence() -> None:
    """Class C: an unanswered order stays unknown however long it is not shown, and waits for a person."""
    rig = Rig(capabilities=replace(SCRIPTED_CAPABILITIES, delivery=Delivery.C))
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(HORIZON_SECONDS + 200)
        assert only(app.open_orders()).status is OrderStatus.UNKNOWN
        assert order.client_order_id in (await app.account()).restrained[SPOT].reason


async def test_a_wall_clock_that_jumps_ahead_has_not_waited() -> None:
    """X7: H must pass by the monotonic clock as well before a "not found" is evidence."""
    clock = LeapingClock(STARTS_AT)
    rig = Rig(clock=clock)
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        clock.leap = timedelta(hours=1)
        await rig.clock.advance(3)
        assert only(app.open_orders()).status is OrderStatus.UNKNOWN
        await rig.clock.advance(HORIZON_SECONDS + 2)
        assert app.open_orders() == ()


async def test_a_venue_that_refuses_everything_is_asked_a_few_at_a_time() -> None:
    """Every refused id is asked for again and again within four horizons, and no round asks for more than twenty."""
    rig = Rig(risk={"repeated_orders_max": 1_000, "entry_orders_per_second": 100, "venue_requests_per_second": 1_000})
    asked: list[int] = []

    async def count(method: str) -> None:
        if method == "order":
            asked[-1] += 1

    rig.venue.every_submit(Answer.no_connection())
    async with rig.open(venue=InterposedVenue(rig.venue, before=count)) as app:
        for _ in range(50):
            refused(await app.coordinator.execute_decision(SPOT, buy()), "VENUE_UNREACHABLE")
        for _ in range(40):
            asked.append(0)
            await rig.clock.advance(2)
    assert max(asked) == 20
    assert 50 * 3 <= sum(asked) <= 50 * 4


async def test_after_a_restart_the_horizon_is_waited_for_by_the_new_process() -> None:
    """How long the machine was off is what the wall says, and no more than that."""
    clock = LeapingClock(STARTS_AT)
    rig = Rig(clock=clock)
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
    clock.leap = timedelta(hours=1)
    async with rig.open() as app:
        assert only(app.open_orders()).status is OrderStatus.UNKNOWN
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert app.open_orders() == ()
