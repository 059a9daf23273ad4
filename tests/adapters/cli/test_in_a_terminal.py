"""In a terminal: a live picture while a run lasts, colours, and the cursor given back at the end."""

import io
from contextlib import redirect_stdout

import pytest

from tests.adapters.cli.conftest import TRADING, Ended, Run, run_program

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def on_screen(*arguments: str) -> str:
    """What a terminal is sent."""
    screen = Screen()
    with redirect_stdout(io.StringIO()) as swallowed:
        ended = _with_screen(screen, *arguments)
    assert swallowed.getvalue() == ""
    assert ended.code == 0
    return screen.getvalue()


def _with_screen(screen: Screen, *arguments: str) -> Ended:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.adapters.cli.conftest.StringIO", lambda: screen)
        return run_program(*arguments)


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A modern one, a hundred columns wide."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_run_is_a_live_picture_and_then_a_summary(program: Run) -> None:
    """With progress, prices, equity and the latest events; nothing of it is left behind."""
    shown = on_screen("run", *TRADING, "--no-stdin")

    picture, summary = shown.split(SHOW_CURSOR)
    assert HIDE_CURSOR in picture
    for word in ("paper · synthetic", "BTC-USD", "BTC-PERP", "Equity", "State", "ACTIVE", "order"):
        assert word in picture
    assert "Summary" in summary
    assert "Try next" in summary


def test_json_is_json_in_a_terminal_too(program: Run) -> None:
    """Whoever asks for it gets nothing else."""
    shown = on_screen("run", *TRADING, "--no-stdin", "--json")

    assert "\x1b" not in shown
    assert shown.startswith('{"decisions":')


def test_tables_have_their_colours(traded: Run) -> None:
    """And fit the window."""
    shown = on_screen("orders")

    assert "\x1b[32m" in shown
