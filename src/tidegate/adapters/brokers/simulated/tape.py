"""The tape: rows of the recording as they happen to the venue, and the moments at which orders expire."""

from collections.abc import Iterable
from decimal import Decimal

from tidegate.adapters.brokers.simulated.entry import OrderEntry
from tidegate.adapters.brokers.simulated.exchange import Exchange
from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.brokers.simulated.instrument import WHOLE_LEVEL, Instrument
from tidegate.adapters.brokers.simulated.liquidation import Liquidator
from tidegate.adapters.brokers.simulated.orders import EXPIRED, WorkingOrder
from tidegate.adapters.brokers.simulated.queues import Hit, hits, left_queue, lose_sight, thinned
from tidegate.adapters.brokers.words import MAKER
from tidegate.adapters.recordings.format import (
    BookSnapshotRow,
    Gap,
    LevelUpdated,
    OrderAdded,
    OrderDeleted,
    OrderResized,
    Row,
    TradePrinted,
)
from tidegate.adapters.recordings.header import moment_of
from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.products import OPEN_FOR_TRADING, floor_to


class Tape:
    """What time does to the venue. Rows come in order; the caller works in the domain's decimal context."""

    def __init__(self, exchange: Exchange, entry: OrderEntry, liquidator: Liquidator, queue_power: int = 0) -> None:
        """`queue_power` is that of the probabilistic queue model; 0 lets trades alone shorten queues."""
        self._exchange = exchange
        self._queue_power = queue_power
        self._entry = entry
        self._liquidator = liquidator
        self._floor = exchange.floor
        self._state = exchange.world.state
        self._feeds = exchange.feeds

    def rebuild(self, row: Row) -> None:
        """Take a row that the world has lived through: the book alone changes."""
        self._feeds[row.product].apply(row)

    def play(self, row: Row) -> None:
        """Take the next row: it changes the book, shortens queues, and may fill our orders."""
        state = self._state
        state.rows += 1
        state.at_us = row.at_us + state.offset_us
        if row.product in self._exchange.watched:
            self._play_watched(row)
        else:
            self._feeds[row.product].apply(row)
        if row.product in self._floor.margined:
            self._liquidator.review(row.product, moment_of(state.at_us))

    @exact
    def advance(self, at_us: int) -> None:
        """The time has come this far: orders that lived until then have expired."""
        for order in self._floor.expired(at_us):
            until = order.terms.expire_at
            assert until is not None  # noqa: S101  only dated orders are among them
            self._floor.end(order, EXPIRED, until, "its time has come")
            self._exchange.tell_order(order)
        if self._floor.touched:
            self._floor.write()

    def keep_place(self, lease_us: int) -> None:
        """Write where the world stands, and how far time may flow before this is called again."""
        self._state.lease_us = lease_us
        self._floor.write()

    def end_session(self) -> None:
        """The recording is at its end."""
        self._state.is_ended = True
        self.keep_place(max(self._state.at_us, self._state.lease_us))

    def _play_watched(self, row: Row) -> None:
        feed = self._feeds[row.product]
        instruments = self._exchange.followers[row.product]
        if isinstance(row, TradePrinted):
            feed.apply(row)
            for instrument in instruments:
                if instrument.has_orders:
                    self._printed(instrument, row)
        else:
            for order in _follow(feed, instruments, row, self._queue_power):
                self._floor.touched[order.terms.client_order_id] = order
        has_changed = False
        for instrument in instruments:
            if instrument.triggers.count:
                has_changed |= self._trigger(instrument, row)
        if has_changed or self._floor.fills:
            if self._floor.reducers:
                self._entry.close_reducers(moment_of(self._state.at_us))
            self._floor.write()
        self._exchange.review(row.product)

    def _printed(self, instrument: Instrument, row: TradePrinted) -> None:
        """A trade serves our resting orders, unless the venue says that it lets nothing be traded."""
        flags = instrument.flags
        if flags.trading_disabled or flags.cancel_only:
            return
        volume = max(row.size, _shown_at(instrument, row))
        for hit in hits(instrument, row):
            self._hit(hit, volume)
        for order in instrument.resting(row.aggressor.opposite).at(row.price):
            self._floor.touched[order.terms.client_order_id] = order

    def _trigger(self, instrument: Instrument, row: Row) -> bool:
        """Let trails follow, and orders become what they were to be; whether any has. A restricted market has none."""
        triggers, feed = instrument.triggers, instrument.feed
        triggers.observe(feed)
        if instrument.flags is not OPEN_FOR_TRADING and instrument.flags != OPEN_FOR_TRADING:
            return False
        reached = triggers.reached(feed)
        if reached and isinstance(row, TradePrinted):
            instrument.printed(row)
        for order in reached:
            self._entry.activate(order, moment_of(self._state.at_us))
        return bool(reached)

    def _hit(self, hit: Hit, volume: Decimal) -> None:
        order = hit.order
        if not order.is_open:
            return
        quantity = hit.quantity
        if order.terms.reduce_only:
            quantity = min(quantity, self._floor.reducible(order.terms.symbol, order.terms.side))
        instrument = self._exchange.instruments[order.terms.symbol]
        quantity = floor_to(quantity, instrument.product.base_increment)
        if quantity <= ZERO:
            return
        fill = self._floor.fill(
            order, instrument, quantity, order.limit_price or ZERO, moment_of(self._state.at_us), MAKER, of=volume
        )
        self._floor.hold(order)
        self._exchange.tell_fill(order, fill)


def _shown_at(instrument: Instrument, row: TradePrinted) -> Decimal:
    """What the level of a trade displays: the trade has not been taken off it yet."""
    level = instrument.book.side(row.aggressor.opposite).levels.get(row.price)
    return ZERO if level is None else level.total


def _follow(feed: MarketFeed, instruments: Iterable[Instrument], row: Row, queue_power: int) -> list[WorkingOrder]:
    """Apply a row that is no trade to the book, and to what instruments keep of it; ours whose place changed."""
    if isinstance(row, OrderAdded | OrderDeleted | OrderResized):
        return _order_changed(feed, instruments, row)
    changed: list[WorkingOrder] = []
    if isinstance(row, BookSnapshotRow | Gap):
        for instrument in instruments:
            changed += lose_sight(instrument)
            instrument.forget()
    if queue_power and isinstance(row, LevelUpdated):
        before = feed.book.side(row.side).levels.get(row.price)
        if before is not None:
            for instrument in instruments:
                changed += thinned(instrument, before, row.size, queue_power)
    level = feed.apply(row)
    if isinstance(row, LevelUpdated) and level is not None:
        for instrument in instruments:
            instrument.refresh(level, WHOLE_LEVEL)
    return changed


def _order_changed(
    feed: MarketFeed, instruments: Iterable[Instrument], row: OrderAdded | OrderDeleted | OrderResized
) -> list[WorkingOrder]:
    level = feed.book.orders.get(row.order_id)
    keeps_place = isinstance(row, OrderResized) and level is not None and row.size <= level.queue[row.order_id]
    feed.apply(row)
    if level is None:
        return []
    changed: list[WorkingOrder] = []
    for instrument in instruments:
        instrument.refresh(level, row.order_id)
        if not keeps_place:
            changed += left_queue(instrument, level, row.order_id)
    return changed
