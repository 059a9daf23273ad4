"""What is remembered of decision ids never says new of a used one, and soon spares the file nearly all others."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import ACCOUNT, open_at, steps_for
from tidegate.adapters.stores.sqlite import SqliteOrderStore
from tidegate.adapters.stores.sqlite.seen import ROWS_AT_A_TIME, Seen
from tidegate.adapters.stores.sqlite.units import claim_key

NEW = [f"new-{number}" for number in range(200)]


async def use(store: SqliteOrderStore, name: str, count: int) -> list[str]:
    """So many ids used by orders, as many by refusals, and one by another's child."""
    steps = steps_for(store)
    sent = [steps.sending(f"{name}-sent-{number}") for number in range(count)]
    sent.append(steps.sending(f"{name}-child", child=1))
    refused = [f"{name}-refused-{number}" for number in range(count)]
    await asyncio.gather(
        *(store.record_sending(one.approved, one.step) for one in sent),
        *(store.commit(steps.refused(decision_id)) for decision_id in refused),
    )
    return [f"{name}-sent-{number}" for number in range(count)] + [f"{name}-child"] + refused


def called_new(seen: Seen, names: Sequence[str]) -> list[str]:
    return [name for name in names if seen.is_new(claim_key(ACCOUNT, name))]


@pytest.mark.parametrize("count", [0, 3, ROWS_AT_A_TIME - 1, ROWS_AT_A_TIME, ROWS_AT_A_TIME + 1])
async def test_no_used_id_is_ever_called_new_and_none_at_all_before_the_whole_file_is_in(
    tmp_path: Path, count: int
) -> None:
    path = tmp_path / "store.db"
    store = open_at(path, inline=False)
    used = await use(store, "d", count)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        seen = Seen(connection, ACCOUNT)
        for _ in range(4):
            if seen.is_complete:
                break
            assert called_new(seen, NEW + used) == []
            seen.read_on()
        assert seen.is_complete
        assert called_new(seen, used) == []
        # By chance one new id in ten thousand is taken for a used one here, and asked of the file.
        assert len(called_new(seen, NEW)) > len(NEW) - 10
        seen.note(claim_key(ACCOUNT, "claimed now"))
        assert called_new(seen, ["claimed now"]) == []


async def test_a_store_with_a_long_history_finds_what_was_used_while_it_still_takes_it_in(tmp_path: Path) -> None:
    """Before, between and after the pieces, by another process's orders and by its own."""
    path = tmp_path / "store.db"
    store = open_at(path, inline=False)
    used = await use(store, "before", ROWS_AT_A_TIME + 50)
    store.close()
    store = open_at(path, inline=False)
    used += await use(store, "meanwhile", 20)
    for _ in range(6):
        found = await asyncio.gather(*(store.find_decision(name) for name in used[::7] + used[-45:] + NEW))
        assert [one and one.decision_id for one in found] == used[::7] + used[-45:] + [None] * len(NEW)
        await asyncio.sleep(0.02)
    store.close()
