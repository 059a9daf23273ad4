"""The chain: whatever is changed in the journal is found, and the row is named."""

from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import ACCOUNT, fill_with, open_at, steps_for, tamper
from tidegate.adapters.stores.sqlite import SqliteOrderStore, StoreCorrupt, open_sqlite_reader
from tidegate.adapters.stores.sqlite.draft import CHECKPOINT_ROWS
from tidegate.testing.contracts.order_store import FixedClock


async def closed_store(path: Path, orders: int = 6) -> Path:
    store = open_at(path)
    await fill_with(store, orders)
    assert store.verify_chain() is None
    store.close()
    return path


def flaw_of(path: Path) -> str | None:
    with open_sqlite_reader(path, clock=FixedClock()) as reader:
        return reader.verify_chain()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE journal SET payload = replace(payload, 'd1', 'd9') WHERE sequence = 2", "row 2 does not match"),
        ("UPDATE journal SET at = at + 1 WHERE sequence = 4", "row 4 does not match"),
        ("UPDATE journal SET hash = zeroblob(32) WHERE sequence = 5", "row 5 does not match"),
        ("UPDATE journal SET hash = 'text' WHERE sequence = 5", "row 5 does not match"),
        ("UPDATE journal SET payload = x'00' WHERE sequence = 6", "row 6 does not match"),
        ("DELETE FROM journal WHERE sequence = 3", "row 3 is missing"),
        ("DELETE FROM journal WHERE sequence = 1", "row 1 is missing"),
        ("DELETE FROM journal WHERE sequence = (SELECT max(sequence) FROM journal)", "hash of its checkpoint"),
        ("UPDATE journal SET sequence = sequence + 100 WHERE sequence > 4", "row 5 is missing"),
        ("UPDATE checkpoints SET hash = zeroblob(32)", "hash of its checkpoint"),
    ],
)
async def test_a_changed_journal_is_found_and_the_row_is_named(tmp_path: Path, statement: str, named: str) -> None:
    path = await closed_store(tmp_path / "store.db")
    assert flaw_of(path) is None
    tamper(path, statement)
    flaw = flaw_of(path)
    assert flaw is not None
    assert named in flaw


async def test_the_journal_of_another_account_does_not_verify_in_its_place(tmp_path: Path) -> None:
    path = await closed_store(tmp_path / "store.db")
    tamper(path, "UPDATE account SET account_id = 'another'")
    assert flaw_of(path) == "journal row 1 does not match its hash"


async def test_an_end_that_was_cut_off_is_found_at_the_start(tmp_path: Path) -> None:
    path = await closed_store(tmp_path / "store.db")
    tamper(path, "DELETE FROM journal WHERE sequence > 7")
    with pytest.raises(StoreCorrupt, match="of which there is a checkpoint, is missing"):
        open_at(path)


async def long_store(path: Path) -> SqliteOrderStore:
    store = open_at(path)
    steps = steps_for(store)
    for number in range(CHECKPOINT_ROWS + 10):
        store.append(steps.step(steps.incident(str(number))))
    await store.flush()
    return store


async def test_a_start_verifies_from_the_last_checkpoint_and_the_doctor_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = await long_store(path)
    assert store.verify_chain() is None
    store.close()
    tamper(path, "DELETE FROM checkpoints WHERE sequence > ?", CHECKPOINT_ROWS)
    tamper(path, "UPDATE journal SET at = at + 1 WHERE sequence = 10")
    open_at(path).close()
    assert flaw_of(path) == "journal row 10 does not match its hash"
    tamper(path, "DELETE FROM checkpoints WHERE sequence > ?", CHECKPOINT_ROWS)
    tamper(path, "UPDATE journal SET at = at + 1 WHERE sequence = ?", CHECKPOINT_ROWS + 2)
    with pytest.raises(StoreCorrupt, match=f"journal row {CHECKPOINT_ROWS + 2}"):
        open_at(path)


async def test_a_checkpoint_that_is_not_its_rows_is_found_at_the_start(tmp_path: Path) -> None:
    path = await closed_store(tmp_path / "store.db")
    tamper(path, "UPDATE checkpoints SET hash = zeroblob(32)")
    with pytest.raises(StoreCorrupt, match="does not have the hash of its checkpoint"):
        open_at(path)


async def test_a_damaged_file_is_a_flaw_and_not_an_exception(tmp_path: Path) -> None:
    path = await closed_store(tmp_path / "store.db", orders=60)
    content = bytearray(path.read_bytes())
    content[4_096 * 3 :] = bytes(len(content) - 4_096 * 3)
    with open_sqlite_reader(path, clock=FixedClock(), account_id=ACCOUNT) as reader:
        path.write_bytes(content)
        flaw = reader.verify_chain()
        assert flaw is not None
        assert "\n" not in flaw
        assert reader.disagreements() != ()
