"""Packages bring venues and stores by entry points; what nobody brings is a one-line error that names the setting."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tidegate.adapters.brokers.registry import live_broker
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.settings import Settings
from tidegate.adapters.stores.opening import open_store
from tidegate.application.configuration import ConfigurationError

_PACKAGE = """
def broker(settings):
    return ("a broker for", settings.venue.name)


def store(settings, clock, process, is_read_only, resources):
    resources.callback(lambda: None)
    return ("a store for", process)
"""
_METADATA = "Metadata-Version: 2.1\nName: acme-venue\nVersion: 1.0\n"
_POINTS = "[tidegate.brokers]\nacme = acme_venue:broker\n\n[tidegate.stores]\npostgresql = acme_venue:store\n"


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
    assert broker == ("a broker for", "acme")


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
    assert _open_postgres() == ("a store for", "a test")


def test_a_kind_of_store_that_nobody_brings_is_a_configuration_error() -> None:
    """It names the setting, and never the URL, which may hold a password."""
    with pytest.raises(ConfigurationError, match=r"store\.url: no installed package brings postgresql stores") as error:
        _open_postgres()
    assert "localhost" not in str(error.value)
