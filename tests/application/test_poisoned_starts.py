"""P11: an intent at which every start ends is set aside after three of them, and the rest is served."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.application.interposing import InterposedVenue
from tests.application.rig import PERPETUAL, SPOT, Rig, buy, offer_to_buy, placed, refused
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.brokers.scripted.products import SCRIPTED_PRODUCTS
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.application.taking_up import OpeningError
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import IncidentRaised, TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.movements import Movement, MovementKind
from tidegate.domain.ports import Broker
from tidegate.domain.products import Product
from tidegate.domain.reconciliation import DifferenceKind
from tidegate.domain.records import StartMarks
from tidegate.domain.submissions import OrderAbsent, Unreachable, VenueOrder


@pytest.fixture(params=["memory", "sqlite"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    """A rig over each store."""
    if request.param == "memory":
        yield Rig()
        return
    clock = ManualClock(STARTS_AT)
    store = open_sqlite_store(tmp_path / "store.db", account_id="paper", clock=clock, process="test", inline=True)
    yield Rig(store=store, clock=clock)
    store.close()


class Killed(BaseException):
    """The process ends here."""


class Poisoned(InterposedVenue):
    """Whoever asks it for one order dies of the answer."""

    poison = ""

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        if client_order_id == self.poison:
            raise Killed
        return await super().order(client_order_id, symbol)

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        listed = await super().open_orders()
        if isinstance(listed, Unreachable):
            return listed
        return tuple(order for order in listed if order.client_order_id != self.poison)


async def killed(rig: Rig, venue: Poisoned) -> None:
    """One start that ends at the poison."""
    with pytest.raises(Killed):
        async with rig.open(venue=venue):
            raise AssertionError("it opened")


@pytest.mark.parametrize("is_running", [True, False])
async def test_after_three_starts_the_intent_is_set_aside_and_the_rest_is_served(rig: Rig, *, is_running: bool) -> None:
    """Its symbol takes no entries until an operator resumes it; the next start then takes it up again."""
    venue = Poisoned(rig.venue)
    async with rig.open() as app:
        rig.venue.next_submit(Answer.timeout_after_accept(), Answer.timeout_after_accept())
        poison = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))
        sound = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
    venue.poison = poison.client_order_id
    await rig.clock.advance(1)
    for _ in range(3):
        await killed(rig, venue)
    async with rig.open(venue=venue) as app:
        assert [order.client_order_id for order in app.open_orders()] == [sound.client_order_id]
        assert (app.state(PERPETUAL), app.state(SPOT)) == (TradingState.REDUCING, TradingState.ACTIVE)
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        refused(await app.coordinator.execute_decision(PERPETUAL, buy()), "TRADING_STATE")
    venue.poison = ""
    async with rig.open(venue=venue) as app:
        assert len(app.open_orders()) == 1
        if is_running:
            await app.resume("mended", PERPETUAL)
    if not is_running:
        at = rig.clock.now()
        resumed = TradingStateChanged(
            state=TradingState.ACTIVE, reason="mended", by="operator", symbol=PERPETUAL, at=at
        )
        await rig.store.write_state(resumed)
    async with rig.open(venue=venue) as app:
        assert {order.client_order_id for order in app.open_orders()} == {poison.client_order_id, sound.client_order_id}

    assert [one.kind for one in await rig.stored(IncidentRaised)].count("QUARANTINE") == 1


@pytest.mark.parametrize("is_filled", [True, False])
async def test_an_order_that_was_set_aside_reserves_nothing_once_it_has_ended(rig: Rig, *, is_filled: bool) -> None:
    """An operator calls it off by its id, or resumes and it fills in the same life."""
    venue = Poisoned(rig.venue)
    async with rig.open() as app:
        rig.venue.next_submit(Answer.timeout_after_accept())
        poison = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))
    venue.poison = poison.client_order_id
    await rig.clock.advance(1)
    for _ in range(3):
        await killed(rig, venue)
    venue.poison = ""
    async with rig.open(venue=venue) as app:
        before = (await app.account()).available["USD"]
        assert before < (await app.account()).balances["USD"]
        if is_filled:
            await app.resume("mended", PERPETUAL)
            rig.venue.fill(poison.client_order_id)
            await rig.clock.advance(1)
        else:
            assert (await app.cancel(poison.client_order_id)).unwrap().status is OrderStatus.CANCELED
        assert (await app.account()).available["USD"] > before
        assert app.position(PERPETUAL).quantity == (Decimal("0.01") if is_filled else 0)
        summary = await app.summary(0)
        assert summary.invariants == "hold", summary.broken


async def test_an_intent_that_is_set_aside_is_shown_whatever_stops_its_symbol_already(rig: Rig) -> None:
    """An operator must see it once; that its symbol took no entries before says nothing of the order."""
    venue = Poisoned(rig.venue)
    async with rig.open() as app:
        rig.venue.next_submit(Answer.timeout_after_accept())
        poison = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))
        await app.reduce("a look first", PERPETUAL)
    venue.poison = poison.client_order_id
    await rig.clock.advance(1)
    for _ in range(3):
        await killed(rig, venue)
    for _ in range(2):
        async with rig.open(venue=venue) as app:
            assert app.open_orders() == ()

    shown = [one.client_order_id for one in await rig.stored(IncidentRaised) if one.kind == "QUARANTINE"]
    assert shown == [poison.client_order_id]


async def test_a_decision_told_again_whose_intent_is_set_aside_hides_no_mismatch(rig: Rig) -> None:
    """It gets its order as it stands, which is asked about by nobody; money and positions are compared all the same."""
    venue, decision = Poisoned(rig.venue), offer_to_buy(99_000)
    async with rig.open() as app:
        rig.venue.next_submit(Answer.timeout_never_received())
        poison = placed(await app.coordinator.execute_decision(PERPETUAL, decision))
    venue.poison = poison.client_order_id
    await rig.clock.advance(1)
    for _ in range(3):
        await killed(rig, venue)
    async with rig.open(venue=venue) as app:
        again = placed(await app.coordinator.execute_decision(PERPETUAL, decision))
        assert (again.client_order_id, again.status) == (poison.client_order_id, OrderStatus.UNKNOWN)
        rig.venue.move_balance("USD", Decimal(-500))
        await app.reconcile()
        await rig.clock.advance(6)
        assert "BALANCE" in {one.kind for one in (await app.reconcile()).differences}


async def test_starts_that_end_leave_no_trace(rig: Rig) -> None:
    """Invariant 19: nothing is counted of a start that came to its end."""
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
    before = await rig.store.load()
    for _ in range(4):
        async with rig.open() as app:
            assert app.state() is TradingState.ACTIVE
    after = await rig.store.load()
    assert after.starts == StartMarks()
    assert replace(after, sequence=0) == replace(before, sequence=0)


class Delisted(InterposedVenue):
    """A venue that names some of its products."""

    named: tuple[str, ...] = (SPOT,)

    @property
    def products(self) -> tuple[Product, ...]:
        return tuple(product for product in SCRIPTED_PRODUCTS if product.symbol in self.named)

    def product(self, symbol: str) -> Product | None:
        return super().product(symbol) if symbol in self.named else None


async def test_an_order_whose_product_is_gone_does_not_keep_the_account_from_starting() -> None:
    """A symbol that the venue has delisted: shown, set aside, and everything else trades."""
    rig = Rig()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))

    async with rig.open(venue=Delisted(rig.venue)) as app:
        assert app.open_orders() == ()
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(60)
        assert app.dead_loops == {}

    assert [one.kind for one in await rig.stored(IncidentRaised)] == ["QUARANTINE"]


async def test_a_fill_of_a_product_that_is_gone_is_shown_and_keeps_nobody_from_starting() -> None:
    """What it moved cannot be booked until somebody says again what a unit of it is; what was booked before stands."""
    rig = Rig()
    async with rig.open() as app:
        ended = placed(await app.coordinator.execute_decision(PERPETUAL, buy()))
    rig.venue.fill(ended.client_order_id, Decimal("0.01"))

    async with rig.open(venue=Delisted(rig.venue)) as app:
        await rig.clock.advance(120)
        assert app.dead_loops == {}
        assert app.position(PERPETUAL).quantity == Decimal("0.01")
        assert [
            one.subject for one in (await app.reconcile()).differences if one.kind is DifferenceKind.FILLS_DIFFER
        ] == [ended.client_order_id]
        refused(await app.coordinator.execute_decision(SPOT, buy()))
    async with rig.open() as app:
        assert app.position(PERPETUAL).quantity == Decimal("0.02")


async def test_an_order_whose_product_is_gone_can_be_cancelled() -> None:
    """An operator sees it in the list, and it may still fill; then the venue's word ends it."""
    rig = Rig()
    async with rig.open() as app:
        resting = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))

    async with rig.open(venue=Delisted(rig.venue)) as app:
        ended = (await app.cancel(resting.client_order_id, "delisted")).unwrap()
        assert ended.status is OrderStatus.CANCELED
        assert app.open_orders() == ()

    assert rig.venue.truth.canceled == [resting.client_order_id]
    async with rig.open() as app:
        assert (await app.summary(0)).invariants == "hold"


async def test_a_start_waits_for_the_products_of_what_is_open() -> None:
    """An adapter connects after it was made, and names none before: that is no reason to set its orders aside."""
    rig = Rig()
    connecting, opening = await _opening_without_products(rig)
    await rig.clock.advance(20)
    assert not opening.done()
    connecting.named = (SPOT,)
    await rig.clock.advance(1)

    assert await opening == 1
    assert await rig.stored(IncidentRaised) == []


async def test_a_start_gives_up_waiting_for_products_in_one_line() -> None:
    """By then the venue is out of reach, and whoever watches starts another."""
    rig = Rig()
    _, opening = await _opening_without_products(rig)
    await rig.clock.advance(31)

    with pytest.raises(OpeningError, match="no product for 30 s"):
        await opening


async def _opening_without_products(rig: Rig) -> tuple[Delisted, "asyncio.Task[int]"]:
    """A start with an order that rests, on a venue that names no product yet."""
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
    connecting = Delisted(rig.venue)
    connecting.named = ()
    return connecting, asyncio.create_task(_opened_and_left(rig, connecting))


async def _opened_and_left(rig: Rig, venue: Broker) -> int:
    """How many orders are open in a life that ends at once."""
    async with rig.open(venue=venue) as app:
        return len(app.open_orders())


async def test_what_an_account_traded_of_a_product_that_is_gone_keeps_nothing_from_going_on() -> None:
    """A contract expires and is listed no more: its fills and its settlement are listed still, and are known."""
    rig = Rig()
    decision = buy()
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, decision))
        settled = Movement(
            movement_id="s1", kind=MovementKind.SETTLEMENT, at=rig.clock.now(), symbol=PERPETUAL,
            quantity=Decimal("-0.01"), price=Decimal(100_000),
        )  # fmt: skip
        rig.venue.move(settled)
        await rig.clock.advance(60)
        assert app.account_position(PERPETUAL).is_flat
    async with rig.open(venue=Delisted(rig.venue)) as app:
        await rig.clock.advance(60)
        assert (await app.reconcile()).agrees
        order = placed(await app.coordinator.execute_decision(PERPETUAL, decision))
        assert order.status is OrderStatus.FILLED
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        assert app.dead_loops == {}

    assert await rig.stored(IncidentRaised) == []


async def test_an_order_whose_product_is_gone_is_told_as_it_stands() -> None:
    """Nothing raises, and what of it fills all the same is not booked while nobody says what a unit is."""
    rig = Rig()
    decision = offer_to_buy(99_000)
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(PERPETUAL, decision))
    async with rig.open(venue=Delisted(rig.venue)) as app:
        assert placed(await app.coordinator.execute_decision(PERPETUAL, decision)).status is OrderStatus.ACCEPTED
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        rig.venue.fill(order.client_order_id)
        await rig.clock.advance(60)
        assert app.dead_loops == {}
        assert app.position(PERPETUAL).is_flat
        assert app.state() is TradingState.REDUCING
