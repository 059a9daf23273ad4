"""Starting again: where the store left off, asked of the venue, and without harm however often."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from dependency_injector import providers

from tests.application.interposing import InterposedStore, InterposedVenue
from tests.application.rig import (
    HORIZON_SECONDS,
    PERPETUAL,
    SPOT,
    Rig,
    buy,
    needless,
    offer_to_buy,
    only,
    placed,
    refused,
    sell,
    statuses,
)
from tidegate import Action, Decision, OrderStatus, Settings, TradingState, open_application
from tidegate.adapters.brokers.scripted import Answer, CancelAnswer
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.application.configuration import ConfigurationError
from tidegate.application.taking_up import OpeningError
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import AccountOpened, ApplicationStarted, OrderFilled, OrderUnanswered


class Killed(BaseException):
    """The process ends here."""


async def crashed(rig: Rig, decision: Decision, *answers: Answer) -> None:
    """A life that ends while a submit is under way: nothing after the SENDING row is written."""
    store = InterposedStore(rig.store)

    async def die(method: str) -> None:
        if method == "record_sending":
            store.disk_is_full = True

    store.after = die
    rig.venue.next_submit(*answers)
    async with rig.open(order_store=store) as app:
        await app.coordinator.execute_decision(SPOT, decision)


async def test_a_restart_without_input_appends_only_its_start() -> None:
    """Invariant 19, with positions, live orders and a state that is not ACTIVE."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.02")))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await app.halt("for the night", PERPETUAL)
        account, positions, orders = await app.account(), await app.positions(), app.open_orders()
    before = await rig.journal()
    for _ in range(2):
        async with rig.open() as app:
            assert (await app.account(), await app.positions(), app.open_orders()) == (account, positions, orders)
            assert app.recovered is not None
            assert app.recovered.agrees

    assert [type(event) for event in (await rig.journal())[len(before) :]] == [ApplicationStarted] * 2


async def test_what_the_venue_says_while_the_records_are_taken_up_is_folded_onto_them() -> None:
    """A slow disk at the start: the fill that comes meanwhile is booked once, and not forgotten again."""
    rig, bought = Rig(), ["0.03", "0.02"]
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, "0.05")))
    store = InterposedStore(rig.store)

    async def fill_meanwhile(method: str) -> None:
        if method == "write_start_marks" and bought:
            rig.venue.fill(order.client_order_id, Decimal(bought.pop()))
            for _ in range(100):
                await asyncio.sleep(0)

    store.before = fill_meanwhile
    async with rig.open(order_store=store) as app:
        await rig.clock.advance(1)
        (summary, position) = await app.summary(0), app.position(SPOT)
        assert bought == []
        assert (summary.invariants, position.quantity) == ("hold", Decimal("0.05"))
    async with rig.open() as app:
        assert app.position(SPOT).quantity == Decimal("0.05")

    assert len(await rig.stored(OrderFilled)) == 2


async def test_an_account_is_opened_once_with_what_was_there() -> None:
    """Coins that were there are external: counted, and never sold."""
    rig = Rig(paper={"opening_balances": {"USD": 50_000, "BTC": "0.05"}})
    async with rig.open() as app:
        account = await app.account()
        assert (account.equity, account.balances["BTC"]) == (Decimal(50_000), Decimal("0.05"))
        assert account.exposure == Decimal(5_000)
        refused(await app.coordinator.execute_decision(SPOT, sell("0.01")), "BALANCE")
    async with rig.open() as app:
        assert (await app.account()).opened_at == account.opened_at

    assert len(await rig.stored(AccountOpened)) == 1


async def test_an_order_that_was_sending_at_the_crash_is_unknown_and_then_as_the_venue_has_it() -> None:
    """P3 and P5: it may have been sent; the venue is asked before anything trades."""
    rig = Rig()
    await crashed(rig, buy(decision_id="mine"), Answer.fill())
    rig.venue.unreachable(times=6)
    async with rig.open() as app:
        assert statuses(app.open_orders()) == [OrderStatus.UNKNOWN]
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        await rig.clock.advance(HORIZON_SECONDS + 5)
        order = placed(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))
        assert order.status is OrderStatus.FILLED
        assert app.position(SPOT).quantity == Decimal("0.01")
        assert (await app.summary(0)).invariants == "hold"

    assert len(rig.venue.truth.sent) == 1
    assert only(await rig.stored(OrderUnanswered)).reason == "the process ended before the venue's answer was read"


async def test_what_was_lost_with_the_process_is_found_before_the_application_opens() -> None:
    """P6: the ack was read and not stored; it is attached once."""
    rig = Rig()
    await crashed(rig, offer_to_buy(99_000), Answer.accept())
    await rig.clock.advance(1)
    async with rig.open() as app:
        assert statuses(app.open_orders()) == [OrderStatus.ACCEPTED]
        assert app.recovered is not None
        assert app.recovered.resolved == ()
        stats = only(await rig.stored(OrderUnanswered))
        assert stats.attempt == 1


async def test_a_request_that_the_crash_swallowed_is_refused_after_the_horizon() -> None:
    """It was never received; before H that is not known, and after it its room is free."""
    rig = Rig()
    await crashed(rig, buy(decision_id="mine"), Answer.timeout_never_received())
    async with rig.open() as app:
        await rig.clock.advance(HORIZON_SECONDS + 3)
        refused(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")), "NOT_ACCEPTED")
        assert app.open_orders() == ()
    assert len(rig.venue.truth.sent) == 1


@pytest.mark.parametrize("away_seconds", [1, 3_600])
async def test_time_away_is_no_time_in_which_an_outcome_could_have_become_known(away_seconds: float) -> None:
    """What was lost with the process is proven a horizon after the next start; nobody has to look at it before."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
    await rig.clock.advance(away_seconds)
    rig.price(100_000)
    async with rig.open() as app:
        assert app.state(SPOT) is TradingState.ACTIVE
        assert (await app.summary(0)).invariants == "hold"
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy()), "UNKNOWN_OUTCOME")
        assert refusal.remedy is not None
        assert refusal.remedy.not_before is not None
        assert refusal.remedy.not_before > rig.clock.now()
        await rig.clock.advance(10)
        rig.price(100_000)
        assert statuses(await rig.store.orders()) == [OrderStatus.REFUSED]
        placed(await app.coordinator.execute_decision(SPOT, buy()))


async def test_what_stays_unknown_after_a_start_is_shown_past_its_bound() -> None:
    """The next process waits no longer than the first."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
    await rig.clock.advance(60)

    async def never_told(method: str) -> None:
        if method == "order":
            raise ConnectionError

    async with rig.open(venue=InterposedVenue(rig.venue, before=never_told)) as app:
        await rig.clock.advance(60)
        assert app.state(SPOT) is TradingState.REDUCING


async def test_a_cancel_that_was_under_way_is_finished_by_the_next_start() -> None:
    """P9: what was to be called off is called off."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.next_cancel(CancelAnswer.never_received())
        await app.cancel(order.client_order_id)
    async with rig.open() as app:
        assert app.open_orders() == ()

    assert rig.venue.truth.open_orders() == ()


async def test_a_crash_during_recovery_is_as_one_crash() -> None:
    """P12: whatever the first attempt at it wrote, the second ends the same."""
    rig = Rig()
    await crashed(rig, buy(decision_id="mine"), Answer.fill())
    store = InterposedStore(rig.store)

    async def die(method: str) -> None:
        if method == "flush":
            raise Killed

    store.before = die
    with pytest.raises(Killed):
        async with rig.open(order_store=store):
            raise AssertionError("it opened")
    async with rig.open() as app:
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert app.position(SPOT).quantity == Decimal("0.01")
        assert (await app.summary(0)).invariants == "hold"


async def test_the_days_orders_are_counted_across_a_restart() -> None:
    """A limit of orders a day is one of the account's, not of the process."""
    rig = Rig(risk={"max_orders_per_day": 2})
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.02")))
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy("0.03")), "ORDER_SIZE")

    assert refusal.remedy is not None
    assert refusal.remedy.not_before is not None


async def test_a_first_start_without_balances_does_not_open() -> None:
    """An account whose money is not known cannot be judged by; one line says so."""
    rig = Rig()
    rig.venue.unreachable("no route")
    with pytest.raises(OpeningError, match="no route"):
        async with rig.open():
            raise AssertionError("it opened")

    rig.venue.reachable()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))


async def test_a_store_that_does_not_take_the_start_does_not_open() -> None:
    """What cannot be recorded must not trade."""
    rig = Rig()
    store = InterposedStore(rig.store)
    store.disk_is_full = True
    with pytest.raises(OpeningError, match="the disk is full"):
        async with rig.open(order_store=store):
            raise AssertionError("it opened")


async def test_a_live_application_refuses_the_key_of_another_account() -> None:
    """C5: its orders would be judged by the wrong money."""
    rig = Rig()
    container = rig.container()
    container.desk().is_live = True
    rig.venue.account_id = "somebody else's"
    with pytest.raises(OpeningError, match="somebody else's"):
        async with open_application(container=container):
            raise AssertionError("it opened")


async def test_leaving_waits_for_what_was_appended() -> None:
    """The last news of an order is durable when the application has closed."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
    stored = await rig.store.load()

    assert stored.open_orders == ()
    assert {position.quantity for position in stored.positions} == {Decimal("0.01")}


async def test_a_decision_under_way_when_the_application_closes_is_found_by_the_next(tmp_path: Path) -> None:
    """X5: its outcome is handed over to whoever comes after."""
    path = tmp_path / "store.db"
    clock = ManualClock(STARTS_AT)
    store = open_sqlite_store(path, account_id="paper", clock=clock, process="first", inline=True)
    rig = Rig(store=store)
    rig.venue.next_submit(Answer.fill().when_released())
    async with rig.open() as app:
        task = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))
        await asyncio.sleep(0)
    store.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    rig.store = second = open_sqlite_store(path, account_id="paper", clock=clock, process="second", inline=True)
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))
        assert order.status is OrderStatus.FILLED
        assert (await app.summary(0)).invariants == "hold"
    second.close()


async def test_reading_only_takes_up_the_store_and_changes_nothing() -> None:
    """Readings and plans, without lock, recovery and loops."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        await app.halt("stop")
        account = await app.account()
    before = await rig.journal()
    container = rig.container()
    container.core.is_read_only.override(providers.Object(True))
    async with open_application(container=container) as app:
        assert app.state() is TradingState.HALTED
        assert await app.account() == account
        refused(await app.coordinator.plan(SPOT, buy()), "TRADING_STATE")
        assert app.recovered is None

    assert await rig.journal() == before


async def test_settings_and_a_container_cannot_both_be_given() -> None:
    """One of them would silently not count."""
    with pytest.raises(ConfigurationError, match="not both"):
        async with open_application(Settings(), container=Rig().container()):
            raise AssertionError("it opened")


async def test_hold_asks_for_nothing_whatever_else_it_says() -> None:
    """Not even while halted, nor with a size."""
    rig = Rig()
    async with rig.open() as app:
        await app.halt("stop")
        hold = Decision(action=Action.HOLD, quantity=Decimal("NaN"))
        needless(await app.coordinator.execute_decision(SPOT, hold))
