"""Registry: venues by name, as installed packages register them under the entry point `tidegate.brokers`."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from tidegate.adapters.registered import made_by
from tidegate.adapters.settings import Settings
from tidegate.adapters.spelling import nearest
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.identifiers import CLIENT_ORDER_ID_LENGTH
from tidegate.domain.ports import AccountPort, Broker, EnginePort, MarketDataPort
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.vocabulary import Delivery

GROUP = "tidegate.brokers"


def live_broker(settings: Settings) -> Broker:
    """The broker of the venue that the settings name: an entry point to a callable from settings to a Broker.

    Raises:
        ConfigurationError: no venue is named, no installed adapter registers it, what is registered is no adapter, or
            its capabilities say that it cannot take our client order ids.
        Exception: what the adapter itself raises.
    """
    broker: Broker = _made(settings, "Broker", EnginePort, MarketDataPort, AccountPort)
    can: object = getattr(broker, "capabilities", None)
    if not isinstance(can, EngineCapabilities):
        raise ConfigurationError(
            f"venue.name: the adapter's capabilities are {type(can).__name__}, and no EngineCapabilities",
            ("venue.name",),
        )
    if can.delivery is not Delivery.C and can.client_order_id_length_max < CLIENT_ORDER_ID_LENGTH:
        longest = f"at most {can.client_order_id_length_max} letters, and ours have {CLIENT_ORDER_ID_LENGTH}"
        raise ConfigurationError(
            f"venue.name: the adapter takes client order ids of {longest}: it has to turn them into its own, and back",
            ("venue.name",),
        )
    return broker


def live_market(settings: Settings) -> MarketDataPort:
    """The same where only its market is listened to, which is all that what is registered need have then.

    Raises:
        ConfigurationError, Exception: as `live_broker`.
    """
    market: MarketDataPort = _made(settings, "MarketDataPort", MarketDataPort)
    return market


def venue_point(settings: Settings) -> EntryPoint:
    """What an installed package registers under the name of the settings' venue.

    Raises:
        ConfigurationError: no venue is named, or no installed adapter registers it.
    """
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
    return point


def _made(settings: Settings, wanted: str, *ports: type) -> Any:
    return made_by(venue_point(settings), "venue.name", wanted, ports, settings)
