"""Plant every known bug, one after the other, and have the simulation find each within so many lives."""

import sys
from typing import Final

from tidegate.adapters.cli.opener import DrillOrder, DrillReport
from tidegate.testing.simulation import drill
from tidegate.testing.simulation.mutants import MUTANTS

SEEDS_MAX: Final = 500


def hunt(name: str) -> DrillReport:
    """Drill with one bug until something breaks that does not break without it."""
    return drill(DrillOrder(seeds=SEEDS_MAX, mutant=name), lambda _: None)


def main() -> int:
    """A line for each bug; exit code 1 where one was not found."""
    missed = 0
    for name in MUTANTS:
        report = hunt(name)
        missed += not report.violations
        found = report.found[0] if report.found else f"NOT FOUND in {report.seeds} lives"
        print(f"{name:26} {report.seeds:4} lives {report.seconds:6.1f} s  {found[:140]}", flush=True)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
