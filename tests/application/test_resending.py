"""A lost exit goes out again with the same id, after H and all its checks; an entry never does."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.application.interposing import InterposedStore, SlowStore
from tests.application.rig import HORIZON_SECONDS, PERPETUAL, SPOT, Rig, buy, offer_to_sell, only, placed, refused, sell
from tidegate import OrderStatus, OrderType, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.adapters.clocks import settle
from tidegate.domain.events import IncidentRaised, OrderAmended, OrderSending
from tidegate.domain.vocabulary import Delivery


async def test_a_lost_exit_is_sent_again_with_its_id_and_closes_the_position() -> None:
    """B3: not before H, as attempt two by R1 and R2, at the price of now."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_never_received())
        exit_ = sell("0.05", reduce_only=True)
        lost = placed(await app.coordinator.execute_decision(SPOT, exit_))
        rig.price(99_500)
        await rig.clock.advance(HORIZON_SECONDS - 1)
        assert len(rig.venue.truth.sent) == 2
        await rig.clock.advance(4)
        again = placed(await app.coordinator.execute_decision(SPOT, exit_))
        assert (again.status, again.client_order_id, again.attempt) == (OrderStatus.FILLED, lost.client_order_id, 2)
        assert app.position(SPOT).is_flat
        summary = await app.summary(0)
        assert (summary.invariants, summary.orders, summary.unknown) == ("hold", 2, 0)

    first, second = [sent.recorded for sent in rig.venue.truth.sent[1:]]
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.order.limit_price is not None
    assert second.order.limit_price < Decimal(99_500)
    assert [event.attempt for event in await rig.stored(OrderSending)] == [1, 1, 2]


async def test_an_exit_that_is_lost_again_and_again_ends_after_three_attempts() -> None:
    """Then a person or the next decision has to see to it."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.every_submit(Answer.timeout_never_received())
        exit_ = sell("0.05", reduce_only=True)
        placed(await app.coordinator.execute_decision(SPOT, exit_))
        await rig.clock.advance(5 * (HORIZON_SECONDS + 5))
        refused(await app.coordinator.execute_decision(SPOT, exit_), "NOT_ACCEPTED")

    assert len(rig.venue.truth.sent) == 1 + 3


async def test_an_exit_whose_checks_no_longer_pass_ends_as_not_accepted() -> None:
    """What was to be reduced has gone another way meanwhile."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        resting = placed(
            await app.coordinator.execute_decision(PERPETUAL, offer_to_sell(101_000, "0.03", reduce_only=True))
        )
        rig.venue.next_submit(Answer.timeout_never_received())
        exit_ = sell("0.02", reduce_only=True)
        placed(await app.coordinator.execute_decision(PERPETUAL, exit_))
        await app.halt("stop")
        await rig.clock.advance(HORIZON_SECONDS + 3)
        refusal = refused(await app.coordinator.execute_decision(PERPETUAL, exit_), "NOT_ACCEPTED")
        assert "TRADING_STATE" in refusal.message
        assert resting.client_order_id in [order.client_order_id for order in app.open_orders()]
        assert app.state() is TradingState.HALTED

    assert len(rig.venue.truth.sent) == 3


@pytest.mark.parametrize("slow_seconds", [0.0, 6.0], ids=["before its review", "while it is recorded"])
async def test_a_lost_reduction_is_not_sent_again_once_its_decisions_life_is_over(slow_seconds: float) -> None:
    """Whoever gave an exit a life does not want it later; one without, as most are, goes out again."""
    rig = Rig()
    store = SlowStore(rig.store, rig.clock)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_never_received())
        lives = HORIZON_SECONDS + slow_seconds - 1
        exit_ = sell("0.05", reduce_only=True, valid_until=rig.clock.now() + timedelta(seconds=lives))
        placed(await app.coordinator.execute_decision(SPOT, exit_))
        store.seconds = slow_seconds
        await rig.clock.advance(HORIZON_SECONDS + slow_seconds + 3)
        ended = only([one for one in await app.orders() if one.order.decision_id == exit_.decision_id])
        assert ended.status is OrderStatus.REFUSED
        assert not app.position(SPOT).is_flat

    assert len(rig.venue.truth.sent) == 2


async def test_a_lost_stop_is_sent_again_however_late_it_is() -> None:
    """Protection has no end of life: without it the position stands naked."""
    rig = Rig(capabilities=replace(SCRIPTED_CAPABILITIES, order_types=frozenset(OrderType)))
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_never_received())
        stop = sell(
            "0.05",
            order_type=OrderType.STOP,
            stop_trigger=Decimal(90_000),
            reduce_only=True,
            valid_until=rig.clock.now() + timedelta(seconds=1),
        )
        placed(await app.coordinator.execute_decision(SPOT, stop))
        await rig.clock.advance(HORIZON_SECONDS + 3)
        again = only([one for one in await app.orders() if one.order.decision_id == stop.decision_id])
        assert (again.status, again.attempt) == (OrderStatus.FILLED, 2)  # the scripted venue triggers at once

    assert len(rig.venue.truth.sent) == 3


async def test_an_attempt_that_is_not_durable_is_not_made() -> None:
    """No commit, no send; the order stays unknown."""
    rig = Rig()
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_never_received())
        placed(await app.coordinator.execute_decision(SPOT, sell("0.05", reduce_only=True)))
        store.disk_is_full = True
        await rig.clock.advance(HORIZON_SECONDS + 5)
        order = only(app.open_orders())
        assert (order.status, order.attempt) == (OrderStatus.UNKNOWN, 1)

    assert len(rig.venue.truth.sent) == 2


@pytest.mark.parametrize("is_full", [True, False])
async def test_an_attempt_that_turns_up_while_the_next_is_recorded_keeps_its_fills_and_is_no_second_order(
    *, is_full: bool
) -> None:
    """B26 in the moment of a resend: whether the store takes the new attempt or not, it is not made."""
    rig, recorded = Rig(), asyncio.Event()
    recorded.set()

    async def slowly(call: str) -> None:
        if call == "record_sending":
            await recorded.wait()

    store = InterposedStore(rig.store, before=slowly)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_accepted_at_release())
        lost = placed(await app.coordinator.execute_decision(SPOT, sell("0.05", reduce_only=True)))
        recorded.clear()
        await rig.clock.advance(HORIZON_SECONDS + 3)
        rig.venue.release()
        rig.venue.fill(lost.client_order_id, Decimal("0.02"))
        await settle()
        store.disk_is_full = is_full
        recorded.set()
        await settle()
        store.disk_is_full = False
        await rig.clock.advance(HORIZON_SECONDS + 3)
        after = only(app.open_orders())
        assert (after.status, after.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, Decimal("0.02"))
        assert app.position(SPOT).quantity == Decimal("0.03")
        assert len(rig.venue.truth.sent) == 2
        summary = await app.summary(0)
        assert summary.invariants == "hold", summary.broken


async def test_an_exit_that_was_called_off_is_not_sent_again() -> None:
    """The venue did not know it when the cancel came, and never had it: that is what was wanted."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_never_received())
        exit_ = sell("0.05", reduce_only=True)
        lost = placed(await app.coordinator.execute_decision(SPOT, exit_))
        assert (await app.cancel(lost.client_order_id)).unwrap().status is OrderStatus.UNKNOWN
        await rig.clock.advance(HORIZON_SECONDS + 5)
        refused(await app.coordinator.execute_decision(SPOT, exit_), "NOT_ACCEPTED")
        assert app.position(SPOT).quantity == Decimal("0.05")

    assert len(rig.venue.truth.sent) == 2


async def test_an_entry_is_never_sent_again_and_nothing_is_without_client_order_ids() -> None:
    """After H an entry is refused; on class C even an exit waits for a person."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(HORIZON_SECONDS + 60)
    assert len(rig.venue.truth.sent) == 1

    other = Rig(capabilities=replace(SCRIPTED_CAPABILITIES, delivery=Delivery.C))
    async with other.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        other.venue.next_submit(Answer.timeout_never_received())
        placed(await app.coordinator.execute_decision(SPOT, sell(reduce_only=True)))
        await other.clock.advance(HORIZON_SECONDS + 60)
        assert only(app.open_orders()).status is OrderStatus.UNKNOWN
    assert len(other.venue.truth.sent) == 2


async def test_an_earlier_attempt_that_turns_up_after_all_has_its_own_terms_and_is_a_late_accept() -> None:
    """The second attempt, at another price, is rejected; then the first arrives: one incident, and no other terms."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        rig.venue.next_submit(Answer.timeout_accepted_at_release())
        lost = placed(await app.coordinator.execute_decision(SPOT, sell("0.05", reduce_only=True)))
        rig.price(99_500)
        rig.venue.next_submit(Answer.reject("VENUE_RATE"))
        await rig.clock.advance(HORIZON_SECONDS + 4)
        assert [sent.recorded.attempt for sent in rig.venue.truth.sent[1:]] == [1, 2]

        rig.venue.release()
        await rig.clock.advance(60)

        order = only([one for one in await rig.store.orders() if one.client_order_id == lost.client_order_id])
        assert order.limit_price == rig.venue.truth.sent[1].recorded.order.limit_price
        assert order.is_late_accept
        kinds = {event.kind for event in await rig.stored(IncidentRaised)}
        assert "LATE_ACCEPT" in kinds
        assert "TERMS_DIFFER" not in kinds
        assert (await app.summary(0)).invariants == "hold"

    amended = only(await rig.stored(OrderAmended))
    assert amended.reason == "an earlier attempt had arrived after all"
