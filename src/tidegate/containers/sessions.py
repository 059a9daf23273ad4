"""Sessions: made from the settings, and closed with a container's resources as ones that were not interrupted."""

import os
from contextlib import ExitStack

from msgspec.structs import replace

from tidegate.adapters.brokers.simulated import SessionStart
from tidegate.adapters.brokers.simulated.peeking import keep_place, place_path
from tidegate.adapters.recordings.joined import AnyRecording
from tidegate.adapters.sessions import MarketSession
from tidegate.adapters.sessions.choosing import faults_of, happenings_of, venue_settings
from tidegate.adapters.sessions.halves import known_until, refuse_lost_half, world_of
from tidegate.adapters.sessions.opening import prepare_session
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.store_url import SqliteStoreUrl
from tidegate.adapters.stores.opening import open_store
from tidegate.adapters.stores.sqlite.files import resolved
from tidegate.adapters.stores.sqlite.lock import WriterLock
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.ports import ClockPort, OrderStorePort

OPEN_SPEED = 1.0
"""Session seconds a real second where nothing else is asked for."""


def writer_lock(settings: Settings, process: str, is_read_only: bool, resources: ExitStack) -> WriterLock | None:
    """The lock of the account's store, taken before its world is opened: that would end the session of who has it.

    Of several that start at once one goes on, and nothing of its is touched by the others.

    Raises:
        StoreLocked: another process writes the account.
    """
    url = settings.store_url
    if is_read_only or not isinstance(url, SqliteStoreUrl):
        return None
    path = resolved(url.path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = WriterLock.acquire(path, process)
    resources.callback(lock.release)
    return lock


def paper_session(
    settings: Settings,
    recording: AnyRecording,
    start: SessionStart,
    speed: float | None,
    is_read_only: bool,
    resources: ExitStack,
    lock: WriterLock | None,
) -> MarketSession:
    """A session at its pace over the account's durable world; `resources` closes it as one that was not interrupted.

    The `lock` of the account's store is held by now, where there is one to hold.
    """
    paced = speed if speed is not None else settings.paper.speed
    world = world_of(settings)
    if world is not None and lock is not None:
        if start is not SessionStart.FRESH_ACCOUNT:
            refuse_lost_half(settings, world)
        # From here on the world itself says where the account stands; what a replay has left would be an old word.
        place_path(world).unlink(missing_ok=True)
    return _opened(
        prepare_session(
            recording,
            world_path=world,
            settings=venue_settings(settings, recording),
            start=start,
            speed=float(paced) if paced is not None else OPEN_SPEED,
            is_read_only=is_read_only,
            faults=faults_of(settings, recording),
            happenings=happenings_of(settings, recording),
            known_until=known_until(settings) if is_read_only else None,
        ),
        resources,
    )


def replay_store(
    settings: Settings,
    clock: ClockPort,
    process: str,
    is_read_only: bool,
    resources: ExitStack,
    session: MarketSession,
) -> OrderStorePort:
    """A store that nobody has written before, since a replay's venue begins afresh and would know nothing of the rest.

    Beside it is kept on what it was played, and how far.

    Raises:
        ConfigurationError: the store has a history.
        StoreError: as `open_store`.
        WorldError: its place cannot be kept beside it.
    """
    store = open_store(settings, clock, process, is_read_only, resources)
    if is_read_only:
        return store
    if store.epoch > 1:
        raise ConfigurationError(
            "store.url: this store has a history, and a replay begins with a fresh account; name another file",
            ("store.url",),
        )
    world = world_of(settings)
    if world is not None:
        # Written at once, since a replay that is killed leaves a store as well; and again where it came to.
        state = session.broker.venue.world.state
        state.is_replayed = True
        keep_place(place_path(world), state)
        resources.callback(
            lambda: keep_place(place_path(world), replace(state, lease_us=session.clock.now_us(), is_closed=True))
        )
    return store


def replay_session(
    settings: Settings, recording: AnyRecording, is_read_only: bool, resources: ExitStack
) -> MarketSession:
    """A session as fast as it goes, over a world in memory: the same every time. To read, it stands where it ended."""
    prepared = prepare_session(
        recording,
        world_path=world_of(settings) if is_read_only else None,
        is_read_only=is_read_only,
        known_until=known_until(settings) if is_read_only else None,
        settings=venue_settings(settings, recording),
        start=SessionStart.FRESH_ACCOUNT,
        faults=faults_of(settings, recording),
        happenings=happenings_of(settings, recording),
    )
    return _opened(prepared, resources)


def _opened(session: MarketSession, resources: ExitStack) -> MarketSession:
    resources.callback(session.close)
    session.open()
    return session


def process_name() -> str:
    """How this process is named to others: its process id."""
    return f"pid {os.getpid()}"
