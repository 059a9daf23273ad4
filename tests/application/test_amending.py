"""Amends by total quantity: durable before they are sent, reserved at the larger of old and new, and never assumed."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.application.interposing import InterposedStore, InterposedVenue
from tests.application.rig import (
    HORIZON_SECONDS,
    PERPETUAL,
    SPOT,
    Rig,
    buy,
    offer_to_buy,
    offer_to_sell,
    only,
    placed,
    refused,
    sell,
)
from tidegate import OrderStatus, OrderType, TradingState
from tidegate.adapters.brokers.scripted import AmendAnswer, Answer
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.adapters.clocks import settle
from tidegate.application.application import Application
from tidegate.domain.events import AmendRequested, IncidentRaised, TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.submissions import AmendOutcome, OrderUpdate, VenueOrder


async def resting(app: Application, quantity: str = "0.02") -> OrderRecord:
    """A purchase of so much at 99,000 that rests."""
    return placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, quantity)))


async def held(app: Application) -> Decimal:
    """What the account has reserved, in USD."""
    account = await app.account()
    return account.balances["USD"] - account.available["USD"]


def slow_store(rig: Rig) -> tuple[InterposedStore, asyncio.Event]:
    """A store whose commits are answered while the event is set, as it is at first."""
    durable = asyncio.Event()
    durable.set()

    async def slowly(call: str) -> None:
        if call == "commit":
            await durable.wait()

    return InterposedStore(rig.store, after=slowly), durable


async def test_a_confirmed_amend_has_the_new_total_and_reserves_it() -> None:
    """Fills count towards the total, and the price is the new one."""
    rig = Rig()
    async with rig.open() as app:
        order = await resting(app)
        rig.venue.fill(order.client_order_id, Decimal("0.005"))
        await rig.clock.advance(1)
        after = (await app.amend(order.client_order_id, Decimal("0.03"), Decimal(98_000))).unwrap()
        assert (after.status, after.quantity, after.limit_price) == (
            OrderStatus.PARTIALLY_FILLED,
            Decimal("0.03"),
            Decimal(98_000),
        )
        assert after.leaves_quantity == Decimal("0.025")
        truth = rig.venue.truth.orders[order.client_order_id]
        assert (truth.quantity, truth.limit_price) == (Decimal("0.03"), Decimal(98_000))
        assert (await app.summary(0)).invariants == "hold"


@pytest.mark.parametrize(
    ("answer", "total"),
    [(AmendAnswer.lost_ack(), "0.03"), (AmendAnswer.never_received(), "0.02")],
)
async def test_an_unanswered_amend_reserves_the_larger_and_is_settled_by_asking(
    answer: AmendAnswer, total: str
) -> None:
    """B32: the new terms are proof at once, the old ones only after H."""
    rig = Rig()
    rig.venue.next_amend(answer)
    async with rig.open() as app:
        order = await resting(app)
        rig.venue.unreachable()
        after = (await app.amend(order.client_order_id, Decimal("0.03"))).unwrap()
        assert (after.status, after.quantity_at_most) == (OrderStatus.PENDING_AMEND, Decimal("0.03"))
        assert await held(app) > 2_970
        rig.venue.reachable()
        await rig.clock.advance(HORIZON_SECONDS - 1)
        assert only(app.open_orders()).status is OrderStatus.PENDING_AMEND
        await rig.clock.advance(5)
        settled = only(app.open_orders())
        assert (settled.status, settled.quantity) == (OrderStatus.ACCEPTED, Decimal(total))

    assert rig.venue.truth.amended == [order.client_order_id]


async def test_an_amend_that_is_unknown_at_the_crash_is_asked_about_by_the_next_start() -> None:
    """H is waited for by the new process."""
    rig = Rig()
    rig.venue.next_amend(AmendAnswer.never_received())
    async with rig.open() as app:
        order = await resting(app)
        assert (await app.amend(order.client_order_id, Decimal("0.03"))).unwrap().has_open_amend
    async with rig.open() as app:
        assert only(app.open_orders()).status is OrderStatus.PENDING_AMEND
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert only(app.open_orders()).status is OrderStatus.ACCEPTED


async def test_a_fill_that_overtakes_an_amend_counts_towards_its_total() -> None:
    """B33: a fill on the way reduces what is left, and never grows it again."""
    rig = Rig()
    rig.venue.next_amend(AmendAnswer.fill_first(Decimal("0.015")))
    async with rig.open() as app:
        order = await resting(app)
        (await app.amend(order.client_order_id, Decimal("0.03"))).unwrap()
        await rig.clock.advance(1)
        after = only(app.open_orders())
        assert (after.filled_quantity, after.leaves_quantity) == (Decimal("0.015"), Decimal("0.015"))


async def test_an_order_that_fills_whole_before_its_amend_is_filled() -> None:
    """The venue refuses the edit, and the query says why."""
    rig = Rig()
    rig.venue.next_amend(AmendAnswer.fill_first(Decimal("0.02")))
    async with rig.open() as app:
        order = await resting(app)
        after = (await app.amend(order.client_order_id, Decimal("0.03"))).unwrap()
        assert after.status is OrderStatus.FILLED
        assert app.open_orders() == ()


async def test_no_amend_goes_below_what_has_filled() -> None:
    """B34: refused here where it is known, by the venue where it is not."""
    rig = Rig()
    async with rig.open() as app:
        order = await resting(app)
        rig.venue.fill(order.client_order_id, Decimal("0.01"))
        await rig.clock.advance(1)
        refused(await app.amend(order.client_order_id, Decimal("0.01")), "INVALID")
        rig.venue.next_amend(AmendAnswer.fill_first(Decimal("0.005")))
        after = (await app.amend(order.client_order_id, Decimal("0.012"))).unwrap()
        assert (after.quantity, after.filled_quantity) == (Decimal("0.02"), Decimal("0.015"))
        assert app.state(SPOT) is TradingState.ACTIVE

    assert await rig.stored(IncidentRaised) == []


async def test_what_makes_an_order_larger_is_reviewed_and_what_makes_it_smaller_is_not() -> None:
    """Its own reservation is not counted twice; a halt lets an order shrink."""
    rig = Rig(risk={"max_position_pct_per_symbol": "0.05"})
    async with rig.open() as app:
        order = await resting(app, "0.05")
        refused(await app.amend(order.client_order_id, Decimal("0.06")), "EXPOSURE")
        (await app.amend(order.client_order_id, Decimal("0.0502"))).unwrap()
        rig.venue.gap("reconnected")
        await rig.clock.advance(0)
        refused(await app.amend(order.client_order_id, Decimal("0.0504")), "TRADING_STATE")
        after = (await app.amend(order.client_order_id, Decimal("0.02"), Decimal(98_000))).unwrap()
        assert after.quantity == Decimal("0.02")


@pytest.mark.parametrize(("total", "price"), [("NaN", None), ("-1", None), ("0.0200000001", None), ("0.02", "0")])
async def test_terms_that_no_order_can_have_are_refused(total: str, price: str | None) -> None:
    """Off the increment, negative or no number at all."""
    rig = Rig()
    async with rig.open() as app:
        order = await resting(app)
        refused(
            await app.amend(order.client_order_id, Decimal(total), None if price is None else Decimal(price)), "INVALID"
        )

    assert rig.venue.truth.amended == []


async def test_only_an_order_that_rests_can_be_amended() -> None:
    """Neither one without an outcome, nor one that has ended, nor one that is being canceled or amended already."""
    rig = Rig()
    async with rig.open() as app:
        refused(await app.amend("none", Decimal(1)), "INVALID")
        filled = placed(await app.coordinator.execute_decision(SPOT, buy()))
        refused(await app.amend(filled.client_order_id, Decimal(1)), "INVALID")
        order = await resting(app)
        rig.venue.next_amend(AmendAnswer.never_received())
        (await app.amend(order.client_order_id, Decimal("0.03"))).unwrap()
        refused(await app.amend(order.client_order_id, Decimal("0.04")), "INVALID")
        rig.venue.next_submit(Answer.timeout_never_received())
        unknown = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(98_000)))
        refused(await app.amend(unknown.client_order_id, Decimal("0.03")), "INVALID")


async def test_a_venue_that_amends_nothing_is_not_asked() -> None:
    """The remedy is a cancel and a new decision."""
    rig = Rig(capabilities=replace(SCRIPTED_CAPABILITIES, amend=False))
    async with rig.open() as app:
        order = await resting(app)
        refused(await app.amend(order.client_order_id, Decimal("0.03")), "MARKET_STATE")

    assert rig.venue.truth.amended == []


async def test_an_amend_that_is_not_durable_is_not_sent() -> None:
    """R1 holds for edits too."""
    rig = Rig()
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        order = await resting(app)
        store.disk_is_full = True
        refused(await app.amend(order.client_order_id, Decimal("0.03")), "STORE")

    assert rig.venue.truth.amended == []
    assert await rig.stored(AmendRequested) == []


async def test_an_amend_that_raises_is_unknown_and_stops_entries() -> None:
    """P14."""
    rig = Rig()

    class Raising(InterposedVenue):
        async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
            raise MemoryError

    async with rig.open(venue=Raising(rig.venue)) as app:
        order = await resting(app)
        await app.amend(order.client_order_id, Decimal("0.03"))
        assert only(app.open_orders()).status is OrderStatus.PENDING_AMEND
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")


async def test_an_amend_to_more_that_a_halt_in_the_store_overtakes_is_not_sent() -> None:
    """X6: another process has written the halt; the transaction that records the amend reads it."""
    rig = Rig()
    async with rig.open() as app:
        order = await resting(app)
        halt = TradingStateChanged(
            state=TradingState.HALTED, reason="from another terminal", by="operator", at=rig.clock.now()
        )
        await rig.store.write_state(halt)
        refused(await app.amend(order.client_order_id, Decimal("0.03")), "TRADING_STATE")
        after = only(app.open_orders())
        assert (after.status, after.quantity, after.has_open_amend) == (OrderStatus.ACCEPTED, Decimal("0.02"), False)

    assert rig.venue.truth.amended == []


async def test_an_amend_to_less_is_sent_whatever_state_is_in_the_store() -> None:
    """What makes an order smaller is never held back."""
    rig = Rig()
    async with rig.open() as app:
        order = await resting(app)
        halt = TradingStateChanged(
            state=TradingState.REDUCING, reason="from another terminal", by="operator", at=rig.clock.now()
        )
        await rig.store.write_state(halt)
        assert (await app.amend(order.client_order_id, Decimal("0.01"))).unwrap().quantity == Decimal("0.01")


async def test_a_purchase_amended_to_a_lower_price_frees_what_it_can_no_longer_cost() -> None:
    """What is reserved is what it may pay at most, and that is its new limit."""
    rig = Rig()
    async with rig.open() as app:
        order = await resting(app)
        before = await held(app)
        (await app.amend(order.client_order_id, Decimal("0.02"), Decimal(49_500))).unwrap()
        assert await held(app) == before / 2


async def test_fills_beyond_the_old_total_prove_that_an_unanswered_amend_was_taken() -> None:
    """An order that was amended, filled whole and ended while nobody heard the answer has the terms that it had."""
    rig = Rig()
    rig.venue.next_amend(AmendAnswer.lost_ack())
    async with rig.open() as app:
        order = await resting(app)
        rig.venue.unreachable()
        (await app.amend(order.client_order_id, Decimal("0.03"))).unwrap()
        rig.venue.fill(order.client_order_id, Decimal("0.03"))
        await rig.clock.advance(1)
        after = only(await app.orders())
        assert (after.status, after.quantity, after.filled_quantity) == (
            OrderStatus.FILLED,
            Decimal("0.03"),
            Decimal("0.03"),
        )
        assert not after.has_open_amend


async def test_an_older_word_on_an_amended_order_puts_it_in_no_doubt() -> None:
    """S4: the terms from before the amend, told late, are asked about, and the answer has the new ones."""
    rig = Rig()
    async with rig.open() as app:
        order = await resting(app)
        asked = await rig.venue.order(order.client_order_id, SPOT)
        assert isinstance(asked, VenueOrder)
        (await app.amend(order.client_order_id, Decimal("0.03"))).unwrap()
        rig.venue.tell(OrderUpdate(order=asked))
        await rig.clock.advance(5)
        assert only(app.open_orders()).quantity == Decimal("0.03")
        assert app.state(SPOT) is TradingState.ACTIVE

    assert await rig.stored(IncidentRaised) == []


async def test_the_old_terms_prove_nothing_of_an_amend_that_is_still_to_be_sent() -> None:
    """B32: asked about while the request is being made durable, the venue cannot have heard of it."""
    rig = Rig()
    store, durable = slow_store(rig)
    rig.venue.next_amend(AmendAnswer.lost_ack())
    async with rig.open(order_store=store) as app:
        order = await resting(app)
        await rig.clock.advance(HORIZON_SECONDS + 1)
        durable.clear()
        amend = asyncio.create_task(app.amend(order.client_order_id, Decimal("0.03")))
        # Longer than it takes until an open amend is asked about.
        await rig.clock.advance(HORIZON_SECONDS + 5)
        assert only(app.open_orders()).has_open_amend
        rig.venue.unreachable()
        durable.set()
        await settle()
        assert (await amend).unwrap().quantity_at_most == Decimal("0.03")
        rig.venue.reachable()
        await rig.clock.advance(10)
        assert only(app.open_orders()).quantity == Decimal("0.03")
        assert app.state(SPOT) is TradingState.ACTIVE


async def test_an_older_word_of_a_reduction_takes_nothing_from_what_was_amended_since() -> None:
    """S4 and B35: the venue made it smaller, it was amended to more, and then the reduction is told again."""
    rig = Rig()
    async with rig.open() as app:
        order = await resting(app)
        truth = rig.venue.truth.orders[order.client_order_id]
        truth.quantity = Decimal("0.01")
        reduced = OrderUpdate(order=replace(truth.as_venue_order(), reduced_reason="self-trade prevention"))
        rig.venue.tell(reduced)
        await settle()
        assert only(app.open_orders()).quantity == Decimal("0.01")
        (await app.amend(order.client_order_id, Decimal("0.03"))).unwrap()
        rig.venue.tell(reduced)
        await settle()
        assert only(app.open_orders()).quantity == truth.quantity == Decimal("0.03")
        assert (await app.summary(0)).invariants == "hold"


async def test_an_order_that_the_venue_shrinks_under_an_unanswered_amend_has_what_is_left() -> None:
    """B35 between an edit and its answer: after H the venue's own figure stands, with its reason."""
    rig = Rig()
    rig.venue.next_amend(AmendAnswer.never_received())
    async with rig.open() as app:
        order = await resting(app)
        rig.venue.unreachable()
        (await app.amend(order.client_order_id, Decimal("0.03"))).unwrap()
        rig.venue.reachable()
        shrunk = replace(
            rig.venue.truth.orders[order.client_order_id].as_venue_order(),
            quantity=Decimal("0.01"),
            reduced_reason="self-trade prevention",
        )

    class Shrinking(InterposedVenue):
        async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder:
            return shrunk

    async with rig.open(venue=Shrinking(rig.venue)) as app:
        await rig.clock.advance(HORIZON_SECONDS + 5)
        after = only(app.open_orders())
        assert (after.status, after.quantity) == (OrderStatus.ACCEPTED, Decimal("0.01"))


async def test_an_amend_to_more_that_a_halt_overtakes_while_it_is_made_durable_is_not_sent() -> None:
    """X6 within one process: the halt holds here at once, and what was decided before it is looked at once more."""
    rig = Rig()
    store, durable = slow_store(rig)
    async with rig.open(order_store=store) as app:
        order = await resting(app)
        durable.clear()
        amend = asyncio.create_task(app.amend(order.client_order_id, Decimal("0.03")))
        await settle()
        halt = asyncio.create_task(app.halt("enough"))
        await settle()
        durable.set()
        refused(await amend, "TRADING_STATE")
        await rig.finished(asyncio.wait_for(halt, None))
        after = only(await app.orders())
        assert (after.status, after.quantity, after.has_open_amend) == (OrderStatus.CANCELED, Decimal("0.02"), False)

    assert rig.venue.truth.amended == []


async def test_an_amend_to_more_that_a_close_overtakes_is_not_sent() -> None:
    """A close fences its symbol: nothing on it grows any more, whatever was on its way to the store."""
    rig = Rig()
    store, durable = slow_store(rig)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.01")))
        order = await resting(app)
        durable.clear()
        amend = asyncio.create_task(app.amend(order.client_order_id, Decimal("0.03")))
        await settle()
        closing = asyncio.create_task(app.close(SPOT))
        await settle()
        durable.set()
        refused(await amend, "TRADING_STATE")
        assert placed(await rig.finished(asyncio.wait_for(closing, None))).status is OrderStatus.FILLED

    assert rig.venue.truth.amended == []


@pytest.mark.parametrize(
    ("stop", "limit"),
    [
        ({"order_type": OrderType.STOP, "stop_trigger": Decimal(95_000)}, 94_000),
        ({"order_type": OrderType.TRAILING_STOP, "trail": Decimal(500)}, 94_000),
        ({"order_type": OrderType.STOP_LIMIT, "stop_trigger": Decimal(95_000), "limit_price": Decimal(94_000)}, 95_500),
    ],
)
async def test_no_amend_gives_a_stop_a_limit_that_no_decision_could(stop: dict[str, Any], limit: int) -> None:
    """A stop that takes at its trigger stays one, and a stop-limit is never put where its own trigger has passed it."""
    rig = Rig(capabilities=replace(SCRIPTED_CAPABILITIES, order_types=frozenset(OrderType)))
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.02")))
        rig.venue.next_submit(Answer.accept())
        order = placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.02", reduce_only=True, **stop)))
        refused(await app.amend(order.client_order_id, Decimal("0.01"), Decimal(limit)), "INVALID")
        after = (await app.amend(order.client_order_id, Decimal("0.01"))).unwrap()
        assert (after.quantity, after.limit_price) == (Decimal("0.01"), order.limit_price)


async def test_a_sale_that_would_open_for_more_by_its_higher_price_is_reviewed() -> None:
    """What it may come to counts against the limits, and its remedy is an amend that passes."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_sell(100_100, "0.09")))
        refusal = refused(await app.amend(order.client_order_id, Decimal("0.09"), Decimal(150_000)), "ORDER_SIZE")
        assert refusal.remedy is not None
        passing = refusal.remedy.changes["quantity"]
        after = (await app.amend(order.client_order_id, passing, Decimal(150_000))).unwrap()
        assert (after.quantity, after.limit_price) == (Decimal("0.0666"), Decimal(150_000))


async def test_an_exit_may_ask_for_more_whatever_its_value() -> None:
    """It opens nothing."""
    rig = Rig(risk={"max_order_notional": 2_000})
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.015")))
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.015", reduce_only=True)))
        after = (await app.amend(order.client_order_id, Decimal("0.015"), Decimal(150_000))).unwrap()
        assert after.limit_price == Decimal(150_000)


async def test_the_remedy_of_an_amend_is_a_total_that_passes() -> None:
    """What has filled counts towards it: the limit is on what is left."""
    rig = Rig(risk={"max_order_notional": 1_980})
    async with rig.open() as app:
        order = await resting(app, "0.02")
        rig.venue.fill(order.client_order_id, Decimal("0.015"))
        await rig.clock.advance(1)
        refusal = refused(await app.amend(order.client_order_id, Decimal("0.4")), "ORDER_SIZE")
        assert refusal.remedy is not None
        total = refusal.remedy.changes["quantity"]
        assert total == Decimal("0.035")
        assert (await app.amend(order.client_order_id, total)).unwrap().quantity == total


async def test_an_order_without_a_limit_is_given_none() -> None:
    """A venue may pass it over in silence."""
    rig = Rig(capabilities=replace(SCRIPTED_CAPABILITIES, order_types=frozenset(OrderType)))
    rig.venue.next_submit(Answer.accept())
    async with rig.open() as app:
        stop = buy(order_type=OrderType.STOP, stop_trigger=Decimal(101_000))
        order = placed(await app.coordinator.execute_decision(SPOT, stop))
        refused(await app.amend(order.client_order_id, Decimal("0.01"), Decimal(101_500)), "INVALID")


async def test_a_limit_that_its_own_trigger_is_past_is_refused() -> None:
    """As in a decision: it could never fill."""
    rig = Rig(capabilities=replace(SCRIPTED_CAPABILITIES, order_types=frozenset(OrderType)))
    rig.venue.next_submit(Answer.accept())
    async with rig.open() as app:
        trigger, limit = Decimal(101_000), Decimal(101_200)
        waiting = buy(order_type=OrderType.STOP_LIMIT, stop_trigger=trigger, limit_price=limit)
        order = placed(await app.coordinator.execute_decision(SPOT, waiting))
        refusal = refused(await app.amend(order.client_order_id, Decimal("0.01"), Decimal(100_900)), "INVALID")
        assert refusal.remedy is not None
        at_trigger = (
            await app.amend(order.client_order_id, Decimal("0.01"), refusal.remedy.changes["limit_price"])
        ).unwrap()
        assert at_trigger.limit_price == trigger
