"""Order flow without intelligence around a fair price that walks, as the rows of a book that is never crossed.

Some orders rest near the touch, some take, some are cancelled; what the fair price has left behind is cancelled or
taken first. The rates are round figures of ours, chosen so that the spread is one to three dollars and about three
trades print a second; nothing here was fitted to a market.
"""

from collections.abc import Callable
from decimal import Decimal

from tidegate.adapters.recordings.book import OrderBook, Resting
from tidegate.adapters.recordings.format import OrderAdded, OrderDeleted, OrderResized, Row, TradePrinted
from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.ports.chance import ChancePort
from tidegate.domain.vocabulary import OrderSide

_FAIR_AT_FIRST = 60_000  # dollars; all prices are whole ones
_LEVELS_AT_FIRST = 60
_ORDERS_A_LEVEL_MAX = 3
_ORDERS_A_SIDE = 130
_GAP_US_MEAN = 30_000
_FAIR_MOVES = 0.10  # of the steps
_FAIR_STEP_MAX = 4  # dollars
_TAKES = 0.06  # of the steps that find the book full
_STALE_IS_TAKEN = 0.2  # the rest is cancelled
_SPREAD_MAX = 3
_DEEPER = 0.75  # how often an order joins one dollar deeper, and again
_DEPTH_MAX = 80
_SIZE_STEP = Decimal("0.0001")  # bitcoin
_RESTING_STEPS_MAX = 8_000
_TAKING_STEPS_MAX = 3_000
_PRODUCT = 0


class SyntheticMarket:
    """Writes the opening book, then whatever happens to it, with every draw from `chance`."""

    def __init__(self, chance: ChancePort, start_us: int, write: Callable[[Row], None]) -> None:
        self._chance = chance
        self._at_us = start_us
        self._write = write
        self._book = OrderBook()
        self._fair = _FAIR_AT_FIRST
        self._order_count = 0
        self._trade_count = 0

    def open(self) -> None:
        """The opening book: some orders at every level near the touch, on both sides."""
        for offset in range(1, _LEVELS_AT_FIRST + 1):
            for side in OrderSide:
                for _ in range(1 + self._below(_ORDERS_A_LEVEL_MAX)):
                    self._rest(side, self._fair - side.sign * offset)

    def run_until(self, end_us: int) -> None:
        """Let orders come and go until a moment, in microseconds since the epoch."""
        while True:
            # Two draws multiplied: many short gaps and a few long ones, of the same mean.
            self._at_us += 1 + int(4 * _GAP_US_MEAN * self._draw() * self._draw())
            if self._at_us >= end_us:
                return
            self._step()

    def _step(self) -> None:
        if self._draw() < _FAIR_MOVES:
            self._fair += self._toss().sign * (1 + self._below(_FAIR_STEP_MAX))
        side = self._toss()
        resting = [order for order in self._book.orders.values() if order.side is side]
        stale = [order for order in resting if (int(order.price) - self._fair) * side.sign >= 0]
        spread = self._book.spread
        if len(resting) < _ORDERS_A_SIDE // 2 or spread is None or spread > _SPREAD_MAX:
            self._join(side)
        elif stale and self._draw() < _STALE_IS_TAKEN:
            self._take(side.opposite)
        elif stale:
            self._delete(stale[self._below(len(stale))])
        elif len(resting) < _ORDERS_A_SIDE:
            self._join(side)
        elif self._draw() < _TAKES:
            self._take(side.opposite)
        else:
            self._delete(resting[self._below(len(resting))])

    def _join(self, side: OrderSide) -> None:
        """Rest at the best price the fair price and the other side allow, or some dollars deeper."""
        best = self._fair - side.sign
        other = self._book.best_ask if side is OrderSide.BUY else self._book.best_bid
        if other is not None and (best - int(other)) * side.sign >= 0:
            best = int(other) - side.sign
        depth = 0
        while depth < _DEPTH_MAX and self._draw() < _DEEPER:
            depth += 1
        self._rest(side, best - side.sign * depth)

    def _rest(self, side: OrderSide, price: int) -> None:
        self._order_count += 1
        size = self._size(_RESTING_STEPS_MAX)
        order = Resting(str(self._order_count), side, Decimal(price), size)
        self._book.add(order)
        self._write(
            OrderAdded(
                at_us=self._at_us,
                product=_PRODUCT,
                order_id=order.order_id,
                side=side,
                price=order.price,
                size=size,
            )
        )

    def _take(self, aggressor: OrderSide) -> None:
        """Trade with the first orders of the other side's best price, and no further."""
        best = self._book.best_ask if aggressor is OrderSide.BUY else self._book.best_bid
        if best is None:
            return
        leaves = self._size(_TAKING_STEPS_MAX)
        for maker in list(self._book.crossed_by(aggressor, best)):
            size = min(leaves, maker.size)
            self._print(aggressor, maker, size)
            left = DOMAIN_CONTEXT.subtract(maker.size, size)
            if left:
                maker.size = left
                self._write(OrderResized(at_us=self._at_us, product=_PRODUCT, order_id=maker.order_id, size=left))
            else:
                self._delete(maker)
            leaves = DOMAIN_CONTEXT.subtract(leaves, size)
            if not leaves:
                return

    def _print(self, aggressor: OrderSide, maker: Resting, size: Decimal) -> None:
        self._trade_count += 1
        self._write(
            TradePrinted(
                at_us=self._at_us,
                product=_PRODUCT,
                trade_id=str(self._trade_count),
                aggressor=aggressor,
                price=maker.price,
                size=size,
                maker_order_id=maker.order_id,
            )
        )

    def _delete(self, order: Resting) -> None:
        self._book.remove(order.order_id)
        self._write(OrderDeleted(at_us=self._at_us, product=_PRODUCT, order_id=order.order_id))

    def _draw(self) -> float:
        return self._chance.uniform(0.0, 1.0)

    def _below(self, bound: int) -> int:
        """A whole number from 0 to just below the bound."""
        return min(int(self._draw() * bound), bound - 1)

    def _toss(self) -> OrderSide:
        return OrderSide.BUY if self._draw() < 0.5 else OrderSide.SELL

    def _size(self, steps_max: int) -> Decimal:
        """Small sizes often, large ones seldom."""
        draw = self._draw()
        return DOMAIN_CONTEXT.multiply(_SIZE_STEP, Decimal(1 + int(steps_max * draw * draw * draw)))
