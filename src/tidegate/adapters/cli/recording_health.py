"""The health of recordings: the one that the account was last played on, and the one that the settings name."""

from collections.abc import Iterator
from pathlib import Path

from tidegate.adapters.brokers.simulated.archive import WorldState
from tidegate.adapters.cli import figures
from tidegate.adapters.cli.findings import fail, ok, warn
from tidegate.adapters.cli.stored import last_state
from tidegate.adapters.cli.wire_upkeep import FindingLine
from tidegate.adapters.recordings.reader import RecordingDamaged, open_recording
from tidegate.adapters.recordings.synthetic import packaged_recording_path
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.sections import SYNTHETIC

_LAST = "the account was last played on it"


def recording_findings(settings: Settings) -> Iterator[FindingLine]:
    """Verify what the account was last played on, since its session may go on; what the settings name if it is another.

    An account that was never played, and a replay, have only the latter.
    """
    name = settings.paper.recording
    configured = packaged_recording_path() if name == SYNTHETIC else Path(name)
    is_named = "recording" in settings.paper.model_fields_set
    state = last_state(settings)
    if state is None or not state.source:
        why = "named by the settings" if is_named else "the package's own, since the settings name none"
        yield _verified("recording", configured, why)
        return
    last = Path(state.source)
    yield _missing(last, state) if not last.is_file() else _verified("recording", last, _LAST, state.recording)
    if is_named and configured.resolve() != last:
        yield _verified("configured recording", configured, "named by the settings")


def _missing(path: Path, state: WorldState) -> FindingLine:
    words = f"{path} is gone, and {_LAST}"
    if state.is_ended or state.is_closed:
        return warn("recording", f"{words}: the next session needs another")
    return fail("recording", f"{words}: the session that is under way cannot go on")


def _verified(what: str, path: Path, why: str, sha256: str = "") -> FindingLine:
    try:
        recording = open_recording(path)
        summary = recording.summary()
    except RecordingDamaged as error:
        return fail(what, f"{error} ({why})")
    except OSError as error:
        return fail(what, f"{path}: {error.strerror or error} ({why})")
    if sha256 and summary.sha256 != sha256:
        return fail(what, f"{path} is another recording now than when {_LAST.replace(' on it', '')}")
    span = figures.span((summary.ended_at - summary.started_at).total_seconds())
    symbols = ", ".join(product.symbol for product in recording.header.products)
    return ok(what, f"{path}: {symbols}, {span} in {summary.row_count:,} rows, checksum verified; {why}")
