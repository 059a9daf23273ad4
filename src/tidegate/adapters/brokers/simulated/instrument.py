"""One tradable product at the venue: what takers have used up of its book, and our own orders that rest in it."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from tidegate.adapters.brokers.simulated.book import BookSide, LiveLevel
from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.brokers.simulated.resting import RestingSide
from tidegate.domain.amounts import ZERO
from tidegate.domain.products import Product, TradingFlags
from tidegate.domain.vocabulary import OrderSide

WHOLE_LEVEL = ""
"""Under this name a level's use is counted where the recording has no order ids."""


class Take(NamedTuple):
    """So much of one level."""

    level: LiveLevel
    quantity: Decimal


class TakePlan(NamedTuple):
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

    def add(self, order_id: str, quantity: Decimal) -> None:
        self.by_order[order_id] = self.by_order.get(order_id, ZERO) + quantity
        self.total += quantity


class Instrument:
    """The matching state of one product. Several may share one recorded book; each has its own levels and queues."""

    def __init__(self, product: Product, feed: MarketFeed) -> None:
        self.product = product
        self.feed = feed
        self.used: dict[LiveLevel, Use] = {}
        self.bids = RestingSide(is_bid=True)
        self.asks = RestingSide(is_bid=False)

    @property
    def is_watching(self) -> bool:
        """Whether rows of the book matter here beyond the book itself."""
        return bool(self.used or self.bids or self.asks)

    @property
    def flags(self) -> TradingFlags:
        """What the recorded venue lets happen now, or what the product began with."""
        return self.feed.flags if self.feed.flags is not None else self.product.flags

    def resting(self, side: OrderSide) -> RestingSide:
        """Our own orders on a side."""
        return self.bids if side is OrderSide.BUY else self.asks

    def opposite(self, side: OrderSide) -> BookSide:
        """What a taker on this side takes from."""
        return self.feed.book.asks if side is OrderSide.BUY else self.feed.book.bids

    def plan(self, side: OrderSide, quantity: Decimal, limit: Decimal | None) -> TakePlan:
        """Walk the levels, best first, for what they show of the quantity within the limit; nothing is used up yet."""
        is_buy = side is OrderSide.BUY
        takes: list[Take] = []
        left = quantity
        for level in reversed(self.opposite(side).ordered):
            if limit is not None and (level.price > limit if is_buy else level.price < limit):
                return TakePlan(takes, quantity - left, False)
            use = self.used.get(level)
            available = level.total if use is None else level.total - use.total
            if available <= ZERO:
                continue
            taken = available if available < left else left
            takes.append(Take(level, taken))
            left -= taken
            if not left:
                return TakePlan(takes, quantity, False)
        return TakePlan(takes, quantity - left, True)

    def use_up(self, takes: Iterable[Take]) -> None:
        """What was taken is gone until the next update: of the orders in front first, where they are known."""
        for level, quantity in takes:
            for order_id, share in _shares(level, self.used.get(level), quantity):
                self.use(level, order_id, share)

    def use(self, level: LiveLevel, order_id: str, quantity: Decimal) -> None:
        """So much of one recorded order, or of the level, has been taken."""
        use = self.used.get(level)
        if use is None:
            use = self.used[level] = Use()
        use.add(order_id, quantity)

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
        best = self.opposite(side).best
        return best is not None and (best.price <= limit if side is OrderSide.BUY else best.price >= limit)

    def own_in_reach(self, side: OrderSide, limit: Decimal | None) -> WorkingOrder | None:
        """Our own resting order that an order on this side would trade with."""
        best = self.resting(side.opposite).best
        if best is None or limit is None or best.limit_price is None:
            return best
        is_in_reach = best.limit_price <= limit if side is OrderSide.BUY else best.limit_price >= limit
        return best if is_in_reach else None

    def all_resting(self) -> Iterator[WorkingOrder]:
        yield from self.bids
        yield from self.asks


def _shares(level: LiveLevel, use: Use | None, quantity: Decimal) -> Iterator[tuple[str, Decimal]]:
    if not level.queue:
        yield WHOLE_LEVEL, quantity
        return
    left, taken = quantity, use.by_order if use is not None else {}
    for order_id, size in level.queue.items():
        available = size - taken.get(order_id, ZERO) if taken else size
        if available > ZERO:
            share = min(available, left)
            yield order_id, share
            left -= share
            if not left:
                return
