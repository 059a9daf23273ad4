"""Reconciliation: our records against the venue's, repaired by evidence only, and nothing smoothed over."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.application.interposing import InterposedStore, InterposedVenue
from tests.application.rig import (
    HORIZON_SECONDS,
    PERPETUAL,
    SPOT,
    Rig,
    buy,
    close,
    offer_to_buy,
    only,
    placed,
    sell,
    statuses,
)
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.clocks import settle
from tidegate.containers import open_application
from tidegate.domain.events import IncidentRaised, OrderFilled
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import Order
from tidegate.domain.reconciliation import DifferenceKind
from tidegate.domain.submissions import FillReport, OrderUpdate, Unreachable


def somebody_elses(order: Order, name: str) -> Order:
    return replace(order, client_order_id=ClientOrderId(name))


async def test_a_missing_fill_is_found_and_booked_once() -> None:
    """Lost on the stream, found by the list, and then told by the stream after all."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        fill = rig.venue.fill(order.client_order_id, is_told=False)
        report = await app.reconcile()
        assert (report.applied, report.agrees) == (1, True)
        rig.venue.tell(FillReport(fill=fill), times=3)
        await rig.clock.advance(1)
        assert app.position(SPOT).quantity == Decimal("0.01")
        assert (await app.reconcile()).applied == 0

    assert only(await rig.stored(OrderFilled)).fill == fill


async def test_a_fill_of_an_order_that_has_ended_is_booked_once_though_two_tell_of_it_at_once() -> None:
    """The stream and the list bring the same late fill; each reads the order from the store before it books."""
    rig = Rig()

    async def others_first(method: str) -> None:
        await asyncio.sleep(0)

    async with rig.open(order_store=InterposedStore(rig.store, before=others_first, after=others_first)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, "0.02")))
        (await app.cancel(order.client_order_id)).unwrap()
        rig.venue.fill(order.client_order_id, Decimal("0.01"))
        rig.venue.fill(order.client_order_id, Decimal("0.01"))
        await asyncio.gather(app.reconcile(), app.reconcile(), rig.clock.advance(1))
        record = only(await app.orders())
        assert (record.filled_quantity, app.position(SPOT).quantity) == (Decimal("0.02"), Decimal("0.02"))
        assert (await app.summary(0)).invariants == "hold"


async def test_what_the_venue_has_ended_is_found_by_asking() -> None:
    """An order that its list no longer shows: cancelled, expired or filled, by the venue's own word."""
    rig = Rig()
    async with rig.open() as app:
        for price in (99_000, 98_000, 97_000):
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(price)))
        first, second, third = (order.client_order_id for order in app.open_orders())
        rig.venue.end(first, is_told=False)
        rig.venue.end(second, is_expired=True, is_told=False)
        rig.venue.fill(third, is_told=False)
        await rig.clock.advance(1)
        report = await app.reconcile()
        assert app.open_orders() == ()
        assert statuses(await app.orders()) == [OrderStatus.FILLED, OrderStatus.EXPIRED, OrderStatus.CANCELED]

    assert set(report.resolved) >= {first, second}


async def test_somebody_elses_order_is_shown_and_never_touched() -> None:
    """S10: external, counted, and no reason to stop."""
    rig = Rig()
    async with rig.open() as app:
        ours = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.external(somebody_elses(ours.order, "theirs"))
        report = await app.reconcile()
        assert (only(report.differences).kind, only(report.differences).subject) == ("EXTERNAL", "theirs")
        assert report.agrees
        await app.cancel_all()
        await rig.clock.advance(50)
        assert app.state() is TradingState.ACTIVE

    assert [order.order.client_order_id for order in rig.venue.truth.open_orders()] == ["theirs"]
    assert [event.kind for event in await rig.stored(IncidentRaised)] == ["EXTERNAL_ORDER"]


async def test_an_orphan_with_our_prefix_stops_entries() -> None:
    """No intent of it is recorded here: another store trades on this account (X2)."""
    rig = Rig()
    async with rig.open() as app:
        ours = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        orphan = rig.venue.external(somebody_elses(ours.order, "tg" + "0" * 30))
        rig.venue.fill(orphan.order.client_order_id)
        report = await app.reconcile()
        assert {one.kind for one in report.differences} == {DifferenceKind.MISSING_HERE}
        await rig.clock.advance(2)
        assert app.state() is TradingState.REDUCING
        summary = await app.summary(0)

    assert (await rig.stored(IncidentRaised))[0].kind == "ORPHAN"
    assert summary.invariants == [3]


async def test_an_unreachable_venue_changes_nothing_and_the_report_says_so() -> None:
    """R7: a failed fetch is never an empty set."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        before = await rig.journal()
        await rig.clock.advance(1)
        rig.venue.unreachable("connection refused")
        report = await app.reconcile()
        assert await rig.journal() == before
        assert [what.split(":")[0] for what in report.unreachable] == [
            "fills",
            "movements",
            "open orders",
            "positions",
            "balances",
        ]
        assert (report.is_complete, report.agrees, report.differences) == (False, False, ())
        assert statuses(app.open_orders()) == [OrderStatus.ACCEPTED]


async def test_report_only_folds_nothing_and_says_what_differs() -> None:
    """And the next pass still finds it all."""
    rig = Rig()
    async with rig.open() as app:
        filled = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        ended = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(98_000)))
        rig.venue.fill(filled.client_order_id, is_told=False)
        rig.venue.end(ended.client_order_id, is_told=False)
        await rig.clock.advance(1)
        before = await rig.journal()
        report = await app.reconcile(report_only=True)
        assert await rig.journal() == before
        assert report.applied == 0
        assert {one.kind for one in report.differences} == {"FILLS_DIFFER", "MISSING_ON_VENUE"}
        assert app.position(SPOT).is_flat
        await rig.clock.advance(100)
        assert app.position(SPOT).quantity == Decimal("0.01")
        assert app.open_orders() == ()


async def test_a_live_order_that_a_complete_query_does_not_show_is_a_difference_after_the_horizon() -> None:
    """Before, it may be a list that lags (B27); an accepted order is never concluded to be gone."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.hide(order.client_order_id)
        await rig.clock.advance(1)
        assert (await app.reconcile()).agrees
        await rig.clock.advance(HORIZON_SECONDS)
        report = await app.reconcile()
        assert (only(report.differences).kind, only(report.differences).theirs) == ("MISSING_ON_VENUE", "not found")
        assert statuses(app.open_orders()) == [OrderStatus.ACCEPTED]
        rig.venue.show(order.client_order_id)
        assert (await app.reconcile()).agrees


async def test_executions_without_their_fills_are_a_difference_once_they_stay_so() -> None:
    """Cumulative figures are a check and never a fill (R5)."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        told = replace(rig.venue.truth.orders[order.client_order_id].as_venue_order(), filled_quantity=Decimal("0.004"))
        rig.venue.tell(OrderUpdate(order=told))
        await rig.clock.advance(1)
        assert (await app.reconcile()).agrees
        rig.venue.tell(OrderUpdate(order=told))
        await rig.clock.advance(6)
        rig.venue.tell(OrderUpdate(order=told))
        await rig.clock.advance(1)
        assert app.position(SPOT).is_flat

    assert only(await rig.stored(IncidentRaised)).kind == "FILLS_DIFFER"


@pytest.mark.parametrize("behind", [0, 3, 20])
async def test_the_fills_of_an_order_are_found_by_whatever_clock_they_are_stamped(behind: int) -> None:
    """A venue a few seconds behind had its fill looked for after it, and the symbol wait for an operator."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(60)
        rig.venue.next_submit(Answer.accept())
        exit_order = placed(await app.coordinator.execute_decision(SPOT, sell(reduce_only=True)))
        fill = rig.venue.fill(exit_order.client_order_id, is_told=False)
        rig.venue.truth.fills[-1] = replace(fill, at=fill.at - timedelta(seconds=behind))
        await rig.clock.advance(15)

        assert app.position(SPOT).is_flat
        assert app.state(SPOT) is TradingState.ACTIVE


async def test_the_fills_of_an_attempt_that_was_taken_for_lost_are_found_with_the_next_one() -> None:
    """They are older than the last send, which is not where the order began."""

    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.next_submit(Answer.timeout_after_fill())
        exit_order = placed(await app.coordinator.execute_decision(SPOT, sell(reduce_only=True)))
        order_id = exit_order.client_order_id
        rig.venue.hidden.add(order_id)
        late = [rig.venue.truth.fills.pop()]
        await rig.clock.advance(HORIZON_SECONDS + 2)
        assert only(app.open_orders()).attempt == 2
        rig.venue.hidden.clear()
        rig.venue.truth.fills.extend(late)
        await app.coordinator.supervisor.resolver.resolve(order_id)

        assert app.open_orders() == ()
        assert app.position(SPOT).is_flat


async def test_a_gap_in_the_reports_asks_for_everything() -> None:
    """What was lost meanwhile is found within a second (S1)."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.fill(order.client_order_id, is_told=False)
        rig.venue.gap("reconnected")
        await rig.clock.advance(1)
        assert app.position(SPOT).quantity == Decimal("0.01")

    assert only(await rig.stored(IncidentRaised)).kind == "REPORT_GAP"


async def test_a_gap_that_is_told_without_end_is_shown_once_until_everything_was_asked_for() -> None:
    """A stream in trouble must not fill the journal; what is told after everything was asked for is news again."""
    rig = Rig()
    async with rig.open():
        for _ in range(50):
            rig.venue.gap("reconnected")
        for number in range(50):
            rig.venue.gap(f"lost {number}")
        await settle()
        shown = len(await rig.stored(IncidentRaised))
        await rig.clock.advance(2)
        rig.venue.gap("reconnected")
        await settle()

    assert shown == 10
    assert len(await rig.stored(IncidentRaised)) == 11


async def test_reports_in_any_order_and_with_repeats_end_in_the_same_state() -> None:
    """Fill before accept, cancel before fill, and each of them twice (S3 to S6)."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, "0.02")))
        truth = rig.venue.truth.orders[order.client_order_id]
        early = truth.as_venue_order()
        first = rig.venue.fill(order.client_order_id, Decimal("0.01"), is_told=False)
        rig.venue.end(order.client_order_id, is_told=False)
        late = truth.as_venue_order()
        second = rig.venue.fill(order.client_order_id, Decimal("0.01"), is_told=False)
        for report in (
            OrderUpdate(order=late),
            FillReport(fill=second),
            OrderUpdate(order=early),
            FillReport(fill=first),
        ):
            rig.venue.tell(report, times=2)
        await rig.clock.advance(1)
        record = only(await app.orders())
        assert (record.status, record.filled_quantity) == (OrderStatus.FILLED, Decimal("0.02"))
        assert (await app.summary(0)).invariants == "hold"


async def test_the_reconciler_tells_its_last_pass() -> None:
    """`diff` and `snapshot`, and nothing of it after a reset."""
    rig = Rig()
    container = rig.container()
    async with open_application(container=container) as app:
        supervisor = container.supervisor()
        first = supervisor.reconciler
        assert first.snapshot() == app.recovered
        rig.venue.move_balance("USD", Decimal(5))
        await rig.clock.advance(60)
        await rig.clock.advance(60)
        snapshot = first.snapshot()
        assert snapshot is not None
        assert first.diff() == snapshot.differences != ()
        app.coordinator.reset_order_reconciler()
        assert supervisor.reconciler is not first
        assert supervisor.reconciler.snapshot() is None
        assert supervisor.reconciler.diff() == ()


async def test_a_pass_asks_only_for_what_is_new() -> None:
    """From behind the last fill of a durable listing, which a restart has too; not for a lifetime of fills."""
    rig = Rig()
    asked: list[timedelta] = []

    class Watched(InterposedVenue):
        async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
            asked.append(rig.clock.now() - since)
            return await super().fills(since)

    async with rig.open() as app:
        await rig.clock.advance(600)
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        await app.reconcile()
    async with rig.open(venue=Watched(rig.venue)) as app:
        await app.reconcile()
        await rig.clock.advance(10)
        await app.reconcile()

    assert asked[0] == timedelta(seconds=30)
    assert max(asked) <= timedelta(seconds=45)


async def test_nothing_is_concluded_of_money_while_an_order_is_in_flight() -> None:
    """Its fill may be in one figure and not yet in the other."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_after_fill())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.unreachable(times=2)
        report = await app.reconcile()
        assert report.suspected == ()
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert (await app.reconcile()).agrees
        placed(await app.coordinator.execute_decision(SPOT, close()))


async def test_a_fill_of_an_outage_that_a_failed_store_lost_is_asked_for_again() -> None:
    """A later fill that came with its answer says nothing of it: only a whole listing that is durable does."""
    rig = Rig()
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.02")))
        await app.reconcile()
        rig.venue.next_submit(Answer.timeout_after_fill())
        rig.venue.unreachable()
        placed(await app.coordinator.execute_decision(SPOT, buy("0.03")))
        await rig.clock.advance(60)
        placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.02", reduce_only=True)))
        await rig.store.flush()
        store.disk_is_full = True
        rig.venue.reachable()
        await app.reconcile()
    async with rig.open() as app:
        assert app.account_position(SPOT).quantity == Decimal("0.03")
        assert app.account_position(PERPETUAL).is_flat


async def test_a_difference_of_an_order_that_has_ended_goes_once_the_venue_agrees() -> None:
    """The guard of records has called it off, so no list shows it; then what was missing comes, and all agrees."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        missing = rig.venue.fill(order.client_order_id, Decimal("0.004"), is_told=False)
        rig.venue.truth.fills.remove(missing)
        await rig.clock.advance(120)
        assert "FILLS_DIFFER" in {one.kind for one in app.coordinator.supervisor.reconciler.diff()}
        assert app.open_orders() == ()
        rig.venue.truth.fills.append(missing)
        assert (await app.reconcile()).agrees
        assert app.position(SPOT).quantity == Decimal("0.004")
