"""What the venue does to the account by no order of ours: booked once, from the stream or from the list, and shown."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tests.application.rig import PERPETUAL, SPOT, Rig, buy, placed, refused
from tidegate.application.application import Application
from tidegate.domain.events import AccountMoved, IncidentRaised
from tidegate.domain.movements import Movement, MovementKind
from tidegate.domain.reconciliation import DifferenceKind, ReconciliationReport


def moved(rig: Rig, kind: MovementKind, amount: int | Decimal = 0, movement_id: str = "m1", **changes: Any) -> Movement:
    """A movement of dollars, stamped now."""
    plain = Movement(movement_id=movement_id, kind=kind, at=rig.clock.now(), currency="USD", amount=Decimal(amount))
    return replace(plain, **changes)


def closed(rig: Rig, kind: MovementKind, quantity: str, price: int, movement_id: str = "m1") -> Movement:
    """A movement of the perpetual's position."""
    return Movement(
        movement_id=movement_id,
        kind=kind,
        at=rig.clock.now(),
        symbol=PERPETUAL,
        quantity=Decimal(quantity),
        price=Decimal(price),
        reason="as the venue has it",
    )


async def read_twice(app: Application, rig: Rig) -> ReconciliationReport:
    """Two reads far enough apart that a mismatch is confirmed."""
    await app.reconcile()
    await rig.clock.advance(6)
    return await app.reconcile()


async def test_a_deposit_that_the_venue_tells_of_is_no_mismatch_and_no_profit() -> None:
    """Booked from the stream: balances agree, the day's result is what it was, and entries go on."""
    rig = Rig()
    async with rig.open() as app:
        before = await app.account()
        rig.venue.move(moved(rig, MovementKind.DEPOSIT, 5_000))
        await rig.clock.advance(1)

        report = await read_twice(app, rig)
        after = await app.account()

        assert (report.agrees, report.differences) == (True, ())
        assert before.equity is not None
        assert (after.equity, after.day_pnl) == (before.equity + 5_000, before.day_pnl)
        placed(await app.coordinator.execute_decision(SPOT, buy()))


async def test_what_no_stream_told_is_taken_from_the_list() -> None:
    """The next pass books it, once."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.move(moved(rig, MovementKind.REWARD, 3), is_told=False)
        await rig.clock.advance(1)

        first, second = await app.reconcile(), await app.reconcile()

        assert (first.applied, second.applied) == (1, 0)
        assert (await read_twice(app, rig)).agrees
    assert [event.movement.amount for event in await rig.stored(AccountMoved)] == [Decimal(3)]


async def test_a_report_only_pass_shows_what_it_would_book() -> None:
    """And books nothing."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.move(moved(rig, MovementKind.FUNDING, -3), is_told=False)

        report = await app.reconcile(report_only=True)

        (missing,) = [one for one in report.differences if one.subject == "m1"]
        assert missing.kind is DifferenceKind.MISSING_HERE
        assert "funding m1 of -3 USD" in missing.theirs
        assert await rig.stored(AccountMoved) == []


async def test_funding_is_a_loss_of_the_day() -> None:
    """It is no flow: what was paid is gone from equity and from the day's result."""
    rig = Rig()
    async with rig.open() as app:
        before = await app.account()
        rig.venue.move(moved(rig, MovementKind.FUNDING, -50))
        await rig.clock.advance(1)
        after = await app.account()

    assert before.equity is not None
    assert before.day_pnl is not None
    assert (after.equity, after.day_pnl) == (before.equity - 50, before.day_pnl - 50)


async def test_a_liquidation_takes_the_position_and_stops_the_symbols_entries() -> None:
    """An operator sees it; the books agree with the venue's, and other symbols go on."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
        await rig.clock.advance(1)
        rig.venue.move(closed(rig, MovementKind.LIQUIDATION, "-0.05", 90_000))
        await rig.clock.advance(61)

        assert app.account_position(PERPETUAL).is_flat
        assert (await read_twice(app, rig)).agrees
        refused(await app.coordinator.execute_decision(PERPETUAL, buy("0.01")), "TRADING_STATE")
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        assert (await app.summary(0)).invariants == "hold"
        await app.resume("seen", PERPETUAL)
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.01")))

    kinds = [event.kind for event in await rig.stored(IncidentRaised)]
    assert "LIQUIDATION" in kinds


async def test_what_was_booked_is_known_to_the_next_life() -> None:
    """The list has it again, and so has a stream that repeats itself: it is booked once."""
    rig = Rig()
    deposit = moved(rig, MovementKind.DEPOSIT, 700)
    async with rig.open():
        rig.venue.move(deposit)
        await rig.clock.advance(1)
    async with rig.open() as app:
        rig.venue.move(replace(deposit, movement_id="m2", at=rig.clock.now()))
        await app.reconcile()
        await rig.clock.advance(1)

        assert (await read_twice(app, rig)).agrees

    assert [event.movement.movement_id for event in await rig.stored(AccountMoved)] == ["m1", "m2"]


async def test_a_change_of_position_from_before_the_last_fill_finds_its_place_after_a_restart() -> None:
    """Long 0.05 from 100,001, then 0.02 closed by the venue, then more bought: the profit is as if told in order."""
    profits = []
    for is_late in (False, True):
        rig = Rig()
        async with rig.open() as app:
            placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05")))
            await rig.clock.advance(1)
            part = closed(rig, MovementKind.DELEVERAGING, "-0.02", 110_000)
            if not is_late:
                rig.venue.move(part)
            await rig.clock.advance(1)
            rig.price(90_000)
            if not is_late:
                await app.resume("seen", PERPETUAL)
            placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.01")))
            await rig.clock.advance(1)
        async with rig.open() as app:
            if is_late:
                rig.venue.move(part)
                await rig.clock.advance(1)
            profits.append(app.account_position(PERPETUAL).realized_pnl)
            assert (await app.summary(0)).invariants == "hold"

    assert profits[0] == profits[1] == Decimal("0.02") * (110_000 - 100_001)


async def test_a_movement_that_cannot_be_booked_stops_entries_and_is_shown() -> None:
    """Its position is of a symbol that is not traded here: no figure is made up, and the symbol waits for a person."""
    rig = Rig()
    async with rig.open():
        strange = replace(closed(rig, MovementKind.SETTLEMENT, "-1", 100), symbol="DOGE-PERP")
        rig.venue.move(strange)
        await rig.clock.advance(61)

        assert await rig.stored(AccountMoved) == []
        (shown,) = [event for event in await rig.stored(IncidentRaised) if event.kind == "BAD_MOVEMENT"]
        assert "DOGE-PERP, which is not traded here" in shown.message


async def test_a_list_that_cannot_be_read_is_no_empty_list() -> None:
    """R7: the pass is not complete, and says what it did not see."""
    rig = Rig()
    async with rig.open() as app:
        rig.venue.unreachable(times=1)
        assert (await app.reconcile()).unreachable[0].startswith("fills")
        rig.venue.move(moved(rig, MovementKind.REWARD, 1), is_told=False)
        await rig.clock.advance(timedelta(seconds=1).total_seconds())
        assert (await app.reconcile()).applied == 1
