"""What a disk may do: nothing that was not made durable is ever called so, and nobody waits for ever."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from shutil import copyfile

import pytest
from msgspec.structs import replace

from tests.adapters.stores.sqlite.stores import ACCOUNT, fill_with, open_at, steps_for
from tidegate.adapters.stores.sqlite import SqliteOrderStore
from tidegate.adapters.stores.sqlite.durability import Place, is_durable
from tidegate.adapters.stores.sqlite.files import make_durable
from tidegate.adapters.stores.sqlite.lanes import Committer, GroupLane, InlineLane
from tidegate.adapters.stores.sqlite.transaction import Transactions
from tidegate.adapters.stores.steps import Facts
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.records import StepCommitted, StoreUnavailable
from tidegate.testing.contracts.order_store import FixedClock

both_lanes = pytest.mark.parametrize("inline", [True, False], ids=["inline", "group"])


class FailingConnection(sqlite3.Connection):
    """A connection whose next COMMIT raises, after it was carried out or instead."""

    fails = ""

    def execute(self, statement: str, *parameters: object) -> sqlite3.Cursor:
        if statement == "COMMIT" and self.fails:
            fails, self.fails = self.fails, ""
            if fails == "after":
                super().execute("COMMIT")
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(statement, *parameters)  # type: ignore[arg-type]  # passed on as it came


@contextmanager
def store_over(path: Path, inline: bool) -> Iterator[tuple[SqliteOrderStore, FailingConnection]]:
    """A store whose connection a test can break, on a file that has been opened once."""
    first = open_at(path)
    first.close()
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=FailingConnection)
    connection.execute("PRAGMA busy_timeout=20")
    make_durable(connection)
    transactions = Transactions(connection, ACCOUNT, first.epoch, Facts())
    committer = Committer(transactions, lambda _: None, partial(is_durable, path), 0, Place(path))
    lane = InlineLane(committer) if inline else GroupLane(committer)
    store = SqliteOrderStore(path, first.epoch, FixedClock(), lane, connection.close)
    try:
        yield store, connection
    finally:
        store.close()


async def assert_refuses_everything(store: SqliteOrderStore, why: str) -> None:
    steps = steps_for(store)
    sent = steps.sending("after the failure")
    store.append(steps.accepted(sent.order_id))
    outcomes = (
        await store.record_sending(sent.approved, sent.step),
        await store.commit(steps.refused("another")),
        await store.flush(),
    )
    for outcome in outcomes:
        assert isinstance(outcome, StoreUnavailable)
        assert why in outcome.reason
        assert "\n" not in outcome.reason
    assert await store.find_order(sent.order_id) is None


@both_lanes
async def test_a_full_disk_fails_the_whole_group_and_the_store_until_it_is_opened_again(
    tmp_path: Path, inline: bool
) -> None:
    """D1: no send, a reason of one line, and no acknowledged row is missing."""
    path = tmp_path / "store.db"
    with store_over(path, inline) as (store, connection):
        await fill_with(store, 3)
        before = await store.journal()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages + 2}")
        steps = steps_for(store)
        sent = [steps.sending(f"big-{number}") for number in range(200)]
        outcomes = await asyncio.gather(*(store.record_sending(one.approved, one.step) for one in sent))
        failed = [one for one in outcomes if isinstance(one, StoreUnavailable)]
        assert "full" in failed[0].reason
        await assert_refuses_everything(store, "full")
        recorded = [one for one in outcomes if isinstance(one, RecordedOrder)]
        assert len(recorded) + len(failed) == 200
    again = open_at(path)
    rows = await again.journal()
    assert rows[: len(before)] == before
    assert len(rows) == len(before) + len(recorded)
    assert (again.verify_chain(), again.disagreements()) == (None, ())
    await fill_with(again, 50, prefix="after")
    again.close()


@both_lanes
@pytest.mark.parametrize("becomes", ["nothing", "another"])
async def test_a_file_that_was_taken_from_under_its_writer_takes_nothing_more(
    tmp_path: Path, inline: bool, becomes: str
) -> None:
    """What is written to a file without a name nobody finds again: no send rests on it."""
    path = tmp_path / "store.db"
    with store_over(path, inline) as (store, _):
        await fill_with(store, 3)
        path.rename(tmp_path / "moved.db")
        if becomes == "another":
            path.write_bytes(b"")
        await assert_refuses_everything(store, "is gone from its place")


@both_lanes
@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
async def test_a_log_that_was_taken_from_under_its_writer_takes_nothing_more(
    tmp_path: Path, inline: bool, suffix: str
) -> None:
    """A full disk tempts to it; orders were called durable in a log without a name, and were gone with the process."""
    path = tmp_path / "store.db"
    with store_over(path, inline) as (store, _):
        await fill_with(store, 3)
        path.with_name(path.name + suffix).unlink()
        await assert_refuses_everything(store, f"{path.name}{suffix} was moved, deleted or replaced")
        killed = tmp_path / "killed.db"
        copyfile(path, killed)
        with closing(sqlite3.connect(killed)) as found:
            assert found.execute("SELECT count(*) FROM journal").fetchone() == (5,)


@both_lanes
async def test_a_lock_that_is_held_too_long_is_a_failure_with_its_reason(tmp_path: Path, inline: bool) -> None:
    """D2."""
    path = tmp_path / "store.db"
    with (
        store_over(path, inline) as (store, _),
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        steps = steps_for(store)
        assert await store.commit(steps.refused("d1")) == StoreUnavailable(
            reason="the store could not be written: database is locked"
        )
        other.execute("ROLLBACK")
        await assert_refuses_everything(store, "locked")


@both_lanes
async def test_a_store_that_turns_read_only_is_a_failure_with_its_reason(tmp_path: Path, inline: bool) -> None:
    """D13."""
    with store_over(tmp_path / "store.db", inline) as (store, connection):
        connection.execute("PRAGMA query_only=ON")
        outcome = await store.commit(steps_for(store).refused("d1"))
        assert isinstance(outcome, StoreUnavailable)
        assert "readonly" in outcome.reason
        await assert_refuses_everything(store, "readonly")


@both_lanes
async def test_a_commit_that_took_place_and_said_that_it_failed_is_found_by_its_key(
    tmp_path: Path, inline: bool
) -> None:
    """D8."""
    path = tmp_path / "store.db"
    with store_over(path, inline) as (store, connection):
        steps = steps_for(store)
        sent = steps.sending("d1")
        connection.fails = "after"
        assert isinstance(await store.record_sending(sent.approved, sent.step), RecordedOrder)
        outcome = await store.commit(steps.refused("d2"))
        assert isinstance(outcome, StoreUnavailable)
        assert "reopen the store" in outcome.reason
    store = open_at(path)
    assert await store.find_order(sent.order_id) == sent.step.orders[0]
    assert len(await store.journal()) == 1
    store.close()


@both_lanes
async def test_a_commit_that_did_not_take_place_is_not_called_durable(tmp_path: Path, inline: bool) -> None:
    path = tmp_path / "store.db"
    with store_over(path, inline) as (store, connection):
        steps = steps_for(store)
        first, sent = steps.sending("d1"), steps.sending("d2")
        assert isinstance(await store.record_sending(first.approved, first.step), RecordedOrder)
        connection.fails = "instead"
        assert isinstance(await store.record_sending(sent.approved, sent.step), StoreUnavailable)
        await assert_refuses_everything(store, "reopen the store")
    store = open_at(path)
    assert await store.find_order(sent.order_id) is None
    assert await store.find_decision("d2") is None
    store.close()


async def test_news_that_rode_with_a_failure_is_not_followed_by_later_news(tmp_path: Path) -> None:
    """What was appended may be missing, so nothing that came after it may be there."""
    path = tmp_path / "store.db"
    with store_over(path, inline=True) as (store, connection):
        steps = steps_for(store)
        sent = steps.sending("d1")
        assert isinstance(await store.record_sending(sent.approved, sent.step), RecordedOrder)
        store.append(steps.accepted(sent.order_id))
        connection.fails = "instead"
        assert isinstance(await store.flush(), StoreUnavailable)
        store.append(steps.filled(sent.order_id, "t1"))
        assert isinstance(await store.flush(), StoreUnavailable)
    store = open_at(path)
    assert len(await store.journal()) == 1
    store.close()


async def test_a_file_that_cannot_be_opened_holds_no_commit(tmp_path: Path) -> None:
    assert not is_durable(tmp_path / "nothing.db", (1, b""))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_bug_in_the_writers_thread_leaves_nobody_waiting(tmp_path: Path) -> None:
    """It ends the thread with its traceback, and everyone who waits is told."""
    store = open_at(tmp_path / "store.db", inline=False)
    steps = steps_for(store)
    sent, other = steps.sending("d1"), steps.sending("d2")
    # Nothing checks types here, and no row can be made of a module.
    broken = replace(other.step, orders=(replace(other.step.orders[0], worst_price=sqlite3),))
    first, second = await asyncio.gather(
        store.record_sending(sent.approved, sent.step), store.record_sending(other.approved, broken)
    )
    assert second == StoreUnavailable(reason="the store's writer has ended")
    assert await store.commit(steps.refused("d3")) == second
    store.close()
    again = open_at(tmp_path / "store.db")
    assert (await again.find_order(sent.order_id) is not None) == isinstance(first, RecordedOrder)
    assert await again.find_order(other.order_id) is None
    again.close()


async def test_a_bug_in_an_inline_writer_is_raised_where_it_happens(tmp_path: Path) -> None:
    store = open_at(tmp_path / "store.db")
    steps = steps_for(store)
    sent = steps.sending("d1")
    broken = replace(sent.step, orders=(replace(sent.step.orders[0], worst_price=sqlite3),))
    with pytest.raises(TypeError):
        await store.record_sending(sent.approved, broken)
    assert isinstance(await store.record_sending(sent.approved, sent.step), StoreUnavailable)
    assert await store.journal() == ()
    store.close()


async def test_everything_queued_at_once_is_committed_in_few_transactions(tmp_path: Path) -> None:
    with store_over(tmp_path / "store.db", inline=False) as (store, connection):
        commits = []
        connection.set_trace_callback(lambda statement: commits.append(statement) if statement == "COMMIT" else None)
        steps = steps_for(store)
        sent = [steps.sending(f"d{number}") for number in range(100)]
        outcomes = await asyncio.gather(*(store.record_sending(one.approved, one.step) for one in sent))
        assert all(isinstance(one, RecordedOrder) for one in outcomes)
        assert len(commits) < 20


async def test_news_that_nobody_waits_for_becomes_durable_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path, inline=False)
    steps = steps_for(store)
    store.append(steps.step(steps.incident("nobody waits for this")))
    with closing(sqlite3.connect(path)) as other:
        async with asyncio.timeout(10):
            # Another process has no event of this loop's to wait for, and sees no more than the file.
            while not other.execute("SELECT count(*) FROM journal").fetchone()[0]:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    store.close()


def test_a_store_outlives_the_loop_that_used_it(tmp_path: Path) -> None:
    """A program may end its loop first and close its store after: what was queued is there."""
    path = tmp_path / "store.db"
    store = open_at(path, inline=False)
    steps = steps_for(store)
    sent = steps.sending("d1")

    async def start_and_leave() -> None:
        task = asyncio.ensure_future(store.record_sending(sent.approved, sent.step))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(start_and_leave())
    store.append(steps.accepted(sent.order_id))
    store.close()
    store = open_at(path)
    assert len(asyncio.run(_journal(store))) == 2
    store.close()


async def _journal(store: SqliteOrderStore) -> tuple[object, ...]:
    return tuple(await store.journal())


async def test_a_flush_of_nothing_makes_no_transaction(tmp_path: Path) -> None:
    for inline in (True, False):
        with store_over(tmp_path / f"{inline}.db", inline) as (store, connection):
            await store.commit(steps_for(store).refused("d1"))
            statements: list[str] = []
            connection.set_trace_callback(statements.append)
            assert await store.flush() == StepCommitted(sequence=1)
            assert statements == []


async def test_the_log_is_copied_into_the_file_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path, inline=False)
    await fill_with(store, 500)
    log = path.with_name("store.db-wal").stat().st_size
    assert log < 16 * 1024 * 1024
    store.close()
