"""The chart of a run: follows its events from the opening on, and writes the page when it has ended."""

from datetime import datetime
from pathlib import Path

from rich.text import Text

from tidegate.adapters.charts import ChartFacts, ChartNotes, write_chart
from tidegate.adapters.cli import figures
from tidegate.adapters.cli.failures import FileUnusable, UsageError
from tidegate.adapters.cli.recording_health import configured_recordings
from tidegate.adapters.cli.terminal import Terminal
from tidegate.adapters.recordings.joined import open_recordings
from tidegate.adapters.settings import Settings
from tidegate.adapters.stores.sqlite.files import can_write
from tidegate.application.application import Application
from tidegate.application.readings import AccountSummary
from tidegate.application.summary import RunSummary

_PAGE = b"<!doctype html>"


class RunChart:
    """A page to be, of a replay: its time is the recording's own."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Refuse at once what could not be written in the end.

        Raises:
            UsageError: the path is a folder, or in none, or takes nothing, or is a file that is no page.
        """
        self._path = path
        self._settings = settings
        self._notes = ChartNotes()
        if path.is_file() and not _is_page(path):
            raise UsageError(f"--chart draws over pages alone, and {path} is something else: name another")
        if path.is_dir() or not path.parent.is_dir():
            raise UsageError(
                f"--chart writes a file, and {path} {'is a folder' if path.is_dir() else 'is in no folder'}"
            )
        if not can_write(path if path.exists() else path.parent):
            raise UsageError(f"--chart writes a file, and {path} cannot be written")

    def open(self, app: Application, opening: AccountSummary) -> None:
        """Begin to follow the run."""
        app.subscribe(self._notes)
        self._opening = opening
        self._begin = app.now
        self._positions = {product.symbol: app.account_position(product.symbol).quantity for product in app.products}

    def draw(
        self,
        terminal: Terminal,
        title: str,
        closing: AccountSummary,
        closed_at: datetime,
        summary: RunSummary,
        assumed: str,
    ) -> None:
        """Write the page of the run that has ended.

        Raises:
            FileUnusable: the page cannot be written.
        """
        recording = open_recordings(configured_recordings(self._settings))
        facts = ChartFacts(
            title=title,
            begin=self._begin,
            end=closed_at,
            state=self._opening.state,
            positions=self._positions,
            equity=self._opening.equity,
            closing_equity=closing.equity,
            currency=self._opening.reporting_currency,
            facts=_facts(self._opening, closing, summary),
            assumptions=assumed,
        )
        try:
            write_chart(self._path, recording, self._notes, facts)
        except OSError as error:
            raise FileUnusable(Path(error.filename or self._path), error) from None
        if not terminal.is_json:
            terminal.line(Text(f"chart: {self._path}"))


def _facts(opening: AccountSummary, closing: AccountSummary, summary: RunSummary) -> tuple[tuple[str, str], ...]:
    currency = opening.reporting_currency
    refused = ", ".join(f"{count} {code}" for code, count in summary.refused.items())
    held = ", ".join(f"{figures.quantity(size)} {symbol}" for symbol, size in summary.positions.items() if size)
    invariants = summary.invariants if isinstance(summary.invariants, str) else "BROKEN: " + str(summary.invariants)
    return (
        ("Session", f"{figures.span(summary.seconds)} of market time"),
        ("Decisions", f"{summary.decisions:,}, {summary.orders:,} orders, {summary.fills:,} fills"),
        ("Refused", refused or "nothing"),
        ("Equity", f"{figures.money(opening.equity, currency)} → {figures.money(closing.equity, currency)}"),
        ("Fees", figures.money(summary.fees, currency)),
        ("Position", held or "flat"),
        ("State", closing.state.value + (f": {closing.state_reason}" if closing.state_reason else "")),
        ("Unknown outcomes", str(summary.unknown)),
        ("Invariants", invariants),
    )


def _is_page(path: Path) -> bool:
    """Whether a file may have been a chart; an empty one is nobody's loss."""
    with path.open("rb") as file:
        begins = file.read(len(_PAGE))
    return not begins or begins.lower() == _PAGE
