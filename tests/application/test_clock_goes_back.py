"""X7: somebody sets the wall clock back while the application runs; how long one has waited is not read off it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.application.rig import HORIZON_SECONDS, SPOT, LeapingClock, Rig, buy, offer_to_buy, only, placed, refused
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.orders import OrderRecord
from tidegate.domain.requests import SettleRequest, Verdict
from tidegate.domain.vocabulary import Delivery


@pytest.fixture
def clock() -> LeapingClock:
    return LeapingClock(STARTS_AT)


def set_back(clock: LeapingClock) -> None:
    clock.leap = -timedelta(hours=1)


async def test_requests_of_before_the_jump_do_not_use_up_the_budget_of_each_second_after_it(
    clock: LeapingClock,
) -> None:
    """They had stayed in the last second for an hour, and each later one with them, until no entry was left room."""
    rig = Rig(clock=clock)
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.001")))
        set_back(clock)
        await clock.advance(900)
        placed(await app.coordinator.execute_decision(SPOT, buy("0.001")))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer.timeout_after_fill(), OrderStatus.FILLED),
        (Answer.timeout_after_reject("INVALID"), OrderStatus.REFUSED),
        (Answer.timeout_never_received(), OrderStatus.REFUSED),
    ],
    ids=["filled", "rejected", "lost"],
)
async def test_an_order_without_an_answer_is_asked_for_all_the_same(
    clock: LeapingClock, answer: Answer, status: OrderStatus
) -> None:
    """It had waited for the wall to come back to where it was sent, with its symbol taking no entries."""
    rig = Rig(clock=clock)
    rig.venue.next_submit(answer)
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.001")))
        set_back(clock)
        await clock.advance(HORIZON_SECONDS + 10)
        assert only(await app.orders()).status is status


async def test_a_lost_order_is_not_given_up_before_the_horizon(clock: LeapingClock) -> None:
    """The wall tells nothing then, and the monotonic clock decides alone."""
    rig = Rig(clock=clock)
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy("0.001")))
        set_back(clock)
        await clock.advance(HORIZON_SECONDS - 1)
        await app.coordinator.supervisor.resolver.resolve(order.client_order_id)
        assert only(app.open_orders()).status is OrderStatus.UNKNOWN


async def test_an_order_that_the_venue_ended_unheard_is_found_by_the_next_pass(clock: LeapingClock) -> None:
    """It is older than the listing, though its stamp is ahead of it."""
    rig = Rig(clock=clock)
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        set_back(clock)
        rig.venue.end(order.client_order_id, is_told=False)
        await app.reconcile()
        assert app.open_orders() == ()


async def test_a_mismatch_is_confirmed_by_two_reads_five_seconds_apart(clock: LeapingClock) -> None:
    """The account had traded on, on books that were known to be wrong, until the wall had come back."""
    rig = Rig(clock=clock)
    async with rig.open() as app:
        rig.venue.move_balance("USD", Decimal(-500))
        await app.reconcile()
        set_back(clock)
        await clock.advance(50)
        assert app.state() is TradingState.REDUCING


async def test_executions_without_their_fills_are_a_difference_once_they_stay_so(clock: LeapingClock) -> None:
    """Five seconds of the monotonic clock, whatever the wall shows."""
    rig = Rig(clock=clock)
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.truth.orders[order.client_order_id].filled_quantity = order.quantity / 2
        await app.reconcile()
        set_back(clock)
        await clock.advance(6)
        report = await app.reconcile()
        assert [one.subject for one in report.differences] == [order.client_order_id]


async def test_a_feed_that_is_back_lets_its_symbol_trade_after_its_cool_down(clock: LeapingClock) -> None:
    """Five seconds, and not an hour and five."""
    rig = Rig(clock=clock)
    async with rig.open() as app:
        rig.venue.silence()
        await clock.advance(20)
        rig.venue.speak()
        await clock.advance(2)
        assert app.state(SPOT) is TradingState.REDUCING
        set_back(clock)
        await clock.advance(8)
        assert app.state(SPOT) is TradingState.ACTIVE


async def test_an_operators_word_is_taken_once_the_horizon_has_passed(clock: LeapingClock) -> None:
    """Class C: nothing else can tell, and he had been told to look again in an hour."""
    rig = Rig(clock=clock, capabilities=replace(SCRIPTED_CAPABILITIES, delivery=Delivery.C))
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy("0.001")))
        word = SettleRequest(client_order_id=order.client_order_id, verdict=Verdict.NEVER_ARRIVED, reason="looked")
        set_back(clock)
        refused(await app.settle(word), "UNKNOWN_OUTCOME")
        await clock.advance(HORIZON_SECONDS + 1)
        settled = (await app.settle(word)).unwrap()
        assert isinstance(settled, OrderRecord)
        assert settled.status is OrderStatus.REFUSED
