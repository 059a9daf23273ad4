"""The inbox from outside: requests are answered once, and a halt holds at once whatever the writer does."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import open_at, steps_for, tamper, writer_elsewhere
from tidegate.adapters.stores.sqlite import NoSuchStore, NotAStore, StoreUnusable, open_sqlite_inbox
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.records import (
    InboxAnswer,
    RequestKind,
    StateForbids,
    StepCommitted,
    StoreUnavailable,
)
from tidegate.domain.vocabulary import TradingState
from tidegate.testing.contracts.order_store import FixedClock


def change_to(state: TradingState, symbol: str = "") -> TradingStateChanged:
    return TradingStateChanged(at=FixedClock().now(), state=state, reason="because", by="operator", symbol=symbol)


async def test_a_request_is_answered_to_the_process_that_asked(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    with open_sqlite_inbox(path, clock=FixedClock()) as inbox:
        assert inbox.writer_alive()
        request_id = await inbox.submit_request(RequestKind.CLOSE, '{"symbol":"BTC-USD"}')
        (request,) = await store.requests()
        assert (request.request_id, request.kind, request.payload) == (
            request_id,
            RequestKind.CLOSE,
            '{"symbol":"BTC-USD"}',
        )
        answer = InboxAnswer(request_id=request_id, payload='{"orders":[]}', process="run", epoch=store.epoch)
        await store.answer(answer)
        assert await inbox.await_answer(request_id, 0) == answer
        store.close()
        assert not inbox.writer_alive()


async def test_an_answer_is_awaited_as_long_as_was_said_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    clock = FixedClock()
    with open_sqlite_inbox(path, clock=clock) as inbox:
        request_id = await inbox.submit_request(RequestKind.RECONCILE, "{}")
        assert await inbox.await_answer(request_id, 1.0) is None
        assert 1.0 <= clock.monotonic() < 1.1
        # It waits on all the same.
        assert len(await store.requests()) == 1
        assert await inbox.await_answer("no request", 0) is None
    store.close()


async def test_a_halt_from_outside_stops_the_next_send(tmp_path: Path) -> None:
    """X6, and the chain goes on over the foreign row."""
    path = tmp_path / "store.db"
    for inline in (True, False):
        store = open_at(path, inline=inline)
        steps = steps_for(store)
        first, second, third = (steps.sending(f"{store.epoch}-{number}") for number in range(3))
        assert isinstance(await store.record_sending(first.approved, first.step), RecordedOrder)
        with open_sqlite_inbox(path, clock=FixedClock()) as inbox:
            halted = await inbox.write_state(change_to(TradingState.HALTED))
            assert isinstance(halted, StepCommitted)
            outcome = await store.record_sending(second.approved, second.step)
            assert isinstance(outcome, StateForbids)
            assert (outcome.entry.state, outcome.entry.by) == (TradingState.HALTED, "operator")
            await inbox.write_state(change_to(TradingState.ACTIVE))
        assert isinstance(await store.record_sending(third.approved, third.step), RecordedOrder)
        assert (store.verify_chain(), store.disagreements()) == (None, ())
        store.close()


async def test_a_running_process_is_stopped_by_a_halt_from_another(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with writer_elsewhere(path, "4") as other:
        for _ in range(10):
            other.line()
        with open_sqlite_inbox(path, clock=FixedClock()) as inbox:
            assert isinstance(await inbox.write_state(change_to(TradingState.HALTED)), StepCommitted)
        outcomes: list[object] = []
        while len(outcomes) < 4:
            line = other.line()
            if "outcome" in line:
                outcomes.append(line["outcome"])
        assert outcomes == ["StateForbids"] * 4
    store = open_at(path)
    rows = await store.journal(limit=100_000)
    kinds = [type(row.events[0]).__name__ for row in rows]
    halted_at = kinds.index("TradingStateChanged")
    assert "OrderSending" not in kinds[halted_at:]
    assert store.verify_chain() is None
    store.close()


async def test_a_state_is_written_where_nobody_writes_the_account(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_at(path).close()
    with open_sqlite_inbox(path, clock=FixedClock()) as inbox:
        await inbox.write_state(change_to(TradingState.REDUCING))
    store = open_at(path)
    stored = await store.load()
    assert stored.account_state is not None
    assert stored.account_state.state is TradingState.REDUCING
    store.close()


async def test_a_busy_store_is_an_answer_for_a_state_and_an_error_for_a_request(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_at(path).close()
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        open_sqlite_inbox(path, clock=FixedClock(), busy_timeout_ms=10) as inbox,
    ):
        other.execute("BEGIN IMMEDIATE")
        outcome = await inbox.write_state(change_to(TradingState.HALTED))
        assert isinstance(outcome, StoreUnavailable)
        assert "locked" in outcome.reason
        with pytest.raises(StoreUnusable, match="locked"):
            await inbox.submit_request(RequestKind.RECONCILE, "{}")


def test_without_a_store_nothing_succeeds_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(NoSuchStore):
        open_sqlite_inbox(tmp_path / "store.db", clock=FixedClock())
    (tmp_path / "empty.db").touch()
    with pytest.raises(NotAStore):
        open_sqlite_inbox(tmp_path / "empty.db", clock=FixedClock())
    assert [file.name for file in tmp_path.iterdir()] == ["empty.db"]


async def test_a_request_of_a_later_program_waits_for_a_writer_that_knows_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    tamper(path, "INSERT INTO inbox (kind, payload, at) VALUES ('LATER', '{}', 0)")
    assert await store.requests() == ()
    store.close()


async def test_requests_of_many_at_once_keep_their_own_answers(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    with open_sqlite_inbox(path, clock=FixedClock()) as one, open_sqlite_inbox(path, clock=FixedClock()) as other:
        asked = await asyncio.gather(
            *(inbox.submit_request(RequestKind.CANCEL, f"{number}") for number in range(3) for inbox in (one, other))
        )
        assert len(set(asked)) == 6
        for request in await store.requests():
            await store.answer(
                InboxAnswer(request_id=request.request_id, payload=request.payload, process="run", epoch=1)
            )
        answers = [await one.await_answer(request_id, 0) for request_id in asked]
        assert [answer.payload for answer in answers if answer is not None] == ["0", "0", "1", "1", "2", "2"]
    store.close()
