"""Drill this version and write the evidence into docs/guarantees.md, between its markers."""

import os
import sys
from pathlib import Path
from typing import Final

from tidegate import __version__
from tidegate.adapters.cli.opener import DrillOrder, DrillReport
from tidegate.testing.simulation import drill
from tidegate.testing.simulation.mutants import MUTANTS
from tools.mutants import SEEDS_MAX, hunt, is_found

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "guarantees.md"
BEGINS: Final = "<!-- evidence begins: make guarantees -->"
ENDS: Final = "<!-- evidence ends -->"
LIVES: Final = 1_000
KILLS: Final = 500


def evidence(lives: DrillReport, kills: DrillReport, points: DrillReport, mutants: dict[str, DrillReport]) -> str:
    """The block, as Markdown."""
    found = sum(is_found(name, report) for name, report in mutants.items())
    latest = max(report.seeds for report in mutants.values())
    kinds = len(lives.faults)
    rows = (
        ("lives", f"{lives.seeds:,}, with {lives.decisions:,} decisions and {lives.kills:,} deaths"),
        ("virtual time", f"{lives.simulated_hours:,.1f} hours"),
        ("faults", f"{sum(lives.faults.values()):,} of {kinds} kinds took effect"),
        ("invariants broken in them", f"{lives.violations}"),
        ("real processes killed", f"{kills.kills:,}, of which {kills.violations} broke an invariant"),
        (
            "crash points of one life",
            f"every one and every pair: {points.seeds:,} lives, {points.violations} broke one",
        ),
        ("planted bugs found", f"{found} of {len(mutants)}, each within {latest} lives (at most {SEEDS_MAX})"),
    )
    where = f"drilled on {os.cpu_count()} cores: {lives.seconds:,.0f} s of lives, {kills.seconds:,.0f} s of kills"
    lines = [f"Tidegate {__version__}, {where}.", "", "| | |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows)])


def main() -> int:
    """Drill, write, and say by the exit code whether anything broke."""
    orders = (DrillOrder(seeds=LIVES), DrillOrder(kills=KILLS), DrillOrder(points=True))
    lives, kills, points = (drill(order, _tell) for order in orders)
    mutants = {name: hunt(name) for name in MUTANTS}
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGINS)
    after = rest.split(ENDS)[1]
    block = evidence(lives, kills, points, mutants)
    PAGE.write_text(f"{before}{BEGINS}\n\n{block}\n\n{ENDS}{after}", encoding="utf-8")
    is_broken = any(report.violations for report in (lives, kills, points))
    return int(is_broken or not all(is_found(*one) for one in mutants.items()))


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
