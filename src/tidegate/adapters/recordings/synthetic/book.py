"""The book of a synthetic market, in whole ticks and steps: queues by price, and any order by lot."""

from collections.abc import Iterator


class FlowOrder:
    """One resting order; `place` is where it stands in the list that lots are drawn from."""

    __slots__ = ("is_bid", "order_id", "place", "price", "size")

    def __init__(self, order_id: str, is_bid: bool, price: int, size: int, place: int) -> None:
        self.order_id = order_id
        self.is_bid = is_bid
        self.price = price
        self.size = size
        self.place = place


class FlowSide:
    """One side: queues by price, and its best price."""

    __slots__ = ("best", "count", "levels", "step")

    def __init__(self, *, is_bid: bool) -> None:
        self.levels: dict[int, dict[str, FlowOrder]] = {}
        self.step = -1 if is_bid else 1
        self.best: int | None = None
        self.count = 0

    def add(self, order: FlowOrder) -> None:
        price, queue = order.price, self.levels.get(order.price)
        if queue is None:
            self.levels[price] = {order.order_id: order}
            if self.best is None or (price - self.best) * self.step < 0:
                self.best = price
        else:
            queue[order.order_id] = order
        self.count += 1

    def remove(self, order: FlowOrder) -> None:
        queue = self.levels[order.price]
        del queue[order.order_id]
        self.count -= 1
        if not queue:
            del self.levels[order.price]
            if order.price == self.best:
                self.best = self._next_best(order.price)

    def _next_best(self, price: int) -> int | None:
        if not self.levels:
            return None
        levels, step = self.levels, self.step
        while price not in levels:
            price += step
        return price

    def front(self) -> FlowOrder:
        """The first order of the best price; there is one."""
        if self.best is None:
            raise LookupError("the side is empty")
        return next(iter(self.levels[self.best].values()))

    def __iter__(self) -> Iterator[FlowOrder]:
        """Every order, the best price first, at a price the older first."""
        for price in sorted(self.levels, key=lambda price: price * self.step):
            yield from self.levels[price].values()


class FlowBook:
    """Both sides."""

    def __init__(self) -> None:
        self.bids, self.asks = FlowSide(is_bid=True), FlowSide(is_bid=False)
        self._lots: list[FlowOrder] = []

    def __len__(self) -> int:
        return len(self._lots)

    def side(self, is_bid: bool) -> FlowSide:
        return self.bids if is_bid else self.asks

    def add(self, order_id: str, is_bid: bool, price: int, size: int) -> FlowOrder:
        order = FlowOrder(order_id, is_bid, price, size, len(self._lots))
        self._lots.append(order)
        self.side(is_bid).add(order)
        return order

    def remove(self, order: FlowOrder) -> None:
        self.side(order.is_bid).remove(order)
        last = self._lots.pop()
        if last is not order:
            self._lots[order.place] = last
            last.place = order.place

    def by_lot(self, number: int) -> FlowOrder:
        return self._lots[number]
