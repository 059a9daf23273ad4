"""Store and venue of a paper account belong together: neither goes on beside one that knows nothing of it."""

from decimal import Decimal
from pathlib import Path

import pytest

from tidegate import Action, Decision, OrderPlaced, OrderStatus, Settings, open_application
from tidegate.adapters.brokers.simulated import SessionStart, WorldError
from tidegate.adapters.stores.sqlite import StoreLocked


def _settings(path: Path) -> Settings:
    return Settings.load(environ={}, store={"url": f"sqlite:///{path}"}, paper={"recording": "synthetic"})


async def _traded(store: Path) -> None:
    async with open_application(_settings(store), speed=1_000) as app:
        await app.coordinator.execute_decision("BTC-USD", Decision(action=Action.BUY, target_notional=Decimal(250)))


def _lose_store(store: Path) -> None:
    for path in store.parent.glob(f"{store.name}*"):
        if ".world" not in path.name:
            path.unlink()


def _lose_world(store: Path) -> None:
    store.with_name(f"{store.name}.world").unlink()


async def test_a_store_with_orders_whose_world_is_gone_is_refused(tmp_path: Path) -> None:
    """A fresh world would know none of the orders, and would give the names of their fills again."""
    store = tmp_path / "a.sqlite"
    await _traded(store)
    _lose_world(store)

    with pytest.raises(WorldError, match="has orders on it"):
        async with open_application(_settings(store)):
            raise AssertionError("it was opened")


async def test_a_store_without_orders_may_begin_with_any_world(tmp_path: Path) -> None:
    """Nothing is lost where nothing was traded."""
    store = tmp_path / "a.sqlite"
    async with open_application(_settings(store)):
        pass
    _lose_world(store)

    async with open_application(_settings(store)) as app:
        assert not await app.orders()


async def test_a_world_with_orders_whose_store_is_gone_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """A new store would call the balances that were traded opening ones, and our own orders somebody else's."""
    store = tmp_path / "a.sqlite"
    await _traded(store)
    _lose_store(store)

    with pytest.raises(WorldError, match=r"it has 1 order, and a\.sqlite is missing; bring the store back, or use"):
        async with open_application(_settings(store)):
            raise AssertionError("it was opened")
    assert not store.exists()


async def test_a_world_with_orders_beside_another_store_is_refused(tmp_path: Path) -> None:
    """The store of an account that never traded was put where the one that did was."""
    store, other = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    await _traded(store)
    _lose_store(store)
    async with open_application(_settings(other)):
        pass
    other.rename(store)

    with pytest.raises(WorldError, match=r"and a\.sqlite has none; bring the store back"):
        async with open_application(_settings(store)):
            raise AssertionError("it was opened")


async def test_a_fresh_account_begins_beside_whatever_is_left(tmp_path: Path) -> None:
    """That is what fresh means, and what the refusals name as the way out."""
    store = tmp_path / "a.sqlite"
    await _traded(store)
    _lose_store(store)

    async with open_application(_settings(store), start=SessionStart.FRESH_ACCOUNT) as app:
        assert not await app.orders()


async def test_whoever_comes_second_leaves_the_first_one_s_world_alone(tmp_path: Path) -> None:
    """Of several that start at the same moment one goes on: the lock is taken before the world is opened."""
    store = tmp_path / "a.sqlite"
    async with open_application(_settings(store), speed=1_000) as app:
        for _ in range(2):
            with pytest.raises(StoreLocked):
                async with open_application(_settings(store)):
                    raise AssertionError("it was opened")
        bought = Decision(action=Action.BUY, target_notional=Decimal(250))
        placed = (await app.coordinator.execute_decision("BTC-USD", bought)).unwrap()
        assert isinstance(placed, OrderPlaced)
        assert placed.order.status is OrderStatus.FILLED


async def test_an_opening_that_fails_gives_the_account_up(tmp_path: Path) -> None:
    """In the same process too: the next one can have it."""
    store = tmp_path / "a.sqlite"
    await _traded(store)
    world = store.with_name(f"{store.name}.world")
    kept = world.read_bytes()
    _lose_world(store)
    with pytest.raises(WorldError):
        async with open_application(_settings(store)):
            raise AssertionError("it was opened")
    world.write_bytes(kept)

    async with open_application(_settings(store)) as app:
        assert len(await app.orders()) == 1
