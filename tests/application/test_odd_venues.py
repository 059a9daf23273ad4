"""Odd venues: figures that go back, executions that are taken back, orders that the venue itself makes smaller."""

from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from tests.application.interposing import InterposedVenue
from tests.application.rig import HORIZON_SECONDS, SPOT, Rig, buy, offer_to_buy, only, placed, refused
from tidegate import Action, Decision, OrderStatus, Product, TimeInForce, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.adapters.stores.sqlite.reader import open_sqlite_reader
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import FillBusted, IncidentRaised, OrderAmended
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.reconciliation import DifferenceKind
from tidegate.domain.submissions import FillBust, FillReport, OrderAbsent, OrderUpdate, Unreachable, VenueOrder


async def kinds(rig: Rig) -> list[str]:
    return [incident.kind for incident in await rig.stored(IncidentRaised)]


async def test_a_bust_is_reversed_by_a_record_of_its_own(tmp_path: Path) -> None:
    """S9: position and money go back, the fill stands, no status does, and twice told is once booked."""
    clock = ManualClock(STARTS_AT)
    path = tmp_path / "store.db"
    store = open_sqlite_store(path, account_id="paper", clock=clock, process="test", inline=True)
    rig = Rig(store=store, clock=clock)
    async with rig.open() as app:
        money = (await app.account()).balances["USD"]
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        fill = only(await app.fills())
        rig.venue.tell(FillBust(fill=fill, reason="erroneous trade"), times=2)
        await rig.clock.advance(2)
        account = await app.account()
        assert (app.position(SPOT).is_flat, account.balances["USD"]) == (True, money)
        assert only(await app.orders()).status is OrderStatus.FILLED
        assert app.state(SPOT) is TradingState.REDUCING
        assert len(await app.fills()) == 2
        assert 7 not in (await app.summary(0)).broken
    async with rig.open() as app:
        rig.venue.tell(FillBust(fill=fill, reason="erroneous trade"))
        await rig.clock.advance(1)
        assert app.position(SPOT).quantity == 0

    assert only(await rig.stored(FillBusted)).client_order_id == order.client_order_id
    assert await kinds(rig) == ["BUST"]
    store.close()
    with open_sqlite_reader(path, clock=clock) as reader:
        assert reader.disagreements() == ()


async def test_a_bust_that_overtakes_its_fill_leaves_nothing_of_either() -> None:
    """Whichever comes first."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        fill = rig.venue.fill(order.client_order_id, is_told=False)
        rig.venue.tell(FillBust(fill=fill, reason="erroneous trade"))
        rig.venue.tell(FillReport(fill=fill))
        await rig.clock.advance(1)
        assert app.position(SPOT).quantity == 0


async def test_a_cumulative_figure_that_goes_back_has_the_fills_fetched_and_is_shown_if_it_stays() -> None:
    """S13: our fills stand, none is taken back for a figure, and what stays different is the symbol's trouble."""
    rig = Rig()

    class Forgetful(InterposedVenue):
        async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
            answer = await super().order(client_order_id, symbol)
            return replace(answer, filled_quantity=Decimal(0)) if isinstance(answer, VenueOrder) else answer

    async with rig.open(venue=Forgetful(rig.venue)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.fill(order.client_order_id, Decimal("0.004"))
        await rig.clock.advance(1)
        late = rig.venue.truth.orders[order.client_order_id].as_venue_order()
        late = replace(late, filled_quantity=Decimal(0))
        rig.venue.tell(OrderUpdate(order=late))
        await rig.clock.advance(6)
        rig.venue.tell(OrderUpdate(order=late))
        await rig.clock.advance(2)
        assert app.position(SPOT).quantity == Decimal("0.004")
        assert app.state(SPOT) is TradingState.REDUCING

    assert await kinds(rig) == [DifferenceKind.FILLS_DIFFER]


async def test_an_old_report_with_a_lower_figure_is_no_trouble() -> None:
    """The order itself is asked for, and agrees."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        late = rig.venue.truth.orders[order.client_order_id].as_venue_order()
        rig.venue.fill(order.client_order_id, Decimal("0.004"))
        await rig.clock.advance(1)
        rig.venue.tell(OrderUpdate(order=late), times=3)
        await rig.clock.advance(60)
        assert app.state(SPOT) is TradingState.ACTIVE

    assert await kinds(rig) == []


async def test_self_trade_prevention_that_shrinks_an_order_is_a_typed_event() -> None:
    """B35: with the venue's reason; the rest is freed, and terms that shrink without one are still a difference."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, "0.02")))
        shrunk = replace(
            rig.venue.truth.orders[order.client_order_id].as_venue_order(),
            quantity=Decimal("0.01"),
            reduced_reason="self-trade prevention",
        )
        rig.venue.truth.orders[order.client_order_id].quantity = Decimal("0.01")
        rig.venue.tell(OrderUpdate(order=shrunk), times=2)
        await rig.clock.advance(1)
        after = only(app.open_orders())
        assert (after.status, after.quantity, after.leaves_quantity) == (
            OrderStatus.ACCEPTED,
            Decimal("0.01"),
            Decimal("0.01"),
        )
        assert (await app.reconcile()).agrees
        amended = (await app.amend(order.client_order_id, Decimal("0.015"))).unwrap()
        assert isinstance(amended, OrderRecord)
        assert amended.quantity == Decimal("0.015")

    assert [event.reason for event in await rig.stored(OrderAmended)] == ["self-trade prevention", ""]


async def test_a_taker_whose_end_was_never_told_is_asked_for() -> None:
    """S12: heartbeats and no events; what takes and does not rest has ended long ago."""
    rig = Rig()
    rig.venue.next_submit(Answer.accept())
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        assert order.status is OrderStatus.ACCEPTED
        rig.venue.fill(order.client_order_id, is_told=False)
        await rig.clock.advance(8)
        assert app.position(SPOT).quantity == order.quantity


async def test_an_orphan_is_asked_for_until_its_order_is_known() -> None:
    """S15: later fills do not move the watermark past it."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        theirs = replace(order.order, client_order_id=ClientOrderId("tg" + "0" * 30))
        rig.venue.external(theirs, is_told=False)
        rig.venue.fill(theirs.client_order_id, Decimal("0.001"), is_told=False)
        await app.reconcile()
        await rig.clock.advance(HORIZON_SECONDS + 300)
        rig.venue.fill(order.client_order_id, Decimal("0.002"))
        await rig.clock.advance(60)
        report = await app.reconcile()
        assert theirs.client_order_id in [one.subject for one in report.differences]


async def test_a_time_in_force_that_nobody_named_is_not_sent_to_a_venue_that_lacks_it() -> None:
    """A plain order is judged at one look, which knows what the venue takes as well."""
    only_whole = replace(SCRIPTED_CAPABILITIES, times_in_force=frozenset({TimeInForce.FOK}))
    rig = Rig(capabilities=only_whole)
    async with rig.open() as app:
        refused(await app.coordinator.execute_decision(SPOT, buy()), "MARKET_STATE")
        resting = Decision(action=Action.BUY, quantity=Decimal("0.01"), limit_price=Decimal(90_000))
        refused(await app.coordinator.execute_decision(SPOT, resting), "MARKET_STATE")
        placed(await app.coordinator.execute_decision(SPOT, buy(time_in_force=TimeInForce.FOK)))


async def test_products_that_come_after_the_start_have_the_limits_of_their_kind() -> None:
    """A venue may know none until it is connected: BTC has the narrow collar all the same."""
    rig = Rig()

    class Connecting(InterposedVenue):
        is_connected = False

        @property
        def products(self) -> tuple[Product, ...]:
            return super().products if self.is_connected else ()

        def product(self, symbol: str) -> Product | None:
            return super().product(symbol) if self.is_connected else None

    venue = Connecting(rig.venue)
    async with rig.open(venue=venue) as app:
        venue.is_connected = True
        far = refused(await app.coordinator.execute_decision(SPOT, offer_to_buy(102_000)), "COLLAR")

    assert far.context["collar_pct"] == Decimal("0.015")
