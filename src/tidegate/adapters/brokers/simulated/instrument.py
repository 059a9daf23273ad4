"""One tradable product at the venue: what takers have used up of its book, and our own orders that rest in it."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from tidegate.adapters.brokers.simulated.book import BookSide, LiveLevel
from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.brokers.simulated.resting import RestingSide
from tidegate.adapters.brokers.words import BUY
from tidegate.domain.amounts import ZERO
from tidegate.domain.products import OPEN_FOR_TRADING, Product, floor_to
from tidegate.domain.vocabulary import OrderSide

WHOLE_LEVEL = ""
"""Under this name a level's use is counted where the recording has no order ids."""


Take = tuple[LiveLevel, Decimal]
"""So much of one level."""


class TakePlan(Struct, frozen=True, gc=False):
    """What a taker would get. `ran_out` says that the recorded levels ended before its limit or quantity was met."""

    takes: list[Take]
    filled: Decimal
    ran_out: bool


class Use:
    """What was taken from one level and stands until the next update: by recorded order, or of the whole level."""

    __slots__ = ("by_order", "total")

    def __init__(self) -> None:
        self.total = ZERO
        self.by_order: dict[str, Decimal] = {}


class Instrument:
    """The matching state of one product. Several may share one recorded book; each has its own levels and queues."""

    def __init__(self, product: Product, feed: MarketFeed) -> None:
        self.product = product
        self.feed = feed
        self.book = feed.book
        self.first_flags = OPEN_FOR_TRADING if product.flags == OPEN_FOR_TRADING else product.flags
        self.is_spot = product.is_spot
        self.fee_currency = product.quote_currency if product.is_spot else product.settlement_currency
        self.used: dict[LiveLevel, Use] = {}
        self.bids = RestingSide(is_bid=True)
        self.asks = RestingSide(is_bid=False)

    @property
    def is_watching(self) -> bool:
        """Whether rows of the book matter here beyond the book itself."""
        return bool(self.used) or self.has_orders

    @property
    def has_orders(self) -> bool:
        """Whether orders of ours rest here."""
        return bool(self.bids.keys or self.asks.keys)

    def resting(self, side: OrderSide) -> RestingSide:
        """Our own orders on a side."""
        return self.bids if side is BUY else self.asks

    def opposite(self, side: OrderSide) -> BookSide:
        """What a taker on this side takes from."""
        return self.book.asks if side is BUY else self.book.bids

    def plan(self, side: OrderSide, quantity: Decimal, limit: Decimal | None) -> TakePlan:
        """Walk the levels, best first, for what they show of the quantity within the limit; nothing is used up yet.

        Executions are in whole increments of the product, also where the recorded market trades in finer ones.
        """
        is_buy = side is BUY
        takes: list[Take] = []
        left, used, increment = quantity, self.used, self.product.base_increment
        for level in reversed((self.book.asks if is_buy else self.book.bids).ordered):
            if limit is not None and (level.price > limit if is_buy else level.price < limit):
                return TakePlan(takes, quantity - left, False)
            use = used.get(level) if used else None
            available = level.total if use is None else level.total - use.total
            if available <= ZERO:
                continue
            taken = available if available < left else left
            if taken is not left and taken % increment:
                taken = floor_to(taken, increment)
                if not taken:
                    continue
            takes.append((level, taken))
            left -= taken
            if not left:
                return TakePlan(takes, quantity, False)
        return TakePlan(takes, quantity - left, True)

    def use_up(self, takes: Iterable[Take]) -> None:
        """What was taken is gone until the next update: of the orders in front first, where they are known."""
        for level, quantity in takes:
            if level.queue:
                for order_id, share in _shares(level, self.used.get(level), quantity):
                    self.use(level, order_id, share)
            else:
                self.use(level, WHOLE_LEVEL, quantity)

    def use(self, level: LiveLevel, order_id: str, quantity: Decimal) -> None:
        """So much of one recorded order, or of the level, has been taken."""
        use = self.used.get(level)
        if use is None:
            use = self.used[level] = Use()
        use.total += quantity
        use.by_order[order_id] = use.by_order.get(order_id, ZERO) + quantity

    def refresh(self, level: LiveLevel, order_id: str) -> None:
        """A level, or one order in it, was updated: what was taken of it no longer counts."""
        use = self.used.get(level)
        if use is None:
            return
        use.total -= use.by_order.pop(order_id, ZERO)
        if not use.by_order:
            del self.used[level]

    def forget(self) -> None:
        """The book was replaced: nothing of it has been taken."""
        self.used.clear()

    def would_cross(self, side: OrderSide, limit: Decimal) -> bool:
        """Whether an order at this limit reaches the other side of the recorded book."""
        if side is BUY:
            asks = self.book.asks.ordered
            return bool(asks) and asks[-1].price <= limit
        bids = self.book.bids.ordered
        return bool(bids) and bids[-1].price >= limit

    def own_in_reach(self, side: OrderSide, limit: Decimal | None) -> WorkingOrder | None:
        """Our own resting order that an order on this side would trade with."""
        best = (self.asks if side is BUY else self.bids).best
        if best is None or limit is None or best.limit_price is None:
            return best
        is_in_reach = best.limit_price <= limit if side is BUY else best.limit_price >= limit
        return best if is_in_reach else None

    def all_resting(self) -> Iterator[WorkingOrder]:
        yield from self.bids
        yield from self.asks


def _shares(level: LiveLevel, use: Use | None, quantity: Decimal) -> Iterator[tuple[str, Decimal]]:
    left, taken = quantity, use.by_order if use is not None else {}
    for order_id, size in level.queue.items():
        available = size - taken.get(order_id, ZERO) if taken else size
        if available > ZERO:
            share = min(available, left)
            yield order_id, share
            left -= share
            if not left:
                return
