"""Intents, attempts and decisions: each is recorded once, whoever asks again."""

# ruff: noqa: S101 -- a contract is asserted

import asyncio
from collections.abc import Awaitable
from pathlib import Path

from msgspec.structs import replace

from tidegate.domain.orders import RecordedOrder
from tidegate.domain.records import AlreadyDecided, StepCommitted, WriterLost
from tidegate.testing.contracts.order_stores.opened import StoreContract
from tidegate.testing.contracts.order_stores.steps import OrderSteps, decision


class IntentClaims(StoreContract):
    """What `record_sending`, `commit` and `find_decision` promise of decisions and attempts."""

    async def test_a_recorded_order_has_the_approved_terms_and_its_attempt(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent = steps.sending("d1")
            recorded = await store.record_sending(sent.approved, sent.step)
            assert recorded == RecordedOrder(
                order=sent.approved.order, attempt=1, epoch=store.epoch, recorded_at=sent.step.at
            )
            assert await store.find_order(sent.order_id) == sent.step.orders[0]
            (row,) = await store.journal()
            assert (row.sequence, row.at, row.events) == (1, sent.step.at, sent.step.events)

    async def test_a_decision_becomes_one_order(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            first, second = steps.sending("d1"), steps.sending("d1", child=1)
            assert isinstance(await store.record_sending(first.approved, first.step), RecordedOrder)
            outcome = await store.record_sending(second.approved, second.step)
            assert outcome == AlreadyDecided(decision_id="d1")
            assert await store.find_order(second.order_id) is None
            assert len(await store.journal()) == 1

    async def test_an_order_with_an_id_of_its_own_claims_its_decision_too(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            first, second = steps.sending("d1", child=7), steps.sending("d1")
            assert isinstance(await store.record_sending(first.approved, first.step), RecordedOrder)
            assert await store.record_sending(second.approved, second.step) == AlreadyDecided(decision_id="d1")
            stored = await store.find_decision("d1")
            assert stored is not None
            assert stored.client_order_id == first.order_id

    async def test_children_that_carry_no_decision_are_recorded_beside_the_first(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            for child in range(3):
                sent = steps.sending("d1", child=child, claims=not child)
                assert isinstance(await store.record_sending(sent.approved, sent.step), RecordedOrder)
            assert len(await store.orders()) == 3

    async def test_a_decision_that_was_refused_or_needed_no_order_becomes_none(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            for decision_id, step in (("d1", steps.refused("d1")), ("d2", steps.no_order("d2"))):
                assert isinstance(await store.commit(step), StepCommitted)
                assert await store.commit(step) == AlreadyDecided(decision_id=decision_id)
                sent = steps.sending(decision_id)
                assert await store.record_sending(sent.approved, sent.step) == AlreadyDecided(decision_id=decision_id)
            assert len(await store.journal()) == 2

    async def test_a_decision_that_became_an_order_is_not_refused_after_it(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent = steps.sending("d1")
            await store.record_sending(sent.approved, sent.step)
            assert await store.commit(steps.refused("d1")) == AlreadyDecided(decision_id="d1")
            assert await store.commit(steps.no_order("d1")) == AlreadyDecided(decision_id="d1")

    async def test_a_used_decision_is_found_with_its_content_and_outcome(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent, refused, none = steps.sending("d1"), steps.refused("d2"), steps.no_order("d3")
            await store.record_sending(sent.approved, sent.step)
            await store.commit(refused)
            await store.commit(none)
            order, refusal, no_order = [await store.find_decision(name) for name in ("d1", "d2", "d3")]
            assert order is not None
            assert refusal is not None
            assert no_order is not None
            assert (order.symbol, order.decision, order.outcome) == ("BTC-USD", decision("d1"), None)
            assert order.client_order_id == sent.order_id
            assert (refusal.client_order_id, refusal.outcome) == ("", refused.events[0])
            assert no_order.outcome == none.events[0]
            assert await store.find_decision("d4") is None

    async def test_a_prepared_order_claims_its_decision_and_is_attempted_once(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            prepared = steps.prepared("d1")
            assert isinstance(await store.commit(prepared), StepCommitted)
            assert await store.commit(prepared) == AlreadyDecided(decision_id="d1")
            assert await store.commit(steps.refused("d1")) == AlreadyDecided(decision_id="d1")
            stored, sent = await store.find_decision("d1"), steps.sending("d1", claims=False)
            assert stored is not None
            assert (stored.symbol, stored.decision, stored.outcome) == ("BTC-USD", decision("d1"), None)
            assert stored.client_order_id == sent.order_id
            assert (await store.load()).open_orders == prepared.orders
            assert isinstance(await store.record_sending(sent.approved, sent.step), RecordedOrder)
            assert isinstance(await store.record_sending(sent.approved, sent.step), WriterLost)
            assert (await store.load()).open_orders == sent.step.orders
            assert (await store.load()).orders_today == 1

    async def test_a_prepared_child_claims_nothing(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            assert isinstance(await store.commit(steps.prepared("d1", claims=False)), StepCommitted)
            assert await store.find_decision("d1") is None
            first = steps.sending("d1", child=1)
            assert isinstance(await store.record_sending(first.approved, first.step), RecordedOrder)

    async def test_each_attempt_of_an_order_is_recorded_once(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            first = steps.sending("d1")
            second = steps.sending("d1", attempt=2, claims=False)
            assert isinstance(await store.record_sending(first.approved, first.step), RecordedOrder)
            assert isinstance(await store.record_sending(second.approved, second.step), RecordedOrder)
            again = replace(second.step, events=(replace(second.step.events[0], attempt=1),))
            for step in (second.step, again):
                assert isinstance(await store.record_sending(second.approved, step), WriterLost)
            assert len(await store.journal()) == 2

    async def test_an_attempt_of_another_epoch_is_not_recorded(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, _):
            stale = OrderSteps(store.account_id, store.epoch - 1).sending("d1")
            assert isinstance(await store.record_sending(stale.approved, stale.step), WriterLost)
            assert await store.journal() == ()

    async def test_a_step_that_is_not_what_it_must_be_is_a_mistake_and_not_an_outcome(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as (store, steps):
            sent, other = steps.sending("d1"), steps.sending("d2")
            mistakes = (
                (sent.approved, steps.accepted(sent.order_id)),
                (other.approved, sent.step),
                (sent.approved, replace(sent.step, orders=())),
            )
            for approved, step in mistakes:
                assert await _raised(store.record_sending(approved, step)) is ValueError
            try:
                store.append(steps.refused("d3"))
            except ValueError:
                pass
            else:
                raise AssertionError("an appended claim would go unanswered")
            assert await store.journal() == ()


async def _raised(call: Awaitable[object]) -> type[BaseException] | None:
    outcomes = await asyncio.gather(call, return_exceptions=True)
    return type(outcomes[0]) if isinstance(outcomes[0], BaseException) else None
