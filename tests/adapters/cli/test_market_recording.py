"""`record`: a market written down while it happens, of the paper market or of a venue that a package brings."""

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import Run
from tests.adapters.recordings.two_markets import two_markets
from tidegate.adapters.cli import wire_upkeep
from tidegate.adapters.recordings.reader import open_recording

PACKAGE = """
from contextlib import asynccontextmanager

from tests.adapters.recordings.two_markets import header, moving
from tidegate.adapters.brokers.scripted.market import ScriptedMarket
from tidegate.adapters.brokers.scripted.products import SPOT
from tidegate.adapters.clocks import WallClock


class Feed:
    products = header("BTC").products
    depth = "levels"
    notes = ()

    def __init__(self, source):
        self.source = source

    async def rows(self):
        for row in moving(60_000, 5):
            yield row


@asynccontextmanager
async def feed(settings, symbols):
    yield Feed(f"{settings.venue.name}: {','.join(symbols) or 'all'}")


def broker(settings):
    market = ScriptedMarket((SPOT,), WallClock())
    market.set_book("BTC-USD", [("99", 1)], [("101", 1)])
    return market


def silent(settings):
    return ScriptedMarket((SPOT,), WallClock())
"""
POINTS = """[tidegate.feeds]
acme = acme_feed:feed

[tidegate.brokers]
acme = acme_feed:broker
plain = acme_feed:broker
silent = acme_feed:silent
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with a feed of its own for one venue, and only a broker for two others."""
    (tmp_path / "acme_feed.py").write_text(PACKAGE, encoding="utf-8")
    metadata = tmp_path / "acme_feed-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-feed\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("acme_feed", None)


def test_the_paper_market_is_recorded_at_its_pace(program: Run, tmp_path: Path) -> None:
    """Several recordings as one, too; and what was recorded can be played."""
    bitcoin, ether = (path.name for path in two_markets(tmp_path))

    told = program("record", "both.tgr.gz", "--recording", bitcoin, "--recording", ether, "--speed", "100000")
    again = program("record", "both.tgr.gz", "--speed", "100000")
    line = msgspec.json.decode(
        program("record", "cut.tgr.gz", "--speed", "60", "--for", "0.5", "--json").out, type=wire_upkeep.RecordingLine
    )

    assert told.code == 0, told.err
    assert "recording BTC-USD, ETH-USD of played again: BTC, by hand; ETH, by hand; Ctrl-C ends it" in " ".join(
        told.err.split()
    )
    assert "240 trades" in told.out
    assert again.code == 2
    assert again.err == (
        "error: both.tgr.gz exists already; a market that was recorded is never written over: name another\n"
    )
    assert (line.recording, line.symbols) == ("cut.tgr.gz", ["BTC-USD", "BTC-PERP"])
    assert 100 < line.rows_written < 22_000
    assert program("replay", "both.tgr.gz", "--no-stdin", "--json").code == 0


@pytest.mark.usefixtures("installed")
def test_a_venue_is_recorded_by_the_feed_that_its_package_registers(program: Run) -> None:
    """The callable takes settings and symbols; no account and no credentials are wanted."""
    ended = program("record", "day.tgr.gz", "--venue", "acme", "--symbol", "BTC-USD", "--json")

    assert ended.code == 0, ended.err
    header = open_recording("day.tgr.gz").header
    assert header.provenance.source == "acme: BTC-USD"
    assert ended.object["trades"] == 5


@pytest.mark.usefixtures("installed")
def test_a_venue_without_a_feed_is_listened_to_through_its_broker(program: Run) -> None:
    """Books alone, which is said; one that is silent leaves nothing and ends with 1."""
    ended = program("record", "day.tgr.gz", "--venue", "plain", "--for", "0.1", "--json")
    silent = program("record", "none.tgr.gz", "--venue", "silent", "--for", "0.1")
    other = program("record", "none.tgr.gz", "--venue", "plain", "--symbol", "ETH-USD")

    assert (ended.code, ended.object["rows_written"]) == (0, 1), ended.err
    assert "no trades" in str(ended.object["notes"])
    assert (silent.code, silent.err.splitlines()[-1]) == (
        1,
        "error: nothing was heard, so there is nothing to record",
    )
    assert (other.code, other.err) == (2, "error: venue plain has no ETH-USD; it has BTC-USD\n")
    assert not Path("none.tgr.gz").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--venue", "nobody"), "error: venue.name: no adapter registers that venue (installed: none)"),
        (("--symbol", "BTC-USD"), "error: --symbol is a venue's: name one with --venue"),
        (("--venue", "acme", "--recording", "a"), "error: --venue is recorded and --recording is played: give one"),
        (("--recording", "none.tgr.gz"), "error: none.tgr.gz: No such file or directory"),
    ],
)
def test_what_cannot_be_recorded_is_one_line(program: Run, arguments: tuple[str, ...], complaint: str) -> None:
    """Exit 2, and no file."""
    ended = program("record", "day.tgr.gz", *arguments)

    assert (ended.code, ended.err.startswith(complaint)) == (2, True), ended.err
    assert not list(Path().glob("day*"))


def test_a_folder_that_is_not_there_is_one_line(program: Run) -> None:
    """It is named."""
    ended = program("record", "none/day.tgr.gz")

    assert (ended.code, ended.err.splitlines()[-1]) == (
        2,
        "error: none/day.tgr.gz: there is no folder none",
    )


def test_what_a_killed_recorder_left_is_salvaged(program: Run, tmp_path: Path) -> None:
    """By a command that names the recording for it."""
    bitcoin, _ = two_markets(tmp_path)
    (tmp_path / "day.tgr.gz.partial").write_bytes(bitcoin.read_bytes()[:-500])

    ended = program("import", "salvage", "day.tgr.gz.partial")

    assert ended.code == 0, ended.err
    assert "day.tgr.gz: BTC-USD" in ended.out
    assert "Salvaged of day.tgr.gz.partial, which breaks off at line" in ended.out
    assert program("replay", "day.tgr.gz", "--no-stdin", "--json").code == 0
    told = program("replay", "day.tgr.gz.partial", "--no-stdin")
    assert (told.code, "truncated" in told.err) == (2, True)
