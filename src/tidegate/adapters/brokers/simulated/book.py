"""The live book of one recorded product: price levels in order, and single orders where the recording has them."""

from bisect import bisect_left
from decimal import Decimal

from tidegate.adapters.brokers.words import BUY
from tidegate.adapters.recordings.format import (
    BookSnapshotRow,
    LevelUpdated,
    OrderAdded,
    OrderDeleted,
    OrderResized,
    PriceAndSize,
    TradePrinted,
)
from tidegate.domain.amounts import ZERO
from tidegate.domain.books import Level
from tidegate.domain.vocabulary import OrderSide


class LiveLevel:
    """One price of one side: the size displayed there, and in `queue` its orders by id, first come first.

    `printed` is what was traded of it since its last update.
    """

    __slots__ = ("key", "price", "printed", "queue", "shown", "side", "total")

    def __init__(self, side: "BookSide", price: Decimal, key: Decimal) -> None:
        self.side = side
        self.price = price
        self.key = key
        self.total = self.printed = ZERO
        self.queue: dict[str, Decimal] = {}
        self.shown: Level | None = None

    def as_level(self) -> Level:
        """The level as readers see it, made once for each change."""
        shown = self.shown
        if shown is None:
            shown = self.shown = Level(self.price, self.total)
        return shown


class BookSide:
    """The levels of one side, sorted so that the best stands last: that is where a market changes."""

    __slots__ = ("_changed", "_shown", "_shown_of", "is_bid", "keys", "levels", "ordered")

    def __init__(self, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.levels: dict[Decimal, LiveLevel] = {}
        self.keys: list[Decimal] = []
        self.ordered: list[LiveLevel] = []
        self._shown: tuple[Level, ...] | None = None
        self._shown_of = 0
        self._changed: Decimal | None = None

    def touch(self, level: LiveLevel) -> None:
        """A level of this side has changed."""
        level.shown = None
        if self._shown is not None and (self._changed is None or level.key < self._changed):
            self._changed = level.key

    def level(self, price: Decimal) -> LiveLevel:
        """The level at a price, made if it is not there."""
        level = self.levels.get(price)
        if level is None:
            key = price if self.is_bid else price.copy_negate()
            level = self.levels[price] = LiveLevel(self, price, key)
            index = bisect_left(self.keys, key)
            self.keys.insert(index, key)
            self.ordered.insert(index, level)
        return level

    def drop(self, level: LiveLevel) -> None:
        """Take an emptied level out."""
        self.touch(level)
        del self.levels[level.price]
        index = bisect_left(self.keys, level.key)
        del self.keys[index]
        del self.ordered[index]

    def clear(self) -> None:
        self._shown = self._changed = None
        self.levels.clear()
        self.keys.clear()
        self.ordered.clear()

    def top(self, count: int) -> tuple[Level, ...]:
        """The best levels, best first; the number asked for is always the same.

        After a change only what stands at the deepest changed level, or before it, is put together anew.
        """
        shown, changed, ordered = self._shown, self._changed, self.ordered
        if shown is None:
            shown = _levels(ordered[-count:])
        elif changed is None:
            return shown
        else:
            first = bisect_left(self.keys, changed)
            rising = ordered[first:] if len(ordered) - first <= count else ordered[-count:]
            rising.reverse()
            renewed = tuple([level.shown or level.as_level() for level in rising])
            shown = renewed + shown[self._shown_of - first :]
            missing = min(count, len(ordered)) - len(shown)
            if missing < 0:
                shown = shown[:count]
            elif missing:  # It was shown to that depth only, and some before it are gone.
                shown += _levels(ordered[-count:][:missing])
        self._shown, self._shown_of, self._changed = shown, len(ordered), None
        return shown


class LiveBook:
    """Both sides, changed row by row. The caller works in the domain's decimal context, so that totals are exact.

    `version` counts the changes. `is_synced` is False between a gap and the first row after it.
    """

    __slots__ = ("asks", "bids", "is_synced", "orders", "version")

    def __init__(self) -> None:
        self.bids = BookSide(is_bid=True)
        self.asks = BookSide(is_bid=False)
        self.orders: dict[str, LiveLevel] = {}
        self.version = 0
        self.is_synced = False

    def side(self, side: OrderSide) -> BookSide:
        """BUY: the bids."""
        return self.bids if side is BUY else self.asks

    def add(self, row: OrderAdded) -> LiveLevel:
        """An order came to rest, behind all others at its price. An id that is there already is replaced."""
        if row.order_id in self.orders:
            self._take_out(row.order_id)
        level = (self.bids if row.side is BUY else self.asks).level(row.price)
        self.orders[row.order_id] = level
        level.queue[row.order_id] = row.size
        level.total += row.size
        level.side.touch(level)
        self.version += 1
        self.is_synced = True
        return level

    def resize(self, row: OrderResized) -> LiveLevel | None:
        """An order changed its size; one that grows goes to the end. An unknown id changes nothing."""
        level = self.orders.get(row.order_id)
        if level is None:
            return None
        queue, size = level.queue, row.size
        before = queue[row.order_id]
        if size > before:
            del queue[row.order_id]
        queue[row.order_id] = size
        level.total += size - before
        level.side.touch(level)
        self.version += 1
        return level

    def delete(self, row: OrderDeleted) -> LiveLevel | None:
        """An order left. An unknown id changes nothing."""
        if row.order_id not in self.orders:
            return None
        self.version += 1
        return self._take_out(row.order_id)

    def update(self, row: LevelUpdated) -> LiveLevel | None:
        """A level has this size from now on."""
        side = self.bids if row.side is BUY else self.asks
        self.version += 1
        self.is_synced = True
        if not row.size:
            level = side.levels.get(row.price)
            if level is not None:
                side.drop(level)
            return level
        level = side.level(row.price)
        level.total, level.printed = row.size, ZERO
        side.touch(level)
        return level

    def print(self, row: TradePrinted) -> None:
        """A level was traded at; its next update tells what that leaves of it."""
        level = (self.asks if row.aggressor is BUY else self.bids).levels.get(row.price)
        if level is not None:
            level.printed += row.size

    def replace(self, row: BookSnapshotRow) -> None:
        """The whole book anew."""
        self.void()
        self.is_synced = True
        for side, shown in ((self.bids, row.bids), (self.asks, row.asks)):
            _fill_side(side, shown)

    def void(self) -> None:
        """Nothing is known any more."""
        self.version += 1
        self.is_synced = False
        self.bids.clear()
        self.asks.clear()
        self.orders.clear()

    def _take_out(self, order_id: str) -> LiveLevel:
        level = self.orders.pop(order_id)
        level.total -= level.queue.pop(order_id)
        if level.queue:
            level.side.touch(level)
        else:
            level.side.drop(level)
        return level


def _levels(rising: list[LiveLevel]) -> tuple[Level, ...]:
    """As readers see them, best first."""
    rising.reverse()
    return tuple([level.shown or level.as_level() for level in rising])


def _fill_side(side: BookSide, shown: tuple[PriceAndSize, ...]) -> None:
    for price, size in reversed(shown):
        side.level(price).total = size
