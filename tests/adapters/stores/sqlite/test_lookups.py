"""Decision ids are looked up together, and each delivery gets the answer to its own."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import open_at, steps_for
from tidegate.adapters.stores.sqlite import StoreUnusable


async def test_used_and_new_ids_asked_for_at_once_are_told_apart(tmp_path: Path) -> None:
    """One that became its order, one that became another's child, and several new ones, all in one turn."""
    store = open_at(tmp_path / "store.db", inline=False)
    steps = steps_for(store)
    for attempt in (steps.sending("placed"), steps.sending("child", child=1)):
        await store.record_sending(attempt.approved, attempt.step)
    names = ["new", "placed", "newer", "child", "placed"]
    found = await asyncio.gather(*(store.find_decision(name) for name in names))
    assert [one and one.decision_id for one in found] == [None, "placed", None, "child", "placed"]
    store.close()


async def test_a_cancelled_lookup_leaves_the_others_their_answers(tmp_path: Path) -> None:
    """Whoever no longer waits is passed over."""
    store = open_at(tmp_path / "store.db", inline=False)
    for name in ("one", "two"):
        await store.commit(steps_for(store).refused(name))
    given_up, awaited = (asyncio.create_task(store.find_decision(name)) for name in ("one", "two"))
    await asyncio.sleep(0)
    given_up.cancel()
    found = await awaited
    assert found is not None
    assert found.decision_id == "two"
    assert given_up.cancelled()
    store.close()


async def test_every_lookup_of_a_store_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """A failed reading is an error to each that asked, and never a new id."""
    store = open_at(tmp_path / "store.db", inline=False)
    for name in "abcd":
        await store.commit(steps_for(store).refused(name))
    with closing(sqlite3.connect(store.path)) as somebody:
        somebody.execute("DROP TABLE decisions")
    answers = await asyncio.gather(*(store.find_decision(name) for name in "abc"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnusable] * 3
    with pytest.raises(StoreUnusable):
        await store.find_decision("d")
    store.close()
