"""Trading states: read again in the very transaction that marks an order as SENDING."""

# ruff: noqa: S101 -- a contract is asserted

import asyncio
from pathlib import Path

from tidegate.domain.events import GuardReported
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.records import StartMarks, StateForbids, StepCommitted
from tidegate.domain.vocabulary import Purpose, TradingState
from tidegate.testing.contracts.order_stores.opened import StoreContract


class StateClaims(StoreContract):
    """What a state forbids, from the moment at which it is durable."""

    async def test_a_state_is_read_in_the_transaction_that_marks_sending(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            permitted = {
                TradingState.REDUCING: {Purpose.REDUCTION, Purpose.PROTECTION, Purpose.OPERATOR_CLOSE},
                TradingState.HALTED: {Purpose.PROTECTION, Purpose.OPERATOR_CLOSE},
                TradingState.ACTIVE: set(Purpose),
            }
            for state, purposes in permitted.items():
                change = steps.state(state)
                assert isinstance(await store.write_state(change), StepCommitted)
                for purpose in Purpose:
                    sent = steps.sending(f"{state}-{purpose}", purpose=purpose)
                    outcome = await store.record_sending(sent.approved, sent.step)
                    if purpose in purposes:
                        assert isinstance(outcome, RecordedOrder)
                        continue
                    assert isinstance(outcome, StateForbids)
                    assert (outcome.symbol, outcome.entry.state) == ("", state)
                    assert (outcome.entry.reason, outcome.entry.by) == (change.reason, change.by)
                    assert await store.find_order(sent.order_id) is None
                    assert await store.find_decision(sent.decision_id) is None

    async def test_a_symbols_own_state_holds_for_it_alone(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            await store.write_state(steps.state(TradingState.HALTED, "BTC-USD"))
            halted, free = steps.sending("d1"), steps.sending("d2", symbol="ETH-USD")
            outcome = await store.record_sending(halted.approved, halted.step)
            assert isinstance(outcome, StateForbids)
            assert outcome.symbol == "BTC-USD"
            assert isinstance(await store.record_sending(free.approved, free.step), RecordedOrder)
            await store.write_state(steps.state(TradingState.ACTIVE, "BTC-USD"))
            assert isinstance(await store.record_sending(halted.approved, halted.step), RecordedOrder)

    async def test_a_bolder_amend_is_held_against_the_state_and_any_other_is_not(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent = steps.sending("d1")
            await store.record_sending(sent.approved, sent.step)
            permitted = await store.commit(steps.amending(sent.order_id, 1, is_bolder=True))
            assert isinstance(permitted, StepCommitted)
            assert permitted.forbidden is None
            await store.write_state(steps.state(TradingState.HALTED))
            smaller = await store.commit(steps.amending(sent.order_id, 2, is_bolder=False))
            bolder = await store.commit(steps.amending(sent.order_id, 3, is_bolder=True))
            assert isinstance(smaller, StepCommitted)
            assert isinstance(bolder, StepCommitted)
            assert smaller.forbidden is None
            assert bolder.forbidden is not None
            assert bolder.forbidden.entry.state is TradingState.HALTED
            found = await store.find_order(sent.order_id)
            assert found is not None
            assert found.amend_requests == (1, 2, 3)

    async def test_how_starts_have_ended_is_kept_beside_the_journal(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            await store.write_state(steps.state(TradingState.HALTED))
            before = await store.load()
            marks = StartMarks(unfinished=3, taking_up="tg1", quarantined=("tg2",))
            assert isinstance(await store.write_start_marks(marks), StepCommitted)
            after = await store.load()
            assert (before.starts, after.starts) == (StartMarks(), marks)
            assert after.sequence == before.sequence

    async def test_a_state_that_comes_in_a_step_holds_for_what_is_queued_after_it(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            before, after = steps.sending("d1"), steps.sending("d2")
            guard = GuardReported(at=steps.now(), guard="daily loss", answer="TRIP", message="5 % are lost")
            trip = steps.step(guard, steps.state(TradingState.REDUCING))
            outcomes = asyncio.gather(
                store.record_sending(before.approved, before.step),
                store.commit(trip),
                store.record_sending(after.approved, after.step),
            )
            first, second, third = await outcomes
            assert isinstance(first, RecordedOrder)
            assert isinstance(second, StepCommitted)
            assert isinstance(third, StateForbids)
