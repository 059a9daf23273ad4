"""`drill` hands its order on, prints what came of it, and says by its exit code whether an invariant broke."""

from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Run


def test_a_drill_without_options_lives_a_hundred_lives(program: Run) -> None:
    """Exit code 0 where nothing broke, and the progress is on standard error."""
    ended = program("drill", "--json")
    assert ended.code == 0
    assert ended.object["seeds"] == 100
    assert ended.object["violations"] == 0
    assert ended.object["faults"] == {"B1": 2}
    assert "100 lives" in ended.err


def test_kills_alone_live_no_simulated_life(program: Run) -> None:
    """Each kind of trial may be asked for by itself."""
    assert program("drill", "--kills", "5", "--json").object["seeds"] == 0


@pytest.mark.parametrize("options", [("--seeds", "0"), ("--seeds", "0", "--kills", "0"), ("--seeds", "-1")])
def test_a_drill_of_nothing_shows_nothing_and_is_refused(program: Run, options: tuple[str, ...]) -> None:
    """No life was lived, and so none has shown that an invariant holds."""
    ended = program("drill", *options)
    assert ended.code == 2
    assert "--seeds" in ended.err
    assert "No invariant broke" not in ended.out


def test_no_lives_beside_kills_are_kills_alone(program: Run) -> None:
    """There is something to show."""
    assert program("drill", "--seeds", "0", "--kills", "5", "--json").code == 0


def test_a_violation_is_exit_code_one_and_names_the_plan_that_repeats_it(program: Run) -> None:
    """For people: the evidence, and the command to type."""
    ended = program("drill", "--mutant", "found")
    assert ended.code == 1
    assert "invariant 1: two outcomes" in ended.out
    assert "drill --plan drill/plan.json" in ended.out


def test_a_plan_that_is_not_there_is_a_usage_error(program: Run, tmp_path: Path) -> None:
    """Exit code 2 and its name."""
    ended = program("drill", "--plan", str(tmp_path / "none.json"))
    assert ended.code == 2
    assert "none.json" in ended.err
