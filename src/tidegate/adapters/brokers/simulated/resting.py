"""Our own resting orders of one side of one product: by price, and at a price the older first."""

from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal

from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.domain.amounts import ZERO


class RestingSide:
    """`keys` are its prices, best last as in the book; those of asks are negated."""

    __slots__ = ("_at", "_is_bid", "keys")

    def __init__(self, *, is_bid: bool) -> None:
        self._is_bid = is_bid
        self.keys: list[Decimal] = []
        self._at: dict[Decimal, list[WorkingOrder]] = {}

    def __iter__(self) -> Iterator[WorkingOrder]:
        """Best price first, and the older first at a price."""
        for key in reversed(self.keys):
            yield from self._at[key]

    @property
    def best(self) -> WorkingOrder | None:
        return self._at[self.keys[-1]][0] if self.keys else None

    def at(self, price: Decimal) -> tuple[WorkingOrder, ...]:
        """The orders at a price, the older first."""
        return tuple(self._at.get(self._key(price), ()))

    def better_than(self, price: Decimal) -> tuple[WorkingOrder, ...]:
        """The orders that a trade at the price has gone through, best first."""
        key = self._key(price)
        found: list[WorkingOrder] = []
        for own in reversed(self.keys):
            if own <= key:
                break
            found.extend(self._at[own])
        return tuple(found)

    def add(self, order: WorkingOrder) -> None:
        """Put an order behind the others of its price."""
        key = self._key(order.limit_price or ZERO)
        queue = self._at.get(key)
        if queue is None:
            self._at[key] = [order]
            self.keys.insert(bisect_left(self.keys, key), key)
        else:
            queue.append(order)

    def remove(self, order: WorkingOrder) -> None:
        """Take an order out, if it is there."""
        key = self._key(order.limit_price or ZERO)
        queue = self._at.get(key)
        if queue is None or order not in queue:
            return
        queue.remove(order)
        if not queue:
            del self._at[key]
            del self.keys[bisect_left(self.keys, key)]

    def _key(self, price: Decimal) -> Decimal:
        return price if self._is_bid else price.copy_negate()
