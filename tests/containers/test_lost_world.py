"""A store that has traded does not go on with a venue that knows nothing of it."""

from decimal import Decimal
from pathlib import Path

import pytest

from tidegate import Action, Decision, Settings, open_application
from tidegate.adapters.brokers.simulated import WorldError


def _settings(path: Path) -> Settings:
    return Settings.load(environ={}, store={"url": f"sqlite:///{path}"}, paper={"recording": "synthetic"})


def _lose_world(store: Path) -> None:
    store.with_name(f"{store.name}.world").unlink()


async def test_a_store_with_orders_whose_world_is_gone_is_refused(tmp_path: Path) -> None:
    """A fresh world would know none of the orders, and would give the names of their fills again."""
    store = tmp_path / "a.sqlite"
    async with open_application(_settings(store), speed=1_000) as app:
        await app.coordinator.execute_decision("BTC-USD", Decision(action=Action.BUY, target_notional=Decimal(250)))
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
