"""Opening: a recording, a world, a venue and a clock put together into one session."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from tidegate.adapters.brokers.rehearsal.broker import RehearsalBroker
from tidegate.adapters.brokers.rehearsal.plan import NO_FAULTS, FaultPlan
from tidegate.adapters.brokers.simulated.broker import SimulatedBroker
from tidegate.adapters.brokers.simulated.happenings import ScriptedEvent
from tidegate.adapters.brokers.simulated.peeking import peek_world
from tidegate.adapters.brokers.simulated.settings import VenueSettings
from tidegate.adapters.brokers.simulated.venue import SimulatedVenue
from tidegate.adapters.brokers.simulated.world import SessionStart, World, open_world
from tidegate.adapters.clocks import SessionClock
from tidegate.adapters.recordings.header import microseconds_of, moment_of
from tidegate.adapters.recordings.joined import AnyRecording
from tidegate.adapters.recordings.reader import RecordingSummary
from tidegate.adapters.sessions.session import MarketSession, SessionProgress


def prepare_session(
    recording: AnyRecording,
    *,
    world_path: Path | str | None = None,
    settings: VenueSettings | None = None,
    start: SessionStart = SessionStart.AUTO,
    speed: float | None = None,
    on_progress: Callable[[SessionProgress], None] | None = None,
    is_read_only: bool = False,
    real: Callable[[], float] | None = None,
    faults: FaultPlan = NO_FAULTS,
    happenings: Sequence[ScriptedEvent] = (),
    known_until: datetime | None = None,
) -> MarketSession:
    """A session that has its broker and its clock, and is still to be opened and run.

    `world_path` None is a world in memory; read-only takes a copy of the file's, and leaves the file as it is.
    `speed` is session seconds a real second; None is a replay, as fast as it goes.
    `real` gives real seconds, for a test that holds them; `faults` are what goes wrong on demand,
    `happenings` what the venue does to the account by a script. `known_until` is how far an account has come that is
    only read and whose world does not say it: no world is there, or a replay ended before it could say.

    Raises:
        RecordingDamaged: the recording is truncated or altered.
        WorldError: the world cannot be used.
    """
    chosen = settings if settings is not None else VenueSettings()
    summary = recording.summary()
    peeked = peek_world(Path(world_path), summary.sha256) if is_read_only and world_path is not None else None
    world = peeked or open_world(
        None if is_read_only else world_path,
        recording=summary.sha256,
        started_at_us=microseconds_of(summary.started_at),
        account_id=chosen.account_id,
        opening_balances=chosen.opening_balances,
        start=start,
    )
    if peeked is not None and peeked.state.is_ended:
        # After the recording's last row there was nothing but our own clean-up.
        heard_us = peeked.state.at_us + round(chosen.feed_latency_ms * 1_000)
        peeked.state.lease_us = min(peeked.state.lease_us, heard_us)
    if is_read_only and known_until is not None:
        _bring_forward(world, summary, known_until, is_new=peeked is None)
    world.state.source = "\n".join(str(path.resolve()) for path in recording.paths)
    try:
        clock = SessionClock(moment_of(world.state.at_us), speed, real)
        venue = SimulatedVenue(recording.header, world, chosen, happenings)
        broker = RehearsalBroker(venue, clock, faults) if faults.faults else SimulatedBroker(venue, clock)
        return MarketSession(recording, summary, broker, clock, on_progress)
    except BaseException:
        world.close()
        raise


def _bring_forward(world: World, summary: RecordingSummary, until: datetime, *, is_new: bool) -> None:
    """Let a world that is only looked at stand where its account's records end, where the recording has that moment."""
    state = world.state
    until_us = microseconds_of(until)
    began_us, ended_us = (microseconds_of(one) + state.offset_us for one in (summary.started_at, summary.ended_at))
    if is_new and not began_us <= until_us <= ended_us:
        return
    state.lease_us = max(state.lease_us, min(until_us, ended_us))
    world.is_resumed = True
