"""Calling off: a cancel that comes while an order is recorded keeps it from being sent; one that overtakes it lasts."""

import asyncio
from collections.abc import Coroutine
from decimal import Decimal

import pytest

from tests.application.interposing import InterposedStore, InterposedVenue
from tests.application.rig import PERPETUAL, SPOT, Rig, buy, offer_to_buy, placed, refused, sell, statuses
from tidegate import Action, Decision, OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.clocks import settle
from tidegate.application.placement import PlacementResult
from tidegate.domain.events import CancelRequested, OrderRejected, OrderSending, TradingStateChanged


class Gate:
    """Holds one method of a port up until it is opened."""

    def __init__(self, method: str) -> None:
        self._method = method
        self._open = asyncio.Event()
        self.is_reached = False

    async def __call__(self, method: str) -> None:
        if method == self._method and not self._open.is_set():
            self.is_reached = True
            await self._open.wait()

    def open(self) -> None:
        """Let it go on, now and from now on."""
        self._open.set()


async def placing(task: "asyncio.Task[PlacementResult]", gate: Gate) -> PlacementResult:
    """The outcome of a decision that a gate has held up."""
    gate.open()
    return await task


@pytest.mark.parametrize("call_off", ["cancel", "cancel_all", "close"])
@pytest.mark.parametrize("place", ["before", "after"])
async def test_an_order_that_is_called_off_while_it_is_recorded_is_never_sent(call_off: str, place: str) -> None:
    """Its row has an end, REFUSED(EXPIRED) with why; the venue has seen neither it nor a cancel."""
    rig, gate = Rig(), Gate("record_sending")
    store = InterposedStore(rig.store, **{place: gate})
    async with rig.open(order_store=store) as app:
        deciding = asyncio.create_task(app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await settle()
        assert gate.is_reached
        (order,) = app.open_orders()
        calls: dict[str, Coroutine[None, None, object]] = {
            "cancel": app.cancel(order.client_order_id, "changed my mind"),
            "cancel_all": app.cancel_all(reason="changed my mind"),
            "close": app.close(SPOT, "changed my mind"),
        }
        calling_off = asyncio.create_task(calls.pop(call_off))
        for other in calls.values():
            other.close()
        await settle()

        outcome = refused(await placing(deciding, gate), "EXPIRED")
        await rig.clock.advance(1)
        await calling_off

        assert "called off while its intent was being recorded" in outcome.message
        assert app.open_orders() == ()
        assert (await app.summary(0)).invariants == "hold"

    assert rig.venue.truth.sent == []
    assert rig.venue.truth.canceled == []
    assert len(await rig.stored(OrderSending)) == 1
    assert len(await rig.stored(OrderRejected)) == 1
    assert await rig.stored(CancelRequested) == []


async def test_a_cancel_of_an_order_that_the_store_then_refuses_leaves_no_row() -> None:
    """A halt from elsewhere keeps the intent from being recorded: nothing is to be cancelled, no row tells of it."""
    rig, gate = Rig(), Gate("record_sending")
    async with rig.open(order_store=InterposedStore(rig.store, before=gate)) as app:
        deciding = asyncio.create_task(app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await settle()
        (order,) = app.open_orders()
        canceling = asyncio.create_task(app.cancel_all(reason="all of it"))
        alone = asyncio.create_task(app.cancel(order.client_order_id))
        await settle()
        halt = TradingStateChanged(state=TradingState.HALTED, reason="elsewhere", by="operator", at=rig.clock.now())
        await rig.store.write_state(halt)

        refused(await placing(deciding, gate), "TRADING_STATE")

        assert await canceling == ()
        refused(await alone, "INVALID")
        assert app.open_orders() == ()
        assert (await app.summary(0)).invariants == "hold"

    assert await rig.stored(OrderSending) == []
    assert await rig.stored(CancelRequested) == []


async def test_a_close_takes_all_where_the_exit_that_it_called_off_was_never_sent() -> None:
    """Nothing of it can have filled, whether or not the venue can be asked."""
    rig, gate = Rig(), Gate("record_sending")
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        store.before = gate
        reducing = asyncio.create_task(
            app.coordinator.execute_decision(PERPETUAL, sell("0.03", reduce_only=True, decision_id="first"))
        )
        await settle()
        closing = asyncio.create_task(app.coordinator.execute_decision(PERPETUAL, Decision(action=Action.CLOSE)))
        await settle()
        rig.venue.unreachable()
        refused(await placing(reducing, gate), "EXPIRED")

        assert placed(await rig.finished(asyncio.wait_for(closing, None))).quantity == Decimal("0.05")


async def test_others_are_cancelled_while_one_is_called_off() -> None:
    """What rests is cancelled at the venue, what is being recorded never gets there."""
    rig, gate = Rig(), Gate("record_sending")
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        resting = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(98_000)))
        store.before = gate
        deciding = asyncio.create_task(app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await settle()
        canceling = asyncio.create_task(app.cancel_all())
        await settle()

        refused(await placing(deciding, gate), "EXPIRED")

        after = await canceling
        assert statuses(after) == [OrderStatus.CANCELED, OrderStatus.REFUSED]
    assert rig.venue.truth.canceled == [resting.client_order_id]


async def test_a_cancel_that_overtakes_its_order_is_asked_again() -> None:
    """The venue does not know the order yet and refuses the cancel; once it has it, it is asked again, and it ends."""
    rig, gate = Rig(), Gate("submit")
    venue = InterposedVenue(rig.venue, before=gate)
    async with rig.open(venue=venue) as app:
        deciding = asyncio.create_task(app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await settle()
        assert gate.is_reached
        (order,) = app.open_orders()
        await app.cancel(order.client_order_id, "changed my mind")
        assert rig.venue.truth.orders == {}

        await placing(deciding, gate)
        await rig.clock.advance(30)

        assert app.open_orders() == ()
        assert (await app.summary(0)).invariants == "hold"

    assert rig.venue.truth.orders[order.client_order_id].is_canceled


async def test_a_lost_exit_that_is_called_off_is_not_sent_again() -> None:
    """Its first attempt never arrived; while the second is being recorded an operator calls it off."""
    rig, gate = Rig(), Gate("record_sending")
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy()))
        rig.venue.next_submit(Answer.timeout_never_received())
        closing = await rig.finished(app.close(PERPETUAL))
        order = placed(closing)
        assert order.status is OrderStatus.UNKNOWN
        store.before = gate
        sent = len(rig.venue.truth.sent)
        await rig.clock.advance(30)
        assert gate.is_reached
        calling_off = asyncio.create_task(app.cancel(order.client_order_id, "by hand"))
        await settle()
        gate.open()
        await rig.clock.advance(1)

        assert (await calling_off).unwrap().status is OrderStatus.REFUSED
        assert len(rig.venue.truth.sent) == sent
        assert (await app.summary(0)).invariants == "hold"


async def test_a_close_calls_off_what_was_still_under_way_to_the_venue() -> None:
    """An entry that comes to rest only after the close began rests no longer once it has ended."""
    rig, gate = Rig(), Gate("submit")
    venue = InterposedVenue(rig.venue)
    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        venue.before = gate
        deciding = asyncio.create_task(app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await settle()
        closing = asyncio.create_task(app.close(SPOT))
        await settle()
        await placing(deciding, gate)

        assert placed(await rig.finished(_outcome(closing))).status is OrderStatus.FILLED
        assert app.open_orders() == ()
        assert app.account_position(SPOT).is_flat
        assert (await app.summary(0)).invariants == "hold"


async def _outcome(task: "asyncio.Task[PlacementResult]") -> PlacementResult:
    return await task
