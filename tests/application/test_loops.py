"""The background loops: one that dies or hangs is missed, entries stop, and it is started again if it may be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from tests.application.interposing import InterposedStore, InterposedVenue
from tests.application.rig import PERPETUAL, SPOT, Rig, buy, offer_to_buy, only, placed, refused, sell
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer, CancelAnswer
from tidegate.adapters.clocks import ManualClock, settle
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.application.children import Children
from tidegate.application.placement import PlacementResult
from tidegate.application.reconciler import OrderReconciler
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import CancelRequested, IncidentRaised
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.reconciliation import ReconciliationReport
from tidegate.domain.records import CommitOutcome, RequestKind, Step, WriterLost
from tidegate.domain.requests import DecideRequest, StateRequest
from tidegate.domain.submissions import CancelOutcome, OrderAbsent, Unreachable, VenueOrder, VenueReport


async def kinds(rig: Rig) -> list[str]:
    return [incident.kind for incident in await rig.stored(IncidentRaised)]


class Failing:
    """Reconciliation whose passes raise a number of times, as only a bug or the machine can make them."""

    error: Exception | None = None
    times = 0

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = OrderReconciler.reconcile_once

        async def reconcile_once(reconciler: OrderReconciler, **options: Any) -> ReconciliationReport:
            if self.error is not None and self.times:
                self.times -= 1
                raise self.error
            return await whole(reconciler, **options)

        monkeypatch.setattr(OrderReconciler, "reconcile_once", reconcile_once)


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), KeyError("a bug")])
async def test_a_loop_that_dies_stops_entries_and_is_started_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P14, P15: noticed at once; an operator resumes, but reconciliation goes on without one."""
    rig = Rig()
    passes = Failing(monkeypatch)
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        passes.error, passes.times = error, 1
        await rig.clock.advance(46)
        assert app.state() is TradingState.REDUCING
        assert "order reconciliation" in (await app.account()).state_reason
        rig.venue.fill(order.client_order_id, order.quantity, is_told=False)
        await rig.clock.advance(60)
        assert app.dead_loops == {}
        assert app.position(SPOT).quantity == order.quantity
        assert app.state() is TradingState.REDUCING

    assert await kinds(rig) == ["LOOP_DIED"]


async def test_a_loop_that_dies_again_and_again_stays_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart is no cure: after five it is left to an operator."""
    rig = Rig()
    passes = Failing(monkeypatch)
    async with rig.open() as app:
        passes.error, passes.times = KeyError("a bug"), 1_000
        await rig.clock.advance(600)
        assert list(app.dead_loops) == ["order reconciliation"]

    assert await kinds(rig) == ["LOOP_DIED"] * 6


async def test_a_loop_that_was_left_to_an_operator_is_started_again_when_one_resumes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise the account would take entries, and nothing would look after them."""
    rig = Rig()
    passes = Failing(monkeypatch)
    async with rig.open() as app:
        passes.error, passes.times = KeyError("a bug"), 6
        await rig.clock.advance(600)
        assert list(app.dead_loops) == ["order reconciliation"]
        await app.resume("repaired")
        await rig.clock.advance(2)
        assert app.dead_loops == {}
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.fill(order.client_order_id, order.quantity, is_told=False)
        await rig.clock.advance(60)
        assert app.position(SPOT).quantity == order.quantity
        passes.times = 1_000
        await rig.clock.advance(600)
        assert list(app.dead_loops) == ["order reconciliation"]
        assert app.state() is TradingState.REDUCING


async def test_a_part_that_ends_the_group_leaves_nobody_behind() -> None:
    """What is no Exception tears the whole group down, and no loop is begun again in the ruins."""

    class Killed(BaseException):
        pass

    async def died(name: str, failure: BaseException | None) -> None:
        deaths.append(name)

    async def forever() -> None:
        await asyncio.Event().wait()

    async def kill() -> None:
        raise Killed

    async def life() -> None:
        async with Children(died, ManualClock(STARTS_AT)) as children:
            children.start("forever", forever, restarts=5)
            children.start("kill", kill)
            await forever()

    deaths: list[str] = []
    with pytest.raises(BaseExceptionGroup) as ended:
        await life()
    assert ended.group_contains(Killed)
    assert deaths == []


@pytest.mark.no_cover
async def test_a_loop_that_was_well_for_long_may_be_restarted_as_often_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six deaths in as many hours are not six in a row."""
    rig = Rig()
    passes = Failing(monkeypatch)
    async with rig.open() as app:
        for _ in range(7):
            passes.error, passes.times = KeyError("a bug"), 1
            await rig.clock.advance(800)
            assert app.dead_loops == {}


async def test_one_order_that_nobody_can_be_asked_about_keeps_no_other_from_its_turn() -> None:
    """What the adapter cannot say of one order is no answer; the others are resolved, and an operator is told once."""
    rig = Rig()

    class Poisoned(InterposedVenue):
        poison = ""

        async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
            if client_order_id == self.poison:
                raise KeyError("a bug")
            return await super().order(client_order_id, symbol)

    venue = Poisoned(rig.venue)
    async with rig.open(venue=venue) as app:
        rig.venue.next_submit(Answer.timeout_after_accept(), Answer.timeout_after_accept())
        poison = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))
        venue.poison = poison.client_order_id
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(98_000)))
        rig.venue.hide(poison.client_order_id)
        await rig.clock.advance(60)
        assert app.dead_loops == {}
        statuses = {one.client_order_id: one.status for one in app.open_orders()}
        assert statuses.pop(poison.client_order_id) is OrderStatus.UNKNOWN
        assert set(statuses.values()) == {OrderStatus.ACCEPTED}
        refused(await app.coordinator.execute_decision(PERPETUAL, buy()), "TRADING_STATE")

    assert await kinds(rig) == ["ADAPTER_FAILED"]


async def test_a_loop_that_somebody_cancels_is_missed() -> None:
    """A cancelled task ends without an exception that anybody would see."""
    rig = Rig()
    async with rig.open() as app:
        guards = only([task for task in asyncio.all_tasks() if task.get_name() == "tidegate runtime guards"])
        guards.cancel()
        await rig.clock.advance(1)
        assert app.state() is TradingState.REDUCING
        assert "runtime guards" in (await app.account()).state_reason
        await rig.clock.advance(2)
        assert app.dead_loops == {}
        again = [task for task in asyncio.all_tasks() if task.get_name() == "tidegate runtime guards"]
        only(again).cancel()
        await rig.clock.advance(10)
        assert app.dead_loops == {}

    assert await kinds(rig) == ["LOOP_DIED"] * 2


async def test_loops_that_are_cancelled_with_their_application_are_no_deaths() -> None:
    """What ends a program at once cancels every task at once, as `asyncio.run` does; nobody need look at that later."""
    rig = Rig()

    async def life() -> None:
        async with rig.open() as app:
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
            await app.run_until(stop=asyncio.Event())

    living = asyncio.create_task(life())
    await settle()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await living

    assert await kinds(rig) == []
    async with rig.open() as app:
        assert app.state() is TradingState.ACTIVE


async def test_a_loop_that_is_cancelled_while_its_application_is_left_is_no_death() -> None:
    """However long leaving waits for a placement under way."""
    rig = Rig(supervisor={"drain_seconds": 5})
    rig.venue.next_submit(Answer.fill().when_released())

    async def life() -> None:
        async with rig.open() as app:
            placing.append(asyncio.create_task(app.coordinator.execute_decision(SPOT, buy())))
            await settle()

    placing: list[asyncio.Task[PlacementResult]] = []
    living = asyncio.create_task(life())
    await settle()
    only([task for task in asyncio.all_tasks() if task.get_name() == "tidegate runtime guards"]).cancel()
    await rig.clock.advance(10)
    await living
    only(placing).cancel()
    await asyncio.gather(*placing, return_exceptions=True)

    assert await kinds(rig) == []


async def test_a_loop_that_is_cancelled_is_missed_where_its_holder_was_cancelled_and_lives_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever holds it may have swallowed a cancellation; the loop is missed all the same, a little later."""
    monkeypatch.setattr("tidegate.application.children.GRACE_SECONDS", 0.05)
    rig = Rig()
    async with rig.open() as app:
        holder = asyncio.current_task()
        assert holder is not None
        holder.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        only([task for task in asyncio.all_tasks() if task.get_name() == "tidegate runtime guards"]).cancel()
        await rig.clock.advance(1)
        assert app.state() is TradingState.ACTIVE
        await asyncio.sleep(0.1)
        await rig.clock.advance(1)
        assert app.state() is TradingState.REDUCING
        await rig.clock.advance(2)
        assert app.dead_loops == {}
        holder.uncancel()

    assert await kinds(rig) == ["LOOP_DIED"]


async def test_a_loop_that_hangs_is_missed_like_one_that_died() -> None:
    """Where questions have long to be answered, reconciliation is blind: entries stop, and the loop is begun again."""
    rig = Rig(supervisor={"venue_deadline_seconds": 300})

    async def hang(method: str) -> None:
        if method == "open_orders" and is_hanging:
            await asyncio.Event().wait()

    is_hanging = False
    async with rig.open(venue=InterposedVenue(rig.venue, before=hang)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        is_hanging = True
        await rig.clock.advance(120)
        assert app.state() is TradingState.REDUCING
        assert "has not come round" in (await app.account()).state_reason
        is_hanging = False
        rig.venue.fill(order.client_order_id, order.quantity, is_told=False)
        await rig.clock.advance(60)
        assert app.position(SPOT).quantity == order.quantity
        assert app.dead_loops == {}

    assert await kinds(rig) == ["LOOP_SILENT", "LOOP_DIED"]


async def test_a_stream_that_ends_is_opened_anew_and_everything_is_asked_for() -> None:
    """What it would have told meanwhile is not missed."""
    rig = Rig()

    class Ending(InterposedVenue):
        opened = 0

        async def reports(self) -> AsyncIterator[VenueReport]:
            self.opened += 1
            if self.opened == 1:
                await rig.clock.sleep(10)
                return
            async for report in rig.venue.reports():
                yield report

    venue = Ending(rig.venue)
    async with rig.open(venue=venue) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await rig.clock.advance(10)
        rig.venue.fill(order.client_order_id, order.quantity)
        await rig.clock.advance(3)
        assert app.position(SPOT).quantity == order.quantity
        placed_before = app.position(SPOT).quantity
        second = placed(await app.coordinator.execute_decision(SPOT, sell(reduce_only=True)))
        assert (placed_before, second.status) == (order.quantity, OrderStatus.FILLED)

    assert await kinds(rig) == ["LOOP_DIED", "REPORT_GAP"]


async def test_whatever_raises_while_a_decision_is_executed_stops_entries() -> None:
    """P14 at any port point: the decision was not accepted, and nothing that increases exposure follows it."""
    rig = Rig()

    async def fail(reached: str) -> None:
        if reached == "find_decision" and is_armed:
            raise MemoryError

    is_armed = False
    async with rig.open(order_store=InterposedStore(rig.store, before=fail)) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        is_armed = True
        with pytest.raises(MemoryError):
            await app.coordinator.execute_decision(SPOT, buy())
        is_armed = False
        refused(await app.coordinator.execute_decision(PERPETUAL, buy()), "TRADING_STATE")
        placed(await app.coordinator.execute_decision(SPOT, sell(reduce_only=True)))
        await rig.clock.advance(2)
        assert app.state() is TradingState.REDUCING


async def test_a_cancel_that_raises_stays_asked_for_and_stops_entries() -> None:
    """It is repeated like one whose answer was lost."""
    rig = Rig()

    async def fail(method: str) -> None:
        if method == "cancel" and is_armed:
            raise MemoryError

    is_armed = True
    async with rig.open(venue=InterposedVenue(rig.venue, before=fail)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        asked = await app.cancel(order.client_order_id)
        is_armed = False
        assert asked is not None
        assert only(app.open_orders()).status is OrderStatus.PENDING_CANCEL
        await rig.clock.advance(8)
        assert app.open_orders() == ()
        assert app.state() is TradingState.REDUCING


async def test_a_writer_that_has_lost_the_account_calls_nothing_off() -> None:
    """R2 for cancels: what rests is the next writer's."""
    rig = Rig()

    class Fenced(InterposedStore):
        is_fenced = False

        async def commit(self, step: Step) -> CommitOutcome:
            if self.is_fenced:
                return WriterLost(reason="epoch 2 holds the account")
            return await super().commit(step)

    store = Fenced(rig.store)
    async with rig.open(order_store=store) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        store.is_fenced = True
        await app.cancel(order.client_order_id)
        await app.cancel_all()

    assert rig.venue.truth.canceled == []


async def test_a_cancel_all_that_is_killed_is_finished_by_the_next_start() -> None:
    """P9: every cancel is durable before the first is sent."""
    rig = Rig()
    reached = asyncio.Event()

    class Hanging(InterposedVenue):
        async def cancel(self, order: OrderRecord) -> CancelOutcome:
            reached.set()
            await asyncio.Event().wait()
            raise AssertionError

    async with rig.open(venue=Hanging(rig.venue)) as app:
        for price in (99_000, 98_000, 97_000):
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(price)))
        task = asyncio.create_task(app.cancel_all())
        await reached.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(await rig.stored(CancelRequested)) == 3
    await rig.clock.advance(1)
    async with rig.open() as app:
        assert app.open_orders() == ()

    assert rig.venue.truth.open_orders() == ()


async def test_leaving_waits_for_the_placements_under_way() -> None:
    """X5: the answer is read and recorded by whoever asked for it, if it comes in time."""
    rig = Rig(supervisor={"drain_seconds": 5})
    rig.venue.next_submit(Answer.fill().after(2))
    async with rig.open() as app:
        task = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy()))
        await settle()
        moving = asyncio.create_task(rig.clock.advance(10))
    assert placed(await task).status is OrderStatus.FILLED
    await moving


async def test_leaving_does_not_wait_for_ever() -> None:
    """What has no answer by then is found by the next start, and nothing new is taken meanwhile."""
    rig = Rig(supervisor={"drain_seconds": 5})
    rig.venue.next_submit(Answer.fill().when_released())
    async with rig.open() as app:
        task = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))
        await settle()
        moving = asyncio.create_task(rig.clock.advance(10))
    refused(await app.coordinator.execute_decision(SPOT, buy()), "STORE")
    task.cancel()
    await asyncio.gather(task, moving, return_exceptions=True)
    async with rig.open() as app:
        assert (
            placed(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine"))).status is OrderStatus.FILLED
        )


async def test_a_request_that_ends_in_an_exception_is_a_dead_letter() -> None:
    """N10: tried once, answered, and the next one has its turn."""
    rig = Rig()
    store = rig.store
    assert isinstance(store, MemoryOrderStore)

    async def fail(method: str) -> None:
        if method == "find_decision":
            raise MemoryError

    async with rig.open(order_store=InterposedStore(store, before=fail)) as app:
        poison = DecideRequest(symbol=SPOT, decision=buy())
        halt = StateRequest(state=TradingState.HALTED, reason="stop")
        first = await store.submit_request(RequestKind.DECIDE, msgspec.json.encode(poison).decode())
        second = await store.submit_request(RequestKind.STATE, msgspec.json.encode(halt).decode())
        await rig.clock.advance(3)
        answer = await store.find_answer(first)
        assert answer is not None
        assert "exception" in answer.payload
        assert await store.find_answer(second) is not None
        assert app.state() is TradingState.HALTED


async def test_a_cancel_that_an_outage_has_lost_is_repeated_once_it_is_over() -> None:
    """B31: cancels are repeated after twice as long each time, but the pauses of an outage end with it."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.unreachable()
        rig.venue.next_cancel(*[CancelAnswer.never_received()] * 5)
        await app.cancel(order.client_order_id)
        await rig.clock.advance(120)
        assert len(await rig.stored(CancelRequested)) == 5
        rig.venue.reachable()
        await rig.clock.advance(10)
        assert app.open_orders() == ()


async def test_a_late_cancel_answer_changes_nothing_once_it_was_repeated() -> None:
    """Two requests, one order: whichever answers, it ends once."""
    rig = Rig()
    rig.venue.next_cancel(CancelAnswer.lost_ack(), CancelAnswer.refuse())
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await app.cancel(order.client_order_id)
        await rig.clock.advance(10)
        assert only(await app.orders()).status is OrderStatus.CANCELED


async def test_a_stream_that_always_has_a_next_report_keeps_nobody_from_his_turn() -> None:
    """Not even one of reports that cannot be believed."""
    rig = Rig()
    nonsense: Any = None

    class Flooding(InterposedVenue):
        is_over = False

        async def reports(self) -> AsyncIterator[VenueReport]:
            while not self.is_over:
                yield nonsense

    venue = Flooding(rig.venue)
    async with rig.open(venue=venue) as app:
        await settle()
        assert list(await app.orders()) == []
        venue.is_over = True

    assert await kinds(rig) == ["ADAPTER_FAILED", "REPORT_GAP"]
