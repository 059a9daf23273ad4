"""The memory store beside the durable one: the same steps give the same bytes."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.adapters.stores.sqlite.stores import open_at
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.adapters.stores.sqlite import SqliteOrderStore
from tidegate.domain.events import ExternalFlow
from tidegate.domain.positions import Position
from tidegate.domain.records import InboxAnswer, JournalRow, RequestKind
from tidegate.domain.vocabulary import TradingState
from tidegate.testing.contracts.order_store import FixedClock, OrderSteps


async def run(store: MemoryOrderStore | SqliteOrderStore) -> bytes:
    steps = OrderSteps(store.account_id, store.epoch)
    await store.commit(steps.opened())
    for number in range(8):
        sent = steps.sending(f"d{number // 2}")
        await store.record_sending(sent.approved, sent.step)
        if not number % 2:
            store.append(steps.accepted(sent.order_id))
            store.append(steps.filled(sent.order_id, f"t{number}"))
    await store.write_state(steps.state(TradingState.REDUCING))
    await store.commit(steps.refused("d9"))
    journal = store.journal_bytes()
    store.close()
    return journal


async def test_equal_runs_give_equal_journals_in_every_store(tmp_path: Path) -> None:
    """Refused steps leave no gap, groups leave no trace, and a second run differs in nothing."""
    journals = [
        await run(MemoryOrderStore("paper", FixedClock())),
        await run(MemoryOrderStore("paper", FixedClock())),
        await run(open_at(tmp_path / "inline.db", inline=True)),
        await run(open_at(tmp_path / "group.db", inline=False)),
    ]
    assert len(set(journals)) == 1
    assert journals[0].count(b"\n") == 15


async def test_a_journal_that_is_read_as_it_grows_is_the_one_that_is_read_at_the_end() -> None:
    store, steps = MemoryOrderStore("paper", FixedClock()), OrderSteps("paper", 1)
    seen: list[JournalRow] = []
    for number in range(5):
        await store.commit(steps.refused(f"d{number}"))
        seen += await store.journal(after=number)
    assert tuple(seen) == await store.journal()


async def test_an_answer_is_found_by_its_request() -> None:
    store = MemoryOrderStore("paper", FixedClock())
    request_id = await store.submit_request(RequestKind.RECONCILE, "{}")
    assert await store.find_answer(request_id) is None
    answer = InboxAnswer(request_id=request_id, payload="{}", process="run", epoch=1)
    await store.answer(answer)
    assert await store.find_answer(request_id) == answer


class _TooLittleMemory:
    """Positions that cannot be gone through the first time."""

    def __init__(self) -> None:
        self._is_short = True

    def __iter__(self) -> Iterator[Position]:
        if self._is_short:
            self._is_short = False
            raise MemoryError
        return iter(())


async def test_a_reading_that_was_interrupted_counts_nothing_twice() -> None:
    """P14: whatever ends it midway, the next one comes to what a store in a file says."""
    store, steps = MemoryOrderStore("paper", FixedClock()), OrderSteps("paper", 1)
    await store.commit(steps.opened())
    sent = steps.sending("d1")
    await store.record_sending(sent.approved, sent.step)
    flow = ExternalFlow(currency="BTC", amount=Decimal("2.5"), by="operator", reason="", at=sent.step.at)
    await store.commit(replace(steps.step(flow), positions=_TooLittleMemory()))
    with pytest.raises(MemoryError):
        await store.load()

    stored = await store.load()
    assert (stored.orders_today, stored.opening_balances["BTC"]) == (1, Decimal(3))
