"""Worlds: opening one fresh or where it stood, and the standing figures that outlive the application."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from tidegate.adapters.brokers.accounts import AccountsState
from tidegate.adapters.brokers.simulated.archive import Archive, MemoryArchive, WorldState
from tidegate.adapters.brokers.simulated.orders import WorkingState
from tidegate.adapters.brokers.simulated.world_file import FileArchive, WorldError
from tidegate.adapters.recordings.header import moment_of
from tidegate.domain.vocabulary import TimeInForce

__all__ = ["SessionStart", "World", "WorldError", "open_world"]

_DAY_US = 86_400_000_000


class SessionStart(StrEnum):
    """With what a world is opened. Without a file it is always fresh."""

    AUTO = "AUTO"  # go on with a session that was interrupted, else begin one on the same account
    RESUME = "RESUME"  # go on with any session that has not reached its end, else begin one on the same account
    FRESH_SESSION = "FRESH_SESSION"  # the recording from its beginning, on the same account
    FRESH_ACCOUNT = "FRESH_ACCOUNT"  # everything from the beginning


class World:
    """The venue's own truth: its archive and its standing figures. `is_resumed` says that an old session goes on."""

    def __init__(self, archive: Archive, state: WorldState, *, is_resumed: bool = False) -> None:
        self.archive = archive
        self.state = state
        self.is_resumed = is_resumed

    def close(self) -> None:
        """Let go of the file; the session counts as interrupted unless it was ended or closed before."""
        self.archive.close()


def open_world(
    path: Path | str | None,
    *,
    recording: str,
    started_at_us: int,
    account_id: str,
    opening_balances: Mapping[str, Decimal],
    start: SessionStart = SessionStart.AUTO,
) -> World:
    """Open the world of a session over a recording, named by its checksum; None is a world in memory.

    Raises:
        WorldError: damaged, made by another version or for another account, or open in another process; a resumed
        session was on another recording. One line that names the file.
    """
    fresh = WorldState(
        account_id=account_id,
        recording=recording,
        accounts=AccountsState(balances=dict(opening_balances)),
        at_us=started_at_us,
        lease_us=started_at_us,
    )
    if path is None:
        return World(MemoryArchive(), fresh)
    archive = FileArchive(Path(path))
    try:
        return _opened(archive, fresh, started_at_us, start)
    except BaseException:
        archive.close()
        raise


def _opened(archive: FileArchive, fresh: WorldState, started_at_us: int, start: SessionStart) -> World:
    known = archive.load()
    if known is None:
        archive.begin(fresh)
        return World(archive, fresh)
    if start is SessionStart.FRESH_ACCOUNT:
        fresh.generation = known.generation + 1
        archive.begin(fresh)
        return World(archive, fresh)
    if known.account_id != fresh.account_id:
        raise WorldError(archive.path, f"it is the world of account {known.account_id}, not {fresh.account_id}")
    goes_on = start is SessionStart.RESUME or (start is SessionStart.AUTO and not known.is_closed)
    if goes_on and not known.is_ended:
        if known.recording != fresh.recording:
            raise WorldError(
                archive.path, "its session is on another recording; begin a fresh session, or bring that one"
            )
        known.is_closed = False
        archive.take(known)
        return World(archive, known, is_resumed=True)
    return World(archive, _next_session(archive, known, fresh.recording, started_at_us))


def _next_session(archive: FileArchive, state: WorldState, recording: str, started_at_us: int) -> WorldState:
    """The same account, the recording from its beginning; what was still open ends with the old session.

    The recording is played as if on a later day, by whole days, so that the account's time never goes back.
    """
    archive.take(state)
    ended_us = max(state.lease_us, state.at_us)
    open_orders = archive.open_orders()
    for order in open_orders:
        is_dated = order.terms.time_in_force is TimeInForce.GTD
        order.end(WorkingState.EXPIRED if is_dated else WorkingState.CANCELED, moment_of(ended_us), "the session ended")
    state.recording, state.session = recording, state.session + 1
    days = max(0, (ended_us - started_at_us) // _DAY_US + 1)
    state.offset_us = days * _DAY_US
    state.at_us = state.lease_us = started_at_us + state.offset_us
    state.rows, state.used, state.is_ended, state.is_closed, state.happened = 0, [], False, False, 0
    archive.write(state, {order.terms.client_order_id: order for order in open_orders}, ())
    return state
