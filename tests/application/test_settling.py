"""Settling: an operator's word on an order is taken where no question can settle it, and nowhere else."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.application.interposing import InterposedStore
from tests.application.rig import (
    HORIZON_SECONDS,
    SPOT,
    LeapingClock,
    Rig,
    buy,
    offer_to_buy,
    placed,
    refused,
)
from tidegate import OrderStatus
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.application.application import Application
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import OrderAmended, OrderCanceled, OrderFilled, OrderRejected
from tidegate.domain.orders import OrderRecord
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.requests import SettleRequest, Verdict
from tidegate.domain.vocabulary import Delivery

WITHOUT_IDS = replace(SCRIPTED_CAPABILITIES, delivery=Delivery.C)


async def said(app: Application, order_id: str, verdict: Verdict, **figures: Any) -> OrderRecord | AnyRefusal:
    """What came of an operator's word."""
    request = SettleRequest(client_order_id=order_id, verdict=verdict, reason="I have looked", **figures)
    result = await app.settle(request)
    return result.value_or(None) or result.failure()


async def settled(app: Application, order_id: str, verdict: Verdict, **figures: Any) -> OrderRecord:
    """The order as it then stands."""
    outcome = await said(app, order_id, verdict, **figures)
    assert isinstance(outcome, OrderRecord), outcome
    return outcome


async def not_taken(app: Application, order_id: str, verdict: Verdict, **figures: Any) -> str:
    """Why the word was not taken."""
    outcome = await said(app, order_id, verdict, **figures)
    assert not isinstance(outcome, OrderRecord)
    return f"{outcome.code} {outcome.message}"


async def lost(rig: Rig, app: Application) -> OrderRecord:
    """An order that never got an answer, long ago."""
    rig.venue.next_submit(Answer.timeout_never_received())
    order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
    await rig.clock.advance(60)
    return order


async def test_an_order_without_ids_never_arrived_when_somebody_has_seen_that() -> None:
    """It waits for a person however long; then it is REFUSED with who said so, and entries go on after a resume."""
    rig = Rig(capabilities=WITHOUT_IDS)
    async with rig.open() as app:
        order = await lost(rig, app)
        refused(await app.coordinator.execute_decision(SPOT, buy()))
        assert [one.status for one in app.open_orders()] == [OrderStatus.UNKNOWN]

        after = await settled(app, order.client_order_id, Verdict.NEVER_ARRIVED)

        assert after.status is OrderStatus.REFUSED
        assert app.open_orders() == ()
        await app.resume("settled", SPOT)
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        assert (await app.summary(0)).invariants == "hold"

    (rejected,) = await rig.stored(OrderRejected)
    assert (rejected.code, rejected.reason, rejected.by_venue) == (
        "NOT_ACCEPTED",
        "it never arrived, by operator: I have looked",
        False,
    )


async def test_what_was_filled_of_it_is_booked_as_inferred_and_the_rest_is_not_worked() -> None:
    """0.004 of 0.01 at 98,990 for a fee of 1.5."""
    rig = Rig(capabilities=WITHOUT_IDS)
    async with rig.open() as app:
        order = await lost(rig, app)
        before = app.account_position(SPOT)

        after = await settled(
            app,
            order.client_order_id,
            Verdict.FILLED,
            filled_quantity=Decimal("0.004"),
            price=Decimal(98_990),
            fee=Decimal("1.5"),
        )

        assert (after.status, after.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.004"))
        assert before.is_flat
        held = app.account_position(SPOT)
        assert (held.quantity, held.entry_price, held.fees) == (Decimal("0.004"), Decimal(98_990), Decimal("1.5"))

    (filled,) = await rig.stored(OrderFilled)
    assert filled.fill.is_inferred
    (canceled,) = await rig.stored(OrderCanceled)
    assert "by operator: I have looked" in canceled.reason


@pytest.mark.parametrize("verdict", [Verdict.NEVER_ARRIVED, Verdict.FILLED])
async def test_before_the_horizon_nobody_can_know(verdict: Verdict) -> None:
    """The request may still take effect: the word is refused with the time that is left, and taken after it."""
    rig = Rig(capabilities=WITHOUT_IDS)
    figures = {"filled_quantity": Decimal("0.01"), "price": Decimal(99_000)} if verdict is Verdict.FILLED else {}
    async with rig.open() as app:
        rig.venue.next_submit(Answer.timeout_never_received())
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await rig.clock.advance(2)

        assert "UNKNOWN_OUTCOME" in await not_taken(app, order.client_order_id, verdict, **figures)
        await rig.clock.advance(HORIZON_SECONDS)

        assert (await settled(app, order.client_order_id, verdict, **figures)).is_terminal


async def test_where_the_venue_can_be_asked_it_is_asked() -> None:
    """Class A: the word is refused until asking has had its time; an outage longer than that is what it is for."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.next_submit(Answer.timeout_never_received())
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.unreachable()
        await rig.clock.advance(HORIZON_SECONDS + 1)
        assert "may still become known" in await not_taken(app, order.client_order_id, Verdict.NEVER_ARRIVED)
        await rig.clock.advance(30)

        after = await settled(app, order.client_order_id, Verdict.NEVER_ARRIVED)

        assert after.status is OrderStatus.REFUSED


async def test_a_fill_that_the_venue_will_tell_of_is_nobodys_to_say() -> None:
    """It would count twice: what was bought in the outage is booked once, from the venue's own fill."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.next_submit(Answer.timeout_after_fill())
        rig.venue.unreachable()
        order = placed(await app.coordinator.execute_decision(SPOT, buy("0.01")))
        await rig.clock.advance(60)
        figures = {"filled_quantity": Decimal("0.01"), "price": Decimal(100_001)}
        assert "the venue's own fills" in await not_taken(app, order.client_order_id, Verdict.FILLED, **figures)
        rig.venue.reachable()
        await rig.clock.advance(60)

        assert app.account_position(SPOT).quantity == Decimal("0.01")
        assert (await app.summary(0)).invariants == "hold"

    assert [event.fill.is_inferred for event in await rig.stored(OrderFilled)] == [False]


async def test_a_word_that_is_not_durable_is_not_said_to_be_taken() -> None:
    """The next start would not know it: it asks for the word again."""
    rig = Rig(capabilities=WITHOUT_IDS)
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        order = await lost(rig, app)
        store.disk_is_full = True
        assert "STORE" in await not_taken(app, order.client_order_id, Verdict.NEVER_ARRIVED)

    assert await rig.stored(OrderRejected) == []


async def test_a_known_outcome_needs_nobodys_word() -> None:
    """An order that rests, one that has ended, and one that there is not."""
    rig = Rig()
    async with rig.open() as app:
        resting = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        ended = placed(await app.coordinator.execute_decision(SPOT, buy()))

        for order in (resting, ended):
            assert "its outcome is known" in await not_taken(app, order.client_order_id, Verdict.NEVER_ARRIVED)
        assert "there is no order" in await not_taken(app, "tg0", Verdict.NEVER_ARRIVED)
        assert "nothing is to be taken" in await not_taken(app, resting.client_order_id, Verdict.AS_VENUE)


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({}, "`--filled` needs a quantity and `--price` a price"),
        ({"filled_quantity": Decimal("0.01")}, "`--price` a price"),
        ({"filled_quantity": Decimal(0), "price": Decimal(1)}, "above zero"),
        ({"filled_quantity": Decimal("0.01"), "price": Decimal(-1)}, "above zero"),
        ({"filled_quantity": Decimal("0.01"), "price": Decimal("NaN")}, "both finite"),
        ({"filled_quantity": Decimal("0.02"), "price": Decimal(1)}, "more than the 0.01 that were sent"),
    ],
)
async def test_figures_that_cannot_be_are_refused(figures: dict[str, Decimal], told: str) -> None:
    """Nothing is booked, and the order waits on."""
    rig = Rig(capabilities=WITHOUT_IDS)
    async with rig.open() as app:
        order = await lost(rig, app)

        assert told in await not_taken(app, order.client_order_id, Verdict.FILLED, **figures)
        assert [one.status for one in app.open_orders()] == [OrderStatus.UNKNOWN]


async def test_an_order_with_other_terms_is_taken_as_the_venue_has_it() -> None:
    """B20, seen by an operator: the venue's quantity becomes ours, its fills are booked, and the difference is gone."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.next_submit(Answer.accept_other_terms(Decimal("0.004")))
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await rig.clock.advance(10)
        await app.reconcile()
        assert app.operations.desk.order_differences

        after = await settled(app, order.client_order_id, Verdict.AS_VENUE)

        assert (after.quantity, after.status) == (Decimal("0.004"), OrderStatus.ACCEPTED)
        assert not app.operations.desk.order_differences
        rig.venue.fill(order.client_order_id)
        await rig.clock.advance(1)
        assert app.account_position(SPOT).quantity == Decimal("0.004")
        assert app.open_orders() == ()
        assert (await app.summary(0)).invariants == "hold"

    (amended,) = await rig.stored(OrderAmended)
    assert "by operator: I have looked" in amended.reason


async def test_an_order_that_turns_up_after_all_is_a_late_accept() -> None:
    """The word was wrong: the order is cancelled, and an operator sees it."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.next_submit(Answer.timeout_after_accept())
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.unreachable()
        await rig.clock.advance(40)
        await settled(app, order.client_order_id, Verdict.NEVER_ARRIVED)
        rig.venue.reachable()

        await rig.clock.advance(60)

        assert app.open_orders() == ()
        assert any(what.startswith("LATE_ACCEPT") for what in app.operations.desk.broken)
    assert rig.venue.truth.orders[order.client_order_id].is_canceled


async def test_how_long_an_order_has_waited_is_not_read_off_a_clock_that_jumps() -> None:
    """X7: set ahead it would have an order settled that may still take effect, set back nobody could say anything."""
    clock = LeapingClock(STARTS_AT)
    rig = Rig(clock=clock, capabilities=WITHOUT_IDS)
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        clock.leap = timedelta(hours=1)
        too_soon = await not_taken(app, order.client_order_id, Verdict.NEVER_ARRIVED)
        clock.leap = timedelta(hours=-1)
        await rig.clock.advance(HORIZON_SECONDS + 1)
        record = await settled(app, order.client_order_id, Verdict.NEVER_ARRIVED)

    assert "is unanswered for 0 s" in too_soon
    assert record.status is OrderStatus.REFUSED
