"""Lives: a seed is a life, the same one every time, with kills in it, and it is judged."""

from pathlib import Path

from tidegate.testing.simulation.plans import Plan, read_plan, write_plan
from tidegate.testing.simulation.seeds import plan_of_seed
from tidegate.testing.simulation.trials import live, live_twice


def test_the_same_seed_is_the_same_life() -> None:
    """Invariant 25, over whatever faults these seeds have drawn."""
    for seed in range(3):
        assert all(one.invariant != 25 for one in live_twice(plan_of_seed(seed)).violations)


def test_a_calm_life_breaks_nothing() -> None:
    """No fault, no kill: every decision has its outcome and the records are the truth."""
    plan = plan_of_seed(1)
    calm = Plan(seed=1, acts=plan.acts)
    trial = live(calm)
    assert trial.violations == ()
    assert trial.kills == 0
    assert trial.decisions >= 20


def test_a_life_dies_at_least_once() -> None:
    """Over some seeds, processes are killed at numbered points."""
    assert sum(live(plan_of_seed(seed)).kills for seed in range(5)) >= 3


def test_a_plan_that_was_written_down_is_the_same_life(tmp_path: Path) -> None:
    """What `drill --plan` reads is what was lived."""
    plan = plan_of_seed(2)
    write_plan(plan, tmp_path / "plan.json")
    again = read_plan(tmp_path / "plan.json")
    assert live(again).trace_hash == live(plan).trace_hash
