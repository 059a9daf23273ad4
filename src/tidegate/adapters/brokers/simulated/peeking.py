"""Peeking: a look at a world that another process may be living in, or at what a replay kept of its own.

A replay's world ends with its process. Its standing figures are kept beside the store that it was played into, so that
whoever reads that store later knows on what it was played, and how far.
"""

import os
from pathlib import Path

import msgspec

from tidegate.adapters.brokers.simulated.archive import MemoryArchive, WorldState
from tidegate.adapters.brokers.simulated.world import World
from tidegate.adapters.brokers.simulated.world_file import FileArchive, WorldError

WORLD_SUFFIX = ".world"
PLACE_SUFFIX = ".place"
_OWNER_ONLY = 0o600


def world_path(store: Path) -> Path:
    """The file of the world that an account on paper lives in: beside the store's, and named alike."""
    return store.with_name(f"{store.name}{WORLD_SUFFIX}")


def place_path(world: Path) -> Path:
    """The file that says where an account stands that has no world: beside the world's, and named alike."""
    return world.with_suffix(PLACE_SUFFIX)


def peek_state(path: Path) -> WorldState | None:
    """The standing figures of a world's file as last written; None where there is no file, or nothing in it.

    Raises:
        WorldError: it is damaged, or no world.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    archive = FileArchive(path, is_read_only=True)
    try:
        return archive.load()
    finally:
        archive.close()


def peek_standing(path: Path) -> WorldState | None:
    """The standing figures of a world's file, or where there is none those that were kept instead of it.

    Raises:
        WorldError: they are damaged.
    """
    return peek_state(path) if path.exists() else _kept_place(place_path(path))


def keep_place(path: Path, state: WorldState) -> None:
    """Write down where an account stands, whole or not at all, for its owner only; its orders are not part of it.

    Raises:
        WorldError: it cannot be written.
    """
    draft = path.with_name(f"{path.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "wb") as file:
            file.write(msgspec.json.encode(state, order="deterministic"))
        draft.replace(path)
    except OSError as error:
        raise WorldError(path, f"cannot be written: {error.strerror or error}") from None


def _kept_place(path: Path) -> WorldState | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=WorldState)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WorldError(path, f"cannot be read: {error.strerror or error}") from None
    except msgspec.MsgspecError as error:
        raise WorldError(path, f"damaged: {error}") from None


def peek_world(path: Path, recording: str) -> World | None:
    """A copy in memory of a world where it stands, at its recording's end, too; the file stays as it is.

    None if it is not on this recording.
    """
    if not path.exists():
        place = _kept_place(place_path(path))
        is_here = place is not None and place.recording == recording
        return World(MemoryArchive(), place, is_resumed=True) if place is not None and is_here else None
    archive = FileArchive(path, is_read_only=True)
    try:
        state = archive.load()
        if state is None or state.recording != recording:
            return None
        copy = MemoryArchive()
        copy.write(state, {order.terms.client_order_id: order for order in archive.open_orders()}, ())
        return World(copy, state, is_resumed=True)
    finally:
        archive.close()


def last_recordings(path: Path) -> tuple[Path, ...]:
    """The recordings that the world's account was last played on, wherever they are now; none if it was never."""
    state = peek_standing(path)
    return () if state is None else state.sources
