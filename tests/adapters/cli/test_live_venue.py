"""A live venue of a package, on the command line: it connects a moment after it was made, as real ones do."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Run
from tidegate.adapters.cli import first_word

_PACKAGE = """
import asyncio

from tidegate.adapters.brokers.scripted import ScriptedBroker
from tidegate.adapters.brokers.scripted.products import SCRIPTED_PRODUCTS
from tidegate.adapters.clocks import WallClock


class Acme(ScriptedBroker):
    is_connected = False

    def __init__(self, settings):
        super().__init__(SCRIPTED_PRODUCTS, WallClock(), account_id=settings.account_id)
        self._task = asyncio.get_running_loop().create_task(self._connect(settings.venue.options))

    async def _connect(self, options):
        await asyncio.sleep(0.1)
        self.is_connected = options["answers"]
        await asyncio.sleep(0.1)
        if self.is_connected:
            self.set_book("BTC-USD", bids=[("99.99", 5)], asks=[("100.01", 5)])

    @property
    def products(self):
        return super().products if self.is_connected else ()

    def product(self, symbol):
        return super().product(symbol) if self.is_connected else None

    async def aclose(self):
        self._task.cancel()
"""
_SETTINGS = """
profile = "live"
account_id = "acme-main"
[venue]
name = "acme"
api_key = "key"
api_secret = "secret"
[venue.options]
answers = true
"""
_LIVE = ("--live", "acme-main")


@pytest.fixture(autouse=True)
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Run) -> Iterator[Path]:
    """The package on the path, as pip would leave it, and the settings that name its venue."""
    (tmp_path / "acme_late.py").write_text(f"{_PACKAGE}\n\nbroker = Acme\n", encoding="utf-8")
    metadata = tmp_path / "acme_late-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-late\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[tidegate.brokers]\nacme = acme_late:broker\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    settings = tmp_path / "tidegate.toml"
    settings.write_text(_SETTINGS, encoding="utf-8")
    settings.chmod(0o600)
    yield settings
    sys.modules.pop("acme_late", None)


def test_one_decision_waits_until_the_market_has_been_heard(program: Run) -> None:
    """And so does what only looks: each is a program of a moment, which would find nothing otherwise."""
    assert [one["symbol"] for one in program("products", "--json").objects] == ["BTC-USD", "BTC-PERP"]
    assert program("quote", "BTC-USD", "--json").object["bid"] == "99.99"
    assert program("plan", "BTC-USD", "BUY", "--quantity", "0.2", "--json").code == 0

    bought = program("decide", "BTC-USD", "BUY", "--quantity", "0.2", *_LIVE, "--json")
    worth = program("account", "--json").object

    assert (bought.code, bought.object["order"]["status"]) == (0, "FILLED")  # type: ignore[index]
    assert worth["equity"] == "99999.957996"
    assert worth["mark_age_seconds"] >= 0  # type: ignore[operator]
    assert program("positions", "--json").object["mark"] == "100"


def test_the_account_s_id_is_typed_again(program: Run) -> None:
    """Money is at stake."""
    assert program("decide", "BTC-USD", "BUY", "--quantity", "0.2").code == 2
    assert program("decide", "BTC-USD", "BUY", "--quantity", "0.2", "--live", "other").code == 2


@pytest.mark.parametrize("command", [("decide", "BTC-USD", "BUY", "--quantity", "0.2"), ("run", "--for", "1")])
def test_money_is_not_traded_on_a_store_that_forgets(program: Run, command: tuple[str, ...]) -> None:
    """A killed process would leave live orders that no start could find."""
    ended = program(*command, *_LIVE, "--store", "memory://")

    assert (ended.code, ended.out) == (2, "")
    assert "memory:// forgets its orders" in ended.err
    assert program("quote", "BTC-USD", "--store", "memory://").code == 0


def test_a_venue_that_never_names_a_product_is_said_to_be_one(
    program: Run, live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ten seconds, and here sooner."""
    live.write_text(_SETTINGS.replace("true", "false"), encoding="utf-8")
    monkeypatch.setattr(first_word, "WAIT_SECONDS", 0.3)

    refused = program("plan", "BTC-USD", "BUY", "--quantity", "0.2")

    assert refused.code == 1
    assert "the venue has named none yet" in refused.out.replace("\n", " ")


def test_doctor_looks_for_the_adapter_and_for_no_paper_venue(program: Run, live: Path) -> None:
    """An account that trades live has no world of its own."""
    program("decide", "BTC-USD", "BUY", "--quantity", "0.2", *_LIVE)

    sound = program("doctor", "--json")
    live.write_text(_SETTINGS.replace('"acme"', '"acne"'), encoding="utf-8")
    lost = program("doctor", "--json")

    assert (sound.code, lost.code) == (0, 1)
    assert "acme, by acme_late:broker of acme-late 1.0" in sound.out
    assert "paper venue" not in sound.out + lost.out
    assert "did you mean acme?" in lost.out
