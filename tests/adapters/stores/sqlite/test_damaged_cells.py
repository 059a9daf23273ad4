"""Damaged cells: a page that SQLite reads without complaint may hold anything in any column, and each is told."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import fill_with, open_at, steps_for, tamper
from tidegate.adapters.stores.sqlite import back_up, open_sqlite_inbox, open_sqlite_reader
from tidegate.adapters.stores.sqlite.errors import StoreCorrupt, StoreError
from tidegate.adapters.stores.sqlite.reader import last_moment
from tidegate.domain.events import DayOpened, TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.records import InboxAnswer, RequestKind, Step, StoreUnavailable
from tidegate.domain.vocabulary import TradingState
from tidegate.testing.contracts.order_store import FixedClock

CLOCK = FixedClock()


async def full_store(path: Path) -> str:
    """A store with a row in every table but that of movements; the id of an order in it."""
    store = open_at(path)
    order_id, *_ = await fill_with(store, 4)
    await store.write_state(halted())
    await store.commit(Step(at=CLOCK.now(), events=(DayOpened(equity=Decimal(100), at=CLOCK.now()),)))
    store.close()
    with open_sqlite_inbox(path, clock=CLOCK) as inbox:
        answered = await inbox.submit_request(RequestKind.CANCEL_ALL, "{}")
        await inbox.submit_request(RequestKind.CANCEL_ALL, "{}")
    store = open_at(path)
    await store.answer(InboxAnswer(request_id=answered, payload="{}", process="a test", epoch=2))
    store.close()
    return order_id


def halted(state: TradingState = TradingState.HALTED) -> TradingStateChanged:
    return TradingStateChanged(state=state, reason="a test", by="operator", at=CLOCK.now())


def columns(path: Path) -> list[tuple[str, str]]:
    """Every column that can hold anything: not the keys that SQLite itself keeps to whole numbers."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            (table, name)
            for table in tables
            if not table.startswith("sqlite_")
            for _, name, kind, _, _, is_key in connection.execute(f"PRAGMA table_info({table})")
            if not (is_key and kind == "INTEGER")
        ]


async def everything_asked(path: Path, order_id: str) -> list[str]:
    """What was told of damage by everything that opens the store, in its words."""
    told = []

    async def ask(question: Callable[[], object]) -> None:
        try:
            answer = question()
            if hasattr(answer, "__await__"):
                answer = await answer
        except StoreError as error:
            told.append(str(error))
            return
        if isinstance(answer, StoreUnavailable):
            told.append(answer.reason)

    await ask(lambda: last_moment(path))
    await ask(lambda: back_up(path, path.with_name("copy.db")))
    path.with_name("copy.db").unlink(missing_ok=True)
    try:
        with open_sqlite_reader(path, clock=CLOCK) as reader:
            questions: tuple[Callable[[], object], ...] = (
                reader.load,
                reader.orders,
                reader.fills,
                reader.positions,
                reader.balances,
                reader.journal,
                reader.requests,
                reader.journal_bytes,
                reader.writer,
                lambda: reader.find_answer("r1"),
                lambda: reader.find_order(ClientOrderId(order_id)),
                lambda: reader.find_decision("d0"),
            )
            for question in questions:
                await ask(question)
            told += [flaw for flaw in (reader.verify_chain(), *reader.disagreements()) if flaw is not None]
    except StoreError as error:
        told.append(str(error))
    try:
        with open_sqlite_inbox(path, clock=CLOCK) as inbox:
            await ask(lambda: inbox.write_state(halted(TradingState.REDUCING)))
    except StoreError as error:
        told.append(str(error))
    try:
        store = open_at(path)
    except StoreError as error:
        told.append(str(error))
    else:
        sending = steps_for(store).sending("later")
        await ask(lambda: store.record_sending(sending.approved, sending.step))
        await ask(store.load)
        store.close()
    return told


@pytest.mark.parametrize("value", ["x'0102'", "'{}'", "-9223372036854775808"])
async def test_whatever_a_cell_holds_no_exception_but_the_stores_own_is_raised(tmp_path: Path, value: str) -> None:
    whole = tmp_path / "whole.db"
    order_id = await full_store(whole)
    for table, column in columns(whole):
        path = tmp_path / f"{table}-{column}.db"
        shutil.copy(whole, path)
        tamper(path, f"UPDATE OR REPLACE {table} SET {column} = {value}")  # noqa: S608 -- names of the schema
        await everything_asked(path, order_id)


async def test_of_a_whole_store_nothing_is_told(tmp_path: Path) -> None:
    order_id = await full_store(tmp_path / "store.db")
    assert await everything_asked(tmp_path / "store.db", order_id) == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE orders SET record = x'00' WHERE order_row = 2", "does not match its checksum"),
        ("UPDATE orders SET record = cast(x'7bff0a' AS TEXT)", "corrupt: Could not decode to UTF-8 column 'record'"),
        ("UPDATE journal SET at = 'noon' WHERE sequence = 2", "journal row 2 "),
        ("UPDATE journal SET hash = 'text' WHERE sequence = 2", "journal row 2 "),
        ("UPDATE journal SET payload = x'00' WHERE sequence = 2", "journal row 2 "),
        ("UPDATE states SET change = x'00'", "a trading state is not what was written"),
        ("UPDATE states SET change = '{}'", "a trading state is not what was written"),
        ("UPDATE account SET epoch = 'text'", "the account's row is not what was written"),
        ("UPDATE inbox SET at = 'text'", "request r2 is not what was written"),
        ("UPDATE checkpoints SET hash = 'text'", "does not have the hash of its checkpoint"),
    ],
)
async def test_a_cell_of_another_kind_is_damage_that_is_told_with_its_row(
    tmp_path: Path, statement: str, named: str
) -> None:
    path = tmp_path / "store.db"
    order_id = await full_store(path)
    tamper(path, statement)
    told = await everything_asked(path, order_id)
    assert any(named in line for line in told)
    assert not any("with text" in line for line in told)


def test_a_schema_that_is_no_text_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_at(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"CREATE TABLE orders (", b"CREATE TABL\xe4 \xa4rders (", 1))
    with pytest.raises(StoreCorrupt, match="is corrupt"):
        open_sqlite_reader(path, clock=CLOCK)


def test_a_moment_that_no_calendar_has_is_damage(tmp_path: Path) -> None:
    open_at(tmp_path / "store.db").close()
    insert = "INSERT INTO journal VALUES (1, ?, '[]', x'00')"
    tamper(tmp_path / "store.db", insert, 2**62)
    with pytest.raises(StoreCorrupt, match="the journal's last row is not what was written"):
        last_moment(tmp_path / "store.db")
