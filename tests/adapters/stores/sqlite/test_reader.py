"""Reading beside a writer: everything is seen, nothing is changed, and what is not there is said."""

from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import (
    ACCOUNT,
    fill_with,
    lose_privileges,
    open_at,
    steps_for,
    tamper,
    unprivileged_folder,
)
from tidegate.adapters.stores.sqlite import (
    NewerSchema,
    NoSuchStore,
    NotAStore,
    OlderSchema,
    OtherAccount,
    StoreError,
    StoreUnusable,
    WriterReading,
    open_sqlite_inbox,
    open_sqlite_reader,
)
from tidegate.domain.records import InboxAnswer, RequestKind, StepCommitted, StoreUnavailable
from tidegate.domain.vocabulary import TradingState
from tidegate.testing.contracts.order_store import FixedClock


async def test_a_reader_sees_what_the_writer_has_made_durable(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    ids = await fill_with(store, 4)
    with open_sqlite_reader(path, clock=FixedClock(), account_id=ACCOUNT) as reader:
        assert reader.account_id == ACCOUNT
        assert reader.epoch == store.epoch
        assert await reader.load() == await store.load()
        assert await reader.orders() == await store.orders()
        assert await reader.fills() == await store.fills()
        assert await reader.positions() == (await store.load()).positions
        assert await reader.balances() == (await store.load()).balances
        assert await reader.journal() == await store.journal()
        assert reader.journal_bytes() == store.journal_bytes()
        assert await reader.find_decision("d1") == await store.find_decision("d1")
        found = await reader.find_order((await store.orders())[0].client_order_id)
        assert found is not None
        assert found.client_order_id == ids[-1]
        assert (reader.verify_chain(), reader.disagreements()) == (None, ())
        assert await reader.flush() == StepCommitted(sequence=7)
        await fill_with(store, 1, prefix="later")
        assert len(await reader.journal()) == 9
    store.close()


async def test_a_reader_sees_requests_and_their_answers(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    with open_sqlite_inbox(path, clock=FixedClock()) as inbox, open_sqlite_reader(path, clock=FixedClock()) as reader:
        request_id = await inbox.submit_request(RequestKind.RECONCILE, "{}")
        assert [one.request_id for one in await reader.requests()] == [request_id]
        assert await reader.find_answer(request_id) is None
        answer = InboxAnswer(request_id=request_id, payload="{}", process="run", epoch=1)
        await store.answer(answer)
        assert await reader.requests() == ()
        assert await reader.find_answer(request_id) == answer
    store.close()


async def test_a_reader_names_the_writer_and_knows_whether_it_lives(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    with open_sqlite_reader(path, clock=FixedClock()) as reader:
        alive = reader.writer()
        assert (alive.process, alive.epoch, alive.is_alive) == ("a test", 1, True)
        store.close()
        assert reader.writer() == WriterReading(process="a test", pid=alive.pid, epoch=1, is_alive=False)


async def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    steps = steps_for(store)
    sent = steps.sending("d1")
    with open_sqlite_reader(path, clock=FixedClock()) as reader:
        answer = InboxAnswer(request_id="r1", payload="{}", process="run", epoch=1)
        reader.append(steps.accepted(sent.order_id))
        outcomes = (
            await reader.record_sending(sent.approved, sent.step),
            await reader.commit(sent.step),
            await reader.write_state(steps.state(TradingState.HALTED)),
            await reader.answer(answer),
        )
        assert outcomes == (StoreUnavailable(reason="the store is open to read only"),) * 4
    assert await store.journal() == ()
    store.close()


async def test_a_store_is_read_where_nothing_can_be_written() -> None:
    """A disk that the system has made read-only after an error: now is when somebody wants to look."""
    with unprivileged_folder() as folder:
        path = folder / "store.db"
        store = open_at(path)
        ids = await fill_with(store, 4)
        store.close()
        lose_privileges(folder)
        with open_sqlite_reader(path, clock=FixedClock()) as reader:
            assert [order.client_order_id for order in await reader.orders()] == ids[::-1]
            assert (reader.verify_chain(), reader.disagreements()) == (None, ())


def test_reading_makes_no_store(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.db", tmp_path / "no folder" / "store.db"):
        with pytest.raises(NoSuchStore, match="there is no store at"):
            open_sqlite_reader(path, clock=FixedClock())
    with pytest.raises(NotAStore, match="it is a folder"):
        open_sqlite_reader(tmp_path, clock=FixedClock())
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_at(path).close()
    with pytest.raises(OtherAccount):
        open_sqlite_reader(path, clock=FixedClock(), account_id="another")
    for version, refusal in ((99, NewerSchema), (0, NotAStore)):
        tamper(path, f"PRAGMA user_version={version}")
        with pytest.raises(refusal):
            open_sqlite_reader(path, clock=FixedClock())
    (tmp_path / "empty.db").touch()
    with pytest.raises(NotAStore, match="it is empty"):
        open_sqlite_reader(tmp_path / "empty.db", clock=FixedClock())


def test_a_store_whose_first_start_was_killed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_at(path).close()
    tamper(path, "DELETE FROM account")
    with pytest.raises(StoreUnusable, match="first start"):
        open_sqlite_reader(path, clock=FixedClock())
    # The next writer finishes it.
    open_at(path).close()
    open_sqlite_reader(path, clock=FixedClock()).close()


def test_a_store_that_awaits_its_migration_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"
    open_at(path).close()
    monkeypatch.setattr("tidegate.adapters.stores.sqlite.schema.READABLE", 3)
    with pytest.raises(OlderSchema, match="not yet 3"):
        open_sqlite_reader(path, clock=FixedClock())


async def test_a_closed_reader_reads_for_as_long_as_the_file_is_there(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_at(path).close()
    reader = open_sqlite_reader(path, clock=FixedClock())
    reader.close()
    assert (await reader.orders(), reader.epoch) == ((), 1)
    path.unlink()
    with pytest.raises(StoreError):
        await reader.orders()
