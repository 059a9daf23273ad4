"""Our own resting orders of one side of one product: by price, and at a price the older first."""

from bisect import bisect_left
from collections.abc import Iterator
from decimal import Decimal

from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.domain.amounts import ZERO
from tidegate.domain.identifiers import ClientOrderId


class RestingSide:
    """`keys` are its prices, best last as in the book; those of asks are negated. `value` is Σ leaves × price.

    Whatever is done to one order costs the same however many there are, but for the search among the prices.
    """

    __slots__ = ("_at", "_is_bid", "_values", "keys", "value")

    def __init__(self, *, is_bid: bool) -> None:
        self._is_bid = is_bid
        self.keys: list[Decimal] = []
        self._at: dict[Decimal, dict[ClientOrderId, WorkingOrder]] = {}
        self._values: dict[ClientOrderId, Decimal] = {}
        self.value = ZERO

    def __iter__(self) -> Iterator[WorkingOrder]:
        """Best price first, and the older first at a price."""
        for key in reversed(self.keys):
            yield from self._at[key].values()

    @property
    def best(self) -> WorkingOrder | None:
        return next(iter(self._at[self.keys[-1]].values())) if self.keys else None

    def at(self, price: Decimal) -> tuple[WorkingOrder, ...]:
        """The orders at a price, the older first."""
        queue = self._at.get(self._key(price))
        return tuple(queue.values()) if queue else ()

    def better_than(self, price: Decimal) -> tuple[WorkingOrder, ...]:
        """The orders that a trade at the price has gone through, best first."""
        key = self._key(price)
        found: list[WorkingOrder] = []
        for own in reversed(self.keys):
            if own <= key:
                break
            found.extend(self._at[own].values())
        return tuple(found)

    def add(self, order: WorkingOrder) -> None:
        """Put an order behind the others of its price."""
        key, order_id = self._key(order.limit_price or ZERO), order.terms.client_order_id
        queue = self._at.get(key)
        if queue is None:
            self._at[key] = {order_id: order}
            self.keys.insert(bisect_left(self.keys, key), key)
        else:
            queue[order_id] = order
        self._values[order_id] = ZERO
        self.recount(order)

    def remove(self, order: WorkingOrder) -> None:
        """Take an order out, if it is there."""
        key, order_id = self._key(order.limit_price or ZERO), order.terms.client_order_id
        queue = self._at.get(key)
        if queue is None or queue.pop(order_id, None) is None:
            return
        self.value -= self._values.pop(order_id)
        if not queue:
            del self._at[key]
            del self.keys[bisect_left(self.keys, key)]

    def recount(self, order: WorkingOrder) -> None:
        """What is left of an order here has changed."""
        before = self._values.get(order.terms.client_order_id)
        if before is None:
            return
        after = order.leaves * (order.limit_price or ZERO)
        self._values[order.terms.client_order_id] = after
        self.value += after - before

    def _key(self, price: Decimal) -> Decimal:
        return price if self._is_bid else price.copy_negate()
