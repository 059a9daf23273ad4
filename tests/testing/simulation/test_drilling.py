"""Drilling: what is planted is found and written down as a plan that repeats it; real deaths and every crash point."""

from pathlib import Path

import pytest

from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.cli.opener import DrillOrder
from tidegate.testing.simulation import drill
from tidegate.testing.simulation.crashpoints import count_points, try_point
from tidegate.testing.simulation.mutants import MUTANTS
from tidegate.testing.simulation.plans import read_plan
from tidegate.testing.simulation.seeds import plan_of_seed
from tidegate.testing.simulation.trials import live

QUICK = ("timeout-is-a-reject", "exposure-not-reserved", "fill-counted-twice", "sent-before-recorded")


def quiet(_: str) -> None:
    """Nobody listens."""


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.no_cover
def test_a_planted_bug_is_found(name: str) -> None:
    """Within a few lives; `make mutants` hunts all of them."""
    report = drill(DrillOrder(seeds=10, mutant=name), quiet)
    assert report.violations > 0


def test_a_bug_is_taken_out_again() -> None:
    """The next life is lived by the program as it is."""
    drill(DrillOrder(seeds=1, mutant="fee-forgotten"), quiet)
    assert live(plan_of_seed(0)).violations == ()


@pytest.mark.no_cover
def test_what_broke_is_written_down_smaller_and_breaks_again(tmp_path: Path) -> None:
    """The plan has the bug's name, fewer elements, and the same invariant broken."""
    report = drill(DrillOrder(seeds=1, mutant="fee-forgotten", folder=tmp_path), quiet)
    path = Path(report.plans[0])
    plan = read_plan(path)
    assert plan.elements < plan_of_seed(0).elements
    again = drill(DrillOrder(plan=path), quiet)
    assert again.violations > 0
    assert again.seeds == 1


def test_there_are_bugs_enough() -> None:
    """At least the fifteen that were asked for, and an unknown one is a usage error."""
    assert len(MUTANTS) >= 15
    with pytest.raises(UsageError, match="there is no mutant"):
        drill(DrillOrder(seeds=1, mutant="none"), quiet)


def test_a_file_that_is_no_plan_is_a_usage_error(tmp_path: Path) -> None:
    """With its name."""
    (tmp_path / "plan.json").write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match="is no plan"):
        drill(DrillOrder(plan=tmp_path / "plan.json"), quiet)


def test_real_processes_are_killed_and_recovered_from() -> None:
    """SIGKILL at the labelled points, a real file, and the same judgement."""
    report = drill(DrillOrder(kills=12), quiet)
    assert report.kills >= 6
    assert report.found == ()


@pytest.mark.no_cover
def test_every_crash_point_of_a_short_life_is_survived() -> None:
    """Each alone here; `drill --points` tries every pair."""
    points = count_points(0)
    assert points > 20
    for point in range(1, points + 1):
        for trial in try_point(0, point, pairs=False):
            assert (point, trial.violations) == (point, ())


@pytest.mark.no_cover
def test_a_death_while_a_death_is_recovered_from_is_as_one() -> None:
    """P12: every pair that begins with one of some points."""
    for point in (3, 12, 20):
        for trial in try_point(0, point):
            assert trial.violations == ()
