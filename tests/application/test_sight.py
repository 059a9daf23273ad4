"""Sight: while what the venue did may have been missed no entry is made, and what was seen in part is not seen."""

import asyncio
from decimal import Decimal

from msgspec.structs import replace

from tests.application.interposing import InterposedStore, InterposedVenue
from tests.application.rig import PERPETUAL, SPOT, Rig, buy, offer_to_buy, only, placed, refused, sell
from tidegate import OrderSide, TradingState
from tidegate.domain.events import IncidentRaised
from tidegate.domain.identifiers import VenueOrderId
from tidegate.domain.records import CommitOutcome, Step, WriterLost
from tidegate.domain.submissions import FillReport, OrderUpdate, Unreachable, VenueOrder


async def kinds(rig: Rig) -> list[str]:
    return [incident.kind for incident in await rig.stored(IncidentRaised)]


async def test_a_gap_keeps_entries_out_until_everything_was_asked_for() -> None:
    """S1 and R7: a resync that finds nobody is none, and is tried again."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.unreachable(times=20)
        rig.venue.gap("reconnected")
        await rig.clock.advance(1)
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        assert "reconnected" in refusal.message
        refused(await app.coordinator.plan(SPOT, buy()), "TRADING_STATE")
        placed(await app.coordinator.execute_decision(SPOT, sell("0.01", reduce_only=True)))
        rig.venue.reachable()
        await rig.clock.advance(7)
        placed(await app.coordinator.execute_decision(SPOT, buy()))


async def test_a_gap_of_one_symbol_keeps_no_other_from_trading() -> None:
    """A venue that numbers its reports by symbol says which are concerned; a second gap adds to them, or is of all."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.unreachable(times=40)
        rig.venue.gap("a number is missing", (SPOT,))
        await rig.clock.advance(1)
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        placed(await app.coordinator.execute_decision(PERPETUAL, buy()))
        rig.venue.gap("another one is", (PERPETUAL,))
        await rig.clock.advance(1)
        refused(await app.coordinator.execute_decision(PERPETUAL, buy()), "TRADING_STATE")
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        rig.venue.reachable()
        await rig.clock.advance(7)
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        placed(await app.coordinator.execute_decision(PERPETUAL, buy()))


async def test_an_account_that_was_never_compared_makes_no_entry() -> None:
    """A start whose venue cannot be read opens, lets exits through, and waits with entries."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
    rig.venue.unreachable()
    async with rig.open() as app:
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        placed(await app.coordinator.execute_decision(SPOT, sell(reduce_only=True)))
        rig.venue.reachable()
        await rig.clock.advance(7)
        placed(await app.coordinator.execute_decision(SPOT, buy()))


async def test_money_that_differs_at_the_start_is_looked_at_twice_before_anything_trades() -> None:
    """D12: an old copy's balances are wrong at once, and no entry is made on them in the meantime."""
    rig = Rig()
    async with rig.open():
        pass
    rig.venue.move_balance("USD", Decimal(-500))
    async with rig.open() as app:
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        await rig.clock.advance(9)
        assert app.state() is TradingState.REDUCING
        assert "ours 100000, theirs 99500" in (await app.account()).state_reason


async def test_a_look_that_only_reports_stops_nothing() -> None:
    """What it found may be on its way here."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        fill = rig.venue.fill(order.client_order_id, is_told=False)
        assert not (await app.reconcile(report_only=True)).agrees
        await rig.clock.advance(3)
        rig.venue.tell(FillReport(fill=fill))
        await rig.clock.advance(1)
        assert app.state(SPOT) is TradingState.ACTIVE


async def test_a_venue_that_cannot_be_read_for_a_minute_stops_entries_until_it_can() -> None:
    """Blind is no pass; and what an outage stopped needs no operator once it is over (B31)."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.unreachable()
        await rig.clock.advance(110)
        assert app.state() is TradingState.REDUCING
        assert "has not been read" in (await app.account()).state_reason
        rig.venue.reachable()
        await rig.clock.advance(55)
        assert app.state() is TradingState.ACTIVE


async def test_a_listing_with_a_page_that_came_twice_is_no_listing() -> None:
    """B28: nothing is concluded from it, least of all that an order is gone."""
    rig = Rig()

    class Paging(InterposedVenue):
        async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
            listed = await super().open_orders()
            return listed if isinstance(listed, Unreachable) else listed[:1] * 2

    async with rig.open(venue=Paging(rig.venue)) as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(98_000)))
        await rig.clock.advance(1)
        report = await app.reconcile()
        assert "page was repeated" in only(report.unreachable)
        assert len(app.open_orders()) == 2


async def test_a_second_order_under_our_id_is_shown_and_puts_its_symbol_in_quarantine() -> None:
    """A network that doubles a request at a class B venue: two orders, and neither is kept silent."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        twin = replace(
            rig.venue.truth.orders[order.client_order_id].as_venue_order(), venue_order_id=VenueOrderId("X9")
        )
        rig.venue.tell(OrderUpdate(order=twin), times=2)
        await rig.clock.advance(2)
        assert (app.state(SPOT), app.state(PERPETUAL)) == (TradingState.REDUCING, TradingState.ACTIVE)

    assert await kinds(rig) == ["DUPLICATE"]


async def test_a_fill_that_cannot_be_its_orders_moves_nothing_and_stops_no_loop() -> None:
    """Another symbol, the other side or nothing at all: shown once, and the reports go on."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        fill = rig.venue.fill(order.client_order_id, Decimal("0.004"), is_told=False)
        for flawed in (
            replace(fill, symbol=PERPETUAL),
            replace(fill, side=OrderSide.SELL),
            replace(fill, quantity=Decimal(0)),
            replace(fill, price=Decimal(-1)),
        ):
            rig.venue.tell(FillReport(fill=flawed), times=2)
        rig.venue.tell(FillReport(fill=fill))
        await rig.clock.advance(2)
        assert app.position(SPOT).quantity == Decimal("0.004")
        assert app.position(PERPETUAL).quantity == 0
        assert app.dead_loops == {}

    assert await kinds(rig) == ["FILL_FLAWED"] * 4


async def paused(rig: Rig, store: InterposedStore, seconds: float) -> None:
    async def sleep(method: str) -> None:
        if method == "record_sending":
            await rig.clock.sleep(seconds)

    store.after = sleep


async def test_after_a_long_pause_the_epoch_is_compared_again_before_the_send() -> None:
    """P13: another process may have taken the account meanwhile; an exit is no exception."""
    rig = Rig()

    class Fenced(InterposedStore):
        is_fenced = False

        async def commit(self, step: Step) -> CommitOutcome:
            if self.is_fenced:
                return WriterLost(reason="epoch 2 holds the account")
            return await super().commit(step)

    store = Fenced(rig.store)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        await paused(rig, store, 600)
        store.is_fenced = True
        for decision in (buy(), sell(reduce_only=True)):
            task = asyncio.create_task(app.coordinator.execute_decision(SPOT, decision))
            await rig.clock.advance(600)
            assert "epoch 2" in refused(await task, "STORE").message

    assert len(rig.venue.truth.sent) == 1


async def test_a_pause_that_nobody_used_delays_an_order_and_is_shown() -> None:
    """The account is still ours and the feed alive: it goes out once."""
    rig = Rig()
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        await paused(rig, store, 600)
        task = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(600)
        placed(await task)

    assert len(rig.venue.truth.sent) == 1
    assert "PAUSED" in await kinds(rig)


async def test_whoever_gives_up_in_the_pause_leaves_a_refused_order() -> None:
    """P16: recorded, never sent, and with an end."""
    rig = Rig()

    async def slow(method: str) -> None:
        if method == "commit" and is_slow:
            await rig.clock.sleep(60)

    is_slow = False
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        await paused(rig, store, 40)
        pause = store.after

        async def both(method: str) -> None:
            await pause(method)
            await slow(method)

        store.after, is_slow = both, True
        task = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))
        await rig.clock.advance(41)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        is_slow = False
        store.after = pause
        refused(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")), "EXPIRED")

    assert rig.venue.truth.sent == []
