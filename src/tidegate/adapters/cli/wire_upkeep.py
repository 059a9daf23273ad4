"""What `--json` prints of set-up and upkeep: findings, settings, imports, copies, files, and reconciliation."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from tidegate.adapters.cli.wire import Amount, Line, RunLine


class Health(StrEnum):
    """What `doctor` makes of one thing."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


class FindingLine(Line, frozen=True, kw_only=True):
    """One thing that `doctor` looked at, and what it found."""

    what: str
    health: Health
    found: str


class SettingLine(Line, frozen=True, kw_only=True):
    """One setting with its value (secrets as stars) and where it came from."""

    key: str
    value: Any
    origin: str


class ImportLine(Line, frozen=True, kw_only=True):
    """What an import made of a Bitstamp capture."""

    recording: str
    symbol: str
    started_at: datetime
    ended_at: datetime
    order_rows: int
    order_rows_kept: int
    order_rows_dropped: dict[str, int]
    trades: int
    trades_kept: int
    trades_dropped: dict[str, int]
    rows_written: int
    seconds_crossed_before: Amount
    smallest_spread: Amount | None
    notes: list[str]


class RecordingLine(Line, frozen=True, kw_only=True):
    """A recording that was made: of a capture or a file, of a live feed, or of what was left of another one.

    `read` counts what the source holds, `dropped` what of it is not in the recording, by reason; `assumed` is what no
    source has told.
    """

    recording: str
    symbols: list[str]
    started_at: datetime
    ended_at: datetime
    read: dict[str, int]
    dropped: dict[str, int]
    trades: int
    gaps: int
    gap_seconds: Amount
    rows_written: int
    smallest_spread: Amount | None
    figures: dict[str, int | str]
    assumed: list[str]
    notes: list[str]


class GeneratedLine(Line, frozen=True, kw_only=True):
    """A synthetic market that was made; `episodes` are how many of each kind began."""

    recording: str
    seed: int
    rows: int
    seconds: float
    episodes: dict[str, int]


class SweepLine(Line, frozen=True, kw_only=True):
    """One run of a sweep: what it changed, and what came of it or why nothing did.

    `journal_hash` is the hash of the journal's last row, which stands for every row: equal hashes are equal runs.
    """

    run: str
    changed: dict[str, Any]
    result: RunLine | None = None
    failure: str = ""
    journal_rows: int = 0
    journal_hash: str = ""
    assumed: str = ""


class DrillLine(Line, frozen=True, kw_only=True):
    """What came of a drill; `faults` are how often each fired, `plans` the files that repeat what broke."""

    seeds: int
    kills: int
    decisions: int
    violations: int
    faults: dict[str, int]
    simulated_hours: float
    seconds: float
    found: list[str]
    plans: list[str]


class BackupLine(Line, frozen=True, kw_only=True):
    """A verified copy of a store, and the file that says on what its account was played, where that is known."""

    path: str
    account_id: str
    sequence: int
    hash: str
    place: str


class WrittenLine(Line, frozen=True, kw_only=True):
    """Files that were made."""

    files: list[str]


class DifferenceLine(Line, frozen=True, kw_only=True):
    """One thing on which records and venue disagree."""

    kind: str
    subject: str
    ours: str
    theirs: str
    symbol: str


class ReconciliationLine(Line, frozen=True, kw_only=True):
    """What one pass of reconciliation found."""

    at: datetime
    agrees: bool
    differences: list[DifferenceLine]
    suspected: list[DifferenceLine]
    unreachable: list[str]
    applied: int
    resolved: list[str]
    adopted: list[DifferenceLine]
