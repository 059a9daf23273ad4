"""Sessions from settings: which recording, which world beside the store, and at which speed."""

import os
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from tidegate.adapters.brokers.rehearsal.plan import NO_FAULTS, FaultPlan, read_fault_plan, refuse_strange_symbols
from tidegate.adapters.brokers.simulated import SessionStart, VenueSettings, WorldError
from tidegate.adapters.brokers.simulated.happenings import ScriptedEvent, read_happenings
from tidegate.adapters.brokers.simulated.peeking import (
    keep_place,
    last_recordings,
    peek_standing,
    peek_state,
    place_path,
)
from tidegate.adapters.brokers.simulated.settings import QueueModel, SelfTradePrevention
from tidegate.adapters.recordings.joined import AnyRecording, open_recordings
from tidegate.adapters.recordings.synthetic import as_installed, packaged_recording_path
from tidegate.adapters.sessions import MarketSession
from tidegate.adapters.sessions.opening import prepare_session
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.sections import SYNTHETIC
from tidegate.adapters.settings.store_url import SqliteStoreUrl
from tidegate.adapters.stores.opening import open_store
from tidegate.adapters.stores.sqlite.files import resolved
from tidegate.adapters.stores.sqlite.lock import WriterLock
from tidegate.adapters.stores.sqlite.reader import has_orders, last_moment
from tidegate.application.configuration import ConfigurationError
from tidegate.containers.making import opening_balances
from tidegate.domain.ports import ClockPort, OrderStorePort

OPEN_SPEED = 1.0
"""Session seconds a real second where nothing else is asked for."""


def recording_of(settings: Settings) -> AnyRecording:
    """What the settings name, several as one; else what the account was last played on, or the package's own.

    Raises:
        RecordingsClash: two of them have a product of the same symbol.
        RecordingDamaged: it cannot be a recording; FileNotFoundError where there is no such file.
        ConfigurationError: none is named, and what the account was last played on is gone.
    """
    world = world_path(settings)
    if "recording" not in settings.paper.model_fields_set and world is not None:
        last = [as_installed(path) for path in last_recordings(world)]
        gone = next((path for path in last if not path.is_file()), None)
        if gone is not None:
            found = f"{gone} is gone, and the account was last played on it"
            ways = "name one with --recording or in paper.recording, or begin again with run --fresh"
            raise ConfigurationError(f"{found}: {ways}")
        if last:
            return open_recordings(last)
    names = settings.paper.recordings
    return open_recordings([packaged_recording_path() if name == SYNTHETIC else Path(name) for name in names])


def venue_settings(settings: Settings, recording: AnyRecording) -> VenueSettings:
    """The simulated venue as the settings want it, for the market of this recording."""
    paper = settings.paper
    return VenueSettings(
        account_id=settings.account_id,
        opening_balances=opening_balances(settings, recording.header.products),
        seed=paper.seed,
        feed_latency_ms=float(paper.feed_latency_ms),
        entry_latency_ms=float(paper.entry_latency_ms),
        acknowledgement_latency_ms=float(paper.acknowledgement_latency_ms),
        cancel_latency_ms=float(paper.cancel_latency_ms),
        latency_jitter=paper.latency_jitter,
        maker_fee_rate=paper.maker_fee_rate,
        taker_fee_rate=paper.taker_fee_rate,
        queue_model=QueueModel(paper.queue_model),
        queue_power=paper.queue_power,
        self_trade_prevention=SelfTradePrevention(paper.self_trade_prevention),
        fees_in=paper.fees_in,
        margin=paper.margin,
        funding_rate=paper.funding_rate,
        funding_hours=paper.funding_hours,
        liquidation_fee_rate=paper.liquidation_fee_rate,
    )


def faults_of(settings: Settings, recording: AnyRecording) -> FaultPlan:
    """What is to go wrong on demand; nothing where the settings name no plan.

    Raises:
        ConfigurationError: the plan cannot be read, or asks for what cannot be.
    """
    if not settings.paper.faults:
        return NO_FAULTS
    plan = read_fault_plan(Path(settings.paper.faults))
    refuse_strange_symbols(plan, _symbols(recording))
    return plan


def happenings_of(settings: Settings, recording: AnyRecording) -> tuple[ScriptedEvent, ...]:
    """What the venue does to the account by a script; nothing where the settings name none.

    Raises:
        ConfigurationError: the script cannot be read, or holds what cannot be.
    """
    if not settings.paper.happenings:
        return ()
    return read_happenings(Path(settings.paper.happenings), _symbols(recording))


def _symbols(recording: AnyRecording) -> list[str]:
    return [product.symbol for product in recording.header.products]


def world_path(settings: Settings) -> Path | None:
    """The file of the paper venue's world, beside the store's; None keeps it in memory with a store in memory."""
    url = settings.store_url
    return url.path.with_name(url.path.name + ".world") if isinstance(url, SqliteStoreUrl) else None


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
    world = world_path(settings)
    if world is not None and lock is not None:
        if start is not SessionStart.FRESH_ACCOUNT:
            _refuse_lost_half(settings, world)
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
            known_until=_known_until(settings) if is_read_only else None,
        ),
        resources,
    )


def _known_until(settings: Settings) -> datetime | None:
    """How far the store's records go, where no world and no replay that ended says how far the account has come."""
    url, world = settings.store_url, world_path(settings)
    if not isinstance(url, SqliteStoreUrl) or world is None:
        return None
    state = peek_standing(world)
    return last_moment(url.path) if state is None or not (world.exists() or state.is_closed) else None


def _refuse_lost_half(settings: Settings, world: Path) -> None:
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
    world = world_path(settings)
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
        world_path=world_path(settings) if is_read_only else None,
        is_read_only=is_read_only,
        known_until=_known_until(settings) if is_read_only else None,
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
