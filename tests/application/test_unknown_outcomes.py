"""After an unknown outcome nothing is guessed: exposure stays reserved, entries wait, and the venue is asked."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from decimal import Decimal

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
    offer_to_sell,
    only,
    placed,
    refused,
    sell,
    statuses,
)
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.brokers.scripted.answers import Effect, Told
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.application.application import Application
from tidegate.containers import open_application
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import IncidentRaised, OrderAccepted, OrderRejected, OrderSending, OrderUnanswered
from tidegate.domain.fills import Fill
from tidegate.domain.orders import OrderRecord
from tidegate.domain.submissions import Unreachable
from tidegate.domain.vocabulary import Delivery


async def test_an_unanswered_submit_is_an_order_whose_status_is_unknown() -> None:
    """It is neither a refusal nor an exception, and its exposure is reserved in full (R4)."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        account = await app.account()

    assert order.status is OrderStatus.UNKNOWN
    assert account.available["USD"] < 99_000
    assert account.exposure is not None
    assert account.exposure > 1_000
    assert only(await rig.stored(OrderUnanswered)).reason == "timed out"


@pytest.mark.parametrize(("delivery", "is_told"), [(Delivery.A, True), (Delivery.C, False)])
def test_by_when_an_outcome_is_known_depends_on_the_venue_and_on_no_guard(delivery: Delivery, *, is_told: bool) -> None:
    """The desk has it from the container, before anything else is made."""
    capabilities = replace(SCRIPTED_CAPABILITIES, delivery=delivery, horizon_seconds=Decimal(30))
    periods = {"in_flight_interval_seconds": 4, "in_flight_age_seconds": 7}
    desk = Rig(capabilities=capabilities, supervisor=periods).container().desk()

    assert (desk.unknown_bound, desk.outcomes_resolve) == (timedelta(seconds=30 + 3 * 4), is_told)


async def test_entries_wait_for_the_unknown_and_reductions_take_what_is_free() -> None:
    """On that symbol; what an unknown reduction may still take is not sold twice."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_never_received())
        unknown = placed(await app.coordinator.execute_decision(SPOT, sell("0.02", reduce_only=True)))
        assert unknown.status is OrderStatus.UNKNOWN
        entry = refused(await app.coordinator.execute_decision(SPOT, buy()), "UNKNOWN_OUTCOME")
        assert entry.context["client_order_id"] == unknown.client_order_id
        assert entry.remedy is not None
        assert unknown.sent_at is not None
        assert entry.remedy.text.startswith("resolves by ")
        assert entry.remedy.not_before == unknown.sent_at + timedelta(seconds=HORIZON_SECONDS + 6)
        placed(await app.coordinator.execute_decision(PERPETUAL, buy()))
        rest = placed(await app.coordinator.execute_decision(SPOT, sell("0.05", reduce_only=True)))

    assert rest.quantity == Decimal("0.03")
    assert rest.warnings[0].code == "UNKNOWN_OUTCOME"


@pytest.mark.parametrize("answered_after_seconds", [0, 8])
async def test_a_request_that_was_only_lost_restrains_nothing_however_short_the_horizon(
    answered_after_seconds: float,
) -> None:
    """The bound counts from when its answer was given up, and not before the first question: nobody has to look."""
    rig = Rig(capabilities=replace(SCRIPTED_CAPABILITIES, horizon_seconds=Decimal(1)))
    rig.venue.next_submit(Answer.timeout_never_received().after(answered_after_seconds))
    async with rig.open() as app:
        lost = asyncio.ensure_future(app.coordinator.execute_decision(SPOT, buy()))
        for _ in range(20):
            await rig.clock.advance(1)
            assert app.state(SPOT) is TradingState.ACTIVE
        placed(await lost)
        assert statuses(await app.orders()) == [OrderStatus.REFUSED]
        assert (await app.summary(0)).invariants == "hold"


async def test_an_unknown_reduction_of_a_derivative_blocks_its_quantity() -> None:
    """Nothing but what is provably left is closed."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_never_received())
        placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.05", reduce_only=True)))
        refused(await app.coordinator.execute_decision(PERPETUAL, sell("0.05", reduce_only=True)), "REDUCIBLE")


async def reduction_without_an_answer(app: Application, rig: Rig, symbol: str) -> OrderRecord:
    """A position of 0.05, all of which an unanswered order may be reducing."""
    placed(await app.coordinator.execute_decision(symbol, buy("0.05")))
    rig.venue.next_submit(Answer.timeout_never_received())
    return placed(await app.coordinator.execute_decision(symbol, sell("0.05", reduce_only=True)))


@pytest.mark.parametrize("symbol", [SPOT, PERPETUAL])
async def test_an_operator_may_override_an_unknown_reduction_and_is_warned_for_the_record(symbol: str) -> None:
    """It is the operator who takes it that both fill."""
    rig = Rig()
    async with rig.open() as app:
        unknown = await reduction_without_an_answer(app, rig, symbol)
        closed = placed(await rig.finished(app.close(symbol, override_unknown=True)))
        assert (closed.quantity, closed.status) == (Decimal("0.05"), OrderStatus.FILLED)
        assert app.position(symbol).is_flat
        assert (await app.summary(0)).invariants == "hold"

    sent = (await rig.stored(OrderSending))[-1]
    assert sent.order.overrides_unknown
    told = next(one.message for one in sent.warnings if one.code == "UNKNOWN_OUTCOME")
    assert unknown.client_order_id in told
    assert told.endswith("overridden by an operator: both may fill")


@pytest.mark.parametrize("is_reachable", [True, False])
async def test_a_confirmed_cancel_frees_nothing_that_an_unanswered_order_may_have_filled(*, is_reachable: bool) -> None:
    """R4: that it is worked no more says nothing of what it took; until the venue has answered all of it waits."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_after_fill(Decimal("0.02")))
        exit_ = offer_to_sell(101_000, "0.05", reduce_only=True)
        order = placed(await app.coordinator.execute_decision(PERPETUAL, exit_))
        if not is_reachable:
            rig.venue.unreachable()
            unknown = (await app.cancel(order.client_order_id)).unwrap()
            assert unknown.status is OrderStatus.UNKNOWN
            refused(await app.coordinator.execute_decision(PERPETUAL, sell("0.05", reduce_only=True)), "REDUCIBLE")
            rig.venue.reachable()
        canceled = (await app.cancel(order.client_order_id)).unwrap()
        assert (canceled.status, canceled.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.02"))
        rest = placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.05", reduce_only=True)))
        assert rest.quantity == Decimal("0.03")
        assert app.account_position(PERPETUAL).is_flat
        assert (await app.summary(0)).invariants == "hold"


async def test_the_fills_of_an_order_come_before_its_end_gives_free_what_is_left() -> None:
    """Asked about, it has ended with executions that nobody told: nothing is sent between its end and those."""
    rig = Rig()
    seen: list[Decimal] = []

    async def look(call: str) -> None:
        if call == "fills" and apps:
            seen.append(apps[0].account_position(PERPETUAL).quantity)
            refused(await apps[0].coordinator.execute_decision(PERPETUAL, sell("0.05", reduce_only=True)), "REDUCIBLE")

    apps: list[Application] = []
    async with rig.open(venue=InterposedVenue(rig.venue, before=look)) as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_after_fill(Decimal("0.02")))
        order = placed(
            await app.coordinator.execute_decision(PERPETUAL, offer_to_sell(101_000, "0.05", reduce_only=True))
        )
        apps.append(app)
        rig.venue.end(order.client_order_id, is_told=False)
        await rig.clock.advance(HORIZON_SECONDS + 3)
        apps.clear()
        assert seen
        assert app.account_position(PERPETUAL).quantity == Decimal("0.03")


async def test_a_close_that_an_unknown_reduction_blocks_tells_the_operator_of_the_override() -> None:
    """And takes nothing of it by itself."""
    rig = Rig()
    async with rig.open() as app:
        await reduction_without_an_answer(app, rig, SPOT)
        remedy = refused(await rig.finished(app.close(SPOT)), "REDUCIBLE").remedy

    assert remedy is not None
    assert "--override-unknown" in remedy.text


@pytest.mark.parametrize("answer", [Answer.timeout_after_accept(), Answer.timeout_after_fill(), Answer.lost_ack()])
async def test_a_timeout_that_was_accepted_is_one_order_once_the_venue_is_asked(answer: Answer) -> None:
    """B1: found by query within the in-flight check, with its fills."""
    rig = Rig()
    rig.venue.next_submit(answer)
    async with rig.open() as app:
        decision = offer_to_buy(100_005)
        assert placed(await app.coordinator.execute_decision(SPOT, decision)).status is OrderStatus.UNKNOWN
        await rig.clock.advance(HORIZON_SECONDS + 3)
        order = placed(await app.coordinator.execute_decision(SPOT, decision))
        truth = only(list(rig.venue.truth.orders.values()))
        assert order.filled_quantity == truth.filled_quantity
        assert order.status is (OrderStatus.FILLED if truth.filled_quantity else OrderStatus.ACCEPTED)

    assert len(rig.worked()) == 1
    assert only(await rig.stored(OrderAccepted)).venue_order_id == truth.venue_order_id


async def test_a_timeout_that_was_rejected_is_refused_with_the_venues_reason() -> None:
    """B2: found by query, and the same decision gets the refusal from then on."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_after_reject("VENUE_INSUFFICIENT_FUNDS"))
    decision = buy()
    async with rig.open() as app:
        assert placed(await app.coordinator.execute_decision(SPOT, decision)).status is OrderStatus.UNKNOWN
        await rig.clock.advance(HORIZON_SECONDS + 3)
        refused(await app.coordinator.execute_decision(SPOT, decision), "VENUE_INSUFFICIENT_FUNDS")
        assert (await app.account()).available["USD"] == 100_000


async def test_a_lost_request_is_not_accepted_after_the_horizon_and_unknown_before() -> None:
    """B3 and B27: "not found" is no evidence before H, and an entry is never sent again by itself."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_never_received())
    decision = buy()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, decision))
        await app.reconcile()
        await rig.clock.advance(HORIZON_SECONDS)
        await app.reconcile()
        assert placed(await app.coordinator.execute_decision(SPOT, decision)).status is OrderStatus.UNKNOWN
        await rig.clock.advance(3)
        refused(await app.coordinator.execute_decision(SPOT, decision), "NOT_ACCEPTED")
        assert (await app.account()).available["USD"] == 100_000
        placed(await app.coordinator.execute_decision(SPOT, buy()))

    assert len(rig.venue.truth.sent) == 2
    assert only(await rig.stored(OrderRejected)).by_venue is False


async def test_an_unreachable_venue_proves_nothing_however_long() -> None:
    """B31: reservations stay, nothing becomes refused, and past the bound an operator is called."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.unreachable()
        await rig.clock.advance(300)
        assert statuses(app.open_orders()) == [OrderStatus.UNKNOWN]
        assert (await app.account()).available["USD"] < 99_000
        assert app.state(SPOT) is TradingState.REDUCING
        assert order.client_order_id in (await app.account()).restrained[SPOT].reason


async def test_an_accept_after_the_horizon_is_an_incident_and_never_silence() -> None:
    """B26: the order is worked after all; it is recorded, called off, and entries stop."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_accepted_at_release())
    async with rig.open() as app:
        decision = offer_to_buy(99_000)
        placed(await app.coordinator.execute_decision(SPOT, decision))
        await rig.clock.advance(HORIZON_SECONDS + 3)
        refused(await app.coordinator.execute_decision(SPOT, decision), "NOT_ACCEPTED")
        rig.venue.release()
        await rig.clock.advance(3)
        assert (app.state(SPOT), app.state(PERPETUAL)) == (TradingState.REDUCING, TradingState.ACTIVE)
        assert placed(await app.coordinator.execute_decision(SPOT, decision)).status is OrderStatus.CANCELED
        summary = await app.summary(0)

    assert [incident.kind for incident in await rig.stored(IncidentRaised)] == ["LATE_ACCEPT"]
    assert rig.venue.truth.open_orders() == ()
    assert summary.invariants == "hold", summary.broken


async def test_a_reject_whose_duplicate_was_accepted_is_an_incident() -> None:
    """B25: a refused order that fills is recorded as truth."""
    rig = Rig()
    rig.venue.next_submit(Answer.reject_then_accept("VENUE_OTHER"))
    async with rig.open() as app:
        decision = offer_to_buy(99_000)
        refused(await app.coordinator.execute_decision(SPOT, decision), "VENUE_OTHER")
        rig.venue.release()
        rig.venue.fill(only(list(rig.venue.truth.orders)))
        await rig.clock.advance(3)
        assert app.position(SPOT).quantity == Decimal("0.01")
        assert app.state(SPOT) is TradingState.REDUCING

    assert [incident.kind for incident in await rig.stored(IncidentRaised)] == ["LATE_ACCEPT"]


async def test_an_id_that_the_venue_works_with_other_terms_is_never_adopted() -> None:
    """B20: quarantined, shown, and entries stop."""
    rig = Rig()
    rig.venue.next_submit(Answer(effect=Effect.ACCEPT, accepted_quantity=Decimal(1), told=Told.SILENCE))
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await rig.clock.advance(HORIZON_SECONDS + 60)
        assert statuses(app.open_orders()) == [OrderStatus.UNKNOWN]
        assert (app.state(SPOT), app.state(PERPETUAL)) == (TradingState.REDUCING, TradingState.ACTIVE)
        report = await app.reconcile()

    assert only(report.differences).subject == order.client_order_id
    assert [incident.kind for incident in await rig.stored(IncidentRaised)] == ["TERMS_DIFFER"]


async def test_each_outcome_is_counted_once_wherever_it_is_learnt() -> None:
    """Attempted is what succeeded, failed or is unknown; what never left is refused."""
    rig = Rig()
    container = rig.container()
    stats = container.order_stats()
    rig.venue.next_submit(
        Answer.fill(),
        Answer.fill_before_ack(),
        Answer.reject("VENUE_OTHER"),
        Answer.timeout_after_accept(),
    )
    async with open_application(container=container) as app:
        for size in ("0.01", "0.02", "0.03"):
            await app.coordinator.execute_decision(SPOT, buy(size))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        refused(await app.coordinator.execute_decision(SPOT, buy("9")))
        assert dict(stats) == {"attempted": 4, "successful": 2, "failed": 1, "refused": 1, "unknown": 1}
        rig.venue.fill(app.open_orders()[0].client_order_id)
        await rig.clock.advance(1)
        assert dict(stats) == {"attempted": 4, "successful": 3, "failed": 1, "refused": 1, "unknown": 0}
        assert len(stats) == 5
        assert "unknown=0" in repr(stats)


@pytest.mark.parametrize("is_canceled_by_us", [False, True])
async def test_an_end_waits_for_the_fills_that_the_venue_counts(is_canceled_by_us: bool) -> None:
    """A list of fills lags: what an ended exit has taken stays reserved, or the next one would sell it once more."""
    rig = Rig()

    class Lagging(InterposedVenue):
        is_lagging = False

        async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
            return () if self.is_lagging else await super().fills(since)

    venue = Lagging(rig.venue)
    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.03")))
        exiting = placed(
            await app.coordinator.execute_decision(PERPETUAL, offer_to_sell(101_000, "0.02", reduce_only=True))
        )
        venue.is_lagging = True
        rig.venue.fill(exiting.client_order_id, Decimal("0.01"), is_told=False)
        if is_canceled_by_us:
            await app.cancel(exiting.client_order_id)
        else:
            rig.venue.end(exiting.client_order_id)
        await rig.clock.advance(1)
        assert app.open_orders() != ()
        next_one = placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.03", reduce_only=True)))
        assert next_one.quantity == Decimal("0.01")
        venue.is_lagging = False
        await rig.clock.advance(7)
        assert app.open_orders() == ()
        assert app.position(PERPETUAL).quantity == Decimal("0.01")
        assert (await app.summary(0)).invariants == "hold"


async def test_an_end_whose_fills_never_come_is_taken_and_shown() -> None:
    """After five seconds no list lags any more: it is a difference, which stops entries there."""
    rig = Rig()

    class Silent(InterposedVenue):
        async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
            return ()

    async with rig.open(venue=Silent(rig.venue)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.fill(order.client_order_id, Decimal("0.004"), is_told=False)
        rig.venue.end(order.client_order_id)
        await rig.clock.advance(10)
        assert app.open_orders() == ()
        assert app.position(SPOT).is_flat
        assert "FILLS_DIFFER" in [incident.kind for incident in await rig.stored(IncidentRaised)]


@pytest.mark.parametrize("restarts", [False, True])
async def test_an_order_in_doubt_is_resolved_though_the_clock_went_back(*, restarts: bool) -> None:
    """X7: it would wait for the wall to come to where it had been, with its exposure reserved and no entry allowed."""
    clock = LeapingClock(STARTS_AT)
    rig = Rig(clock=clock)
    rig.venue.next_submit(Answer.timeout_never_received())
    async with AsyncExitStack() as lives:
        app = await lives.enter_async_context(rig.open())
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        clock.leap = timedelta(hours=-1)
        if restarts:
            await lives.aclose()
            app = await lives.enter_async_context(rig.open())
        await rig.clock.advance(HORIZON_SECONDS - 1)
        assert statuses(app.open_orders()) == [OrderStatus.UNKNOWN]
        await rig.clock.advance(4)
        assert app.open_orders() == ()
        record = only(await app.orders())

    assert (record.client_order_id, record.status) == (order.client_order_id, OrderStatus.REFUSED)


async def test_an_order_in_doubt_is_no_alarm_because_the_clock_went_ahead() -> None:
    """X7: it had been taken for one that is past its bound, and the account waited for an operator."""
    clock = LeapingClock(STARTS_AT)
    rig = Rig(clock=clock)
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        clock.leap = timedelta(hours=1)
        rig.price(100_000)
        entry = refused(await app.coordinator.execute_decision(SPOT, buy()), "UNKNOWN_OUTCOME")
        await app.coordinator.supervisor.guard_watch.run_all()
        assert app.state(SPOT) is TradingState.ACTIVE

    assert entry.remedy is not None
    assert entry.remedy.not_before == clock.now() + timedelta(seconds=HORIZON_SECONDS + 6)
