"""Packages bring venues and stores by entry points; what nobody brings is a one-line error that names the setting."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tidegate.adapters.brokers.registry import live_broker
from tidegate.adapters.cli import program
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.settings import Settings
from tidegate.adapters.stores.opening import open_store
from tidegate.application.configuration import ConfigurationError

_PACKAGE = """
from datetime import UTC, datetime

from msgspec.structs import replace

from tidegate.adapters.brokers.scripted import ScriptedBroker
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.memory import MemoryOrderStore


def broker(settings):
    made = ScriptedBroker((), ManualClock(datetime(2026, 1, 5, tzinfo=UTC)))
    made.made_for = settings.venue.name
    return made


class Short(ScriptedBroker):
    @property
    def capabilities(self):
        return replace(super().capabilities, client_order_id_length_max=20)


class Unable(ScriptedBroker):
    capabilities = None


def short(settings):
    return Short((), ManualClock(datetime(2026, 1, 5, tzinfo=UTC)))


def unable(settings):
    return Unable((), ManualClock(datetime(2026, 1, 5, tzinfo=UTC)))


async def late(settings):
    return broker(settings)


def nothing(*arguments):
    return None


def broken(settings):
    raise LookupError("no such region")


def leaving(settings):
    raise SystemExit(0)


def store(settings, clock, process, is_read_only, resources):
    resources.callback(lambda: None)
    made = MemoryOrderStore(settings.account_id, clock)
    made.made_for = process
    return made


a_name = "acme"
"""
_METADATA = "Metadata-Version: 2.1\nName: acme-venue\nVersion: 1.0\n"
_POINTS = """
[tidegate.brokers]
acme = acme_venue:broker
nothing = acme_venue:nothing
late = acme_venue:late
broken = acme_venue:broken
leaving = acme_venue:leaving
short = acme_venue:short
unable = acme_venue:unable
text = acme_venue:a_name
misspelt = acme_venue:brokr
elsewhere = acme_venues:broker

[tidegate.stores]
postgresql = acme_venue:store
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real package with entry points on the path, as pip would leave one."""
    (tmp_path / "acme_venue.py").write_text(_PACKAGE, encoding="utf-8")
    metadata = tmp_path / "acme_venue-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(_METADATA, encoding="utf-8")
    (metadata / "entry_points.txt").write_text(_POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("acme_venue", None)


def _live(name: str | None) -> Settings:
    # The settings of a live profile want credentials; which venue they are for is all that matters here.
    return Settings().model_copy(update={"venue": Settings().venue.model_copy(update={"name": name})})


@pytest.mark.usefixtures("installed")
def test_a_package_brings_a_venue_under_its_name() -> None:
    """The entry point is a callable from settings to a Broker."""
    broker: object = live_broker(_live("acme"))
    assert getattr(broker, "made_for", None) == "acme"


@pytest.mark.usefixtures("installed")
@pytest.mark.filterwarnings("ignore:coroutine 'late' was never awaited")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing", "acme_venue:nothing makes no Broker but NoneType, without submit, "),
        ("late", "acme_venue:late makes no Broker but coroutine, without submit, "),
        ("leaving", r"acme_venue:leaving raised SystemExit\(0\): the program's end is not its to decide"),
        ("short", "the adapter takes client order ids of at most 20 letters, and ours have 32"),
        ("unable", "the adapter's capabilities are NoneType"),
        ("text", "acme_venue:a_name is no callable but str"),
        ("misspelt", "acme_venue:brokr cannot be loaded: "),
        ("elsewhere", "acme_venues:broker cannot be loaded: "),
    ],
)
def test_what_a_package_registers_and_is_no_venue_is_told_by_its_place(name: str, told: str) -> None:
    """At once, and not by the first part that asks it for something."""
    with pytest.raises(ConfigurationError, match="venue.name: " + told):
        live_broker(_live(name))


@pytest.mark.usefixtures("installed")
def test_what_an_adapter_raises_as_it_is_made_is_no_bug_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It comes out as it is, and the command line says whose it is, in one line."""
    monkeypatch.setattr(sys, "argv", ["tidegate", "run"])
    with pytest.raises(LookupError) as caught:
        live_broker(_live("broken"))

    program._report_bug(LookupError, caught.value, caught.value.__traceback__)

    told = capsys.readouterr().err
    assert told.startswith(
        "error: an error of acme_venue, no part of Tidegate: LookupError: no such region (acme_venue"
    )
    assert told.count("\n") == 1


@pytest.mark.usefixtures("installed")
def test_a_misspelt_venue_is_told_the_nearest_one() -> None:
    """And the setting's key."""
    with pytest.raises(ConfigurationError, match=r"venue\.name: .*did you mean acme\?"):
        live_broker(_live("acne"))


def test_without_any_adapter_the_error_says_so() -> None:
    """Naming a venue helps nothing while none is installed."""
    with pytest.raises(ConfigurationError, match="installed: none"):
        live_broker(_live("acme"))
    with pytest.raises(ConfigurationError, match="the live profile needs a venue"):
        live_broker(_live(None))


def _open_postgres() -> object:
    settings = Settings.load(environ={}, store={"url": "postgresql://localhost/trading"})
    with ExitStack() as resources:
        return open_store(settings, ManualClock(datetime(2026, 1, 5, tzinfo=UTC)), "a test", False, resources)


@pytest.mark.usefixtures("installed")
def test_a_package_brings_a_kind_of_store() -> None:
    """The entry point takes what `open_store` takes."""
    assert getattr(_open_postgres(), "made_for", None) == "a test"


def test_a_package_whose_opener_gives_no_store_is_told_by_its_place(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a venue is."""
    points = tmp_path / "acme_venue-1.0.dist-info" / "entry_points.txt"
    points.write_text("[tidegate.stores]\npostgresql = acme_venue:nothing\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"store\.url: .* makes no OrderStorePort but NoneType, without "):
        _open_postgres()


def test_a_kind_of_store_that_nobody_brings_is_a_configuration_error() -> None:
    """It names the setting, and never the URL, which may hold a password."""
    with pytest.raises(ConfigurationError, match=r"store\.url: no installed package brings postgresql stores") as error:
        _open_postgres()
    assert "localhost" not in str(error.value)
