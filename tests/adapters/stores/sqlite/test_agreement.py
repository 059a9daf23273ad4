"""Agreement: a projection that is not what the journal folds to is found and named."""

from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import fill_with, open_at, steps_for, tamper
from tidegate.adapters.stores.sqlite import StoreCorrupt, open_sqlite_reader
from tidegate.domain.vocabulary import TradingState
from tidegate.testing.contracts.order_store import FixedClock


async def closed_store(path: Path) -> Path:
    store = open_at(path)
    steps = steps_for(store)
    await store.commit(steps.opened())
    await fill_with(store, 6)
    await store.write_state(steps.state(TradingState.REDUCING))
    await store.write_state(steps.state(TradingState.ACTIVE))
    # Late news of an order that had ended, and a second attempt of one that had not.
    sent = steps.sending("late")
    await store.record_sending(sent.approved, sent.step)
    rejected = steps.rejected(sent.order_id)
    await store.commit(rejected)
    steps.recall(rejected)
    await store.commit(steps.filled(sent.order_id, "late-trade"))
    first = steps.sending("again")
    second = steps.sending("again", attempt=2, claims=False)
    for one in (first, second):
        await store.record_sending(one.approved, one.step)
    assert store.disagreements() == ()
    store.close()
    return path


def disagreements_of(path: Path) -> tuple[str, ...]:
    with open_sqlite_reader(path, clock=FixedClock()) as reader:
        return reader.disagreements()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE orders SET record = replace(record, '0.01250000', '0.02250000') WHERE order_row = 1",
            "is not what the journal makes of it",
        ),
        ("DELETE FROM orders WHERE order_row = 2", "is in the journal and not among the orders"),
        ("DELETE FROM journal WHERE sequence = 3", "which no earlier row has begun"),
        ("UPDATE journal SET payload = '[' WHERE sequence = 2", "journal row 2 cannot be read"),
        (
            """INSERT INTO orders SELECT 99, 'stranger', symbol, side, status, is_open, attempt, decided,
                leaves_quantity, worst_price, record, checksum FROM orders WHERE order_row = 1""",
            "order stranger is not in the journal",
        ),
        ("UPDATE orders SET is_open = 0 WHERE order_row = 1", "is listed with another status than it has"),
        ("UPDATE orders SET status = 'CANCELED' WHERE order_row = 2", "is listed with another status than it has"),
        ("UPDATE fills SET sequence = sequence + 1", "is not listed where the journal has it"),
        ("DELETE FROM fills WHERE trade_id = 'late-trade'", "fill late-trade is not listed where the journal has it"),
        ("UPDATE fills SET trade_id = 'invented' WHERE fill_row = 1", "fill invented is not in the journal"),
        ("DELETE FROM decisions", "decision d-refused is not claimed as the journal has it"),
        ("UPDATE orders SET decided = NULL WHERE order_row = 3", "is not claimed as the journal has it"),
        ("UPDATE states SET change = replace(change, 'ACTIVE', 'HALTED')", "trading state of the account"),
        ("UPDATE positions SET position = replace(position, '0.0', '0.1')", "does not match its checksum"),
    ],
)
async def test_a_projection_that_was_changed_is_named(tmp_path: Path, statement: str, found: str) -> None:
    path = await closed_store(tmp_path / "store.db")
    tamper(path, statement)
    assert any(found in line for line in disagreements_of(path)), disagreements_of(path)


async def test_a_row_whose_text_was_changed_is_not_traded_on(tmp_path: Path) -> None:
    """D3: what a start loads, it checks."""
    for number, (statement, name) in enumerate(
        (
            ("UPDATE orders SET record = replace(record, '43210', '43211')", "order tg"),
            ("UPDATE positions SET position = replace(position, '0.0', '0.1')", "position BTC-USD"),
            ("UPDATE balances SET total = '1000000'", "balance BTC"),
        )
    ):
        path = await closed_store(tmp_path / f"store{number}.db")
        tamper(path, statement)
        store = open_at(path)
        with pytest.raises(StoreCorrupt, match=name):
            await store.load()
        store.close()


async def test_a_changed_account_does_not_open(tmp_path: Path) -> None:
    path = await closed_store(tmp_path / "store.db")
    tamper(path, "UPDATE account SET facts = replace(facts, '100000', '900000')")
    with pytest.raises(StoreCorrupt, match="the account's row does not match its checksum"):
        open_at(path)


async def test_a_row_that_is_intact_and_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = await closed_store(tmp_path / "store.db")
    tamper(path, "UPDATE orders SET record = '{}', checksum = 2745614147 WHERE order_row = 1")
    tamper(path, "UPDATE journal SET payload = '[{}]' WHERE sequence = 3")
    with open_sqlite_reader(path, clock=FixedClock()) as reader:
        with pytest.raises(StoreCorrupt, match="order tg"):
            await reader.orders()
        with pytest.raises(StoreCorrupt, match="journal row 3"):
            await reader.journal()


async def test_a_fill_that_its_journal_row_does_not_hold_is_named(tmp_path: Path) -> None:
    path = await closed_store(tmp_path / "store.db")
    tamper(path, "UPDATE fills SET sequence = 1 WHERE trade_id = 'late-trade'")
    with open_sqlite_reader(path, clock=FixedClock()) as reader, pytest.raises(StoreCorrupt, match="fill late-trade"):
        await reader.fills()


async def test_only_the_first_of_many_disagreements_are_named(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_at(path)
    await fill_with(store, 60)
    store.close()
    tamper(path, "DELETE FROM orders")
    assert len(disagreements_of(path)) == 20
