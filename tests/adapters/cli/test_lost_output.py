"""Output that nobody takes, or not so: a reader that goes away stops a run in good order, and ends other commands
quietly; what an encoding has no letter for is spelt.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.cli.conftest import EXAMPLE, Run

PATIENCE_SECONDS = 60.0
UNREAD = 141
FULL = Path("/dev/full")
STRATEGY = ("--strategy", f"{EXAMPLE}:create", "--speed", "600")
BUY = '{"symbol": "BTC-USD", "action": "BUY", "target_notional": "250"}\n'


def started(*arguments: str, stdout: int, stderr: int, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    """The program in a process of its own."""
    command = [sys.executable, "-m", "tidegate", *arguments]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr, text=True)


def read_and_left(lines: int, *arguments: str) -> tuple[int, str]:
    """Read so many lines of a command and go away, as `head` does; its exit code, and its standard error."""
    process = started(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    for _ in range(lines):
        assert process.stdout.readline()
    process.stdout.close()
    with process.stderr:
        return process.wait(PATIENCE_SECONDS), process.stderr.read()


def assert_sound(program: Run) -> None:
    """Nothing is left that anybody would have to look at."""
    found = {str(line["what"]): line for line in program("doctor", "--json").objects}
    assert found["orders"]["found"] == "0 open orders, 0 of them without an answer"
    assert found["trading state"]["found"] == "ACTIVE"
    assert {line["health"] for line in found.values()} == {"OK"}
    assert "LOOP_DIED" not in program("events", "--json").out


@pytest.mark.parametrize("lines", [0, 1])
@pytest.mark.parametrize("command", [("run", *STRATEGY), ("replay", "synthetic", *STRATEGY[:2])])
def test_a_run_whose_reader_goes_away_stops_in_good_order(program: Run, command: tuple[str, ...], lines: int) -> None:
    """`run | head -1`: one line beside it, no guard, no doubt, and what a pipeline expects of it."""
    code, err = read_and_left(lines, *command)

    assert err == "nobody reads standard output any more: the run was stopped in good order\n"
    assert code == UNREAD
    if command[0] == "run":
        assert_sound(program)


def test_a_run_whose_answers_nobody_takes_executes_no_further_decision(program: Run) -> None:
    """Whoever decides by JSON lines does not know any more what becomes of them."""
    process = started(
        *("run", "--stdin", "--json", "--speed", "50"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(BUY)
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["order"]["status"] == "FILLED"
    process.stdout.close()
    process.stdin.write(BUY * 20)
    process.stdin.flush()

    assert process.wait(PATIENCE_SECONDS) == UNREAD
    process.stdin.close()
    assert len(program("orders", "--json").objects) == 2
    assert_sound(program)


def test_a_run_that_nobody_hears_on_standard_error_trades_on(program: Run) -> None:
    """Notes and logs are beside the result."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        process = started(
            *("run", *STRATEGY, "--for", "30", "--json", "-v"),
            stdout=subprocess.PIPE,
            stderr=nobody.fileno(),
        )
    out, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert json.loads(out)["seconds"] >= 30
    assert process.returncode == 0


def test_streams_that_were_closed_before_the_start_are_nobody_s_files(program: Run) -> None:
    """`run >&- 2>&-`: the store must not be opened under the number of a standard stream."""
    command = f'exec "$0" -m tidegate run --speed 600 --for 30 --strategy {EXAMPLE}:create <&- >&- 2>&-'
    ended = subprocess.run(["sh", "-c", command, sys.executable], timeout=PATIENCE_SECONDS, check=False)

    assert ended.returncode == 0
    assert_sound(program)


@pytest.mark.parametrize("command", ["orders", "events --json", "products", "config", "doctor --json"])
def test_a_command_whose_reader_goes_away_says_nothing(traded: Run, command: str) -> None:
    """`orders | head -1` is no error of anybody's."""
    code, err = read_and_left(0, *command.split())

    assert (code, err) == (UNREAD, "")


def test_a_refusal_stays_one_whoever_reads_it(program: Run) -> None:
    """A script sees by the exit code that nothing was bought."""
    code, _ = read_and_left(0, "decide", "BTC-USD", "BUY", "--notional", "25000000")

    assert code == 1


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a file that is always full")
def test_a_full_disk_under_standard_output_is_one_line(traded: Run) -> None:
    """As for every other file."""
    with FULL.open("w") as full:
        process = started("orders", stdout=full.fileno(), stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert err == "error: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_stream_of_another_encoding_is_no_reason_to_end(
    program: Run, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """A run had ended at its first line, and the answer of an order had been lost after it was filled."""
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    store = ("--store", "sqlite:///büro.sqlite")

    def output(*arguments: str) -> str:
        command = [sys.executable, "-m", "tidegate", *arguments, *store]
        ended = subprocess.run(command, capture_output=True, timeout=PATIENCE_SECONDS, check=True)
        assert ended.stderr == b""
        return ended.stdout.decode(encoding)

    bought = output("decide", "BTC-USD", "BUY", "--notional", "250")
    assert "FILLED" in bought
    assert "none \\u2192 " in bought
    found = [json.loads(line) for line in output("doctor", "--json").encode(encoding).decode("ascii").splitlines()]
    assert any("büro.sqlite" in line["found"] for line in found)
