"""Triggers: our orders of one product that wait for a price, in the order in which the market would reach them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from sortedcontainers import SortedList

from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.brokers.simulated.trails import Trails, Waiting
from tidegate.domain.amounts import ZERO
from tidegate.domain.vocabulary import TriggerDirection, TriggerSource

_RISING = TriggerDirection.AT_OR_ABOVE


class Reach(NamedTuple):
    """How high and how low the market has provably come by one measure; None is not known."""

    up: Decimal | None
    down: Decimal | None


_NOWHERE = Reach(None, None)


def reach_of(feed: MarketFeed, source: TriggerSource) -> Reach:
    """Where a market stands for its triggers.

    The last price counts as far as the book confirms it: it is up there only if nothing is offered for less, and down
    there only if nobody bids more. The mark is the venue's own. No index is recorded.
    """
    if source is TriggerSource.MARK:
        mark = feed.mark()
        return Reach(mark, mark)
    last, bids, asks = feed.last_price, feed.book.bids.ordered, feed.book.asks.ordered
    if last is None or source is TriggerSource.INDEX:
        return _NOWHERE
    return Reach(min(last, asks[-1].price) if asks else None, max(last, bids[-1].price) if bids else None)


class _Watch:
    """All that watches one source from one side; falling prices are negated, so that all triggers are reached from
    below.
    """

    __slots__ = ("fixed", "is_rising", "trails")

    def __init__(self, direction: TriggerDirection) -> None:
        self.is_rising = direction is _RISING
        self.fixed: SortedList[Waiting] = SortedList()
        self.trails = Trails()

    def __len__(self) -> int:
        return len(self.fixed) + len(self.trails)

    def entry(self, order: WorkingOrder) -> Waiting:
        price = order.terms.trigger_price or ZERO
        return Waiting(self.signed(price), order.rank, order)

    def signed(self, price: Decimal) -> Decimal:
        return price if self.is_rising else price.copy_negate()

    def observe(self, reach: Reach) -> None:
        follows = reach.down if self.is_rising else reach.up
        if follows is not None and len(self.trails):
            self.trails.observe(self.signed(follows))

    def reached(self, reach: Reach) -> list[Waiting]:
        stands = reach.up if self.is_rising else reach.down
        if stands is None:
            return []
        level, fixed = self.signed(stands), self.fixed
        found = self.trails.reached(level) if len(self.trails) else []
        while fixed and fixed[0].key <= level:
            found.append(fixed.pop(0))
        return found


class Triggers:
    """The waiting orders of one product: what is done to one costs a search, however many there are."""

    __slots__ = ("_watches", "count")

    def __init__(self) -> None:
        self._watches: dict[tuple[TriggerSource, TriggerDirection], _Watch] = {}
        self.count = 0

    def __iter__(self) -> Iterator[WorkingOrder]:
        for watch in self._watches.values():
            yield from (waiting.order for waiting in watch.fixed)
            yield from watch.trails

    def add(self, order: WorkingOrder) -> None:
        """Let an order wait; a trailing one follows from its `extreme`."""
        watch = self._watch(order)
        if order.terms.trail is None:
            watch.fixed.add(watch.entry(order))
        else:
            watch.trails.add(order, watch.signed(order.extreme))
        self.count += 1

    def remove(self, order: WorkingOrder) -> None:
        """Take out an order that waits here."""
        watch = self._watch(order)
        if order.terms.trail is None:
            watch.fixed.remove(watch.entry(order))
        else:
            watch.trails.remove(order)
        self.count -= 1

    def observe(self, feed: MarketFeed) -> None:
        """The market has moved: trails follow it."""
        for source, watch in self._in_use():
            watch.observe(reach_of(feed, source))

    def reached(self, feed: MarketFeed) -> list[WorkingOrder]:
        """Take out the orders that the market has reached, of each side the nearest trigger first."""
        found: list[Waiting] = []
        for source, watch in self._in_use():
            found += sorted(watch.reached(reach_of(feed, source)))
        self.count -= len(found)
        return [waiting.order for waiting in found]

    def _in_use(self) -> Iterator[tuple[TriggerSource, _Watch]]:
        for (source, _), watch in self._watches.items():
            if len(watch):
                yield source, watch

    def _watch(self, order: WorkingOrder) -> _Watch:
        source, direction = order.terms.trigger_source, order.terms.trigger_direction
        assert source is not None and direction is not None  # noqa: S101, PT018  admission has seen to it
        watch = self._watches.get((source, direction))
        if watch is None:
            watch = self._watches[source, direction] = _Watch(direction)
        return watch
