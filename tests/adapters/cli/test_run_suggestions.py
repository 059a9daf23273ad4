"""What to try after a run means the decisions of that run, too."""

import shlex
import sys
from pathlib import Path

import pytest

from tests.adapters.cli.conftest import EXAMPLE, Run
from tests.adapters.cli.test_running import BUY, piped


def suggested(out: str) -> list[str]:
    """The three commands, without what is said of them."""
    return [line for line in out.split("Try next")[1].splitlines() if line and not line.startswith("#")]


@pytest.mark.skipif(not Path("/dev/fd/0").is_symlink(), reason="this system does not say how a file was opened")
def test_a_replay_of_a_file_s_decisions_is_repeated_with_that_file(
    program: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed as it stands it makes the same orders; without the file it would make none."""
    decisions = Path("my decisions.jsonl")
    decisions.write_text(f"{BUY}\n", encoding="utf-8")
    with decisions.open(encoding="utf-8") as stdin, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        first = program("replay", "synthetic")

    again, journal, watched = suggested(first.out)
    words, _, source = again.partition(" < ")
    assert source == "'my decisions.jsonl'"
    assert watched.endswith(f" < {source}")
    assert "<" not in journal
    with Path(*shlex.split(source)).open(encoding="utf-8") as stdin, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        second = program(*shlex.split(words)[1:])
    assert "1 order sent" in first.out
    assert "1 order sent" in second.out


def test_a_replay_of_a_pipe_s_decisions_is_not_said_to_come_the_same_again(
    program: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe is read once, and its lines come when they come."""
    with piped(f"{BUY}\n", monkeypatch):
        ended = program("replay", "synthetic")

    assert "the same again" not in ended.out
    assert "in a FILE" in ended.out
    assert [line.endswith(" < FILE") for line in suggested(ended.out)] == [True, False, True]


def test_the_settings_strategy_did_not_decide_where_standard_input_did(
    program: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--stdin` it is not asked, and a suggestion that names both is refused."""
    Path("tidegate.toml").write_text(f'[intake]\nstrategy = "{EXAMPLE}:create"\n', encoding="utf-8")
    with piped(f"{BUY}\n", monkeypatch):
        ended = program("replay", "synthetic", "--stdin")

    again, _, watched = suggested(ended.out)
    assert "--stdin" in again
    assert "--stdin" in watched
    assert "--strategy" not in again + watched
