"""`drill`: the whole application tried in simulated lives, killed, and held against what really happened."""

from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import asdict
from rich.table import Table
from rich.text import Text

from tidegate.adapters.cli import figures, wire_upkeep
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, REFUSED, UsageError
from tidegate.adapters.cli.opener import DrillOrder, DrillReport

_SEEDS = 100
_SHOWN = 20


def drill(
    call: Call,
    seeds: Annotated[int | None, typer.Option(min=0, help=f"How many lives; {_SEEDS} by default.")] = None,
    first: Annotated[int, typer.Option("--first-seed", min=0, help="The first seed.")] = 0,
    kills: Annotated[int, typer.Option(min=0, help="How many real processes to kill, on a real file.")] = 0,
    points: Annotated[bool, typer.Option(help="Try every crash point of a short life, and every pair.")] = False,
    mutant: Annotated[str, typer.Option(metavar="NAME", help="Plant a bug, which must be found.")] = "",
    plan: Annotated[Path | None, typer.Option(metavar="FILE", help="Live one plan again.")] = None,
    folder: Annotated[Path, typer.Option(help="Where plans of broken lives are written.")] = Path("drill"),
) -> int:
    """Live simulated lives with every fault switched on, and show that no invariant broke; exit code 1 where one did.

    [dim]tidegate drill --seeds 1000[/dim]
    """
    is_alone = plan is not None or kills > 0 or points
    wanted = seeds if seeds is not None else 0 if is_alone else _SEEDS
    if not is_alone and not wanted:
        raise UsageError("a drill of no lives shows nothing: --seeds 1 or more, or --kills, --points or --plan")
    if plan is not None and not plan.is_file():
        raise UsageError(f"there is no plan at {plan}")
    order = DrillOrder(
        seeds=wanted, first_seed=first, kills=kills, points=points, mutant=mutant, plan=plan, folder=folder
    )
    report = call.doors.drill(order, call.terminal.note)
    line = wire_upkeep.DrillLine(**{**asdict(report), "found": list(report.found), "plans": list(report.plans)})
    call.terminal.answer([line], _table(report), *_verdict(report))
    return REFUSED if report.violations else DONE


def _table(report: DrillReport) -> Table:
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(justify="right")
    minutes = report.seconds / 60 or 1
    rows = (
        ("lives", f"{report.seeds:,}"),
        ("kills", f"{report.kills:,}"),
        ("decisions", f"{report.decisions:,}"),
        ("faults", f"{sum(report.faults.values()):,} of {len(report.faults)} kinds"),
        ("simulated hours", f"{report.simulated_hours:,.1f}"),
        ("seconds", f"{report.seconds:,.1f}"),
        ("lives a minute", f"{report.seeds / minutes:,.0f}"),
    )
    for name, value in rows:
        made.add_row(name, value)
    return made


def _verdict(report: DrillReport) -> list[Text]:
    if not report.violations:
        return [Text("No invariant broke.", style="green")]
    shown = [Text(figures.clean(one), style="red") for one in report.found[:_SHOWN]]
    plans = [Text(f"Live it again with  tidegate drill --plan {path}") for path in report.plans]
    return [Text(f"{report.violations} violations", style="bold red"), *shown, *plans]
