"""A book out of changes and touches alone: not known until a touch bounds it, and the newest message is right."""

from collections import Counter
from decimal import Decimal

from sortedcontainers import SortedDict

from tidegate.adapters.recordings.binance.messages import DepthUpdate, Snapshot, Touch
from tidegate.adapters.recordings.format import PriceAndSize
from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO
from tidegate.domain.vocabulary import OrderSide

Change = tuple[OrderSide, Decimal, Decimal]
"""A level that has another size now: side, price, size; zero where it is gone."""

_BUY, _SELL = OrderSide.BUY, OrderSide.SELL


class CrossedMessage(Exception):
    """One message crosses the book by itself."""


class BoundedBook:
    """Levels by price, each with the update that told of it last.

    It begins empty, with no snapshot, and holds what messages have told since: every level in it is real, but levels
    that never changed are missing. `is_bounded` says that a touch or a snapshot has told where it begins. `low` and
    `high` are the lowest bid and the highest ask that touches have told since: between them no level is missing.
    """

    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self._bids: SortedDict[Decimal, PriceAndId] = SortedDict()
        self._asks: SortedDict[Decimal, PriceAndId] = SortedDict()
        self._before: dict[tuple[OrderSide, Decimal], Decimal] = {}
        self.clear()

    def clear(self) -> None:
        """Nothing is known any more."""
        self._bids.clear()
        self._asks.clear()
        self._before.clear()
        self._touch: Touch | None = None
        self._depth_id = 0
        self.is_bounded = False
        self.low: Decimal | None = None
        self.high: Decimal | None = None

    @property
    def spread(self) -> Decimal | None:
        """Best ask less best bid; None while a side is empty."""
        if not self._bids or not self._asks:
            return None
        return DOMAIN_CONTEXT.subtract(self._asks.peekitem(0)[0], self._bids.peekitem(-1)[0])

    def levels(self, side: OrderSide) -> tuple[PriceAndSize, ...]:
        """A side, best first."""
        if side is _BUY:
            return tuple((price, size) for price, (size, _) in reversed(self._bids.items()))
        return tuple((price, size) for price, (size, _) in self._asks.items())

    def update(self, update: DepthUpdate) -> None:
        """Levels have changed. Where a touch is newer, what it contradicts stays out.

        Raises:
            CrossedMessage: the update's own levels cross.
        """
        touch = self._touch
        is_old = touch is not None and update.last_id <= touch.update_id
        self._depth_id = update.last_id
        for side, levels in ((_BUY, update.bids), (_SELL, update.asks)):
            for price, size in levels:
                if is_old and touch is not None and _is_beyond(touch, side, price):
                    self.dropped["levels of an older depth, at or beyond the touch"] += 1
                    continue
                self._set(side, price, size, update.last_id)
        self._uncross(update.last_id)

    def touch(self, touch: Touch) -> None:
        """The best prices are these: what would be better is gone.

        Raises:
            CrossedMessage: the touch crosses what it does not bound, which cannot be.
        """
        last = self._touch
        if last is not None and touch.update_id <= last.update_id:
            self.dropped["touches that came twice or late"] += 1
            return
        if touch.update_id < self._depth_id:
            self.dropped["touches older than the book"] += 1
            return
        self._touch = touch
        self.is_bounded = True
        for side, best in ((_BUY, touch.bid), (_SELL, touch.ask)):
            for price in self._better(side, best):
                self.dropped["levels that a touch showed to be gone"] += 1
                self._set(side, price, ZERO, touch.update_id)
            if best is not None:
                self._set(side, *best, touch.update_id)
        if touch.bid is not None and (self.low is None or touch.bid[0] < self.low):
            self.low = touch.bid[0]
        if touch.ask is not None and (self.high is None or touch.ask[0] > self.high):
            self.high = touch.ask[0]
        self._uncross(touch.update_id)

    def replace(self, snapshot: Snapshot) -> None:
        """The book as of one update."""
        self.clear()
        self._depth_id = snapshot.last_id
        self.is_bounded = True
        for side, levels in ((_BUY, snapshot.bids), (_SELL, snapshot.asks)):
            for price, size in levels:
                self._set(side, price, size, snapshot.last_id)
        self._uncross(snapshot.last_id)

    def changes(self) -> list[Change]:
        """What has changed since this was last asked; levels that are gone first, so that no step of it is crossed."""
        gone: list[Change] = []
        there: list[Change] = []
        for (side, price), before in self._before.items():
            level = self._side(side).get(price)
            size = level[0] if level is not None else ZERO
            if size != before:
                (there if size else gone).append((side, price, size))
        self._before.clear()
        return gone + there

    def _side(self, side: OrderSide) -> "SortedDict[Decimal, PriceAndId]":
        return self._bids if side is _BUY else self._asks

    def _set(self, side: OrderSide, price: Decimal, size: Decimal, update_id: int) -> None:
        levels = self._side(side)
        known = levels.get(price)
        self._before.setdefault((side, price), known[0] if known is not None else ZERO)
        if size:
            levels[price] = size, update_id
        elif known is not None:
            del levels[price]

    def _better(self, side: OrderSide, best: PriceAndSize | None) -> list[Decimal]:
        """The known prices that a touch says are empty."""
        levels = self._side(side)
        if best is None:
            return list(levels)
        if side is _BUY:
            return list(levels.irange(minimum=best[0], inclusive=(False, False)))
        return list(levels.irange(maximum=best[0], inclusive=(False, False)))

    def _uncross(self, update_id: int) -> None:
        """Of two levels that cross, the one that was told of before is gone: no venue shows both."""
        while self._bids and self._asks:
            bid, (_, bid_id) = self._bids.peekitem(-1)
            ask, (_, ask_id) = self._asks.peekitem(0)
            if bid < ask:
                return
            if bid_id == ask_id == update_id:
                raise CrossedMessage(f"bid {bid} and ask {ask} of one message cross")
            self.dropped["levels that a newer one crossed"] += 1
            if bid_id < ask_id:
                self._set(_BUY, bid, ZERO, update_id)
            else:
                self._set(_SELL, ask, ZERO, update_id)


PriceAndId = tuple[Decimal, int]
"""A level's size, and the update that told of it last."""


def _is_beyond(touch: Touch, side: OrderSide, price: Decimal) -> bool:
    """Whether a touch says more of a price than an older message: at the best price and where it says there is none."""
    if side is _BUY:
        return touch.bid is None or price >= touch.bid[0]
    return touch.ask is None or price <= touch.ask[0]
