"""`replay --sweep`: one recording under many settings, in other processes and on a cluster."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from distributed import LocalCluster

from tests.adapters.cli.conftest import EXAMPLE, Ended, Run
from tidegate.adapters.cli import wire_upkeep
from tidegate.adapters.cli.sweep_plan import read_plan
from tidegate.application.configuration import ConfigurationError

STRATEGY = ("--strategy", f"{EXAMPLE}:create")
PLAN = """
[grid]
paper.entry_latency_ms = [1, 200]
risk.slippage_guard_bps = [1, 10]
"""


def sweep(program: Run, plan: str, *more: str, results: str = "results") -> Ended:
    """Two minutes of the synthetic session under each of the plan's settings."""
    Path("plan.toml").write_text(plan)
    return program("replay", "synthetic", "--sweep", "plan.toml", "--results", results, "--for", "240", *more)


def lines(folder: str) -> list[wire_upkeep.SweepLine]:
    """The files of results, in order of their names."""
    paths = sorted(Path(folder).iterdir())
    return [msgspec.json.decode(path.read_bytes(), type=wire_upkeep.SweepLine) for path in paths]


def plan_of(folder: Path, text: str) -> Path:
    """A plan in a file."""
    path = folder / "plan.toml"
    path.write_text(text)
    return path


def test_every_combination_is_played_and_leaves_a_file(program: Run) -> None:
    """Four runs in the plan's order, on standard output as in their files; what is varied changes what comes out."""
    ended = sweep(program, PLAN, *STRATEGY, "--workers", "2", "--json")

    assert ended.code == 0, ended.err
    told = [msgspec.json.decode(line, type=wire_upkeep.SweepLine) for line in ended.out.splitlines()]
    assert told == lines("results")
    assert [line.run for line in told] == [
        "entry_latency_ms=1 slippage_guard_bps=1",
        "entry_latency_ms=1 slippage_guard_bps=10",
        "entry_latency_ms=200 slippage_guard_bps=1",
        "entry_latency_ms=200 slippage_guard_bps=10",
    ]
    assert told[2].changed == {"paper.entry_latency_ms": 200, "risk.slippage_guard_bps": 1}
    results = [line.result for line in told if line.result is not None]
    assert len(results) == 4
    assert all(result.orders > 0 and result.invariants == "hold" for result in results)
    assert len({line.journal_hash for line in told}) == 4
    assert all("entry" in line.assumed for line in told)


def test_a_run_of_a_sweep_is_the_replay_with_its_settings(program: Run) -> None:
    """The same figures as a replay alone, so that a run can be repeated and looked at."""
    sweep(program, "[runs.slow]\npaper.entry_latency_ms = 200\n", *STRATEGY)
    Path("slow.toml").write_text("[paper]\nentry_latency_ms = 200\n")
    alone = program("replay", "synthetic", *STRATEGY, "--for", "240", "--config", "slow.toml", "--json")

    (line,) = lines("results")
    assert line.result is not None
    assert msgspec.to_builtins(line.result) == alone.object


@pytest.fixture
def scheduler() -> Iterator[str]:
    """The address of a cluster of two workers on this machine."""
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def test_a_cluster_gives_the_same_files_byte_for_byte(program: Run, scheduler: str) -> None:
    """Wherever a run is played, its file is the same."""
    assert sweep(program, PLAN, *STRATEGY, results="here").code == 0
    ended = sweep(program, PLAN, *STRATEGY, "--cluster", scheduler, results="there")

    assert ended.code == 0, ended.err
    here, there = ({path.name: path.read_bytes() for path in Path(name).iterdir()} for name in ("here", "there"))
    assert len(here) == 4
    assert here == there


OTHER = """
from pathlib import Path

class Fails:
    def decide(self, view):
        raise LookupError("no such market")

def create(clips: int = 1):
    with Path("made.txt").open("a") as made:
        made.write(f"{clips} ")
    if clips > 3:
        raise ValueError("clips is at most 3")
    return Fails()
"""


def test_a_run_that_fails_leaves_the_others_alone(program: Run) -> None:
    """Its line says why; the exit code is 1, and the table shows both."""
    Path("other.py").write_text(OTHER)
    ended = sweep(
        program, f"[runs.good]\nintake.strategy = '{EXAMPLE}:create'\n[runs.bad]\nintake.strategy = 'other.py:create'\n"
    )

    assert ended.code == 1
    good, bad = lines("results")
    assert good.result is not None
    assert bad.result is None
    assert "no such market" in bad.failure
    assert "no such market" in ended.out
    assert "hold" in ended.out
    assert "results/run-1.json to run-2.json; 1 of 2 failed, and their files say why" in ended.out


@pytest.mark.parametrize(
    ("plan", "code", "told"),
    [
        ("[grid]\nintake.parameters.clisp = [1, 2]\n", 2, "run clisp=1: intake.parameters.clisp is no parameter"),
        (
            "[grid]\nintake.parameters.clips = [1, 'x']\n",
            2,
            "run clips=x: intake.parameters.clips must be a whole number",
        ),
        (
            "[grid]\nintake.parameters.clips = [1, 4]\n",
            1,
            "run clips=4: other.py:create failed: ValueError: clips is at",
        ),
        ("[grid]\nintake.strategy = ['other.py:make']\n", 2, "other.py; did you mean create?"),
        ("[runs.a]\nintake.strategy = 'none.py:create'\n", 2, "run a: intake.strategy names a file that is not there"),
        ("[runs.a]\n[runs.b]\npaper.faults = 'none.toml'\n", 2, "run b: none.toml: No such file or directory"),
        ("[runs.a]\n[runs.b]\npaper.recording = 'no.tgr.gz'\n", 2, "run b: no.tgr.gz: No such file or directory"),
    ],
)
def test_what_a_run_would_fail_at_as_it_begins_is_found_before_the_first_one(
    program: Run, plan: str, code: int, told: str
) -> None:
    """Every strategy is made with its parameters and every market opened; the run is named, and nothing is left."""
    Path("other.py").write_text(OTHER)

    ended = sweep(program, plan, "--strategy", "other.py:create")

    assert (ended.code, ended.out) == (code, "")
    assert told in ended.err
    assert ended.err.count("\n") == 1
    assert not Path("results").exists()


def test_a_strategy_is_tried_once_for_its_parameters_however_many_runs_have_them(program: Run) -> None:
    """One that takes long to make would keep a large sweep from beginning; afterwards each run makes its own."""
    Path("other.py").write_text(OTHER)

    sweep(
        program,
        "[grid]\npaper.seed = [1, 2, 3]\nintake.parameters.clips = [1, 2, 9]\n",
        "--strategy",
        "other.py:create",
    )

    assert Path("made.txt").read_text() == "1 2 9 "


def test_results_that_cannot_be_a_folder_are_told(program: Run) -> None:
    """By the option."""
    Path("file").write_text("")

    ended = sweep(program, PLAN, *STRATEGY, results="file")

    assert (ended.code, ended.err) == (2, "error: --results names a folder, and file is a file\n")


def test_results_are_never_written_over(program: Run) -> None:
    """A folder that has results is refused before anything is played."""
    plan = "[grid]\npaper.seed = [1, 2]\n"
    assert sweep(program, plan, *STRATEGY).code == 0
    before = {path: path.read_bytes() for path in Path("results").iterdir()}

    again = sweep(program, plan, *STRATEGY)

    assert again.code == 2
    assert "results has results already, as run-1.json: name another folder" in again.err
    assert {path: path.read_bytes() for path in Path("results").iterdir()} == before


@pytest.mark.parametrize(
    ("plan", "more", "told"),
    [
        ("", STRATEGY, "has no [grid] and no [runs.NAME]"),
        ("[gird]\npaper.seed = [1]\n", STRATEGY, "gird is neither"),
        ("[grid]\npaper.seed = 1\n", STRATEGY, "grid.paper.seed must be a list"),
        ("[grid]\npaper.seed = []\n", STRATEGY, "grid.paper.seed must be a list"),
        ("[grid]\nstore.url = ['memory://']\n", STRATEGY, "a sweep varies engine, intake, paper, risk and supervisor"),
        ("[grid]\npaper.seed = [1]\n[runs.a]\npaper.seed = 2\n", STRATEGY, "runs.a.paper.seed both set it"),
        ("[runs]\nslow = 1\n", STRATEGY, "runs.slow must be a table"),
        ("[grid]\npaper.sede = [1]\n", STRATEGY, "did you mean paper.seed"),
        ("[runs.a]\npaper.seed = -1\n", STRATEGY, "run a: paper.seed"),
        ("[grid]\npaper.seed = [1\n", STRATEGY, "not valid TOML"),
        (PLAN, (), "name a --strategy"),
        (PLAN, (*STRATEGY, "--store", "sqlite:///x.sqlite"), "keeps results and no stores"),
        (PLAN, (*STRATEGY, "--workers", "1", "--cluster", "tcp://127.0.0.1:1"), "give one of them"),
        (PLAN, ("--stdin",), "name a --strategy instead"),
    ],
)
def test_what_cannot_be_swept_is_one_line_before_anything_is_played(
    program: Run, plan: str, more: tuple[str, ...], told: str
) -> None:
    """Exit code 2, the key by its name, and no results."""
    ended = sweep(program, plan, *more)

    assert ended.code == 2
    assert told in " ".join(ended.err.split())
    assert not Path("results").exists()


def test_a_scheduler_that_is_not_there_is_one_line(program: Run) -> None:
    """The address that was given is named."""
    ended = sweep(program, PLAN, *STRATEGY, "--cluster", "tcp://nowhere")

    assert ended.code == 2
    assert "tcp://nowhere" in ended.err
    assert not Path("results").exists()


def test_what_is_for_sweeps_wants_one(program: Run) -> None:
    """`--workers` of a single replay would do nothing, so it is refused."""
    ended = program("replay", "synthetic", "--workers", "2")

    assert ended.code == 2
    assert "for a --sweep" in ended.err


def test_more_runs_than_anybody_waits_for_are_a_mistake(tmp_path: Path) -> None:
    """They are counted before they are made."""
    values = list(range(400))
    plan = plan_of(tmp_path, f"[grid]\npaper.seed = {values}\npaper.entry_latency_ms = {values}\n")

    with pytest.raises(ConfigurationError, match="160,000 runs"):
        read_plan(plan)


def test_named_runs_add_to_the_grid_and_paths_are_the_plans(tmp_path: Path) -> None:
    """A strategy's file is looked for beside the plan, wherever the program was started."""
    plan = plan_of(tmp_path, "[grid]\npaper.seed = [1, 2]\n[runs.own]\nintake.strategy = 'mine.py:create'\n")

    runs = read_plan(plan)

    assert [run.name for run in runs] == ["own seed=1", "own seed=2"]
    assert runs[0].tree == {"paper": {"seed": 1}, "intake": {"strategy": f"{tmp_path / 'mine.py'}:create"}}
