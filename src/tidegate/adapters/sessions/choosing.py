"""Choosing: what the settings want of a session: its recording, its venue, and what goes wrong or happens there."""

from pathlib import Path

from tidegate.adapters.brokers.rehearsal.plan import NO_FAULTS, FaultPlan, read_fault_plan, refuse_strange_symbols
from tidegate.adapters.brokers.simulated.happenings import ScriptedEvent, read_happenings
from tidegate.adapters.brokers.simulated.peeking import last_recordings
from tidegate.adapters.brokers.simulated.settings import QueueModel, SelfTradePrevention, VenueSettings
from tidegate.adapters.recordings.joined import AnyRecording, open_recordings
from tidegate.adapters.recordings.synthetic import as_installed, packaged_recording_path
from tidegate.adapters.sessions.halves import world_of
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.counting import opening_balances
from tidegate.adapters.settings.sections import SYNTHETIC
from tidegate.application.configuration import ConfigurationError


def recording_of(settings: Settings) -> AnyRecording:
    """What the settings name, several as one; else what the account was last played on, or the package's own.

    Raises:
        RecordingsClash: two of them have a product of the same symbol.
        RecordingDamaged: it cannot be a recording; FileNotFoundError where there is no such file.
        ConfigurationError: none is named, and what the account was last played on is gone.
    """
    world = world_of(settings)
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
