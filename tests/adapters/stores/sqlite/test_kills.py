"""SIGKILL at moments nobody chose: no acknowledged intent is lost, and what is left agrees with itself."""

from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import open_at, writer_elsewhere
from tidegate.domain.identifiers import ClientOrderId


@pytest.mark.parametrize("in_flight", [1, 20])
async def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path, in_flight: int) -> None:
    """P1 to P7 as far as a store is concerned: each kill is followed by a start on the same file."""
    path = tmp_path / "store.db"
    acknowledged: list[dict[str, object]] = []
    for kills, lines in enumerate((1, 58, 7, 23)):
        with writer_elsewhere(path, str(in_flight)) as other:
            assert other.line()["epoch"] == 2 * kills + 1
            acknowledged += [other.line() for _ in range(lines)]
            acknowledged += other.kill()
        store = open_at(path)
        assert (store.verify_chain(), store.disagreements()) == (None, ())
        for one in acknowledged:
            record = await store.find_order(ClientOrderId(str(one["order"])))
            assert record is not None
            decided = await store.find_decision(str(one["decision"]))
            assert decided is not None
            assert decided.client_order_id == one["order"]
        stored = await store.load()
        assert stored.account_state is None, "no row is missing, so nothing is halted"
        assert stored.orders_today >= len(acknowledged)
        store.close()
