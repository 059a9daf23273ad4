"""The simulated venue: a world of its own that matches our orders against a recorded market, by price and time."""

from tidegate.adapters.brokers.simulated.broker import SimulatedBroker
from tidegate.adapters.brokers.simulated.settings import INSTANT, VenueSettings
from tidegate.adapters.brokers.simulated.venue import SimulatedVenue
from tidegate.adapters.brokers.simulated.world import SessionStart, World, WorldError, open_world

__all__ = [
    "INSTANT",
    "SessionStart",
    "SimulatedBroker",
    "SimulatedVenue",
    "VenueSettings",
    "World",
    "WorldError",
    "open_world",
]
