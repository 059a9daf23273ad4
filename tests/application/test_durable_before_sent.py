"""An intent is durable before any byte of its order leaves; where it cannot be, nothing leaves."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.application.interposing import InterposedStore, InterposedVenue, SlowStore
from tests.application.rig import HORIZON_SECONDS, SPOT, Rig, buy, close, offer_to_buy, only, placed, refused, sell
from tidegate import Action, Decision, OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.application.placement import PlacementResult
from tidegate.domain.events import OrderSending, TradingStateChanged
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.records import RecordOutcome, Step, WriterLost
from tidegate.domain.refusals import PreviewRefused


async def test_a_venue_that_looks_into_the_store_finds_the_sending_row() -> None:
    """Intent, attempt and terms are there when the request begins (R1)."""
    rig = Rig()
    found: list[OrderStatus] = []

    async def look(method: str) -> None:
        if method == "submit":
            event = only(await rig.stored(OrderSending))
            record = await rig.store.find_order(event.order.client_order_id)
            assert record is not None
            assert record.order == event.order
            assert (record.attempt, event.epoch) == (1, rig.store.epoch)
            found.append(record.status)

    async with rig.open(venue=InterposedVenue(rig.venue, before=look)) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))

    assert found == [OrderStatus.SENDING]


async def test_a_store_that_cannot_be_written_sends_nothing() -> None:
    """D1: refused with STORE, and the room that was reserved is free again."""
    rig = Rig()
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        store.disk_is_full = True
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy()), "STORE")
        too_large = refused(await app.coordinator.execute_decision(SPOT, buy("9")), "STORE")
        assert app.open_orders() == ()
        assert (await app.account()).available["USD"] == 100_000

    assert "the disk is full" in refusal.message
    assert "the disk is full" in too_large.message
    assert rig.venue.truth.sent == []


async def test_a_store_refusal_is_not_final_for_its_id() -> None:
    """Nothing of it was written, so the same decision may come again."""
    rig = Rig()
    store = InterposedStore(rig.store)
    decision = buy()
    async with rig.open(order_store=store) as app:
        store.disk_is_full = True
        refused(await app.coordinator.execute_decision(SPOT, decision), "STORE")
        store.disk_is_full = False
        placed(await app.coordinator.execute_decision(SPOT, decision))

    assert len(rig.worked()) == 1


async def test_a_writer_that_has_lost_the_account_sends_nothing() -> None:
    """X1: a newer epoch fences every earlier writer."""
    rig = Rig()

    class Fenced(InterposedStore):
        async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
            return WriterLost(reason="epoch 2 holds the account")

    async with rig.open(order_store=Fenced(rig.store)) as app:
        assert "epoch 2" in refused(await app.coordinator.execute_decision(SPOT, buy()), "STORE").message

    assert rig.venue.truth.sent == []


async def test_a_halt_written_by_another_process_stops_the_next_send() -> None:
    """X6: the state is read again in the transaction that marks SENDING; from there on the application knows it too."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        halt = TradingStateChanged(state=TradingState.HALTED, reason="stop", by="operator", at=rig.clock.now())
        await rig.store.write_state(halt)
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        assert "stop" in refusal.message
        assert app.state() is TradingState.HALTED
        await rig.clock.advance(2)
        assert app.open_orders() == ()

    assert len(rig.venue.truth.sent) == 1


async def test_a_symbol_halted_by_another_process_takes_no_entries_and_others_do() -> None:
    """The state of a symbol is its own."""
    rig = Rig()
    async with rig.open() as app:
        halt = TradingStateChanged(
            state=TradingState.REDUCING, reason="stop", by="operator", symbol=SPOT, at=rig.clock.now()
        )
        await rig.store.write_state(halt)
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        placed(await app.coordinator.execute_decision("BTC-PERP", buy()))
        assert (app.state(SPOT), app.state()) == (TradingState.REDUCING, TradingState.ACTIVE)


async def test_what_a_slow_commit_outlives_is_not_sent() -> None:
    """The decision's life, the trading state and the feed's age are looked at once more before the send (P13)."""
    rig = Rig()
    store = SlowStore(rig.store, rig.clock)
    async with rig.open(order_store=store) as app:

        async def executed(decision: Decision, seconds: float) -> PlacementResult:
            store.seconds = seconds
            task = asyncio.create_task(app.coordinator.execute_decision(SPOT, decision))
            await rig.clock.advance(seconds)
            return await task

        soon = rig.clock.now() + timedelta(seconds=1)
        expired = refused(await executed(buy(valid_until=soon), 2), "EXPIRED")
        order = only(await app.orders())
        assert (order.status, order.order.decision_id) == (OrderStatus.REFUSED, order.decision_id)
        rig.venue.silence()
        stale = refused(await executed(buy(), 6), "STALE_MARK")
        rig.venue.speak()
        assert expired.message
        assert stale.message
        assert app.open_orders() == ()

    assert rig.venue.truth.sent == []


@pytest.mark.parametrize("action", [Action.SELL, Action.CLOSE])
async def test_a_reduction_whose_life_ends_while_it_is_recorded_is_not_sent_and_a_close_is(action: Action) -> None:
    """The last look judges as review does: nothing goes past its decision's life, protection and closes excepted."""
    rig = Rig()
    store = SlowStore(rig.store, rig.clock)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        store.seconds = 2.0
        soon = rig.clock.now() + timedelta(seconds=1)
        reduction = sell("0.05", reduce_only=True, valid_until=soon)
        late = reduction if action is Action.SELL else close(valid_until=soon)
        result = await rig.finished(app.coordinator.execute_decision(SPOT, late))
        if action is Action.SELL:
            refused(result, "EXPIRED")
        assert app.position(SPOT).is_flat is (action is Action.CLOSE)


async def test_a_halt_during_a_slow_commit_stops_the_send() -> None:
    """The commit may have preceded the halt; the send must not follow it."""
    rig = Rig()

    async def halted(method: str) -> None:
        if method == "record_sending":
            await app.halt("stop")

    async with rig.open(order_store=InterposedStore(rig.store, after=halted)) as app:
        assert "stop" in refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE").message

    assert rig.venue.truth.sent == []


async def test_a_preview_refuses_an_entry_and_never_an_exit() -> None:
    """Where a preview is enabled the order is reviewed, previewed and reviewed again; a close does not wait for it."""
    rig = Rig(engine={"enable_preview": True})
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.next_preview = PreviewRefused(message="margin")
        assert refused(await app.coordinator.execute_decision(SPOT, buy()), "PREVIEW").message == "margin"
        refused(await app.coordinator.execute_decision(SPOT, buy("9")), "ORDER_SIZE")
        assert placed(await app.coordinator.execute_decision(SPOT, close())).status is OrderStatus.FILLED
        assert app.position(SPOT).is_flat


async def test_a_preview_changes_nothing_of_how_an_order_is_judged() -> None:
    """An exit still clears its way, and a refusal still says what would pass in the decision's own terms."""
    remedies = []
    for enable_preview in (False, True):
        rig = Rig(engine={"enable_preview": enable_preview})
        async with rig.open() as app:
            too_large = buy(None, target_notional=Decimal(1_000_000))
            remedies.append(refused(await app.coordinator.execute_decision(SPOT, too_large), "ORDER_SIZE").remedy)
            placed(await app.coordinator.execute_decision(SPOT, buy("0.05", strategy_id="a")))
            blocker = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_999, strategy_id="b")))
            closed = placed(await app.coordinator.execute_decision(SPOT, close(strategy_id="a")))
            assert closed.status is OrderStatus.FILLED
            assert rig.venue.truth.canceled == [blocker.client_order_id]
    assert remedies[0] == remedies[1] is not None


@pytest.mark.parametrize("answer", [Answer.no_connection(), Answer.reject("VENUE_OTHER", "no")])
async def test_what_never_reached_the_book_frees_what_it_reserved(answer: Answer) -> None:
    """REFUSED on evidence: a connection that could not be made, or a typed reject (R3)."""
    rig = Rig()
    rig.venue.next_submit(answer)
    async with rig.open() as app:
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy()))
        assert refusal.code in ("VENUE_UNREACHABLE", "VENUE_OTHER")
        assert (await app.account()).available["USD"] == 100_000
        assert only(await app.orders()).status is OrderStatus.REFUSED
        await rig.clock.advance(HORIZON_SECONDS + 10)
        assert app.state() is TradingState.ACTIVE
