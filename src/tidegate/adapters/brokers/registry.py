"""Registry: venues by name, as installed packages register them under the entry point `tidegate.brokers`."""

from importlib.metadata import entry_points
from typing import Any

from tidegate.adapters.registered import made_by
from tidegate.adapters.settings import Settings
from tidegate.adapters.spelling import nearest
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.ports import AccountPort, Broker, EnginePort, MarketDataPort

GROUP = "tidegate.brokers"


def live_broker(settings: Settings) -> Broker:
    """The broker of the venue that the settings name: an entry point to a callable from settings to a Broker.

    Raises:
        ConfigurationError: no venue is named, no installed adapter registers it, or what is registered is no adapter.
        Exception: what the adapter itself raises.
    """
    broker: Broker = _made(settings, "Broker", EnginePort, MarketDataPort, AccountPort)
    return broker


def live_market(settings: Settings) -> MarketDataPort:
    """The same where only its market is listened to, which is all that what is registered need have then.

    Raises:
        ConfigurationError, Exception: as `live_broker`.
    """
    market: MarketDataPort = _made(settings, "MarketDataPort", MarketDataPort)
    return market


def _made(settings: Settings, wanted: str, *ports: type) -> Any:
    name = settings.venue.name
    found = {point.name: point for point in entry_points(group=GROUP)}
    installed = ", ".join(sorted(found)) or "none"
    if name is None:
        raise ConfigurationError(
            f"venue.name: the live profile needs a venue (installed: {installed})", ("venue.name",)
        )
    point = found.get(name)
    if point is None:
        hint = nearest(name, found) if found else ""
        meant = f"; did you mean {hint}?" if hint else ""
        raise ConfigurationError(
            f"venue.name: no adapter registers that venue (installed: {installed}){meant}", ("venue.name",)
        )
    return made_by(point, "venue.name", wanted, ports, settings)
