"""The simulated venue as one thing: its parts put together over a recording's products and a world."""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

import msgspec

from tidegate.adapters.brokers.simulated.amending import OrderAmendment
from tidegate.adapters.brokers.simulated.calendar import Calendar
from tidegate.adapters.brokers.simulated.entry import OrderEntry
from tidegate.adapters.brokers.simulated.exchange import Exchange
from tidegate.adapters.brokers.simulated.happenings import ScriptedEvent
from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.liquidation import Liquidator
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.brokers.simulated.readings import Readings
from tidegate.adapters.brokers.simulated.settings import QueueModel, VenueSettings
from tidegate.adapters.brokers.simulated.tape import Tape
from tidegate.adapters.brokers.simulated.world import World
from tidegate.adapters.recordings.format import Row
from tidegate.adapters.recordings.header import RecordingHeader, microseconds_of
from tidegate.domain.amounts import exact
from tidegate.domain.products import Product


class SimulatedVenue:
    """Order entry, amendments, tape and readings over one exchange; synchronous, and without a clock."""

    def __init__(
        self,
        header: RecordingHeader,
        world: World,
        settings: VenueSettings,
        happenings: Sequence[ScriptedEvent] = (),
    ) -> None:
        self.settings = settings
        self.world = world
        later = timedelta(microseconds=world.state.offset_us)
        products = tuple(_at_this_venue(product, settings, later) for product in header.products)
        self.exchange = Exchange(products, header, world, settings)
        self.entry = OrderEntry(self.exchange, settings.self_trade_prevention)
        self.amendment = OrderAmendment(self.exchange, self.entry)
        is_probabilistic = settings.queue_model is QueueModel.PROBABILISTIC
        self.tape = Tape(
            self.exchange,
            self.entry,
            Liquidator(self.exchange, settings),
            settings.queue_power if is_probabilistic else 0,
        )
        began_us = microseconds_of(header.started_at) + world.state.offset_us
        self.calendar = Calendar(self.exchange, settings, began_us, happenings)
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
        # Read once: whoever has an order must have the one that the others have, since it is changed in place.
        orders = sorted(self.world.archive.open_orders(), key=lambda order: order.rank)
        trailing = TrailingBefore(self.exchange, orders)
        trailing.join(0)
        for number, row in enumerate(islice(rows, self.world.state.rows), start=1):
            self.tape.rebuild(row)
            trailing.join(number, row)
            self.readings.hear(row)
        self.exchange.restore(orders)

    def play(self, row: Row) -> None:
        """The next row happens; the caller works in the domain's decimal context."""
        self.tape.play(row)
        self.readings.hear(row)

    def advance(self, now_us: int) -> None:
        """The time is now this: what was set for it comes, dated orders expire, what was under way to us arrives."""
        if self.calendar.next_us <= now_us:
            self.calendar.advance(now_us)
        if self.exchange.floor.has_expiry(now_us):
            self.tape.advance(now_us)
        if self.readings.has_arrivals(now_us):
            self.readings.arrive(now_us)


class TrailingBefore:
    """Trailing orders of a world that is taken up: each joins at the row at which it came, and follows from there."""

    def __init__(self, exchange: Exchange, orders: Iterable[WorkingOrder]) -> None:
        self._exchange = exchange
        self._coming = deque(order for order in orders if order.waits and order.terms.trail)
        self._followed: dict[str, Instrument] = {}

    def join(self, number: int, row: Row | None = None) -> None:
        """So many rows have been; the last of them moves the trails of those that came before it."""
        if row is not None:
            for instrument in self._followed.values():
                if instrument.feed_index == row.product:
                    instrument.triggers.observe(instrument.feed)
        while self._coming and self._coming[0].since_row <= number:
            order = self._coming.popleft()
            instrument = self._followed[order.terms.symbol] = self._exchange.instruments[order.terms.symbol]
            instrument.triggers.add(order)


def _at_this_venue(product: Product, settings: VenueSettings, later: timedelta) -> Product:
    """The product with the venue's own fees, and its dates as much later as the session is than its recording."""
    changes: dict[str, Any] = {
        name: rate
        for name, rate in (("maker_fee_rate", settings.maker_fee_rate), ("taker_fee_rate", settings.taker_fee_rate))
        if rate is not None
    }
    for name in ("expires_at", "opens_at"):
        moment = getattr(product, name)
        if moment is not None and later:
            changes[name] = moment + later
    return msgspec.structs.replace(product, **changes) if changes else product
