"""The program as a whole: its help, its exit codes, and how it ends when something is wrong."""

import inspect
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from warnings import warn

import pytest

from tests.adapters.cli.conftest import Run
from tidegate import __version__
from tidegate.adapters.cli import program as module
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.program import COMMANDS

NAMES = [name for _, name, _ in COMMANDS]
PROMISED = (
    "init run decide plan orders fills positions account products quote events cancel settle close cancel-all halt "
    "reduce resume reconcile doctor config replay import record generate bench drill backup"
).split()


def test_every_promised_command_is_there(program: Run) -> None:
    """And the help lists them."""
    assert {name.partition(" ")[0] for name in NAMES} == set(PROMISED)
    told = program("--help").out
    assert all(f" {name} " in told for name in PROMISED)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_its_help_and_the_common_options(program: Run, name: str) -> None:
    """Without opening anything."""
    ended = program(*name.split(), "--help")

    assert ended.code == 0
    assert "\x1b" not in ended.out
    for option in ("--config", "--profile", "--store", "--json", "--verbose", "-v"):
        assert option in ended.out
    _, _, command = next(row for row in COMMANDS if row[1] == name)
    opening = (inspect.getdoc(command) or "").split()[0]
    assert opening in ended.out


@pytest.mark.parametrize("name", NAMES)
def test_a_commands_help_is_filled_to_the_windows_edge(
    program: Run, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Broken where the source is, every second line had ended in the middle of a window of eighty columns."""
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 80)
    text = program(*name.split(), "--help").out.split("╭")[0]
    usage, *paragraphs = [part.split("\n") for part in re.sub(r" +\n", "\n", text).strip().split("\n\n")]

    assert not any(doubled in usage[0] for doubled in ("[[", "...}"))
    for lines in paragraphs:
        for line, below in pairwise(one.strip() for one in lines):
            assert len(line) + 1 + len(below.split()[0]) > 78


def test_the_version_is_told(program: Run) -> None:
    """And nothing else is done."""
    assert program("--version").out == f"tidegate {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [("frobnicate",), ("orders", "--frobnicate"), ("quote",), ("orders", "-n", "many"), ("run", "--speed", "0")],
)
def test_a_usage_error_ends_with_two(program: Run, arguments: tuple[str, ...]) -> None:
    """Told on standard error."""
    ended = program(*arguments)

    assert (ended.code, ended.out) == (2, "")
    assert "Traceback" not in ended.err
    assert ended.err


@pytest.mark.parametrize("name", ["run", "decide", "orders", "halt", "config", "doctor", "plan", "replay"])
def test_bad_settings_are_one_line_whatever_the_command(
    program: Run, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C1 and C4: the key and the nearest right one, never the value."""
    monkeypatch.setenv("RISK_MAX_LEVRAGE", "c4n4ry")
    needed = {"decide": ("BTC-USD", "BUY"), "plan": ("BTC-USD", "BUY"), "replay": ("synthetic",)}

    ended = program(name, *needed.get(name, ()), "--json")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: unknown environment variable RISK_MAX_LEVRAGE; did you mean RISK_MAX_LEVERAGE?\n"


def test_a_config_file_that_is_not_there_is_one_line(program: Run) -> None:
    """It never falls back to the defaults."""
    ended = program("orders", "--config", "none.toml")

    assert (ended.code, ended.err) == (2, "error: none.toml: No such file or directory\n")


def test_a_bug_is_one_line_with_its_place(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it with -v."""
    try:
        raise ZeroDivisionError("division by zero")
    except ZeroDivisionError as error:
        caught = error

    module._report_bug(type(caught), caught, caught.__traceback__)
    short = capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["tidegate", "run", "-v"])
    module._report_bug(type(caught), caught, caught.__traceback__)
    whole = capsys.readouterr().err

    assert short.startswith("error: a bug in Tidegate: ZeroDivisionError: division by zero (")
    assert short.count("\n") == 1
    assert "Traceback" in whole


@pytest.mark.filterwarnings("always")
def test_a_warning_is_one_line(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the place in our code that it came through, which says nothing to whoever reads it."""

    async def warning(call: Call) -> int:
        warn("Lab raised OSError\nwhen it was closed", RuntimeWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(module, "COMMANDS", (("Keep", "warn", warning), ("Keep", "other", warning)))

    ended = program("warn")

    assert (ended.code, ended.err) == (0, "warning: Lab raised OSError when it was closed\n")


def test_the_program_runs_as_a_module(tmp_path: Path) -> None:
    """`python -m tidegate`."""
    ended = subprocess.run(
        [sys.executable, "-m", "tidegate", "--version"], check=True, capture_output=True, text=True, cwd=tmp_path
    )

    assert ended.stdout == f"tidegate {__version__}\n"


def test_nothing_of_the_containers_is_imported_by_the_command_line() -> None:
    """A driving adapter is handed an opener; the walls are import-linter's, and this is the run-time side of them."""
    script = "import sys, tidegate.adapters.cli.program; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)

    assert "dependency_injector" not in shown.stdout.split()
    assert "tidegate.containers" not in shown.stdout.split()
