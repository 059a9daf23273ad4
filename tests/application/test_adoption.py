"""Adoption: what came or went from outside is taken up when an operator says so, and never before."""

from decimal import Decimal

import pytest

from tests.application.rig import SPOT, Rig, buy, close, only, placed, refused, sell
from tidegate import TradingState
from tidegate.application.application import Application
from tidegate.domain.events import ExternalFlow
from tidegate.domain.reconciliation import ReconciliationReport


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
