"""A book of single orders with their queues: what rests where, what would cross it, and how far apart its sides are."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
from sortedcontainers import SortedDict

from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.vocabulary import OrderSide


class Resting(msgspec.Struct, gc=False):
    """An order in the book; its size may change, its price is its place."""

    order_id: str
    side: OrderSide
    price: Decimal
    size: Decimal


class OrderBook:
    """Both sides of a book by order id; it holds crossed orders as well, and says so."""

    def __init__(self) -> None:
        self.orders: dict[str, Resting] = {}
        self.best_bid: Decimal | None = None
        self.best_ask: Decimal | None = None
        self._bids: SortedDict[Decimal, dict[str, Resting]] = SortedDict()
        self._asks: SortedDict[Decimal, dict[str, Resting]] = SortedDict()

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask."""
        return self.best_bid is not None and self.best_ask is not None and self.best_bid >= self.best_ask

    @property
    def spread(self) -> Decimal | None:
        """Best ask less best bid; None while a side is empty."""
        if self.best_bid is None or self.best_ask is None:
            return None
        return DOMAIN_CONTEXT.subtract(self.best_ask, self.best_bid)

    def crosses(self, side: OrderSide, price: Decimal) -> bool:
        """Whether an order at this price would trade with what rests on the other side."""
        if side is OrderSide.BUY:
            return self.best_ask is not None and price >= self.best_ask
        return self.best_bid is not None and price <= self.best_bid

    def crossed_by(self, side: OrderSide, price: Decimal) -> Iterator[Resting]:
        """The orders that an order at this price would trade with, best price first."""
        if side is OrderSide.BUY:
            prices = self._asks.irange(maximum=price)
            levels = self._asks
        else:
            prices = self._bids.irange(minimum=price, reverse=True)
            levels = self._bids
        for level in prices:
            yield from levels[level].values()

    def is_first(self, order: Resting) -> bool:
        """Whether a resting order is the next to trade on its side: first in the queue of the best price."""
        best = self.best_bid if order.side is OrderSide.BUY else self.best_ask
        return order.price == best and next(iter(self._levels(order.side)[order.price])) == order.order_id

    def add(self, order: Resting) -> None:
        """Put an order at the end of the queue of its price."""
        self.orders[order.order_id] = order
        levels = self._levels(order.side)
        queue = levels.get(order.price)
        if queue is not None:
            queue[order.order_id] = order
            return
        levels[order.price] = {order.order_id: order}
        if order.side is OrderSide.BUY:
            if self.best_bid is None or order.price > self.best_bid:
                self.best_bid = order.price
        elif self.best_ask is None or order.price < self.best_ask:
            self.best_ask = order.price

    def remove(self, order_id: str) -> None:
        """Take a resting order out."""
        order = self.orders.pop(order_id)
        levels = self._levels(order.side)
        queue = levels[order.price]
        del queue[order_id]
        if queue:
            return
        del levels[order.price]
        if order.price == self.best_bid and order.side is OrderSide.BUY:
            self.best_bid = levels.peekitem(-1)[0] if levels else None
        elif order.price == self.best_ask and order.side is OrderSide.SELL:
            self.best_ask = levels.peekitem(0)[0] if levels else None

    def _levels(self, side: OrderSide) -> "SortedDict[Decimal, dict[str, Resting]]":
        return self._bids if side is OrderSide.BUY else self._asks
