"""The journal: in the order of the calls, in whole steps, chained by hashes."""

# ruff: noqa: S101 -- a contract is asserted

import asyncio
from pathlib import Path

from tidegate.domain.orders import RecordedOrder
from tidegate.domain.records import AlreadyDecided, StepCommitted
from tidegate.testing.contracts.order_stores.opened import StoreContract


class JournalClaims(StoreContract):
    """What holds of the rows, whatever is queued together."""

    async def test_the_journal_is_in_the_order_of_the_calls(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent = steps.sending("d1")
            await store.record_sending(sent.approved, sent.step)
            later = [steps.accepted(sent.order_id), steps.filled(sent.order_id, "t1"), steps.refused("d2")]
            store.append(later[0])
            store.append(later[1])
            committed = await store.commit(later[2])
            assert committed == StepCommitted(sequence=4)
            rows = await store.journal()
            assert [row.sequence for row in rows] == [1, 2, 3, 4]
            assert [row.events for row in rows] == [sent.step.events, *(step.events for step in later)]
            assert await store.flush() == StepCommitted(sequence=4)

    async def test_of_everything_queued_together_a_refused_step_undoes_no_other(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            # Each decision comes three times, from callers that do not know of each other.
            attempts = [steps.sending(f"d{n % 20}", child=n // 20) for n in range(60)]
            outcomes = await asyncio.gather(*(store.record_sending(one.approved, one.step) for one in attempts))
            assert [isinstance(one, RecordedOrder) for one in outcomes] == [True] * 20 + [False] * 40
            assert all(isinstance(one, AlreadyDecided) for one in outcomes[20:])
            rows = await store.journal()
            assert [row.sequence for row in rows] == list(range(1, 21))
            assert [row.events for row in rows] == [one.step.events for one in attempts[:20]]

    async def test_a_caller_that_gave_up_does_not_undo_its_step(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent = steps.sending("d1")
            task = asyncio.ensure_future(store.record_sending(sent.approved, sent.step))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await store.flush()
            assert await store.find_order(sent.order_id) is not None

    async def test_the_journal_is_read_in_pages(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            for number in range(7):
                await store.commit(steps.refused(f"d{number}"))
            pages = [await store.journal(after=after, limit=3) for after in (0, 3, 6, 7)]
            assert [[row.sequence for row in page] for page in pages] == [[1, 2, 3], [4, 5, 6], [7], []]

    async def test_rows_are_chained_by_their_hashes(self, tmp_path: Path) -> None:
        hashes = []
        for name, content in (("one", "d1"), ("same", "d1"), ("other", "d2")):
            (tmp_path / name).mkdir()
            async with self.opened(tmp_path / name) as (store, steps):
                await store.commit(steps.refused(content))
                await store.commit(steps.refused("d3"))
                hashes.append([row.hash for row in await store.journal()])
        assert hashes[0] == hashes[1]
        # What differs in one row differs in every row after it.
        assert all(one != other for one, other in zip(hashes[0], hashes[2], strict=True))
        assert all(len(bytes.fromhex(one)) == 32 for one in hashes[0])
