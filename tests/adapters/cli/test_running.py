"""`run` and `replay`: a session to its end, its decisions from a strategy or from standard input, and its summary."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import EXAMPLE, TRADING, Run
from tidegate.adapters.cli import wire
from tidegate.adapters.clocks import WallClock

STRATEGY = ("--strategy", f"{EXAMPLE}:create")
BUY = '{"symbol": "BTC-USD", "action": "BUY", "target_notional": "250", "decision_id": "line-1"}'


def given(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put text into standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@contextmanager
def piped(text: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put text into standard input through a real pipe."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:
        pipe.write(text)
    with os.fdopen(reading) as stdin, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        yield


def test_a_run_ends_with_its_figures(program: Run) -> None:
    """Orders, fills, no unknown outcome, and invariants that hold."""
    ended = program("run", *TRADING, "--json")

    line = msgspec.json.decode(ended.out, type=wire.RunLine)
    assert ended.code == 0
    assert list(ended.object) == list(wire.RunLine.__struct_fields__)
    assert (
        list(ended.object)[:9] == "decisions orders filled refused unknown positions equity invariants seconds".split()
    )
    assert line.orders > 0
    assert line.filled > 0
    assert (line.unknown, line.invariants) == (0, "hold")
    # Not before its time; how long after is the machine's affair, for which a millisecond is twenty seconds here.
    assert line.seconds >= 240


def test_a_run_for_people_tells_what_happens_and_sums_it_up(program: Run) -> None:
    """In a pipe: a line an event, no colour, no line cut; and three commands that can be typed."""
    ended = program("run", *TRADING)

    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert ended.out.startswith("paper · synthetic · account paper · decides: MeanReversion\n")
    assert " filled     " in ended.out
    for word in (
        "Summary",
        "Decided",
        "Ordered",
        "Filled",
        "Equity",
        "Result",
        "= price",
        "fees",
        "Invariants",
        "Assumed",
    ):
        assert word in ended.out
    suggested = [line for line in ended.out.split("Try next")[1].splitlines() if line and not line.startswith("#")]
    assert len(suggested) == 3
    for line in suggested:
        assert program(*line.split()[1:]).code in (0, 1)


def test_the_suggestions_of_a_replay_mean_the_same_settings(program: Run, tmp_path: Path) -> None:
    """They name the settings file of the call, without which they would be another run."""
    Path("mine.toml").write_text("[paper]\nentry_latency_ms = 1\n", encoding="utf-8")

    ended = program("replay", "synthetic", "--for", "10", "--no-stdin", "--config", "mine.toml")

    suggested = [line for line in ended.out.split("Try next")[1].splitlines() if line and not line.startswith("#")]
    assert len(suggested) == 3
    assert all(line.endswith(" --config mine.toml") for line in suggested)


def test_the_next_run_goes_on_with_the_account_on_a_fresh_session(program: Run) -> None:
    """What was bought before is still there."""
    program("decide", "BTC-USD", "BUY", "--notional", "250")

    ended = program("run", "--speed", "50000", "--for", "5", "--json", "--no-stdin")

    assert float(str(ended.object["positions"]["BTC-USD"])) > 0  # type: ignore[index]
    assert "nothing decides in this process" in ended.err


def test_a_fresh_run_sets_the_account_aside(program: Run, tmp_path: Path) -> None:
    """Nothing is deleted; the files have another name."""
    program("decide", "BTC-USD", "BUY", "--notional", "250")

    ended = program("run", "--fresh", "--speed", "50000", "--for", "5", "--json", "--no-stdin")

    assert ended.object["positions"] == {}
    aside = tmp_path / "data" / "tidegate" / "paper.sqlite.1"
    assert f"set aside: {aside}" in ended.err.replace("\n", "")
    assert aside.exists()
    assert len(program("orders", "--json", "--store", f"sqlite:///{aside}").objects) == 1
    assert program("run", "--fresh", "--for", "1", "--speed", "50000", "--no-stdin", "--store", "memory://").code == 0


def test_lines_of_standard_input_each_have_their_outcome(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order, with their line; what cannot be read is one refusal and the rest goes on."""
    given(f'{BUY}\nnonsense\n{{"symbol": "BTC-USD", "action": "HOLD"}}\n{BUY}\n', monkeypatch)

    ended = program("run", "--stdin", "--speed", "1000", "--json")

    *settled, last = ended.out.splitlines()
    lines = [msgspec.json.decode(line, type=wire.SettledLine) for line in settled]
    assert [line.reference for line in lines] == ["line 1", "line 2", "line 3", "line 4"]
    assert lines[0].order is not None
    assert lines[1].refusal is not None
    assert lines[1].refusal.code == "INVALID"
    assert lines[2].no_order is not None
    assert lines[3].order == lines[0].order
    summary = msgspec.json.decode(last, type=wire.RunLine)
    assert (summary.orders, summary.filled, summary.refused) == (1, 1, {"INVALID": 1})
    assert ended.code == 0


HUGE = "1" * 1_000_000


@pytest.mark.parametrize("is_json", [True, False])
def test_impossible_numbers_are_refused_at_once_and_the_next_line_is_executed(
    program: Run, monkeypatch: pytest.MonkeyPatch, *, is_json: bool
) -> None:
    """Nothing spells out a billion zeros, and nothing that is too long is parsed (N1, N5)."""
    wrong = ["1e-999999999", "1e999999999", '"1e999999999"', '"NaN"', "NaN", "Infinity", "1e99999999999999999999"]
    wrong += ["9" * 5_000, HUGE, f'"{HUGE}"']
    fields = [f'"quantity": {number}' for number in wrong]
    fields += [f'"{name}": 1e-999999999' for name in ("target_notional", "limit_price", "leverage", "reference_price")]
    text = "".join(f'{{"symbol": "BTC-USD", "action": "BUY", {field}}}\n' for field in fields)
    given(f"{text}{BUY}\n", monkeypatch)

    began = WallClock().monotonic()
    ended = program("run", "--stdin", "--speed", "1000", *(["--json"] if is_json else []))

    assert WallClock().monotonic() - began < 20
    assert ended.code == 0
    if is_json:
        *settled, summary = ended.objects
        assert [line["reference"] for line in settled] == [f"line {number + 1}" for number in range(len(fields) + 1)]
        assert summary["refused"] == {"INVALID": len(fields)}
        assert (summary["decisions"], summary["filled"]) == (len(fields) + 1, 1)
    else:
        assert max(map(len, ended.out.splitlines())) < 1_000
        assert ended.out.count("INVALID: ") >= len(fields)
        assert "1 order sent" in ended.out


def test_a_pipe_is_read_where_no_strategy_is_named(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`echo ... | tidegate run`, told for people."""
    with piped(f'{BUY}\nnonsense\n{{"symbol": "BTC-USD", "action": "HOLD"}}\n', monkeypatch):
        ended = program("run", "--speed", "1000")

    assert ended.code == 0
    assert "decides: standard input" in ended.out
    assert "refused    INVALID: line 2: is not JSON" in ended.out
    assert "line 3: no order needed" in ended.out


def test_a_strategy_goes_before_a_pipe(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in a script is not surprised by what stands in its standard input."""
    with piped(BUY, monkeypatch):
        ended = program("run", *STRATEGY, "--speed", "50000", "--for", "5", "--json")

    assert ended.object["orders"] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--resume", "--fresh"), "--resume goes on with a session and --fresh begins one: give one of them"),
        ((*STRATEGY, "--stdin"), "--strategy and --stdin both decide: give one of them"),
        (("--recording", "none.tgr.gz"), "none.tgr.gz: No such file or directory"),
        (("--strategy", "none.py:create"), "intake.strategy names a file that is not there: none.py"),
        (("--profile", "live"), "profile live needs a real venue in venue.name: live never trades on paper"),
    ],
)
def test_what_cannot_run_is_one_line(program: Run, arguments: tuple[str, ...], message: str) -> None:
    """Exit 2, no traceback, nothing on standard output."""
    ended = program("run", *arguments)

    assert (ended.code, ended.out, ended.err) == (2, "", f"error: {message}\n")


def test_a_strategy_that_is_no_python_is_a_mistake_of_usage(program: Run) -> None:
    """Exit 2 with its file and line, and no traceback."""
    Path("mine.py").write_text("x = 1\ndef create(:\n")

    ended = program("replay", "synthetic", "--strategy", "mine.py:create")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: intake.strategy cannot be read: ")
    assert "mine.py line 2: invalid syntax" in " ".join(ended.err.split())


def test_a_strategy_that_raises_ends_the_run_with_one_line(program: Run) -> None:
    """Exit 1, with what happened and where; all of it with -v."""
    Path("mine.py").write_text("class Mine:\n    def decide(self, view):\n        return 1 / 0\n")
    arguments = ("run", "--strategy", "mine.py:Mine", "--speed", "1000", "--json")

    ended = program(*arguments)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: Mine failed: ZeroDivisionError: division by zero (mine.py line 3)\n"
    assert "Traceback" in program(*arguments, "-v").err


def test_a_replay_is_the_same_every_time(program: Run) -> None:
    """Byte for byte, and as fast as it goes."""
    journals = []
    for number in (1, 2):
        store = f"sqlite:///{number}.sqlite"
        ended = program("replay", "synthetic", *STRATEGY, "--for", "240", "--store", store, "--json")
        assert ended.code == 0
        assert ended.object["orders"] != 0
        journals.append(program("events", "--store", store, "-n", "100000", "--json").out)

    assert journals[0] == journals[1]
    assert journals[0]


def test_a_replay_of_a_file_of_decisions_is_the_same_every_time(
    program: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its lines come at the same moments of the session, however long a thread would take to begin."""
    decisions, journals = tmp_path / "decisions.jsonl", set()
    decisions.write_text(f"{BUY}\n{BUY.replace('line-1', 'line-2')}\n")
    for number in range(3):
        with decisions.open() as stdin, monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", stdin)
            ended = program("replay", "synthetic", "--store", f"sqlite:///{number}.sqlite", "--json")
        assert ended.objects[-1]["filled"] == 2
        journals.add(program("events", "--store", f"sqlite:///{number}.sqlite", "-n", "1000", "--json").out)

    assert len(journals) == 1


@pytest.mark.parametrize("is_json", [True, False])
def test_a_session_that_ends_before_the_decisions_do_says_which_were_not_taken(
    program: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, is_json: bool
) -> None:
    """They had been lost without a word; one that was taken to its end has nothing to say."""
    decisions, arguments = tmp_path / "decisions.jsonl", ("--json",) if is_json else ()
    decisions.write_text("".join(f"{BUY.replace('line-1', f'line-{number}')}\n" for number in range(100)))
    with decisions.open() as stdin, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        ended = program("replay", "synthetic", "--for", "0.2", "--json")
    taken = ended.objects[-1]["decisions"]
    assert taken not in {0, 100}
    assert f"the run ended before standard input did: nothing after line {taken} was taken" in ended.err

    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "w"), monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        ended = program("replay", "synthetic", "--for", "1", *arguments)
    assert "the run ended before standard input did: nothing of it was taken" in ended.err

    given(f"{BUY}\n", monkeypatch)
    assert "standard input" not in program("run", "--stdin", "--speed", "1000", *arguments).err


PRINTING = """
print("while it is read")

class Mine:
    def decide(self, view):
        print("looking", flush=True)
        return ()
"""


@pytest.mark.parametrize("sweep", [(), ("--sweep", "plan.toml", "--workers", "1")])
def test_what_a_strategy_prints_is_no_line_of_the_result(
    program: Run, capfd: pytest.CaptureFixture[str], sweep: tuple[str, ...]
) -> None:
    """Standard output carries JSON and nothing else, for people it is shown where it is printed."""
    Path("mine.py").write_text(PRINTING)
    Path("plan.toml").write_text("[grid]\npaper.seed = [1]\n")

    ended = program("replay", "synthetic", "--strategy", "mine.py:Mine", "--for", "2", "--no-stdin", *sweep, "--json")

    assert len(ended.objects) == 1
    assert "looking" in ended.err + capfd.readouterr().err
    assert "looking" in program("replay", "synthetic", "--strategy", "mine.py:Mine", "--for", "2", "--no-stdin").out


REPEATING = """
from decimal import Decimal
from tidegate import Action, Decision

class Mine:
    def decide(self, view):
        amount = Decimal(100 + view.now.second)
        return [("BTC-USD", Decision(action=Action.BUY, target_notional=amount, decision_id="same"))]
"""


def test_a_refusal_of_which_the_journal_has_nothing_is_told_with_its_reason(
    program: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ID_CONFLICT leaves no event; the summary says more of it than a number, whoever decides."""
    Path("mine.py").write_text(REPEATING)
    by_strategy = program("replay", "synthetic", "--strategy", "mine.py:Mine", "--for", "4", "--no-stdin")
    given(f"{BUY}\n{BUY.replace('250', '300')}\n", monkeypatch)
    by_line = program("replay", "synthetic", "--stdin")

    for ended in (by_strategy, by_line):
        assert "refused    BTC-USD ID_CONFLICT: decision id" in ended.out
        assert "x  ID_CONFLICT" in ended.out
    assert by_strategy.out.count("refused    ") == int(by_strategy.out.split("x  ID_CONFLICT")[0].split()[-1])


def test_a_recording_out_of_a_pipe_is_told_for_what_it_is(program: Run) -> None:
    """It had been told as truncated: the checksum had been read, and nothing was left for the rows."""
    os.mkfifo("day.tgr.gz")

    ended = program("replay", "day.tgr.gz", "--no-stdin")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: day.tgr.gz: a pipe can be read only once")


def test_a_replay_keeps_nothing_unless_told_to(program: Run, tmp_path: Path) -> None:
    """And says how to keep it."""
    ended = program("replay", "synthetic", *STRATEGY, "--for", "120")

    assert ended.code == 0
    assert not (tmp_path / "data").exists()
    assert "--store sqlite:///replay.sqlite" in ended.out


@pytest.mark.parametrize("content", [b"", b"hello", b"\x1f\x8b\x08\x00"])
def test_a_damaged_recording_is_told_with_its_line(program: Run, content: bytes) -> None:
    """Exit 2."""
    Path("day.tgr.gz").write_bytes(content)

    ended = program("replay", "day.tgr.gz")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: day.tgr.gz, line 1: ")
