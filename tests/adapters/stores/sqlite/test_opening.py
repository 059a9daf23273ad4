"""Opening a store to write: who may, what is refused and in which words, and what a lost log or an old copy does."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from zlib import crc32

import pytest

from tests.adapters.stores.sqlite.stores import (
    fill_with,
    lose_privileges,
    open_at,
    steps_for,
    tamper,
    unprivileged_folder,
    writer_elsewhere,
)
from tidegate.adapters.stores.sqlite import (
    NewerSchema,
    NotAStore,
    OtherAccount,
    StoreCorrupt,
    StoreError,
    StoreLocked,
    StoreReadOnly,
    StoreUnusable,
)
from tidegate.adapters.stores.sqlite.files import side_files
from tidegate.adapters.stores.sqlite.lock import lock_path
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.records import StateForbids, StoreUnavailable, WriterLost
from tidegate.domain.vocabulary import TradingState


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_store_and_all_its_files_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "store.db"
    store = open_at(path)
    await fill_with(store, 1)
    files = (path, *side_files(path), lock_path(path))
    assert [mode(file) for file in files] == [0o600] * 4
    store.close()


def test_wider_modes_are_narrowed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_at(path).close()
    path.chmod(0o644)
    lock_path(path).chmod(0o666)
    open_at(path).close()
    assert (mode(path), mode(lock_path(path))) == (0o600, 0o600)


def test_a_store_is_pinned_to_its_account(tmp_path: Path) -> None:
    open_at(tmp_path / "store.db").close()
    with pytest.raises(OtherAccount, match=r"belongs to account 'paper', not 'other'"):
        open_at(tmp_path / "store.db", account_id="other")
    # Refusing let go of the lock.
    open_at(tmp_path / "store.db").close()


def test_a_second_writer_is_refused_with_the_name_and_pid_of_the_first(tmp_path: Path) -> None:
    store = open_at(tmp_path / "store.db")
    with pytest.raises(StoreLocked, match=rf"locked by process {os.getpid()} \(a test\)"):
        open_at(tmp_path / "store.db")
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "store.db")
    with pytest.raises(StoreLocked):
        open_at(link)
    store.close()
    open_at(link).close()


async def test_a_killed_writer_gives_up_its_lock_and_the_next_has_a_later_epoch(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with writer_elsewhere(path, "1") as other:
        first = other.line()
        with pytest.raises(StoreLocked, match=rf"process {first['pid']} \(elsewhere\)"):
            open_at(path)
        other.kill()
    store = open_at(path)
    assert first["epoch"] == 1
    assert store.epoch == 2
    store.close()


async def test_a_writer_that_lost_its_account_marks_nothing_as_sending(tmp_path: Path) -> None:
    """The lock keeps a second writer out; the epoch stops one that gets past it, as a paused process may."""
    path = tmp_path / "store.db"
    first = open_at(path)
    steps = steps_for(first)
    sent, later = steps.sending("d1"), steps.sending("d2")
    assert isinstance(await first.record_sending(sent.approved, sent.step), RecordedOrder)
    lock_path(path).unlink()
    second = open_at(path)
    first.append(steps.accepted(sent.order_id))
    outcome = await first.record_sending(later.approved, later.step)
    assert isinstance(outcome, WriterLost)
    assert "epoch 2" in outcome.reason
    assert isinstance(await first.commit(steps.refused("d3")), WriterLost)
    first.close()
    assert len(await second.journal()) == 1
    assert second.verify_chain() is None
    second.close()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_at(path).close()
    tamper(path, "PRAGMA user_version=99")
    with pytest.raises(NewerSchema, match="has schema 99, this Tidegate knows up to 2"):
        open_at(path)


def test_a_file_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, and longer than the header of one " * 20)
    other = tmp_path / "other.db"
    tamper(other, "CREATE TABLE photographs (name)")
    before = text.read_bytes(), other.read_bytes()
    for path in (text, other):
        with pytest.raises(NotAStore):
            open_at(path)
    assert (text.read_bytes(), other.read_bytes()) == before


def test_a_path_that_cannot_be_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "store.db"):
        with pytest.raises(NotAStore if path == tmp_path else StoreUnusable):
            open_at(path)


def test_a_holder_that_is_named_by_its_number_is_named_once() -> None:
    """As the command line names its processes."""
    assert "locked by process 7: " in str(StoreLocked(Path("store.db"), "pid 7", 7))
    assert "locked by process 7 (serve): " in str(StoreLocked(Path("store.db"), "serve", 7))


def test_links_that_lead_in_a_circle_are_no_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.symlink_to(path)
    with pytest.raises((NotAStore, StoreUnusable), match=r"store\.db"):
        open_at(path)


def test_a_lock_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    lock_path(path).mkdir()
    with pytest.raises(StoreUnusable):
        open_at(path)


async def test_a_read_only_store_is_refused() -> None:
    with unprivileged_folder() as folder:
        path = folder / "store.db"
        open_at(path).close()
        lose_privileges(folder)
        with pytest.raises(StoreReadOnly, match="read-only"):
            open_at(path)
        with pytest.raises(StoreReadOnly):
            open_at(folder / "another.db")


async def test_every_refusal_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    with pytest.raises(StoreError) as locked:
        open_at(path)
    store.close()
    with pytest.raises(StoreError) as other:
        open_at(path, account_id="line\nbreak")
    assert "\n" not in str(locked.value) + str(other.value)


async def test_a_changed_row_in_the_tail_is_named_and_nothing_opens(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    await fill_with(store, 4)
    store.close()
    tamper(path, "DELETE FROM checkpoints")
    tamper(path, "UPDATE journal SET payload = replace(payload, '0.0125', '0.0126') WHERE sequence = 3")
    with pytest.raises(StoreCorrupt, match="journal row 3 does not match its hash"):
        open_at(path)


async def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    await fill_with(store, 40)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal'").fetchone()
    content = bytearray(path.read_bytes())
    start = (root - 1) * 4_096
    content[start : start + 4_096] = bytes(4_096)
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt):
        open_at(path)


async def test_a_cut_log_opens_with_entries_halted_until_an_operator_looks(tmp_path: Path) -> None:
    """D4: acknowledged intents are missing, and nothing in what is left says so but the mark."""
    path = tmp_path / "store.db"
    with writer_elsewhere(path, "1") as other:
        for _ in range(30):
            other.line()
        other.kill()
    log, _ = side_files(path)
    os.truncate(log, log.stat().st_size // 2)
    store = open_at(path)
    stored = await store.load()
    assert stored.account_state is not None
    assert stored.account_state.state is TradingState.REDUCING
    assert stored.account_state.is_latched
    assert "old copy or lost log" in stored.account_state.reason
    steps = steps_for(store)
    sent = steps.sending("after")
    assert isinstance(await store.record_sending(sent.approved, sent.step), StateForbids)
    # Said once: the next start finds nothing missing.
    store.close()
    again = open_at(path)
    assert (await again.load()).sequence == stored.sequence
    again.close()


async def test_a_log_that_is_gone_altogether_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with writer_elsewhere(path, "1") as other:
        for _ in range(5):
            other.line()
        other.kill()
    for file in side_files(path):
        file.unlink()
    store = open_at(path)
    stored = await store.load()
    assert stored.account_state is not None
    assert stored.account_state.state is TradingState.REDUCING
    store.close()


async def test_an_old_copy_opens_with_entries_halted_and_an_epoch_beyond_every_earlier_one(tmp_path: Path) -> None:
    """D12."""
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    for epoch in (1, 2, 3):
        store = open_at(path)
        await fill_with(store, 2, prefix=f"e{epoch}")
        store.close()
        if epoch == 1:
            shutil.copy(path, copy)
    shutil.copy(copy, path)
    store = open_at(path)
    assert store.epoch == 4
    stored = await store.load()
    assert stored.account_state is not None
    assert stored.account_state.state is TradingState.REDUCING
    store.close()


async def test_an_old_copy_of_a_halted_account_stays_halted(tmp_path: Path) -> None:
    """REDUCING would let a strategy's exits out again."""
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    store = open_at(path)
    await store.write_state(steps_for(store).state(TradingState.HALTED))
    store.close()
    shutil.copy(path, copy)
    open_at(path).close()
    shutil.copy(copy, path)
    store = open_at(path)
    stored = await store.load()
    assert stored.account_state is not None
    assert (stored.account_state.state, stored.account_state.by) == (TradingState.HALTED, "store")
    assert stored.account_state.is_latched
    store.close()


async def test_a_copy_with_all_rows_and_an_old_epoch_is_an_old_copy_too(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    store = open_at(path)
    await fill_with(store, 2)
    store.close()
    shutil.copy(path, copy)
    open_at(path).close()
    shutil.copy(copy, path)
    store = open_at(path)
    stored = await store.load()
    assert stored.account_state is not None
    assert "epoch 1" in stored.account_state.reason
    store.close()


async def test_a_new_store_where_an_old_one_was_taken_away_trades(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    await fill_with(store, 2)
    store.close()
    path.unlink()
    store = open_at(path)
    assert (store.epoch, (await store.load()).account_state) == (1, None)
    store.close()


async def test_another_store_moved_into_place_is_not_taken_for_an_old_copy(tmp_path: Path) -> None:
    path, other = tmp_path / "store.db", tmp_path / "other.db"
    store = open_at(path)
    await fill_with(store, 2)
    store.close()
    open_at(other).close()
    tamper(other, "UPDATE account SET created_at = created_at + 1")
    shutil.move(other, path)
    store = open_at(path)
    assert (await store.load()).account_state is None
    store.close()


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    for inline in (True, False):
        store = open_at(tmp_path / "store.db", inline=inline)
        store.close()
        assert await store.flush() == StoreUnavailable(reason="the store is closed")


async def test_a_file_that_has_the_equity_of_its_opening_opens_and_is_written_on(tmp_path: Path) -> None:
    """Earlier versions kept it beside the opening's moment and balances; nobody reads it."""
    path = tmp_path / "store.db"
    store = open_at(path)
    opened = steps_for(store).opened()
    await store.commit(opened)
    store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        ((facts,),) = connection.execute("SELECT facts FROM account")
        older = facts.replace('"opening_balances"', '"opening_equity":"121605","opening_balances"')
        assert older != facts
        connection.execute("UPDATE account SET facts = ?, checksum = ?", (older, crc32(older.encode())))

    store = open_at(path)
    await fill_with(store, 2)
    stored = await store.load()
    assert (stored.opened_at, stored.opening_balances["USD"]) == (opened.at, Decimal(100_000))
    assert store.disagreements() == ()
    store.close()
    store = open_at(path)
    assert (await store.load()).opening_balances == stored.opening_balances
    store.close()
