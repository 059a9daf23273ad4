"""What the store answers decides: taken ids, orders that are not there, and acknowledgements that must not be lost."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.application.interposing import InterposedStore
from tests.application.rig import SPOT, Rig, buy, close, needless, offer_to_buy, placed, refused
from tidegate import OrderStatus
from tidegate.adapters.brokers.scripted import ScriptedBroker
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.adapters.brokers.scripted.products import SCRIPTED_PRODUCTS
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.adapters.stores.sqlite.reader import open_sqlite_reader
from tidegate.application.store_watch import StoreLost
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.records import CommitOutcome, Step, StoredDecision, WriterLost
from tidegate.domain.vocabulary import Delivery


class Shy(InterposedStore):
    """Says at first that it knows no decision and no order, as a replica that lags would."""

    is_shy = False

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        if self.is_shy:
            self.is_shy = False
            return None
        return await super().find_decision(decision_id)


class Forgetful(InterposedStore):
    """Has lost its orders, and no decisions."""

    has_lost = False

    async def find_order(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        return None if self.has_lost else await super().find_order(client_order_id)


async def test_an_id_that_turns_out_to_be_taken_gets_its_outcome() -> None:
    """Found by the transaction and not by the look before it: an order, a refusal, no order."""
    rig = Rig()
    store = Shy(rig.store)
    async with rig.open(order_store=store) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy(decision_id="order")))
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy("9", decision_id="refusal")))
        nothing = needless(await app.coordinator.execute_decision(SPOT, buy("0", decision_id="nothing")))
        store.is_shy = True
        assert placed(await app.coordinator.execute_decision(SPOT, buy(decision_id="order"))) == order
        store.is_shy = True
        again = await app.coordinator.execute_decision(SPOT, buy("9", decision_id="refusal"))
        assert refused(again) == refusal
        store.is_shy = True
        assert needless(await app.coordinator.execute_decision(SPOT, buy("0", decision_id="nothing"))) == nothing
        assert (await app.summary(0)).invariants == "hold"

    assert len(rig.worked()) == 1


async def test_a_decided_order_that_the_store_has_lost_is_a_refusal_that_says_so() -> None:
    """Never a second order, and never None."""
    rig = Rig()
    store = Forgetful(rig.store)
    async with rig.open(order_store=store) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))
        await rig.clock.advance(3)
        store.has_lost = True
        refused(await app.coordinator.execute_decision(SPOT, buy(decision_id="mine")), "STORE")

    assert len(rig.worked()) == 1


@pytest.mark.parametrize(("delivery", "is_durable"), [(Delivery.C, True), (Delivery.A, False)])
async def test_where_no_query_could_find_it_again_an_acknowledgement_is_durable_first(
    tmp_path: Path, delivery: Delivery, is_durable: bool
) -> None:
    """Class C has no client order id; elsewhere it rides in the next commit."""
    path = tmp_path / "store.db"
    rig = Rig()
    rig.store = store = open_sqlite_store(path, account_id="paper", clock=rig.clock, process="test", inline=True)
    capabilities = replace(SCRIPTED_CAPABILITIES, delivery=delivery)
    venue = ScriptedBroker(SCRIPTED_PRODUCTS, rig.clock, account_id="paper", capabilities=capabilities)
    rig.venue = venue
    rig.price(100_000)
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        with open_sqlite_reader(path, clock=rig.clock) as reader:
            stored = await reader.find_order(order.client_order_id)
        assert stored is not None
        assert (stored.status is OrderStatus.ACCEPTED) is is_durable
    store.close()


async def test_an_exit_with_too_many_own_orders_in_its_way_is_refused() -> None:
    """Each costs a cancel and a review; the rest is a matter for cancel-all."""
    rig = Rig(risk={"repeated_orders_max": 100, "entry_orders_per_second": 20})
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05", strategy_id="a")))
        for price in range(99_980, 99_990):
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(price, strategy_id="b")))
        refused(await app.coordinator.execute_decision(SPOT, close(strategy_id="a")), "SELF_CROSS")
        assert len(app.open_orders()) == 2
        placed(await app.coordinator.execute_decision(SPOT, close(strategy_id="a")))
        assert app.position(SPOT, "a").quantity == Decimal(0)


async def test_a_fill_that_a_failed_store_has_lost_is_not_booked_again() -> None:
    """The store still has the order as SENDING; the desk knows better, however often the venue tells of the fill."""
    rig = Rig()

    async def fail(method: str) -> None:
        store.disk_is_full = method == "record_sending" or store.disk_is_full

    store = InterposedStore(rig.store, after=fail)
    async with rig.open(order_store=store) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy("0.01")))
        assert order.status is OrderStatus.FILLED
        for _ in range(2):
            await app.reconcile()
        (position,) = await app.positions()
        assert position.position.quantity == Decimal("0.01")


class Taken(InterposedStore):
    """Another writer takes the account."""

    is_taken = False

    async def commit(self, step: Step) -> CommitOutcome:
        return WriterLost(reason="the account is at epoch 2") if self.is_taken else await super().commit(step)


async def test_a_run_whose_store_takes_nothing_more_ends_with_the_reason() -> None:
    """Every decision would be refused, in silence and without a trace, until somebody looked."""
    rig = Rig()
    store = InterposedStore(rig.store)
    async with rig.open(order_store=store) as app:
        run = asyncio.create_task(app.run_until(stop=asyncio.Event()))
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(5)
        store.disk_is_full = True
        refused(await app.coordinator.execute_decision(SPOT, buy()), "STORE")
        await rig.clock.advance(2)
        with pytest.raises(StoreLost, match=r"takes nothing more, so the run was ended: the disk is full"):
            await run


async def test_a_run_whose_account_was_taken_ends_and_one_whose_store_serves_again_goes_on() -> None:
    """An epoch that has passed does not come back; a failure that is over is none."""
    rig = Rig()
    store = Taken(rig.store)
    async with rig.open(order_store=store) as app:
        run = asyncio.create_task(app.run_until(stop=asyncio.Event()))
        store.disk_is_full = True
        refused(await app.coordinator.execute_decision(SPOT, buy()), "STORE")
        store.disk_is_full = False
        await rig.clock.advance(5)
        assert not run.done()
        store.is_taken = True
        refused(await app.coordinator.execute_decision(SPOT, buy("9")), "STORE")
        await rig.clock.advance(1)
        with pytest.raises(StoreLost, match="another writer has taken the account"):
            await run
