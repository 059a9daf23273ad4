"""Quarantine: trouble with one symbol's records stops the entries of that symbol alone, until an operator looks."""

from decimal import Decimal

from msgspec.structs import replace

from tests.application.rig import HORIZON_SECONDS, PERPETUAL, SPOT, Rig, buy, offer_to_buy, placed, refused, sell
from tidegate import OrderSide, OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.brokers.scripted.answers import Effect, Told
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId


async def quarantined(rig: Rig) -> str:
    """An application that has ended with an overfilled order on the spot market; the order's id."""
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.fill(order.client_order_id, Decimal("0.03"))
        await rig.clock.advance(2)
        return order.client_order_id


async def test_one_symbols_trouble_leaves_the_others_trading() -> None:
    """Its entries are refused, its exits go, and so do the entries of every other symbol."""
    rig = Rig()
    await quarantined(rig)
    async with rig.open() as app:
        entry = refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        assert "OVERFILL" in entry.message
        placed(await app.coordinator.execute_decision(SPOT, sell(reduce_only=True)))
        placed(await app.coordinator.execute_decision(PERPETUAL, buy()))
        assert (await app.positions())[0].state is TradingState.REDUCING
        assert "OVERFILL" in (await app.summary(0)).restrained[SPOT]


async def test_resuming_the_symbol_lifts_its_quarantine_and_what_was_seen_stops_it_no_more() -> None:
    """The trouble may stay; an operator has looked, and only something new stops the symbol again."""
    rig = Rig()
    rig.venue.next_submit(Answer(effect=Effect.ACCEPT, accepted_quantity=Decimal(1), told=Told.SILENCE))
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await rig.clock.advance(HORIZON_SECONDS + 60)
        assert app.state(SPOT) is TradingState.REDUCING
        await app.resume("seen", SPOT)
        await rig.clock.advance(200)
        assert app.state(SPOT) is TradingState.ACTIVE
        assert (await app.cancel(order.client_order_id)).unwrap().status is OrderStatus.CANCELED
        second = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(98_000)))
        rig.venue.fill(second.client_order_id, Decimal("0.03"))
        await rig.clock.advance(2)
        assert app.state(SPOT) is TradingState.REDUCING


async def test_a_symbol_comes_into_quarantine_while_the_account_is_restrained_as_well() -> None:
    """Trouble that came while the account itself was restrained is the symbol's own."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await app.halt("for the night")
        rig.venue.fill(order.client_order_id, Decimal("0.03"))
        await rig.clock.advance(2)
        assert [change.symbol for change in await rig.stored(TradingStateChanged)] == ["", SPOT]
        assert (await app.account()).restrained[SPOT].state is TradingState.REDUCING


async def test_a_quarantine_takes_the_place_of_a_cool_down() -> None:
    """A feed that comes back lifts what it set, and not what waits for an operator."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.silence()
        await rig.clock.advance(20)
        assert app.state(SPOT) is TradingState.REDUCING
        rig.venue.fill(order.client_order_id, Decimal("0.03"))
        await rig.clock.advance(2)
        rig.venue.speak()
        await rig.clock.advance(30)
        assert app.state(SPOT) is TradingState.REDUCING


async def test_a_derivative_position_that_differs_is_its_symbols_trouble() -> None:
    """S11: with both figures; the money that moved with it is the account's."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.05"))).order
        theirs = replace(order, client_order_id=ClientOrderId("theirs"), side=OrderSide.SELL)
        rig.venue.external(theirs, is_told=False)
        rig.venue.fill(theirs.client_order_id, Decimal("0.02"), is_told=False)
        await rig.clock.advance(110)
        assert "ours 0.05, theirs 0.03" in (await app.account()).restrained[PERPETUAL].reason
