"""Plant every known bug, one after the other, and have the simulation find each within so many lives."""

import sys
from typing import Final

from tidegate.adapters.cli.opener import DrillOrder, DrillReport
from tidegate.testing.simulation import drill
from tidegate.testing.simulation.mutants import MUTANTS

SEEDS_MAX: Final = 500

ENDS_BY_AN_EXCEPTION: Final = frozenset({"poison-never-named", "quarantine-forgotten"})
"""Bugs whose harm is that nothing starts; any other that ends so was planted wrongly, and shows nothing."""


def hunt(name: str) -> DrillReport:
    """Drill with one bug until something breaks that does not break without it."""
    return drill(DrillOrder(seeds=SEEDS_MAX, mutant=name), lambda _: None)


def is_found(name: str, report: DrillReport) -> bool:
    """Whether the bug did the harm that it was planted for."""
    return bool(report.found) and (name in ENDS_BY_AN_EXCEPTION or "invariant 23" not in report.found[0])


def main() -> int:
    """A line for each bug; exit code 1 where one was not found."""
    missed = 0
    for name in MUTANTS:
        report = hunt(name)
        missed += not is_found(name, report)
        found = report.found[0] if report.found else f"NOT FOUND in {report.seeds} lives"
        print(f"{name:26} {report.seeds:4} lives {report.seconds:6.1f} s  {found[:140]}", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
