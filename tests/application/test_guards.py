"""Guards: each answers PASS, TRIP or BLIND, moves the states towards safety only, and stops none of the others."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.application.rig import (
    PERPETUAL,
    SPOT,
    LeapingClock,
    Rig,
    buy,
    close,
    offer_to_buy,
    only,
    placed,
    refused,
    sell,
    statuses,
)
from tidegate import OrderSide, OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.clocks import ManualClock
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import DayOpened, GuardReported, IncidentRaised, JournalEvent, TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId

DAY = 24 * 3600.0


async def test_a_daily_loss_calls_off_entries_and_waits_for_an_operator() -> None:
    """REDUCING at 5 % of the day's opening equity, open positions included; a better price does not lift it."""
    rig = Rig(risk={"max_order_pct": "0.5", "max_position_pct_per_symbol": "0.8"})
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.45")))
        placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(80_000)))
        rig.price(88_000)
        await rig.clock.advance(61)
        assert app.state() is TradingState.REDUCING
        assert app.open_orders() == ()
        refused(await app.coordinator.execute_decision(PERPETUAL, buy()), "TRADING_STATE")
        rig.price(100_000)
        await rig.clock.advance(300)
        assert app.state() is TradingState.REDUCING
        placed(await app.coordinator.execute_decision(PERPETUAL, sell("0.1", reduce_only=True)))
        await app.resume("looked at it")
        await rig.clock.advance(61)
        assert app.state() is TradingState.ACTIVE

    first = (await rig.stored(TradingStateChanged))[0]
    assert (first.by, first.is_latched) == ("guard daily_loss", True)
    assert "loss" in first.reason


async def test_what_is_lost_over_midnight_while_the_market_cannot_be_seen_is_a_loss_of_a_day() -> None:
    """A day begins with the first equity that is seen of it; what went since the last look is not begun with."""
    risk = {"max_order_pct": "0.5", "max_position_pct_per_symbol": "0.8", "blind_bound_seconds": 600}
    rig = Rig(risk=risk, clock=ManualClock(STARTS_AT.replace(hour=23, minute=58)))
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.45")))
        await rig.clock.advance(61)
        rig.venue.set_mark(PERPETUAL, None)
        await rig.clock.advance(90)
        assert len(await rig.stored(DayOpened)) == 1
        rig.price(88_000)
        rig.venue.set_mark(PERPETUAL, 88_000)
        await rig.clock.advance(61)
        assert len(await rig.stored(DayOpened)) == 2
        assert app.state() is TradingState.REDUCING
        rig.price(88_000)
        assert "opening" in (await app.account()).state_reason
        await app.resume("looked at it")
        await rig.clock.advance(61)
        # The new day has lost nothing; over 24 hours the loss stands.
        assert "opening" not in (await app.account()).state_reason
        assert "24 hours ago" in (await app.account()).state_reason


async def test_a_guard_that_trips_lowers_no_halt_that_was_written_elsewhere() -> None:
    """It latches what stands, whoever wrote it and however."""
    rig = Rig(risk={"max_order_pct": "0.5", "max_position_pct_per_symbol": "0.8"})
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.45")))
        halt = TradingStateChanged(state=TradingState.HALTED, reason="by hand", by="elsewhere", at=rig.clock.now())
        await rig.store.write_state(halt)
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        rig.price(88_000)
        await rig.clock.advance(61)
        assert app.state() is TradingState.HALTED

    tripped = (await rig.stored(TradingStateChanged))[-1]
    assert (tripped.by, tripped.is_latched) == ("guard daily_loss", True)


@pytest.mark.no_cover
async def test_a_day_is_measured_against_its_own_opening() -> None:
    """The first equity of a UTC day; a restart within it does not forget it."""
    rarely = dict.fromkeys(("guard", "feed", "in_flight", "inbox", "reconciliation"), 600)
    rig = Rig(supervisor={f"{name}_interval_seconds": seconds for name, seconds in rarely.items()})
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        opening = (await app.account()).day_opening_equity
    async with rig.open() as app:
        assert (await app.account()).day_opening_equity == opening
        await rig.clock.advance(DAY / 2)
        account = await app.account()
        assert account.day_opening_equity == account.equity
        assert account.day_pnl == 0

    assert len(await rig.stored(DayOpened)) == 2


async def test_a_silent_feed_reduces_its_symbols_and_they_recover_once_it_has_been_back() -> None:
    """After 15 s; back by itself when the feed has been well for 5 s, and not at its first word."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.silence()
        await rig.clock.advance(14)
        assert app.state(SPOT) is TradingState.ACTIVE
        await rig.clock.advance(3)
        assert (app.state(SPOT), app.state(PERPETUAL), app.state()) == ("REDUCING", "REDUCING", "ACTIVE")
        await rig.clock.advance(60)
        rig.venue.speak()
        await rig.clock.advance(3)
        assert app.state(SPOT) is TradingState.REDUCING
        rig.venue.silence()
        await rig.clock.advance(20)
        rig.venue.speak()
        await rig.clock.advance(4)
        assert app.state(SPOT) is TradingState.REDUCING
        await rig.clock.advance(4)
        assert app.state(SPOT) is TradingState.ACTIVE
        placed(await app.coordinator.execute_decision(SPOT, buy()))

    of_spot = [event for event in await rig.stored(GuardReported) if event.symbol == SPOT]
    assert [event.answer for event in of_spot] == ["TRIP", "PASS", "TRIP", "PASS"]


async def test_a_feed_does_not_lift_what_an_operator_set() -> None:
    """It moves back only what it moved itself."""
    rig = Rig()
    async with rig.open() as app:
        await app.reduce("mine", SPOT)
        rig.venue.silence()
        await rig.clock.advance(20)
        rig.venue.speak()
        await rig.clock.advance(20)
        assert (app.state(SPOT), app.state(PERPETUAL)) == ("REDUCING", "ACTIVE")


async def test_a_feed_that_was_never_heard_counts_only_where_something_is_at_stake() -> None:
    """A symbol without a position or an order may stay silent; one with, blind past its bound, is reduced."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
    rig.venue._readings.clear()
    async with rig.open() as app:
        await rig.clock.advance(70)

    of_feeds = [event for event in await rig.stored(GuardReported) if event.guard == "feed"]
    assert [(event.symbol, event.answer) for event in of_feeds] == [(SPOT, "BLIND"), (SPOT, "TRIP")]


async def test_what_guards_wait_for_is_not_read_off_a_clock_that_goes_back() -> None:
    """X7: for that hour a symbol stayed REDUCING, a guard that could not see was no trip, and a mismatch not shown."""
    clock = LeapingClock(STARTS_AT)
    rig = Rig(clock=clock)
    async with rig.open() as app:
        rig.venue.silence()
        rig.venue.move_balance("USD", Decimal(-100))
        rig.venue.unreachable()
        await rig.clock.advance(50)
        clock.leap = timedelta(hours=-1)
        await rig.clock.advance(60)
        assert (app.state(SPOT), app.state()) == ("REDUCING", "REDUCING")
        rig.venue.reachable()
        rig.venue.speak()
        first = await app.reconcile()
        clock.leap = timedelta(hours=-2)
        rig.venue.speak()
        await rig.clock.advance(8)
        second = await app.reconcile()
        assert (only(first.suspected).subject, only(second.differences).subject) == ("USD", "USD")

    of_venue = [event.answer for event in await rig.stored(GuardReported) if event.guard == "venue"]
    of_spot = [event.state for event in await rig.stored(TradingStateChanged) if event.symbol == SPOT]
    assert (of_venue, of_spot) == (["BLIND", "TRIP", "PASS"], ["REDUCING", "ACTIVE"])


async def test_a_confirmed_mismatch_of_the_records_stops_entries() -> None:
    """Two reads at least five seconds apart; the difference is shown and not smoothed over."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.move_balance("USD", Decimal(-100))
        first = await app.reconcile()
        assert (first.differences, only(first.suspected).subject) == ((), "USD")
        await rig.clock.advance(2)
        assert app.state() is TradingState.ACTIVE
        await rig.clock.advance(4)
        second = await app.reconcile()
        assert (only(second.differences).ours, only(second.differences).theirs) == ("100000", "99900")
        await rig.clock.advance(1)
        assert app.state() is TradingState.REDUCING
        assert "USD" in (await app.account()).state_reason
        assert (await app.account()).balances["USD"] == 100_000


async def test_a_mismatch_that_passes_is_no_mismatch() -> None:
    """What the second read no longer shows was a list that lagged."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.move_balance("USD", Decimal(-100))
        await app.reconcile()
        rig.venue.move_balance("USD", Decimal(100))
        await rig.clock.advance(10)
        assert (await app.reconcile()).agrees
        rig.venue.move_balance("USD", Decimal(-100))
        assert (await app.reconcile()).differences == ()
        assert app.state() is TradingState.ACTIVE


async def test_a_derivative_position_that_differs_is_a_mismatch() -> None:
    """The venue's is the truth, ours the check."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        external = rig.venue.external(
            replace(order.order, client_order_id=ClientOrderId("theirs"), side=OrderSide.SELL), is_told=False
        )
        rig.venue.fill(external.order.client_order_id, Decimal("0.02"), is_told=False)
        await app.reconcile()
        await rig.clock.advance(6)
        report = await app.reconcile()
        assert ("POSITION", PERPETUAL, "0.05", "0.03") in [
            (one.kind, one.subject, one.ours, one.theirs) for one in report.differences
        ]
        await rig.clock.advance(1)
        assert app.state() is TradingState.REDUCING


async def test_equity_that_cannot_be_seen_past_its_bound_stops_entries() -> None:
    """BLIND is no pass: after a minute it counts as a trip, and says that it was blind."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.set_mark(SPOT, None)
        rig.venue.set_mark(PERPETUAL, None)
        refused(await app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(55)
        assert app.state() is TradingState.ACTIVE
        await rig.clock.advance(10)
        assert app.state() is TradingState.REDUCING
        placed(await app.coordinator.execute_decision(SPOT, close()))

    assert "blind" in (await rig.stored(TradingStateChanged))[0].reason


async def test_an_overfill_is_recorded_as_truth_and_stops_entries_within_a_second() -> None:
    """S8: the venue filled more than it was asked for; the position is what was filled."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.fill(order.client_order_id, Decimal("0.03"))
        await rig.clock.advance(2)
        assert (app.state(SPOT), app.state(PERPETUAL)) == (TradingState.REDUCING, TradingState.ACTIVE)
        assert app.position(SPOT).quantity == Decimal("0.03")
        summary = await app.summary(0)

    assert only(await rig.stored(IncidentRaised)).kind == "OVERFILL"
    assert summary.invariants == "hold", summary.broken


async def test_a_trip_is_reported_once_and_a_restart_does_not_report_it_again() -> None:
    """Only a change of a guard's answer is news."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.move_balance("USD", Decimal(-100))
        await rig.clock.advance(200)
        assert app.state() is TradingState.REDUCING
    before = len(await rig.stored(GuardReported))
    rig.venue.move_balance("USD", Decimal(100))
    async with rig.open() as app:
        await rig.clock.advance(200)
        assert app.state() is TradingState.REDUCING

    assert before == 1
    assert [event.answer for event in await rig.stored(GuardReported)] == ["TRIP", "PASS"]


@pytest.mark.parametrize("error", [RuntimeError("a bug in telemetry"), SystemExit(1)])
async def test_a_subscriber_that_raises_stops_nothing(error: BaseException) -> None:
    """An observer's bug is counted; orders, guards and the next subscriber go on."""
    rig = Rig()
    seen: list[JournalEvent] = []

    class Broken:
        def notice(self, event: JournalEvent) -> None:
            raise error

    class Watching:
        def notice(self, event: JournalEvent) -> None:
            seen.append(event)

    async with rig.open() as app:
        end = app.subscribe(Broken())
        app.subscribe(Watching())
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.silence()
        await rig.clock.advance(20)
        assert app.state(SPOT) is TradingState.REDUCING
        assert app.subscriber_errors["Broken"] == len(seen)
        assert app.dead_loops == {}
        end()
        end()
        await app.resume("fine")
        assert app.subscriber_errors["Broken"] < len(seen)


async def test_unknowns_past_their_bound_call_an_operator() -> None:
    """H and three polls; a venue that cannot be asked is no excuse."""
    rig = Rig()
    rig.venue.next_submit(Answer.timeout_never_received())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.unreachable()
        await rig.clock.advance(70)
        assert statuses(app.open_orders()) == [OrderStatus.UNKNOWN]
        assert app.state(SPOT) is TradingState.REDUCING
