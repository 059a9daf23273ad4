"""`doctor` and `bench`: whether this installation is sound, and how fast it is."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from tidegate.adapters.cli import figures, health, wire_upkeep
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, REFUSED
from tidegate.adapters.cli.wire_upkeep import Health

_STYLES = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "bold red"}


async def doctor(call: Call) -> int:
    """Check settings, store, world, recording, lock and clock; the store's whole journal is verified, row by row.

    Nothing is changed. Exit code 1 where something fails.

    [dim]tidegate doctor --json[/dim]
    """
    findings = [finding async for finding in health.findings(call)]
    call.terminal.answer(findings, _table(findings))
    return REFUSED if any(finding.health is Health.FAIL for finding in findings) else DONE


def _table(findings: Iterable[wire_upkeep.FindingLine]) -> Table:
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for finding in findings:
        made.add_row(
            Text(finding.health.value, style=_STYLES[finding.health]), finding.what, Text(figures.clean(finding.found))
        )
    return made


async def bench(call: Call) -> int:
    """Measure every row of the speed table on this machine; each figure is the median of three rounds."""
    terminal = call.terminal
    with terminal.err.status("measuring") as status:
        measured = await call.doors.benchmark(lambda row: status.update(f"measuring {row}"))
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(justify="right")
    for key, value in measured.items():
        made.add_row(key, f"{value:,.2f}")
    if terminal.is_json:
        terminal.json(dict(measured))
    else:
        terminal.show(made)
    return DONE
