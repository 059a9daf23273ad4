"""P2: what was prepared and never attempted is surely unsent: its checks run again, and it is sent once or expires."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.application.interposing import InterposedStore
from tests.application.rig import (
    HORIZON_SECONDS,
    SPOT,
    Rig,
    buy,
    offer_to_buy,
    only,
    placed,
    refused,
    sell,
    statuses,
)
from tidegate import Decision, OrderStatus, TradingState
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.adapters.stores.sqlite.store import SqliteOrderStore
from tidegate.application.application import Application
from tidegate.application.desk import AccountDesk
from tidegate.application.preparing import Execution, Prepared, prepare
from tidegate.containers import open_application
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.events import (
    CancelRequested,
    JournalEvent,
    OrderPrepared,
    OrderRejected,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.records import StepCommitted

E = TypeVar("E", bound=JournalEvent)


class Killed(BaseException):
    """The process ends here."""


class Lives:
    """Applications one after the other on one SQLite file, each with a writer of its own."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self._path = path
        self._clock = ManualClock(STARTS_AT)
        self._count = 0
        self.on_open: Callable[[InterposedStore], None] = lambda _: None
        with self._writer() as store:
            self.rig = Rig(store=store, clock=self._clock, **settings)

    @contextmanager
    def _writer(self) -> Iterator[SqliteOrderStore]:
        self._count += 1
        process = f"process {self._count}"
        store = open_sqlite_store(self._path, account_id="paper", clock=self._clock, process=process, inline=True)
        try:
            yield store
        finally:
            store.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Application]:
        """One life; its store answers through `interposed`, and its file is what its journal makes of it."""
        with self._writer() as store:
            self.rig.store = self.interposed = InterposedStore(store)
            self.on_open(self.interposed)
            async with self.rig.open() as app:
                yield app
            assert (store.verify_chain(), store.disagreements()) == (None, ())

    @asynccontextmanager
    async def open_halted(self, state: TradingState = TradingState.HALTED) -> AsyncIterator[Application]:
        """One life of an account whose state was lowered while nothing ran."""
        with self._writer() as store:
            at = self.rig.clock.now()
            await store.write_state(TradingStateChanged(state=state, reason="stop", by="operator", at=at))
        async with self.open() as app:
            yield app

    async def journal(self, kind: type[E]) -> list[E]:
        """The stored events of one kind, read with no application there."""
        with self._writer() as store:
            self.rig.store = store
            return await self.rig.stored(kind)

    async def prepared(self, *decisions: Decision) -> list[ClientOrderId]:
        """A life that ends once it has parked the orders of decisions: intents are durable, and nothing else."""
        with self._writer() as store:
            self.rig.store = store
            container = self.rig.container()
            async with open_application(container=container) as app:
                desk = container.desk()
                return [await self._parked(desk, app, decision) for decision in decisions]

    async def _parked(self, desk: AccountDesk, app: Application, decision: Decision) -> ClientOrderId:
        ready = prepare(desk, self.rig.venue.capabilities, Execution(SPOT, decision, app.coordinator.engine))
        assert isinstance(ready, Prepared)
        at = self.rig.clock.now()
        event = OrderPrepared(order=ready.order, worst_price=Decimal(100_500), decision=decision, at=at)
        assert isinstance(await desk.commit(at, event), StepCommitted)
        return ready.order.client_order_id


@pytest.fixture
def lives(tmp_path: Path) -> Lives:
    return Lives(tmp_path / "store.db")


async def test_an_order_that_was_only_prepared_is_checked_again_and_sent_once(lives: Lives) -> None:
    """At the price of now, and as the order of its decision however often that is delivered."""
    decision = buy("0.05", decision_id="mine")
    (order_id,) = await lives.prepared(decision)
    lives.rig.price(99_000)
    for _ in range(2):
        async with lives.open() as app:
            await lives.rig.clock.advance(5)
            order = placed(await app.coordinator.execute_decision(SPOT, decision))
            assert (order.client_order_id, order.status, order.attempt) == (order_id, OrderStatus.FILLED, 1)
            assert app.position(SPOT).quantity == Decimal("0.05")
            summary = await app.summary(0)
            assert summary.invariants == "hold"

    sent = only(lives.rig.venue.truth.sent).recorded
    assert sent.order.limit_price is not None
    assert sent.order.limit_price < Decimal(99_500)


async def test_what_its_checks_refuse_now_ends_as_expired_and_is_never_sent(lives: Lives) -> None:
    """The account was halted meanwhile; the reservation goes with the order, and the refusal is the decision's."""
    decision = buy("0.05", decision_id="mine")
    (order_id,) = await lives.prepared(decision)
    async with lives.open_halted() as app:
        assert app.open_orders() == ()
        refusal = refused(await app.coordinator.execute_decision(SPOT, decision), "EXPIRED")
        assert "TRADING_STATE" in refusal.message
        summary = await app.summary(0)
        assert (summary.invariants, dict(summary.refused), summary.orders) == ("hold", {"EXPIRED": 1}, 0)
        ended = only(await lives.rig.stored(OrderRejected))
        assert (ended.client_order_id, ended.by_venue) == (order_id, False)

    assert lives.rig.venue.truth.sent == []


async def test_an_entry_whose_decision_has_lived_its_time_ends_as_expired(lives: Lives) -> None:
    """And one that still lives does not."""
    late = buy("0.05", decision_id="late", valid_until=STARTS_AT + timedelta(seconds=30))
    early = buy("0.04", decision_id="early", valid_until=STARTS_AT + timedelta(hours=1))
    await lives.prepared(late, early)
    await lives.rig.clock.advance(31)
    lives.rig.price(100_000)
    async with lives.open() as app:
        refused(await app.coordinator.execute_decision(SPOT, late), "EXPIRED")
        assert placed(await app.coordinator.execute_decision(SPOT, early)).status is OrderStatus.FILLED

    assert only(lives.rig.venue.truth.sent).recorded.order.decision_id == "early"


async def test_an_entry_waits_until_records_and_venue_have_been_compared(lives: Lives) -> None:
    """Meanwhile its decision has it as it stands, and once it is seen what there is, it goes."""
    decision = buy("0.05", decision_id="mine")
    (order_id,) = await lives.prepared(decision)
    lives.rig.venue.unreachable()
    async with lives.open() as app:
        await lives.rig.clock.advance(10)
        assert placed(await app.coordinator.execute_decision(SPOT, decision)).status is OrderStatus.PREPARED
        assert lives.rig.venue.truth.sent == []
        lives.rig.price(100_000)
        lives.rig.venue.reachable()
        await lives.rig.clock.advance(60)
        order = placed(await app.coordinator.execute_decision(SPOT, decision))
        assert (order.client_order_id, order.status) == (order_id, OrderStatus.FILLED)

    assert len(lives.rig.venue.truth.sent) == 1


async def test_a_state_that_comes_between_the_checks_and_the_send_keeps_it_back(lives: Lives) -> None:
    """X6 and invariant 13: the transaction that marks it as sent reads the state again, as for every other order."""
    decision = buy("0.05", decision_id="mine")
    await lives.prepared(decision)

    def halting(store: InterposedStore) -> None:
        async def halt(method: str) -> None:
            if method == "record_sending":
                change = TradingStateChanged(
                    state=TradingState.HALTED, reason="stop", by="operator", at=lives.rig.clock.now()
                )
                await store.inner.write_state(change)

        store.before = halt

    lives.on_open = halting
    async with lives.open() as app:
        assert "HALTED" in refused(await app.coordinator.execute_decision(SPOT, decision), "EXPIRED").message
        assert await lives.rig.stored(OrderSending) == []

    assert lives.rig.venue.truth.sent == []


async def test_a_reduction_goes_where_only_reductions_may(lives: Lives) -> None:
    """REDUCING stops what opens, parked or not, and nothing that shrinks."""
    async with lives.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
    await lives.prepared(sell("0.05", reduce_only=True, decision_id="out"))
    async with lives.open_halted(TradingState.REDUCING) as app:
        assert app.position(SPOT).is_flat
        assert (await app.summary(0)).invariants == "hold"

    assert len(lives.rig.venue.truth.sent) == 2


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_process_that_ends_at_its_sending_leaves_it_to_the_next_which_sends_it_no_second_time(
    lives: Lives, moment: str
) -> None:
    """P12: killed before the commit it is still unsent, killed after it it may have been sent and is asked for."""
    decision = buy("0.05", decision_id="mine")
    await lives.prepared(decision)

    def dying(store: InterposedStore) -> None:
        async def die(method: str) -> None:
            if method == "record_sending":
                store.disk_is_full = True
                raise Killed

        setattr(store, moment, die)

    lives.on_open = dying
    for _ in range(2 if moment == "before" else 1):
        with pytest.raises(Killed):
            async with lives.open():
                raise AssertionError("it opened")
    lives.on_open = lambda _: None
    async with lives.open() as app:
        await lives.rig.clock.advance(HORIZON_SECONDS + 5)
        result = await app.coordinator.execute_decision(SPOT, decision)
        if moment == "before":
            assert placed(result).status is OrderStatus.FILLED
        else:
            refused(result, "NOT_ACCEPTED")
        assert (await app.summary(0)).invariants == "hold"

    assert len(lives.rig.venue.truth.sent) == (moment == "before")
    assert [event.attempt for event in await lives.journal(OrderSending)] == [1]


async def test_what_is_called_off_while_it_is_prepared_is_never_sent_and_no_venue_is_asked(lives: Lives) -> None:
    """Alone or with all others; the next start finds it ended."""
    decisions = [offer_to_buy(99_000, decision_id="first"), offer_to_buy(98_000, decision_id="second")]
    first, _ = await lives.prepared(*decisions)
    lives.rig.venue.unreachable()
    async with lives.open() as app:
        assert statuses(app.open_orders()) == [OrderStatus.PREPARED] * 2
        assert (await app.cancel(first, "no more")).unwrap().status is OrderStatus.REFUSED
        assert statuses(await app.cancel_all()) == [OrderStatus.REFUSED]
        assert app.open_orders() == ()
        assert await lives.rig.stored(CancelRequested) == []
    lives.rig.venue.reachable()
    async with lives.open() as app:
        await lives.rig.clock.advance(60)
        for decision in decisions:
            refused(await app.coordinator.execute_decision(SPOT, decision), "EXPIRED")
        assert (await app.summary(0)).invariants == "hold"

    assert lives.rig.venue.truth.sent == []


async def test_a_calling_off_that_is_not_durable_is_not_claimed(lives: Lives) -> None:
    """The next start would send it: it stands as it was."""
    (order_id,) = await lives.prepared(offer_to_buy(99_000))
    lives.rig.venue.unreachable()
    async with lives.open() as app:
        lives.interposed.disk_is_full = True
        assert (await app.cancel(order_id)).unwrap().status is OrderStatus.PREPARED
        assert statuses(await app.cancel_all()) == [OrderStatus.PREPARED]
        assert statuses(app.open_orders()) == [OrderStatus.PREPARED]


async def test_one_at_which_starts_end_is_set_aside_by_its_name(lives: Lives) -> None:
    """P11: the fourth start serves the rest."""
    (poison,) = await lives.prepared(buy("0.05", decision_id="mine"))

    def dying(store: InterposedStore) -> None:
        async def die(method: str) -> None:
            if method == "record_sending":
                store.disk_is_full = True
                raise Killed

        store.before = die

    lives.on_open = dying
    for _ in range(3):
        with pytest.raises(Killed):
            async with lives.open():
                raise AssertionError("it opened")
    async with lives.open() as app:
        assert app.state(SPOT) is TradingState.REDUCING
        assert [order.client_order_id for order in await app.orders()] == [poison]

    assert lives.rig.venue.truth.sent == []
