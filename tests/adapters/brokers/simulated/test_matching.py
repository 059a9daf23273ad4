"""Matching by hand: recorded rows and our orders go in, and the fills that price and time give come out."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.brokers.simulated.table_reading import TABLES, Play, Table, tables_in

FILES = sorted(path.name for path in TABLES.glob("*.md"))
EXAMPLES = [(f"{name.removesuffix('.md')}: {table.claim}", table) for name in FILES for table in tables_in(name)]


@pytest.mark.parametrize("table", [table for _, table in EXAMPLES], ids=[claim for claim, _ in EXAMPLES])
def test_an_example_worked_by_hand_comes_out_as_worked(table: Table, tmp_path: Path) -> None:
    """Row by row: every fill, and whatever is said of an order; and no money has come or gone."""
    with closing(Play(table, tmp_path / "world")) as play:
        for row in table.rows:
            assert play.step(row) == row.follows, f"at {row.at}: {row.tape or row.order}"
        accounts = play.floor.venue.exchange.accounts
        assert {currency: accounts.total(currency) for currency in play.floor.balances} == {
            currency: play.opening.get(currency, 0) for currency in play.floor.balances
        }


def test_every_rule_is_worked_by_hand() -> None:
    """No table is empty, none stands twice, and none was lost on the way."""
    assert all(table.rows for _, table in EXAMPLES)
    assert len({claim for claim, _ in EXAMPLES}) == len(EXAMPLES) >= 100
