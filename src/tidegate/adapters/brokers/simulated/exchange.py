"""The exchange: everything that order entry and tape share, made from a recording's products and a world."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from tidegate.adapters.brokers.accounts import Accounts
from tidegate.adapters.brokers.simulated.archive import UsedShare
from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.brokers.simulated.floor import Floor
from tidegate.adapters.brokers.simulated.funds import Funds
from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.orders import WorkingOrder, as_venue_order
from tidegate.adapters.brokers.simulated.settings import VenueSettings
from tidegate.adapters.brokers.simulated.world import World
from tidegate.adapters.recordings.header import RecordingHeader
from tidegate.domain.fills import Fill
from tidegate.domain.movements import Movement
from tidegate.domain.products import Product
from tidegate.domain.submissions import FillReport, MovementReport, OrderUpdate, VenueReport


class Exchange:
    """Feeds by recorded product, instruments by symbol, accounts, and the floor on which orders are worked.

    `followers` are the instruments that share a feed, by the feed's index; `watched` the indexes whose rows may matter
    to more than the book: to an order, or to what was taken. `tell` takes what nobody asked for.
    """

    def __init__(
        self, products: tuple[Product, ...], header: RecordingHeader, world: World, settings: VenueSettings
    ) -> None:
        self.world = world
        self.products = products
        self.feeds = [MarketFeed() for _ in products[: header.recorded_count]]
        index_of = {product.symbol: index for index, product in enumerate(products)}
        self.feed_index = {
            product.symbol: index_of[header.prices_from.get(product.symbol, product.symbol)] for product in products
        }
        self.instruments = {
            product.symbol: Instrument(
                product, self.feeds[index], index, pays_fees_in_coins=settings.fees_in == "received"
            )
            for product in products
            for index in (self.feed_index[product.symbol],)
        }
        self.followers = [[one for one in self.instruments.values() if one.feed is feed] for feed in self.feeds]
        self.watched: set[int] = set()
        self.accounts = Accounts(world.state.accounts, is_isolated=settings.margin == "isolated")
        self.funds = Funds(self.accounts, self.instruments)
        self.floor = Floor(world, self.accounts, self.instruments)
        world.archive.remember = self.remember_used
        self.tell: Callable[[VenueReport], None] = _nobody

    def review(self, index: int) -> None:
        """Watch a feed no longer than an order or something taken depends on it."""
        if not any(one.is_watching for one in self.followers[index]):
            self.watched.discard(index)

    def tell_fill(self, order: WorkingOrder, fill: Fill) -> None:
        """Tell of an execution and of where it leaves its order."""
        self.tell(FillReport(fill=fill))
        self.tell(OrderUpdate(order=as_venue_order(order)))

    def tell_order(self, order: WorkingOrder) -> None:
        self.tell(OrderUpdate(order=as_venue_order(order)))

    def tell_movement(self, movement: Movement) -> None:
        """Tell of what was done by no order."""
        self.tell(MovementReport(movement=movement))

    def restore(self, orders: Iterable[WorkingOrder]) -> None:
        """Take up the world's open orders, by rank, and its used levels, once the book stands where it stood."""
        for order in orders:
            self.floor.adopt(order)
        for share in self.world.state.used:
            self._restore_use(share)
        self.watched.update(self.feed_index.values())

    def remember_used(self) -> None:
        """Put what takers have used up into the standing figures."""
        self.world.state.used = [
            UsedShare(symbol, level.side.is_bid, str(level.price), order_id, str(quantity))
            for symbol, instrument in self.instruments.items()
            for level, taken in instrument.used.items()
            for order_id, quantity in taken.items()
        ]

    def _restore_use(self, share: UsedShare) -> None:
        instrument = self.instruments.get(share.symbol)
        if instrument is None:
            return
        book = instrument.feed.book
        level = (book.bids if share.is_bid else book.asks).levels.get(Decimal(share.price))
        if level is not None:
            instrument.use(level, share.order_id, Decimal(share.quantity))


def _nobody(report: VenueReport) -> None:
    """Until somebody listens, nobody is told."""
