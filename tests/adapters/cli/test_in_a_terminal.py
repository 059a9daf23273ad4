"""In a terminal: a live picture while a run lasts, colours, and the cursor given back at the end."""

import io
import re
from contextlib import redirect_stdout

import pytest

from tests.adapters.cli.conftest import TRADING, Ended, Run, run_program
from tidegate.adapters.cli.tables import table
from tidegate.adapters.cli.terminal import Terminal

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


def rows_on_screen(command: str) -> list[str]:
    """What stands there, without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", on_screen(command)).splitlines()


def figures_in(rows: list[str]) -> set[str]:
    return {word for row in rows for word in row.split() if any(map(str.isdigit, word))}


@pytest.mark.parametrize("columns", ["80", "60"])
@pytest.mark.parametrize("command", ["orders", "fills", "positions", "products"])
def test_no_figure_is_cut_in_a_narrow_window(
    traded: Run, monkeypatch: pytest.MonkeyPatch, command: str, columns: str
) -> None:
    """At eighty columns 59,937 had been shown as 59,93."""
    wide = figures_in(rows_on_screen(command))
    monkeypatch.setenv("COLUMNS", columns)

    assert wide
    assert figures_in(rows_on_screen(command)) >= wide


@pytest.mark.parametrize("command", ["fills", "positions", "products"])
def test_in_a_window_of_eighty_columns_a_row_of_common_figures_is_one_line(
    traded: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Most windows are so wide."""
    monkeypatch.setenv("COLUMNS", "80")

    assert max(map(len, rows_on_screen(command))) <= 80


def test_orders_of_common_figures_fit_eighty_columns_also_where_one_was_refused() -> None:
    """Their long code folds; a row that was one column too long had left an empty line below each in most windows."""
    made = table("Time", "Symbol", "Side", "Type", "Quantity", "Limit", "Filled", "Status", "Order", right=["Quantity"])
    made.add_row("02:45:45", "BTC-USD", "BUY", "MARKET", "0.00318889", "78,397", "78,319", "FILLED", "tg710cead9")
    refused = "REFUSED VENUE_POST_ONLY_WOULD_CROSS"
    made.add_row("02:44:46", "BTC-PERP", "SELL", "LIMIT GTD", "0.0127", "78,389", "–", refused, "tg08cc7aa2")
    out = io.StringIO()
    with redirect_stdout(out):
        terminal = Terminal()
        terminal.out.width = 80
        terminal.show(made)

    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert {"02:45:45", "78,319", "tg08cc7aa2"} <= figures_in(lines)


def test_in_a_pipe_too_a_long_figure_makes_its_table_wider() -> None:
    """A price of a coin with many decimals, a size of one with many zeros."""
    made = table("Symbol", "Quantity", "Status", right=["Quantity"])
    made.add_row("A-B", "1" * 18 + "." + "2" * 18, "REFUSED VENUE_POST_ONLY_WOULD_CROSS")
    out = io.StringIO()
    with redirect_stdout(out):
        terminal = Terminal()
        terminal.out.width = 20
        terminal.show(made)

    assert "1" * 18 + "." + "2" * 18 in out.getvalue()
