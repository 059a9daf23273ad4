"""Backups: one verified moment of a store, or nothing."""

import shutil
import stat
from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import ACCOUNT, fill_with, open_at, steps_for, tamper, writer_elsewhere
from tidegate.adapters.stores.sqlite import (
    BackupRefused,
    NoSuchStore,
    NotAStore,
    StoreCorrupt,
    back_up,
    open_sqlite_reader,
)
from tidegate.domain.events import DayOpened
from tidegate.testing.contracts.order_store import FixedClock


def copies_in(folder: Path) -> list[str]:
    return [file.name for file in folder.glob("copy*")]


async def test_a_copy_is_the_store_as_it_was(tmp_path: Path) -> None:
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    store = open_at(path)
    await fill_with(store, 5)
    report = back_up(path, copy)
    rows = await store.journal()
    assert (report.path, report.account_id) == (str(copy), ACCOUNT)
    assert (report.sequence, report.hash) == (rows[-1].sequence, rows[-1].hash)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    journal = store.journal_bytes()
    await fill_with(store, 1, prefix="later")
    store.close()
    with open_sqlite_reader(copy, clock=FixedClock()) as reader:
        assert reader.journal_bytes() == journal
        assert (reader.verify_chain(), reader.disagreements()) == (None, ())


async def test_a_copy_made_while_another_process_writes_is_one_moment_of_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with writer_elsewhere(path, "4") as other:
        for number in range(3):
            for _ in range(20):
                other.line()
            report = back_up(path, tmp_path / f"copy{number}.db")
            assert report.sequence >= 10
            store = open_at(tmp_path / f"copy{number}.db")
            assert (store.verify_chain(), store.disagreements()) == (None, ())
            store.close()


async def test_an_empty_store_can_be_copied(tmp_path: Path) -> None:
    open_at(tmp_path / "store.db").close()
    report = back_up(tmp_path / "store.db", tmp_path / "copy.db")
    assert (report.sequence, report.hash) == (0, "")


async def test_what_does_not_verify_is_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    await fill_with(store, 5)
    store.close()
    shutil.copy(path, tmp_path / "other.db")
    tamper(path, "UPDATE journal SET at = 0 WHERE sequence = 2")
    with pytest.raises(StoreCorrupt, match="journal row 2"):
        back_up(path, tmp_path / "copy.db")
    tamper(tmp_path / "other.db", "DROP INDEX orders_open")
    tamper(tmp_path / "other.db", "PRAGMA user_version=0")
    with pytest.raises(NotAStore):
        back_up(tmp_path / "other.db", tmp_path / "copy.db")
    assert copies_in(tmp_path) == []


async def test_a_copy_whose_tables_are_not_what_its_journal_says_is_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    order_id, *_ = await fill_with(store, 3)
    store.close()
    tamper(path, "DELETE FROM orders WHERE client_order_id = ?", order_id)
    with pytest.raises(StoreCorrupt, match=f"order {order_id} is in the journal and not among the orders"):
        back_up(path, tmp_path / "copy.db")
    assert copies_in(tmp_path) == []


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE equity SET history = replace(history, '120000', '121000')", "the equity history"),
        ("UPDATE account SET facts = replace(facts, '120000', '121000')", "the account's row"),
        ("UPDATE balances SET total = total || '1'", "balance"),
    ],
)
async def test_a_copy_that_no_start_could_load_is_no_backup(tmp_path: Path, statement: str, words: str) -> None:
    """Sums are in no table that the journal is held against; their checksums are looked at."""
    path = tmp_path / "store.db"
    store = open_at(path)
    await fill_with(store, 3)
    steps = steps_for(store)
    await store.commit(steps.step(DayOpened(at=steps.now(), equity=Decimal(120_000))))
    store.close()
    tamper(path, statement)
    with pytest.raises(StoreCorrupt, match=words):
        back_up(path, tmp_path / "copy.db")
    assert copies_in(tmp_path) == []


async def test_a_damaged_page_is_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    await fill_with(store, 60)
    store.close()
    content = bytearray(path.read_bytes())
    content[4_096 * 5 : 4_096 * 6] = bytes(4_096)
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt):
        back_up(path, tmp_path / "copy.db")
    assert copies_in(tmp_path) == []


def test_a_backup_is_never_written_over(tmp_path: Path) -> None:
    open_at(tmp_path / "store.db").close()
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(BackupRefused, match="never written over"):
        back_up(tmp_path / "store.db", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoSuchStore):
        back_up(tmp_path / "nothing.db", tmp_path / "copy.db")
    open_at(tmp_path / "store.db").close()
    with pytest.raises(BackupRefused):
        back_up(tmp_path / "store.db", tmp_path / "no folder" / "copy.db")
