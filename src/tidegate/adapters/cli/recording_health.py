"""The health of recordings: those that the account was last played on, and those that the settings name."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tidegate.adapters.brokers.simulated.archive import WorldState
from tidegate.adapters.cli import figures
from tidegate.adapters.cli.findings import fail, ok, warn
from tidegate.adapters.cli.stored import last_state
from tidegate.adapters.cli.wire_upkeep import FindingLine
from tidegate.adapters.recordings.gaps import gaps_of
from tidegate.adapters.recordings.joined import RecordingsClash, open_recordings
from tidegate.adapters.recordings.reader import RecordingDamaged
from tidegate.adapters.recordings.synthetic import packaged_recording_path
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.sections import SYNTHETIC

_LAST = "the account was last played on it"


def configured_recordings(settings: Settings) -> list[Path]:
    """The files that the settings name."""
    return [packaged_recording_path() if name == SYNTHETIC else Path(name) for name in settings.paper.recordings]


def recording_findings(settings: Settings) -> Iterator[FindingLine]:
    """Verify what the account was last played on, since its session may go on; what the settings name if it is another.

    An account that was never played, and a replay, have only the latter.
    """
    configured = configured_recordings(settings)
    is_named = "recording" in settings.paper.model_fields_set
    state = last_state(settings)
    if state is None or not state.source:
        why = "named by the settings" if is_named else "the package's own, since the settings name none"
        yield _verified("recording", configured, why)
        return
    gone = next((path for path in state.sources if not path.is_file()), None)
    if gone is not None:
        yield _missing(gone, state)
    else:
        yield _verified("recording", state.sources, _LAST, state.recording)
    if is_named and tuple(path.resolve() for path in configured) != state.sources:
        yield _verified("configured recording", configured, "named by the settings")


def _missing(path: Path, state: WorldState) -> FindingLine:
    words = f"{path} is gone, and {_LAST}"
    if state.is_ended or state.is_closed:
        return warn("recording", f"{words}: the next session needs another")
    return fail("recording", f"{words}: the session that is under way cannot go on")


def _verified(what: str, paths: Sequence[Path], why: str, sha256: str = "") -> FindingLine:
    names = ", ".join(map(str, paths))
    try:
        recording = open_recordings(paths)
        summary = recording.summary()
        gaps = gaps_of(recording)
    except (RecordingDamaged, RecordingsClash) as error:
        return fail(what, f"{error} ({why})")
    except OSError as error:
        return fail(what, f"{error.filename or names}: {error.strerror or error} ({why})")
    if sha256 and summary.sha256 != sha256:
        return fail(what, f"{names} is another recording now than when {_LAST.replace(' on it', '')}")
    span = figures.span((summary.ended_at - summary.started_at).total_seconds())
    symbols = ", ".join(product.symbol for product in recording.header.products)
    found = f"{names}: {symbols}, {span} in {summary.row_count:,} rows, checksum verified; {why}"
    return warn(what, f"{found}; {figures.gaps(gaps.count, gaps.seconds)}") if gaps.count else ok(what, found)
