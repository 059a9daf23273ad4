"""Trading states: what may be sent in each, what entering one does, and that the safer one always holds."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from tests.application.interposing import InterposedStore
from tests.application.rig import (
    PERPETUAL,
    SPOT,
    LeapingClock,
    Rig,
    buy,
    close,
    offer_to_buy,
    offer_to_sell,
    only,
    placed,
    refused,
    sell,
    statuses,
)
from tidegate import OrderSide, OrderStatus, TradingState, open_application
from tidegate.adapters.brokers.scripted import AmendAnswer, Answer, CancelAnswer
from tidegate.adapters.clocks import settle
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import OrderAccepted, OrderSending, TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.vocabulary import Purpose


async def test_a_halt_calls_off_entries_and_lets_no_strategy_send() -> None:
    """Exits that rest stay; neither entries nor a strategy's exits are sent, and a restart does not forget."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.02", reduce_only=True)))
        receipt = await app.halt("enough")
        assert (receipt.state, receipt.process, receipt.epoch, receipt.error) == (
            TradingState.HALTED,
            "testing",
            rig.store.epoch,
            "",
        )
        assert [order.side for order in app.open_orders()] == ["SELL"]
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        assert refusal.context["reason"] == "enough"
        refused(await app.coordinator.execute_decision(SPOT, sell("0.01", reduce_only=True)), "TRADING_STATE")
    async with rig.open() as app:
        assert app.state() is TradingState.HALTED
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        await app.resume("looked")
        placed(await app.coordinator.execute_decision(SPOT, buy()))

    assert [event.state for event in await rig.stored(TradingStateChanged)] == ["HALTED", "ACTIVE"]


async def test_a_halt_calls_off_an_entry_whose_amend_has_no_answer() -> None:
    """Whichever terms it has at the venue, it rests there, and would fill for as long as nobody knows."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.next_amend(AmendAnswer.never_received())
        amended = (await app.operations.amend(order.client_order_id, Decimal("0.02"))).unwrap()
        assert amended.status is OrderStatus.PENDING_AMEND
        await app.halt("enough")
        assert app.open_orders() == ()

    assert rig.venue.truth.open_orders() == ()


async def test_reducing_lets_reductions_through_and_nothing_else() -> None:
    """What shrinks the position, clamped to what is reducible."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        await app.reduce("less")
        refusal = refused(await app.coordinator.execute_decision(PERPETUAL, sell("0.02")), "TRADING_STATE")
        assert refusal.remedy is not None
        assert refusal.remedy.changes == {"reduce_only": True}
        placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.02", reduce_only=True)))
        placed(await app.coordinator.execute_decision(PERPETUAL, close()))
        assert app.position(PERPETUAL).is_flat


async def test_the_state_of_one_symbol_leaves_the_others_alone() -> None:
    """Its entries are called off, theirs rest on."""
    rig = Rig()
    async with rig.open() as app:
        for symbol in (SPOT, PERPETUAL):
            placed(await app.coordinator.execute_decision(symbol, offer_to_buy(99_000)))
        await app.halt("that one", SPOT)
        assert [order.symbol for order in app.open_orders()] == [PERPETUAL]
        assert (app.state(SPOT), app.state(PERPETUAL), app.state()) == ("HALTED", "ACTIVE", "ACTIVE")
        await app.resume("fine", SPOT)
        assert app.state(SPOT) is TradingState.ACTIVE


async def test_a_misspelt_symbol_halts_nothing_and_says_so() -> None:
    """An operator who believes that it is halted would be worse off than one who knows that it is not."""
    rig = Rig()
    async with rig.open() as app:
        receipt = await app.halt("stop", "BTC-UDS")
        assert "BTC-USD" in receipt.error

    assert await rig.stored(TradingStateChanged) == []


async def test_a_halt_holds_here_even_where_it_could_not_be_made_durable_and_a_resume_does_not() -> None:
    """Towards safety at once; back only with the record of it."""
    rig = Rig()
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        store.disk_is_full = True
        assert "full" in (await app.halt("stop")).error
        assert app.state() is TradingState.HALTED
        assert "full" in (await app.resume("go")).error
        assert app.state() is TradingState.HALTED
        store.disk_is_full = False
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")


async def test_a_halt_that_overtakes_a_resume_on_its_way_to_the_store_stands() -> None:
    """The store is slow: the resume becomes durable, then the halt, and the last word is what holds here too."""
    rig = Rig()
    slow = asyncio.Event()

    async def wait(method: str) -> None:
        if method == "write_state":
            await slow.wait()

    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await app.halt("a look first", PERPETUAL)
        store.before = wait
        resuming = asyncio.create_task(app.resume("go", PERPETUAL))
        resuming_all = asyncio.create_task(app.resume("go"))
        await settle()
        halting = asyncio.create_task(app.halt("stop"))
        halting_too = asyncio.create_task(app.reduce("stop", PERPETUAL))
        await settle()
        slow.set()
        await asyncio.gather(resuming, resuming_all, halting, halting_too)
        assert (app.state(), app.state(PERPETUAL)) == (TradingState.HALTED, TradingState.HALTED)
        assert app.open_orders() == ()
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")


async def test_an_entry_that_comes_to_rest_after_the_halt_is_called_off() -> None:
    """Its accept, or the answer to its query, came too late to be among those the halt called off."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_after_accept())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await app.halt("stop")
        assert statuses(app.open_orders()) == [OrderStatus.UNKNOWN]
        await rig.clock.advance(10)
        assert app.open_orders() == ()

    assert rig.venue.truth.open_orders() == ()


async def test_cancel_all_keeps_nothing_that_is_not_protection() -> None:
    """Entries and exits are called off, each as it then stands."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_sell(101_000, "0.02", reduce_only=True)))
        assert statuses(await app.cancel_all(reason="enough")) == [OrderStatus.CANCELED] * 2
        assert await app.cancel_all(include_protection=True) == ()
        assert app.state() is TradingState.ACTIVE


async def test_protection_outlives_a_halt_and_a_cancel_all() -> None:
    """Unless it is told to go: a position without its stop would be worse off than before."""
    rig = Rig()
    container = rig.container()
    async with open_application(container=container) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        entry = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        stop = replace(
            entry.order, client_order_id=ClientOrderId("tg" + "5" * 30), side=OrderSide.SELL, purpose=Purpose.PROTECTION
        )
        at = rig.clock.now()
        container.desk().note(
            at,
            OrderSending(order=stop, worst_price=Decimal(95_000), attempt=1, epoch=1, at=at),
            OrderAccepted(client_order_id=stop.client_order_id, at=at),
        )
        rig.venue.external(stop)
        await app.cancel_all()
        assert only(app.open_orders()).client_order_id == stop.client_order_id
        await app.halt("stop")
        await rig.clock.advance(5)
        assert only(app.open_orders()).client_order_id == stop.client_order_id
        await app.cancel_all(include_protection=True)
        assert app.open_orders() == ()


async def test_an_order_that_is_not_there_cannot_be_canceled() -> None:
    """Whatever was written instead of its id."""
    rig = Rig()
    async with rig.open() as app:
        for name in ("", "nothing", "\ud800", "x' OR 1=1 --"):
            assert refused(await app.cancel(name), "INVALID").remedy is not None
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        assert (await app.cancel(order.client_order_id)).unwrap().status is OrderStatus.FILLED


async def test_the_settings_kill_switch_is_a_halt_that_calls_off_entries() -> None:
    """It lets no strategy send, not even a close; an operator's close still works."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
    async with rig.configured(risk={"kill_switch_enabled": True}).open() as app:
        await rig.clock.advance(1)
        assert app.open_orders() == ()
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        refused(await app.coordinator.execute_decision(SPOT, close()), "TRADING_STATE")
        placed(await app.close(SPOT))
        assert app.position(SPOT).is_flat


async def test_reduce_only_mode_of_the_settings_is_planned_as_it_is_executed() -> None:
    """No entry, and the plan says so."""
    rig = Rig(risk={"reduce_only_mode": True})
    async with rig.open() as app:
        refused(await app.coordinator.plan(SPOT, buy()), "TRADING_STATE")
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")


async def test_the_same_order_again_and_again_restrains_its_symbol_until_it_has_cooled_down() -> None:
    """A strategy gone wrong is not refused order by order; after a minute it may try again."""
    rig = Rig()
    async with rig.open() as app:
        for _ in range(5):
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        refused(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)), "ORDER_SIZE")
        assert (app.state(SPOT), app.state(PERPETUAL)) == ("REDUCING", "ACTIVE")
        refused(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)), "TRADING_STATE")
        await rig.clock.advance(5)
        assert app.open_orders() == ()
        await rig.clock.advance(60)
        assert app.state(SPOT) is TradingState.ACTIVE


async def test_a_repetition_may_be_sent_again_at_the_very_moment_that_its_refusal_named() -> None:
    """The guards need not have looked in between; a moment earlier it is refused."""
    rig = Rig(supervisor={"feed_interval_seconds": 7})
    async with rig.open() as app:
        for _ in range(5):
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        remedy = refused(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)), "ORDER_SIZE").remedy
        assert remedy is not None
        assert remedy.not_before is not None
        await rig.clock.advance((remedy.not_before - rig.clock.now()).total_seconds() - 1)
        early = refused(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)), "TRADING_STATE").remedy
        assert early is not None
        assert early.not_before == remedy.not_before
        await rig.clock.advance(1)
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        assert app.state(SPOT) is TradingState.ACTIVE


async def test_the_states_of_a_symbol_do_not_lower_those_of_the_account() -> None:
    """The more severe of the two counts."""
    rig = Rig()
    async with rig.open() as app:
        await app.halt("all")
        await app.reduce("one", SPOT)
        assert app.state(SPOT) is TradingState.HALTED
        await app.resume("all again")
        assert app.state(SPOT) is TradingState.REDUCING


async def test_an_entry_whose_cancel_was_refused_is_asked_again_though_the_clock_went_back() -> None:
    """X7: how long one has waited is not read off a clock that jumps."""
    clock = LeapingClock(STARTS_AT)
    rig = Rig(clock=clock)
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.next_cancel(CancelAnswer.refuse("busy"))
        await app.halt("enough")
        (order,) = app.open_orders()
        assert order.cancel_requests == (1,)
        clock.leap = timedelta(hours=-1)
        await rig.clock.advance(3)

        assert app.open_orders() == ()
