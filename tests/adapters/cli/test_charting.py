"""`replay --chart` writes one page beside the result."""

import re
from pathlib import Path

import pytest

from tests.adapters.cli.conftest import EXAMPLE, Run
from tests.adapters.stores.sqlite.stores import lose_privileges, unprivileged_folder
from tidegate.adapters.cli import run_chart
from tidegate.adapters.cli.destinations import free
from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.settings import Settings

STRATEGY = ("--strategy", f"{EXAMPLE}:create", "--for", "240")
SIZE_BYTES_MAX = 500_000


def test_a_replay_can_be_drawn(program: Run) -> None:
    """The result is the same as without; the drawn equity ends within a dollar of the books, and the page is small."""
    plain = program("replay", "synthetic", *STRATEGY, "--json")
    drawn = program("replay", "synthetic", *STRATEGY, "--chart", "run.html", "--json")

    text = Path("run.html").read_text(encoding="utf-8")
    found = re.search(r"<dd>([\d,.]+) USD by the books, ([\d,.]+) as drawn</dd>", text)
    assert (drawn.code, drawn.out) == (0, plain.out)
    assert found is not None
    books, curve = (float(one.replace(",", "")) for one in found.groups())
    assert books == pytest.approx(curve, abs=1)
    assert books != 100_000
    assert "Assumed on paper: our orders do not move the recorded market" in text
    assert len(text) < SIZE_BYTES_MAX


def test_a_replay_tells_where_its_chart_is(program: Run) -> None:
    """In one line of what people read."""
    assert (
        "\nchart: run.html\n" in program("replay", "synthetic", "--for", "5", "--no-stdin", "--chart", "run.html").out
    )


def test_a_chart_is_drawn_over_a_chart_and_over_nothing_else(program: Run) -> None:
    """Whoever names the recording twice still has it."""
    replay = ("replay", "synthetic", "--for", "5", "--no-stdin", "--chart")
    Path("day.tgr.gz").write_bytes(b"a week of work")
    program(*replay, "run.html")

    refused = program(*replay, "day.tgr.gz")

    assert refused.code == 2
    assert refused.err == "error: --chart draws over pages alone, and day.tgr.gz is something else: name another\n"
    assert Path("day.tgr.gz").read_bytes() == b"a week of work"
    assert program(*replay, "run.html").code == 0


@pytest.mark.parametrize(
    ("path", "why"), [("nowhere/run.html", "nowhere/run.html is in no folder"), (".", ". is a folder")]
)
def test_a_chart_that_cannot_be_written_is_told_before_the_replay(program: Run, path: str, why: str) -> None:
    """Exit 2, at once."""
    ended = program("replay", "synthetic", *STRATEGY, "--chart", path)

    assert (ended.code, ended.out, ended.err) == (2, "", f"error: --chart writes a file, and {why}\n")


def test_a_place_where_nothing_can_be_written_is_told_before_anything_is_made() -> None:
    """A chart had found it at the end of the replay, and an import at the end of the capture."""
    with unprivileged_folder() as folder:
        page = folder / "run.html"
        page.write_text("")
        lose_privileges(folder)
        for path in (page, folder / "another.html"):
            with pytest.raises(UsageError, match="cannot be written"):
                run_chart.RunChart(path, Settings())
        with pytest.raises(UsageError, match="nothing can be written in"):
            free(folder / "day.tgr.gz", "name another")


def test_a_page_that_cannot_be_written_loses_no_result(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk filled up, or turned read-only, while the replay ran."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "run.html")

    monkeypatch.setattr(run_chart, "write_chart", full)
    ended = program("replay", "synthetic", "--no-stdin", "--for", "5", "--chart", "run.html", "--json")

    assert ended.code == 2
    assert ended.object["invariants"] == "hold"
    assert "run.html" in ended.err
