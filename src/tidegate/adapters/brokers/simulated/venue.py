"""The simulated venue as one thing: its parts put together over a recording's products and a world."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from tidegate.adapters.brokers.simulated.amending import OrderAmendment
from tidegate.adapters.brokers.simulated.entry import OrderEntry
from tidegate.adapters.brokers.simulated.exchange import Exchange
from tidegate.adapters.brokers.simulated.readings import Readings
from tidegate.adapters.brokers.simulated.settings import VenueSettings
from tidegate.adapters.brokers.simulated.tape import Tape
from tidegate.adapters.brokers.simulated.world import World
from tidegate.adapters.recordings.format import Row
from tidegate.adapters.recordings.header import RecordingHeader
from tidegate.domain.amounts import exact
from tidegate.domain.products import Product


class SimulatedVenue:
    """Order entry, amendments, tape and readings over one exchange; synchronous, and without a clock."""

    def __init__(self, header: RecordingHeader, world: World, settings: VenueSettings) -> None:
        self.settings = settings
        self.world = world
        products = tuple(_with_fees(product, settings) for product in header.products)
        self.exchange = Exchange(products, header, world)
        self.entry = OrderEntry(self.exchange)
        self.amendment = OrderAmendment(self.exchange, self.entry)
        self.tape = Tape(self.exchange, self.entry)
        self.readings = Readings(
            products,
            self.exchange.feed_index,
            self.exchange.feeds,
            header,
            latency_us=round(settings.feed_latency_ms * 1_000),
            offset_us=world.state.offset_us,
            depth_levels=settings.depth_levels,
        )

    @exact
    def rebuild(self, rows: Iterable[Row]) -> None:
        """Go through the rows that the world has lived through, and take up its open orders where they stood."""
        for row in islice(rows, self.world.state.rows):
            self.tape.rebuild(row)
            self.readings.hear(row)
        self.exchange.restore()

    def play(self, row: Row) -> None:
        """The next row happens; the caller works in the domain's decimal context."""
        self.tape.play(row)
        self.readings.hear(row)

    def advance(self, now_us: int) -> None:
        """The time is now this: dated orders expire, and what was under way to us arrives."""
        if self.exchange.floor.has_expiry(now_us):
            self.tape.advance(now_us)
        if self.readings.has_arrivals(now_us):
            self.readings.arrive(now_us)


def _with_fees(product: Product, settings: VenueSettings) -> Product:
    rates = {
        name: rate
        for name, rate in (("maker_fee_rate", settings.maker_fee_rate), ("taker_fee_rate", settings.taker_fee_rate))
        if rate is not None
    }
    return msgspec.structs.replace(product, **rates) if rates else product
