"""Lives: a seed is a life, the same one every time, with kills in it, and fixed ones hold every invariant."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testing.simulation.fresh import FRESH
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.submissions import SubmissionOutcome, SubmissionUnanswered
from tidegate.testing.simulation.broker import SimulatedBroker
from tidegate.testing.simulation.parts import Parts
from tidegate.testing.simulation.plans import Plan, read_plan, write_plan
from tidegate.testing.simulation.seeds import plan_of_seed
from tidegate.testing.simulation.trials import live, live_twice

FIXED_SEEDS = range(60)


@pytest.mark.parametrize("first", range(FIXED_SEEDS.start, FIXED_SEEDS.stop, 20))
@pytest.mark.no_cover
def test_fixed_seeds_break_no_invariant(first: int) -> None:
    """The gate of every change; `tidegate drill --first-seed` lives fresh ones."""
    for seed in range(first, first + 20):
        assert [(seed, one) for one in live(plan_of_seed(seed)).violations] == []


@pytest.mark.no_cover
def test_the_same_seed_is_the_same_life() -> None:
    """Invariant 25, over whatever faults these seeds have drawn."""
    for seed in range(1_000, 1_004):
        assert all(one.invariant != 25 for one in live_twice(plan_of_seed(seed)).violations)


def test_a_calm_life_breaks_nothing() -> None:
    """No fault, no kill: every decision has its outcome and the records are the truth."""
    plan = plan_of_seed(1)
    trial = live(Plan(seed=1, acts=plan.acts))
    assert trial.violations == ()
    assert trial.kills == 0
    assert trial.decisions >= 20


def test_a_plan_that_was_written_down_is_the_same_life(tmp_path: Path) -> None:
    """What `drill --plan` reads is what was lived."""
    plan = plan_of_seed(2)
    write_plan(plan, tmp_path / "plan.json")
    assert live(read_plan(tmp_path / "plan.json")).trace_hash == live(plan).trace_hash


class Deaf(SimulatedBroker):
    """An engine that never hears an answer to a submit."""

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        await super().submit(recorded)
        return SubmissionUnanswered(reason="deaf", at=self._clock.now())


class Guessing(SimulatedBroker):
    """An engine that loses every second order on its way, and calls it sent."""

    count = 0

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        Guessing.count += 1
        if Guessing.count % 2:
            return await super().submit(recorded)
        answer = await super().submit(recorded)
        await super().submit(recorded)
        return answer


def test_an_engine_of_ones_own_that_hears_nothing_costs_no_invariant() -> None:
    """Everything is found by asking."""
    for seed in range(3):
        assert live(plan_of_seed(seed), Parts(make_broker=Deaf)).violations == ()


def test_an_engine_of_ones_own_that_sends_twice_is_found() -> None:
    """Invariant 12: one transmission for each attempt."""
    trial = live(Plan(seed=1, acts=plan_of_seed(1).acts), Parts(make_broker=Guessing))
    assert 12 in {one.invariant for one in trial.violations}


def test_a_fresh_window_is_lived_and_reported(fresh_window: range) -> None:
    """It ends whatever it finds; the summary shows it, with the seed by which `drill` lives it again."""
    FRESH.seeds = fresh_window
    trials = [live(plan_of_seed(seed)) for seed in fresh_window]
    FRESH.found += [
        f"seed {trial.plan.seed}: invariant {one.invariant}: {one.evidence}"
        for trial in trials
        for one in trial.violations
    ]
    assert all(trial.decisions >= 20 for trial in trials)


def test_the_hash_seed_of_the_interpreter_changes_no_life() -> None:
    """Nothing depends on the order in which a set or a dictionary of strings happens to lie."""
    script = (
        "from tidegate.testing.simulation.seeds import plan_of_seed\n"
        "from tidegate.testing.simulation.trials import live\n"
        "print([live(plan_of_seed(seed)).trace_hash for seed in range(4)])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(told) == 1
