"""Adoption: what came or went from outside is taken up when an operator says so, and never before."""

from decimal import Decimal

import pytest

from tests.application.rig import PERPETUAL, SPOT, Rig, buy, close, only, placed, refused, sell
from tidegate import TradingState
from tidegate.application.application import Application
from tidegate.domain.events import AccountMoved, ExternalFlow
from tidegate.domain.movements import Movement, MovementKind
from tidegate.domain.reconciliation import DifferenceKind, ReconciliationReport


async def read_twice(app: Application, rig: Rig, *, adopt: bool = True) -> ReconciliationReport:
    """Two passes, far enough apart for what differs to count."""
    await app.reconcile(adopt=adopt, reason="seen")
    await rig.clock.advance(6)
    return await app.reconcile(adopt=adopt, reason="seen")


async def test_a_deposit_stops_entries_until_it_is_taken_up_and_is_no_profit_of_the_day() -> None:
    """The difference would last for ever: taken up it is one typed event, and what it adds is no gain."""
    rig = Rig()
    async with rig.open() as app:
        await rig.clock.advance(1)
        rig.venue.move_balance("USD", Decimal(5_000))
        assert only((await read_twice(app, rig, adopt=False)).differences).kind == "BALANCE"
        await rig.clock.advance(2)
        assert app.state() is TradingState.REDUCING
        before = await app.account()

        report = await app.reconcile(adopt=True, reason="wire of Monday")
        assert (report.agrees, only(report.adopted).subject) == (True, "USD")
        await rig.clock.advance(2)
        assert app.state() is TradingState.REDUCING
        await app.resume("the deposit is ours")
        await rig.clock.advance(60)
        assert app.state() is TradingState.ACTIVE
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        after = await app.account()

    assert (before.equity, after.day_opening_equity) == (Decimal(100_000), Decimal(105_000))
    assert after.day_pnl is not None
    assert abs(after.day_pnl) < Decimal(10)
    flow = only(await rig.stored(ExternalFlow))
    assert (flow.currency, flow.amount, flow.by, flow.reason) == ("USD", Decimal(5_000), "operator", "wire of Monday")


async def test_coins_that_came_from_outside_are_counted_and_never_sold() -> None:
    """Now, and after a restart."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.02")))
        rig.venue.move_balance("BTC", Decimal("0.05"))
        equity = (await app.account()).equity
        assert only((await read_twice(app, rig)).adopted).subject == "BTC"
        assert (await app.account()).equity == equity
    async with rig.open() as app:
        assert app.recovered is not None
        assert app.recovered.agrees
        assert (await app.account()).exposure == Decimal(7_000)
        await app.resume("the coins were taken up")
        refused(await app.coordinator.execute_decision(SPOT, sell("0.05")), "BALANCE")
        order = placed(await app.coordinator.execute_decision(SPOT, close()))
        assert order.quantity == Decimal("0.02")
        assert (await app.summary(0)).invariants == "hold"


async def test_coins_of_ours_that_went_are_gone_from_equity_and_no_loss_of_the_day() -> None:
    """The wallet caps what can be sold, whatever the fills say."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        await rig.clock.advance(1)
        before = await app.account()
        rig.venue.move_balance("BTC", Decimal("-0.02"))
        await read_twice(app, rig)
        after = await app.account()
        refused(await app.coordinator.execute_decision(SPOT, sell("0.04")), "REDUCIBLE")

    assert before.equity is not None
    assert after.equity == before.equity - 2_000
    assert (after.day_pnl, after.available["BTC"]) == (before.day_pnl, Decimal("0.03"))


@pytest.mark.parametrize("adopt", [True, False])
async def test_nothing_is_taken_up_that_was_seen_once_or_that_no_operator_spoke_for(adopt: bool) -> None:
    """A list that lags would otherwise be booked."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.move_balance("USD", Decimal(-5))
        if adopt:
            report = await app.reconcile(adopt=True)
            assert (report.adopted, only(report.suspected).subject) == ((), "USD")
        else:
            assert (await read_twice(app, rig, adopt=False)).adopted == ()
    assert await rig.stored(ExternalFlow) == []


@pytest.mark.parametrize(("ours", "theirs"), [("0", "0.05"), ("0.05", "0.02"), ("0.05", "-0.01"), ("0.05", "0")])
async def test_a_position_that_somebody_else_moved_is_taken_up(ours: str, theirs: str) -> None:
    """Opened, reduced, turned or closed by hand at the venue: records agree afterwards, and entries go on."""
    rig = Rig()
    async with rig.open() as app:
        if Decimal(ours):
            placed(await app.coordinator.execute_decision(PERPETUAL, buy(ours)))
            await rig.clock.advance(1)
        rig.price(101_000)
        change = Decimal(theirs) - Decimal(ours)
        by_hand = Movement(
            movement_id="by hand",
            kind=MovementKind.ADJUSTMENT,
            at=rig.clock.now(),
            symbol=PERPETUAL,
            quantity=change,
            price=Decimal(101_500),
        )
        rig.venue.move(by_hand, is_told=False)
        rig.venue.truth.movements.clear()
        report = await read_twice(app, rig, adopt=False)
        assert {one.kind for one in report.differences} >= {DifferenceKind.POSITION}
        refused(await app.coordinator.execute_decision(PERPETUAL, buy("0.01")), "TRADING_STATE")

        report = await app.reconcile(adopt=True, reason="seen")

        assert DifferenceKind.POSITION in {one.kind for one in report.adopted}
        assert app.account_position(PERPETUAL).quantity == Decimal(theirs)
        assert (await read_twice(app, rig, adopt=False)).agrees
        await app.resume("taken up", PERPETUAL)
        await app.resume("taken up")
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.01")))
        assert (await app.summary(0)).invariants == "hold"

    moved = [event.movement for event in await rig.stored(AccountMoved)]
    assert [(one.kind, one.quantity) for one in moved] == [(MovementKind.ADJUSTMENT, change)]
    assert "taken up by operator" in moved[0].reason


@pytest.mark.parametrize("theirs", ["0.08", "-0.02", "0.02"], ids=["grown", "turned", "shrunk"])
async def test_a_position_that_was_taken_up_costs_what_it_does_at_the_venue(theirs: str) -> None:
    """What it is worth is the account's equity and no result of the day, and closing it is no mismatch of money."""
    rig = Rig(risk={"collar_pct": Decimal("0.2")})
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        rig.price(110_000)
        await rig.clock.advance(1)
        change = Decimal(theirs) - Decimal("0.05")
        by_hand = Movement(
            movement_id="by hand",
            kind=MovementKind.ADJUSTMENT,
            at=rig.clock.now(),
            symbol=PERPETUAL,
            quantity=change,
            price=Decimal(110_000),
        )
        rig.venue.move(by_hand, is_told=False)
        rig.venue.truth.movements.clear()
        rig.price(105_000)
        await rig.clock.advance(60)
        earned = (await app.account()).day_pnl
        assert (await app.reconcile(adopt=True, reason="seen")).adopted
        await app.resume("taken up", PERPETUAL)
        await app.resume("taken up")
        taken_up, position = await app.account(), app.account_position(PERPETUAL)
        assert taken_up.day_pnl == earned

        (their,) = (await rig.venue.positions()).positions  # type: ignore[union-attr]  # it can be read
        assert (position.quantity, position.entry_price) == (their.quantity, their.entry_price)
        await rig.finished(app.close(PERPETUAL))
        await rig.clock.advance(60)
        assert (await read_twice(app, rig, adopt=False)).agrees
        assert app.state() is TradingState.ACTIVE


@pytest.mark.parametrize("entry", [120_000, 80_000])
async def test_what_a_position_stood_at_when_it_was_taken_up_is_no_loss_and_no_high(entry: int) -> None:
    """It came about before the account knew of it; what it makes from then on is the account's."""
    rig = Rig()
    async with rig.open() as app:
        await rig.clock.advance(1)
        by_hand = Movement(
            movement_id="by hand",
            kind=MovementKind.ADJUSTMENT,
            at=rig.clock.now(),
            symbol=PERPETUAL,
            quantity=Decimal("0.5"),
            price=Decimal(entry),
        )
        rig.venue.move(by_hand, is_told=False)
        rig.venue.truth.movements.clear()
        assert (await read_twice(app, rig)).adopted
        await app.resume("taken up", PERPETUAL)
        await app.resume("taken up")
        await rig.clock.advance(61)
        taken_up = await app.account()
        assert taken_up.equity is not None
        assert taken_up.equity - 100_000 == (100_000 - entry) / 2
        assert (app.state(), taken_up.state_reason) == (TradingState.ACTIVE, "taken up")
        assert (taken_up.day_pnl, taken_up.rolling_pnl, taken_up.drawdown) == (Decimal(0),) * 3
        assert taken_up.equity_high == taken_up.equity
        rig.price(88_000)
        await rig.clock.advance(61)
        assert app.state() is TradingState.REDUCING
        assert "loss of 6000" in (await app.account()).state_reason
