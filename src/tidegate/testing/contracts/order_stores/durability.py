"""Durability: what a store promises besides that outlives its process."""

# ruff: noqa: S101 -- a contract is asserted

from pathlib import Path

from msgspec.structs import replace

from tidegate.domain.records import AlreadyDecided, RequestKind
from tidegate.domain.vocabulary import OrderStatus, TradingState
from tidegate.testing.contracts.order_stores.opened import StoreContract


class DurabilityClaims(StoreContract):
    """What is there after a restart."""

    async def test_everything_is_there_after_a_restart_and_the_epoch_is_a_new_one(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            await store.commit(steps.opened())
            live, closed = steps.sending("d1"), steps.sending("d2")
            for one in (live, closed):
                await store.record_sending(one.approved, one.step)
            await store.commit(steps.refused("d3"))
            await store.write_state(steps.state(TradingState.REDUCING))
            # Nobody waits for the last news, and it is there all the same.
            store.append(steps.filled(closed.order_id, "t1"))
            await store.flush()
            before, journal, orders = await store.load(), await store.journal(), await store.orders()
            fills = await store.fills()
        async with self.opened(tmp_path) as (store, steps):
            assert store.epoch > before.epoch
            assert await store.load() == replace(before, epoch=store.epoch)
            assert (await store.journal(), await store.orders(), await store.fills()) == (journal, orders, fills)
            assert await store.find_decision("d3") is not None
            sent = steps.sending("d2")
            assert await store.record_sending(sent.approved, sent.step) == AlreadyDecided(decision_id="d2")

    async def test_what_was_queued_when_the_store_was_closed_is_there(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent = steps.sending("d1")
            await store.record_sending(sent.approved, sent.step)
            store.append(steps.accepted(sent.order_id))
        async with self.opened(tmp_path) as (store, _):
            record = await store.find_order(sent.order_id)
            assert record is not None
            assert record.status is OrderStatus.ACCEPTED

    async def test_a_restart_without_input_changes_no_row_but_the_epochs(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent = steps.sending("d1")
            await store.record_sending(sent.approved, sent.step)
            before, rows = await store.load(), await store.journal()
        for _ in range(3):
            async with self.opened(tmp_path) as (store, _):
                assert await store.load() == replace(before, epoch=store.epoch)
                assert await store.journal() == rows

    async def test_a_request_waits_for_the_next_writer(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, _):
            request_id = await self.leave_request(tmp_path, store, RequestKind.RECONCILE, "{}")
        async with self.opened(tmp_path) as (store, _):
            assert [one.request_id for one in await store.requests()] == [request_id]
