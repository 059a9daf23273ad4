"""Peeking: a look at a world that another process may be living in, without taking it over."""

from pathlib import Path

from tidegate.adapters.brokers.simulated.archive import MemoryArchive, WorldState
from tidegate.adapters.brokers.simulated.world import World
from tidegate.adapters.brokers.simulated.world_file import FileArchive


def peek_state(path: Path) -> WorldState | None:
    """The standing figures of a world's file as last written; None where there is no file, or nothing in it.

    Raises:
        WorldError: it is damaged, or no world.
    """
    if not path.exists():
        return None
    archive = FileArchive(path)
    try:
        return archive.load()
    finally:
        archive.close()


def peek_world(path: Path, recording: str) -> World | None:
    """A copy in memory of a world as last written; the file stays as it is. None if it is not on this recording."""
    if not path.exists():
        return None
    archive = FileArchive(path)
    try:
        state = archive.load()
        if state is None or state.recording != recording or state.is_ended:
            return None
        copy = MemoryArchive()
        copy.write(state, {order.terms.client_order_id: order for order in archive.open_orders()}, ())
        return World(copy, state, is_resumed=True)
    finally:
        archive.close()


def last_recordings(path: Path) -> tuple[Path, ...]:
    """The recordings that the world's account was last played on, where all of them are still there."""
    state = peek_state(path)
    if state is None or not all(source.is_file() for source in state.sources):
        return ()
    return state.sources
