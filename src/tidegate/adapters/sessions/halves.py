"""Halves: a store and a world are one account on paper, and neither goes on without the other."""

from datetime import datetime
from pathlib import Path

from tidegate.adapters.brokers.simulated.peeking import peek_standing, peek_state, world_path
from tidegate.adapters.brokers.simulated.world import WorldError
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.store_url import SqliteStoreUrl
from tidegate.adapters.stores.sqlite.reader import has_orders, last_moment


def world_of(settings: Settings) -> Path | None:
    """The file of the paper venue's world, beside the store's; None keeps it in memory with a store in memory."""
    url = settings.store_url
    return world_path(url.path) if isinstance(url, SqliteStoreUrl) else None


def known_until(settings: Settings) -> datetime | None:
    """How far the store's records go, where no world and no replay that ended says how far the account has come."""
    url, world = settings.store_url, world_of(settings)
    if not isinstance(url, SqliteStoreUrl) or world is None:
        return None
    state = peek_standing(world)
    return last_moment(url.path) if state is None or not (world.exists() or state.is_closed) else None


def refuse_lost_half(settings: Settings, world: Path) -> None:
    """Store and world are one account: each without the other would begin anew, and say nothing of what was traded.

    A fresh world would know none of the store's orders, and give their fills' names again; a fresh store would take
    the world's balances for opening ones, and its open orders for somebody else's.

    Raises:
        WorldError: one of them has traded, and the other is missing or knows nothing of it.
    """
    url = settings.store_url
    if not isinstance(url, SqliteStoreUrl):
        return
    has_traded = has_orders(url.path)
    if has_traded and not world.exists():
        kept = peek_standing(world)
        if kept is not None and kept.is_replayed:
            words = f"{url.path.name} is of a replay, whose venue ended with it: it can be read, and not traded on"
            raise WorldError(url.path, f"{words}; name another store, or use run --fresh")
        raise WorldError(world, f"it is missing, and {url.path.name} has orders on it; bring it back, or use --fresh")
    state = peek_state(world)
    if has_traded and state is None:
        raise WorldError(world, f"it is empty, and {url.path.name} has orders on it; bring it back, or use --fresh")
    if not has_traded and state is not None and state.order_count:
        count = f"{state.order_count:,} order{'' if state.order_count == 1 else 's'}"
        lost = "has none" if url.path.exists() else "is missing"
        raise WorldError(world, f"it has {count}, and {url.path.name} {lost}; bring the store back, or use --fresh")
