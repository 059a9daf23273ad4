"""A caller that gives up, an adapter that raises: what had begun has an end all the same (P14, P16)."""

import asyncio
from decimal import Decimal

import pytest

from tests.application.interposing import CancelAt, InterposedStore, InterposedVenue
from tests.application.rig import HORIZON_SECONDS, SPOT, Rig, buy, close, offer_to_buy, only, placed, refused, statuses
from tidegate import Decision, OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.clocks import settle
from tidegate.application.application import Application
from tidegate.domain.events import IncidentRaised, OrderSending
from tidegate.domain.orders import ApprovedOrder, RecordedOrder
from tidegate.domain.records import RecordOutcome, Step
from tidegate.domain.submissions import SubmissionOutcome

AWAITS_OF_AN_ENTRY = 6
"""find_decision, record_sending and submit, each before and after its effect."""


async def given_up(app: Application, decision: Decision) -> bool:
    """Execute a decision as a task of its own; whether it was cancelled."""
    task = asyncio.create_task(app.coordinator.execute_decision(SPOT, decision))
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


@pytest.mark.parametrize("number", range(1, AWAITS_OF_AN_ENTRY + 1))
async def test_a_caller_that_gives_up_at_any_await_leaves_nothing_open(number: int) -> None:
    """Nothing happened, or it is recorded how it ended; asking again gives that end, and never a second order."""
    rig, cut = Rig(), CancelAt(number)
    store = InterposedStore(rig.store, before=cut, after=cut)
    venue = InterposedVenue(rig.venue, before=cut, after=cut)
    decision = buy(decision_id="mine")
    async with rig.open(order_store=store, venue=venue) as app:
        cut.is_armed = True
        assert await given_up(app, decision)
        cut.is_armed = False
        recorded = await rig.stored(OrderSending)
        assert len(rig.venue.truth.sent) <= len(recorded)
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert app.open_orders() == ()
        again = await app.coordinator.execute_decision(SPOT, decision)
        summary = await app.summary(0)

    assert len(rig.worked()) <= 1
    assert summary.invariants == "hold", summary.broken
    if recorded and not rig.worked():
        refused(again)
    else:
        assert placed(again).status is OrderStatus.FILLED


async def test_the_awaits_of_an_entry_are_all_tried() -> None:
    """The test above would otherwise leave some out once there are more."""
    rig, cut = Rig(), CancelAt(0)
    store = InterposedStore(rig.store, before=cut, after=cut)
    async with rig.open(order_store=store, venue=InterposedVenue(rig.venue, before=cut, after=cut)) as app:
        cut.is_armed = True
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        cut.is_armed = False

    assert cut.seen == AWAITS_OF_AN_ENTRY


async def test_what_was_given_up_before_it_was_sent_ends_as_refused() -> None:
    """The intent was durable, nothing left: EXPIRED, at once, and its reservation is free."""
    rig, cut = Rig(), CancelAt(4)
    store = InterposedStore(rig.store, before=cut, after=cut)
    async with rig.open(order_store=store) as app:
        cut.is_armed = True
        assert await given_up(app, buy())
        cut.is_armed = False
        order = only(await app.orders())
        assert (await app.account()).available["USD"] == 100_000

    assert (order.status, order.refused and order.refused.code) == (OrderStatus.REFUSED, "EXPIRED")
    assert rig.venue.truth.sent == []


async def test_a_second_delivery_takes_over_from_an_interrupted_first() -> None:
    """It waits for the first, and when that left nothing, begins anew."""
    rig = Rig()
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def held_up(method: str) -> None:
        if method == "find_decision" and not reached.is_set():
            reached.set()
            await go_on.wait()

    decision = buy()
    async with rig.open(order_store=InterposedStore(rig.store, before=held_up)) as app:
        first = asyncio.create_task(app.coordinator.execute_decision(SPOT, decision))
        await reached.wait()
        others = [asyncio.create_task(app.coordinator.execute_decision(SPOT, decision)) for _ in range(3)]
        await asyncio.sleep(0)
        first.cancel()
        results = await asyncio.gather(*others)

    assert {placed(result).status for result in results} == {OrderStatus.FILLED}
    assert len(rig.worked()) == 1


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), RuntimeError("a bug")])
async def test_an_adapter_that_raises_leaves_an_unknown_order(error: Exception) -> None:
    """The order may be live: it is recorded as unknown, entries wait, and the venue is asked."""
    rig = Rig()
    rig.venue.next_submit(Answer.crash(error))
    decision = buy()
    async with rig.open() as app:
        for _ in range(2):
            assert placed(await app.coordinator.execute_decision(SPOT, decision)).status is OrderStatus.UNKNOWN
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        await rig.clock.advance(HORIZON_SECONDS + 3)
        refused(await app.coordinator.execute_decision(SPOT, decision), "NOT_ACCEPTED")
        assert app.state() is TradingState.REDUCING

    assert only(await rig.stored(IncidentRaised)).kind == "ADAPTER_FAILED"


@pytest.mark.parametrize("is_recorded", [True, False])
async def test_a_store_that_raises_while_it_records_sends_nothing(is_recorded: bool) -> None:
    """A row that is there has its end, of none nothing is told; entries stop until somebody has looked."""
    rig = Rig()

    class Broken(InterposedStore):
        async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
            if is_recorded:
                await super().record_sending(approved, step)
            raise MemoryError

    async with rig.open(order_store=Broken(rig.store)) as app:
        with pytest.raises(MemoryError):
            await app.coordinator.execute_decision(SPOT, buy())
        assert app.open_orders() == ()
        assert statuses(await app.orders()) == [OrderStatus.REFUSED] * is_recorded
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert app.state() is TradingState.REDUCING
        assert (await app.summary(0)).invariants == "hold"

    assert rig.venue.truth.sent == []


async def test_a_fill_that_overtakes_the_cancellation_is_no_longer_in_doubt() -> None:
    """The stream has told its end; giving up the wait for the answer adds nothing."""
    rig = Rig()
    rig.venue.next_submit(Answer.fill_before_ack().when_released())
    async with rig.open() as app:
        task = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy()))
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert only(await app.orders()).status is OrderStatus.FILLED
        assert app.position(SPOT).quantity == Decimal("0.01")


async def test_an_answer_that_overtakes_the_cancellation_is_recorded_by_query() -> None:
    """The caller has gone, the venue has filled it: the position is known within the in-flight check."""
    rig = Rig()
    rig.venue.next_submit(Answer.fill().after(1))
    async with rig.open() as app:
        task = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert statuses(app.open_orders()) == [OrderStatus.UNKNOWN]
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert app.position(SPOT).quantity == Decimal("0.01")
        assert app.state() is TradingState.ACTIVE


async def test_a_query_does_not_refuse_an_order_that_is_still_on_its_way() -> None:
    """A commit or a submit may take longer than H: until it is over, absence proves nothing."""
    rig = Rig()

    class Slow(InterposedVenue):
        async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
            await rig.clock.sleep(HORIZON_SECONDS * 3)
            return await super().submit(recorded)

    async with rig.open(venue=Slow(rig.venue)) as app:
        task = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(HORIZON_SECONDS * 3)
        assert placed(await task).status is OrderStatus.FILLED


AWAITS_OF_A_CLOSE = 20


@pytest.mark.parametrize("number", range(1, AWAITS_OF_A_CLOSE + 1))
async def test_a_close_that_is_given_up_at_any_await_may_be_asked_for_again(number: int) -> None:
    """The position is closed once, entries are let in again, and nothing stays reserved."""
    rig, cut = Rig(), CancelAt(number)
    store = InterposedStore(rig.store, before=cut, after=cut)
    venue = InterposedVenue(rig.venue, before=cut, after=cut)
    decision = close(decision_id="mine")
    async with rig.open(order_store=store, venue=venue) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        cut.is_armed = True
        await given_up(app, decision)
        cut.is_armed = False
        await rig.clock.advance(HORIZON_SECONDS + 3)
        await rig.finished(app.coordinator.execute_decision(SPOT, decision))
        await rig.finished(app.coordinator.execute_decision(SPOT, close()))
        assert app.position(SPOT).quantity == 0
        assert app.open_orders() == ()
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        summary = await app.summary(0)

    assert summary.invariants == "hold", summary.broken


async def test_the_awaits_of_a_close_are_all_tried() -> None:
    """The test above would otherwise leave some out once there are more."""
    rig, cut = Rig(), CancelAt(0)
    store = InterposedStore(rig.store, before=cut, after=cut)
    async with rig.open(order_store=store, venue=InterposedVenue(rig.venue, before=cut, after=cut)) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        cut.is_armed = True
        placed(await app.coordinator.execute_decision(SPOT, close()))
        cut.is_armed = False

    assert cut.seen <= AWAITS_OF_A_CLOSE
