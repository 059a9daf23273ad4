"""Every broker that ships and needs no network, held to the one contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.adapters.brokers.simulated.exchange_floor import SPOT, START
from tests.adapters.sessions.recordings import minutes, running, written
from tidegate.adapters.brokers.scripted import ScriptedBroker
from tidegate.adapters.brokers.simulated import INSTANT, VenueSettings
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.sessions import prepare_session
from tidegate.testing.contracts.broker import BrokerContract, OpenedVenue


class TestSimulatedBroker(BrokerContract):
    """A world in memory, and answers at once."""

    settings = INSTANT
    world_name: str | None = None

    @asynccontextmanager
    async def open_venue(self, folder: Path) -> AsyncIterator[OpenedVenue]:
        recording = written(folder / "r.tgr.gz", minutes(1))
        world = folder / self.world_name if self.world_name else None
        session = prepare_session(recording, world_path=world, settings=self.settings)
        async with running(session):
            yield OpenedVenue(broker=session.broker, clock=session.clock, symbol="BTC-USD")
        session.close()


class TestSimulatedBrokerOnFile(TestSimulatedBroker):
    """A durable world."""

    world_name = "store.world"


class TestSimulatedBrokerWithLatency(TestSimulatedBroker):
    """Everything under way for a while."""

    settings = VenueSettings()


class TestScriptedBroker(BrokerContract):
    """Untold, the scripted venue behaves."""

    @asynccontextmanager
    async def open_venue(self, folder: Path) -> AsyncIterator[OpenedVenue]:
        clock = ManualClock(START)
        broker = ScriptedBroker([SPOT], clock)
        broker.set_book("BTC-USD", bids=[(99, 5)], asks=[(101, 5)])
        yield OpenedVenue(broker=broker, clock=clock, symbol="BTC-USD")
        broker.close()
