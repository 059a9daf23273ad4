"""Running the program in the test's own process, in a folder and an environment of its own."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import msgspec
import pytest

from tidegate.adapters.cli.opener import Doors, DrillOrder, DrillReport
from tidegate.adapters.cli.program import main
from tidegate.containers import open_application

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "mean_reversion.py"
TRADING = ("--strategy", f"{EXAMPLE}:create", "--speed", "1000", "--for", "240")
"""A run that trades for a few minutes of the synthetic session, in about a second. Played much faster, a busy machine
leaves the strategy no moment of it."""


class Ended(msgspec.Struct, frozen=True):
    """What one call of the program left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, object]]:
        """Standard output as JSON lines."""
        return [msgspec.json.decode(line, type=dict[str, object]) for line in self.out.splitlines()]

    @property
    def object(self) -> dict[str, object]:
        """Standard output as one JSON object."""
        (only,) = self.objects
        return only


Run = Callable[..., Ended]


def run_program(*arguments: str) -> Ended:
    """One call, with what it prints."""
    out, err = StringIO(), StringIO()
    hook = sys.excepthook
    with redirect_stdout(out), redirect_stderr(err):
        code = main(Doors(open_application=open_application, benchmark=_benchmark, drill=_drill), arguments)
    sys.excepthook = hook
    return Ended(code, out.getvalue(), err.getvalue())


async def _benchmark(announce: Callable[[str], None]) -> dict[str, float]:
    announce("in memory")
    return {"in_memory_us": 5.7, "restart_ms": 55.0}


def _drill(order: DrillOrder, progress: Callable[[str], None]) -> DrillReport:
    progress("100 lives")
    broken = order.mutant == "found"
    return DrillReport(
        seeds=order.seeds,
        kills=order.kills,
        decisions=7,
        violations=int(broken),
        faults={"B1": 2},
        simulated_hours=0.2,
        seconds=1.5,
        found=("seed 0: invariant 1: two outcomes",) if broken else (),
        plans=("drill/plan.json",) if broken else (),
    )


def clean_environment(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Nothing of the tester's own settings and stores."""
    for name in tuple(os.environ):
        if name.upper().startswith("TIDEGATE_") or name.startswith("RISK_") or name == "SLIPPAGE_MULTIPLIERS":
            patch.delenv(name)
    patch.setenv("XDG_DATA_HOME", str(folder / "data"))
    patch.chdir(folder)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program, in an empty folder, with no store yet."""
    clean_environment(monkeypatch, tmp_path)
    return run_program


@pytest.fixture(scope="module")
def traded_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose account has traded: made once a module, and only read."""
    folder = tmp_path_factory.mktemp("traded")
    with pytest.MonkeyPatch.context() as patch:
        clean_environment(patch, folder)
        ended = run_program("run", *TRADING, "--json")
        assert ended.code == 0, ended.err
        assert '"BTC-USD"' in ended.out, "it has traded nothing"
        yield folder


@pytest.fixture
def traded(traded_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program beside a store that has been traded on."""
    clean_environment(monkeypatch, traded_folder)
    return run_program
