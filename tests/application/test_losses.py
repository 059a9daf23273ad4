"""Losses over 24 hours and from the high: known again after a restart, moved by flows, taken from no wide market."""

from decimal import Decimal

import pytest

from tests.application.rig import PERPETUAL, SPOT, Rig, buy, placed, refused
from tests.application.test_moving import moved
from tidegate import TradingState
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.application.application import Application
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import DayOpened, EquityMarked, EquityShifted, GuardReported, TradingStateChanged
from tidegate.domain.movements import MovementKind
from tidegate.domain.records import CommitOutcome, Step, StoreUnavailable

pytestmark = pytest.mark.no_cover

HOUR = 3600.0
RISK = {"max_order_pct": "0.6", "max_position_pct_per_symbol": "0.8"}
RARELY = {
    f"{name}_interval_seconds": seconds
    for name, seconds in {"guard": 600, "feed": 600, "in_flight": 600, "inbox": 600, "reconciliation": 3600}.items()
}


def rig_at(hour: int, **risk: str) -> Rig:
    """A world at that hour, whose loops come round every ten minutes: the tests last for days."""
    return Rig(risk=RISK | risk, supervisor=RARELY, clock=ManualClock(STARTS_AT.replace(hour=hour)))


async def long(app: Application) -> None:
    """0.5 of the perpetual at about 100,000: a thousand in its price is 500."""
    placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.5")))


async def moves_to(rig: Rig, mid: int) -> None:
    """The price moves, and the guards look."""
    rig.price(mid)
    await rig.clock.advance(0.5 * HOUR)


async def reason(app: Application) -> str:
    return (await app.account()).state_reason


async def test_a_slow_fall_over_two_days_is_a_loss_over_24_hours() -> None:
    """3 % before midnight and 3 % after it: neither day has lost its limit, and the 24 hours have."""
    rig = rig_at(20, drawdown_limit_pct="0.5")
    async with rig.open() as app:
        await long(app)
        rig.price(94_000)
        await rig.clock.advance(4.5 * HOUR)
        assert app.state() is TradingState.ACTIVE
    async with rig.open() as app:
        await moves_to(rig, 88_500)
        assert app.state() is TradingState.REDUCING
        why, account = await reason(app), await app.account()
        assert "24 hours ago" in why
        assert "opening" not in why
        assert account.day_pnl is not None
        assert account.rolling_pnl is not None
        assert account.day_pnl > -5_000 > account.rolling_pnl
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")


async def test_a_loss_over_24_hours_that_still_stands_trips_again_and_ends_with_them() -> None:
    """As the day's does; once the fall is a day old a resume holds."""
    rig = rig_at(1, drawdown_limit_pct="0.5")
    async with rig.open() as app:
        await long(app)
        await moves_to(rig, 88_000)
        await app.resume("seen")
        await rig.clock.advance(0.5 * HOUR)
        assert app.state() is TradingState.REDUCING
        await rig.clock.advance(24 * HOUR)
        await app.resume("a day later")
        await rig.clock.advance(HOUR)
        assert app.state() is TradingState.ACTIVE


async def test_a_fall_from_a_high_trips_though_nothing_was_lost_since_the_opening() -> None:
    """The high is known again after a restart; the sentence says that it is a drawdown."""
    rig = rig_at(1)
    async with rig.open() as app:
        await long(app)
        await moves_to(rig, 116_000)
    async with rig.open() as app:
        before = await app.account()
        await moves_to(rig, 102_000)
        after = await app.account()
        assert (app.state(), after.equity_high) == (TradingState.REDUCING, before.equity_high)
        assert "drawdown of 7000" in after.state_reason
        assert "loss" not in after.state_reason
        assert after.drawdown == 7_000
        assert after.day_pnl is not None
        assert after.day_pnl > 0


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_resume_after_a_drawdown_takes_the_equity_of_then_for_the_high(is_restarted: bool) -> None:
    """Otherwise nobody could leave it; a further fall counts from there, and trips again."""
    rig = rig_at(1)
    async with rig.open() as app:
        await long(app)
        await moves_to(rig, 116_000)
        await moves_to(rig, 102_000)
        assert app.state() is TradingState.REDUCING
        await app.resume("seen")
        if not is_restarted:
            await rig.clock.advance(0.5 * HOUR)
    async with rig.open() as app:
        await rig.clock.advance(0.5 * HOUR)
        account = await app.account()
        assert app.state() is TradingState.ACTIVE
        assert (account.equity_high, account.drawdown) == (account.equity, Decimal(0))
        await moves_to(rig, 91_000)
        assert app.state() is TradingState.REDUCING
        assert "drawdown of 5500" in await reason(app)


class StatelessStore(MemoryOrderStore):
    """Takes everything but trading states, for as long as it is told to."""

    takes_states = False

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        return await super().write_state(change) if self.takes_states else StoreUnavailable(reason="the disk is full")


def rig_of_stateless() -> tuple[Rig, StatelessStore]:
    """A world whose store does that."""
    rig = rig_at(1)
    rig.store = store = StatelessStore(rig.settings.account_id, rig.clock)
    return rig, store


async def latched_with_its_high(rig: Rig, high: Decimal | None) -> None:
    """See that the next start is REDUCING, and has the high that the last one had."""
    async with rig.open() as app:
        await rig.clock.advance(0.5 * HOUR)
        assert (app.state(), (await app.account()).equity_high) == (TradingState.REDUCING, high)


async def test_a_drawdown_whose_trip_was_not_made_durable_trips_after_a_crash_too() -> None:
    """A store that does not know of the trip must not make the next start believe that somebody has resumed."""
    rig, store = rig_of_stateless()
    async with rig.open() as app:
        await long(app)
        await moves_to(rig, 116_000)
        await moves_to(rig, 102_000)
        assert app.state() is TradingState.REDUCING
        high = (await app.account()).equity_high
    store.takes_states = True
    await latched_with_its_high(rig, high)


async def test_a_state_of_another_that_was_not_made_durable_keeps_the_high_over_a_crash_too() -> None:
    """The drawdown finds the account latched: whoever latched it, the store must know before it is told of the trip."""
    rig, store = rig_of_stateless()
    async with rig.open() as app:
        await long(app)
        await moves_to(rig, 116_000)
        assert (await app.halt("by hand")).error
        store.takes_states = True
        await moves_to(rig, 102_000)
        assert app.state() is TradingState.HALTED
        high = (await app.account()).equity_high
    await latched_with_its_high(rig, high)


async def test_a_resume_without_a_drawdown_before_it_leaves_the_high() -> None:
    """Whoever resumes for another reason has seen no drawdown, and neither has one who resumes another state."""
    rig = rig_at(1)
    async with rig.open() as app:
        await long(app)
        await moves_to(rig, 108_000)
        high = (await app.account()).equity_high
        rig.price(100_000)
        await app.halt("by hand")
        await app.resume("by hand")
        await rig.clock.advance(0.5 * HOUR)
        assert (await app.account()).equity_high == high
        assert app.state() is TradingState.ACTIVE


async def test_a_withdrawal_is_no_loss_and_a_deposit_no_high() -> None:
    """Day's opening, marks and high move with them, also across a restart."""
    rig = rig_at(1)
    async with rig.open() as app:
        await long(app)
        rig.venue.move(moved(rig, MovementKind.WITHDRAWAL, -30_000))
        await rig.clock.advance(0.5 * HOUR)
        assert app.state() is TradingState.ACTIVE
    async with rig.open() as app:
        before = await app.account()
        assert before.equity_high == 70_000
        rig.venue.move(moved(rig, MovementKind.DEPOSIT, 20_000, "m2"))
        await rig.clock.advance(0.5 * HOUR)
        after = await app.account()
        assert after.equity_high == 90_000
        assert (after.rolling_pnl, after.drawdown) == (before.rolling_pnl, before.drawdown)
        await moves_to(rig, 90_000)
        assert "drawdown of 50" in await reason(app)

    assert [event.amount for event in await rig.stored(EquityShifted)] == [-30_000, 20_000]


async def test_an_account_that_is_given_another_reporting_currency_opens_its_day_anew() -> None:
    """200,000 EUR earlier in the day, 100,000 USD now: nobody has lost half of it."""
    rig = rig_at(1)
    async with rig.open():
        await rig.clock.advance(0.5 * HOUR)
    at = rig.clock.now()
    earlier = DayOpened(equity=Decimal(200_000), currency="EUR", at=at)
    await rig.store.commit(Step(at=at, events=(earlier,)))

    async with rig.open() as app:
        assert (await app.account()).day_opening_equity in (None, 100_000)
        await rig.clock.advance(0.5 * HOUR)
        account = await app.account()
        assert account.state is TradingState.ACTIVE
        assert account.day_opening_equity == account.equity_high == 100_000

    first, *between, last = await rig.stored(DayOpened)
    assert ((first.currency, last.currency), between) == (("USD", "USD"), [earlier])


async def test_an_account_that_was_emptied_has_lost_nothing() -> None:
    """It is held against what the withdrawal left of its opening: nothing, and a deposit moves that up again."""
    rig = rig_at(1)
    async with rig.open() as app:
        rig.venue.move(moved(rig, MovementKind.WITHDRAWAL, -100_000))
        await rig.clock.advance(0.5 * HOUR)
        assert (await app.account()).equity_high == 0
        assert app.state() is TradingState.ACTIVE
        rig.venue.move(moved(rig, MovementKind.DEPOSIT, 50_000, "m2"))
        await rig.clock.advance(0.5 * HOUR)
        assert (await app.account()).equity_high == 50_000
        assert app.state() is TradingState.ACTIVE


async def test_what_was_gained_and_withdrawn_is_no_loss() -> None:
    """100,000 became 111,000, and 105,000 were taken out: the opening counts as -5,000, and the high goes on."""
    rig = rig_at(1)
    async with rig.open() as app:
        await long(app)
        await moves_to(rig, 122_000)
        rig.venue.move(moved(rig, MovementKind.WITHDRAWAL, -105_000))
        await rig.clock.advance(0.5 * HOUR)
        account = await app.account()
        assert account.state is TradingState.ACTIVE
        assert account.day_opening_equity == -5_000
        assert account.equity is not None
        assert 5_900 < account.equity < 6_000
        await moves_to(rig, 121_000)
        assert "at its high: a drawdown of 500, 5 % or more" in await reason(app)


async def test_an_emptied_account_is_held_against_what_is_left_of_its_high() -> None:
    """Some 101,000 at its high, 100,000 now and as much withdrawn: all of the 1,000 that are left of the high."""
    rig = rig_at(1)
    async with rig.open() as app:
        await long(app)
        await moves_to(rig, 102_000)
        rig.price(100_000)
        before = await rig.stored(EquityMarked)
        rig.venue.move(moved(rig, MovementKind.WITHDRAWAL, -100_000))
        await rig.clock.advance(0.5 * HOUR)
        assert "against 974.5 at its high: a drawdown of 1000, 5 % or more" in await reason(app)
        assert (await app.account()).equity_high == before[-1].high - 100_000


async def test_the_journal_has_a_mark_an_hour_and_the_high_as_it_rises() -> None:
    """The guard looks six times as often here."""
    rig = rig_at(1)
    async with rig.open() as app:
        await long(app)
        await rig.clock.advance(5 * HOUR)
        quiet = len(await rig.stored(EquityMarked))
        rig.price(100_100)
        await rig.clock.advance(600)
        assert len(await rig.stored(EquityMarked)) == quiet
        rig.price(101_000)
        await rig.clock.advance(600)

    assert (quiet, len(await rig.stored(EquityMarked)), len(await rig.stored(DayOpened))) == (5, 6, 1)


@pytest.mark.parametrize("asks", [[(110_000, 5)], [(89_000, 5)], []])
async def test_a_flash_of_a_wide_market_neither_hides_a_loss_nor_latches(asks: list[tuple[int, int]]) -> None:
    """Wider than the collar, crossed or one-sided it is BLIND, which counts only past its bound."""
    rig = Rig(risk=RISK)
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.5")))
        await rig.clock.advance(61)
        rig.venue.set_book(SPOT, bids=[(90_000, 5)], asks=asks)
        rig.venue.set_mark(SPOT, 120_000)
        await rig.clock.advance(58)
        high = (await app.account()).equity_high
        rig.price(100_000)
        await rig.clock.advance(61)
        assert app.state() is TradingState.ACTIVE
        rig.venue.set_book(SPOT, bids=[(80_000, 5)], asks=[(120_000, 5)])
        rig.venue.set_mark(SPOT, 100_000)
        await rig.clock.advance(70)
        assert app.state() is TradingState.ACTIVE
        await rig.clock.advance(61)
        assert app.state() is TradingState.REDUCING
        assert "blind" in await reason(app)

    assert high == 100_000
    answers = [event.answer for event in await rig.stored(GuardReported) if event.guard == "daily_loss"]
    assert answers[-2:] == ["BLIND", "TRIP"]


async def test_an_account_without_the_coins_does_not_mind_a_wide_market() -> None:
    """Nothing of its equity rests on that price; nor does that of a perpetual, which has a mark of the venue's."""
    rig = Rig(risk=RISK)
    async with rig.open() as app:
        await long(app)
        for symbol in (SPOT, PERPETUAL):
            rig.venue.set_book(symbol, bids=[(80_000, 5)], asks=[(120_000, 5)])
        await rig.clock.advance(200)
        assert app.state() is TradingState.ACTIVE
        rig.venue.set_mark(PERPETUAL, 88_000)
        await rig.clock.advance(61)
        assert "loss of" in await reason(app)
        assert Decimal(0) < ((await app.account()).drawdown or Decimal(0))


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_withdrawal_of_coins_without_a_price_waits_for_one(is_restarted: bool) -> None:
    """At a start the venue may tell of it before its market: once prices come, nothing was lost."""
    rig = rig_at(1)
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.5")))
        await rig.clock.advance(0.5 * HOUR)
        before = await app.account()
    async with rig.open() as app:
        rig.venue.set_book(SPOT, bids=[], asks=[])
        rig.venue.move(moved(rig, MovementKind.WITHDRAWAL, currency="BTC", amount=Decimal("-0.5")))
        rig.venue.move(moved(rig, MovementKind.WITHDRAWAL, -1_000, "m2"))
        await rig.clock.advance(0.1 * HOUR)
        assert app.operations.desk.ledger.equity_history.unpriced == {"BTC": Decimal("-0.5")}
        if not is_restarted:
            rig.price(100_000)
            await rig.clock.advance(0.5 * HOUR)
    rig.price(100_000)
    async with rig.open() as app:
        await rig.clock.advance(0.5 * HOUR)
        after = await app.account()
        assert (app.state(), after.drawdown) == (TradingState.ACTIVE, before.drawdown)
        assert before.equity_high is not None
        assert after.equity_high == before.equity_high - 51_000

    assert [(event.amount, event.unpriced) for event in await rig.stored(EquityShifted)] == [
        (Decimal(0), {"BTC": Decimal("-0.5")}),
        (Decimal(-1_000), {"BTC": Decimal("-0.5")}),
        (Decimal(-50_000), {}),
    ]


async def test_an_unsynchronised_spot_market_shows_no_loss_and_no_high() -> None:
    """Its mark is what was left behind: the guard is blind, and the account is not latched for it."""
    rig = rig_at(1)
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.5")))
        rig.price(88_000, SPOT)
        rig.venue.set_reading(SPOT, is_synced=False)
        assert app.operations.desk.equity_by_narrow_marks() is None
        rig.price(100_000, SPOT)
        assert app.operations.desk.equity_by_narrow_marks() is not None
