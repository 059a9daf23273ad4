"""Queues: where our resting orders stand among the recorded ones, and what a recorded trade leaves for them."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from tidegate.adapters.brokers.simulated.book import LiveLevel
from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.recordings.format import TradePrinted
from tidegate.domain.amounts import ZERO
from tidegate.domain.vocabulary import OrderSide


class Hit(NamedTuple):
    """A recorded trade fills this much of one of our orders, at the order's own limit."""

    order: WorkingOrder
    quantity: Decimal


def join(instrument: Instrument, order: WorkingOrder) -> None:
    """Stand behind everything that is displayed at the order's price now."""
    level = instrument.feed.book.side(order.terms.side).levels.get(order.limit_price or ZERO)
    order.ahead, order.ahead_ids = ZERO, None
    if level is not None and level.queue:
        order.ahead_ids = set(level.queue)
    elif level is not None:
        order.ahead = level.total
    instrument.resting(order.terms.side).add(order)


def left_queue(instrument: Instrument, level: LiveLevel, order_id: str) -> list[WorkingOrder]:
    """A recorded order was deleted, or went to the end of its queue; ours that it stood before, which moved up."""
    side = OrderSide.BUY if level.side.is_bid else OrderSide.SELL
    moved = []
    for order in instrument.resting(side).at(level.price):
        if order.ahead_ids is not None and order_id in order.ahead_ids:
            order.ahead_ids.discard(order_id)
            moved.append(order)
    return moved


def lose_sight(instrument: Instrument) -> list[WorkingOrder]:
    """The book is about to become void: who stood before us is known by size only, so only trades will shorten it."""
    changed = []
    for order in instrument.all_resting():
        if order.ahead_ids is not None:
            order.ahead, order.ahead_ids = _ahead_of(instrument, order), None
            changed.append(order)
    return changed


def hits(instrument: Instrument, row: TradePrinted) -> Iterator[Hit]:
    """What a recorded trade does to our orders: those of a better price first, then those that queue at its price.

    The volume that it gives to one of ours is gone for the next. `ahead` of ours is shortened as a matter of course;
    recorded orders in `ahead_ids` are shortened by the rows that follow the trade.
    """
    resting = instrument.resting(row.aggressor.opposite)
    left = row.size
    for order in resting.better_than(row.price):
        quantity = min(order.leaves, left)
        left -= quantity
        yield Hit(order, quantity)
        if not left:
            return
    yield from _queue_hits(instrument, resting.at(row.price), row.maker_order_id, left)


def _queue_hits(
    instrument: Instrument, orders: Iterable[WorkingOrder], maker_order_id: str | None, volume: Decimal
) -> Iterator[Hit]:
    left, others_traded = volume, ZERO
    for order in orders:
        if maker_order_id is not None and order.ahead_ids is not None and maker_order_id in order.ahead_ids:
            return  # The recorded order that traded stood before this one of ours, and before all behind it.
        others = _ahead_of(instrument, order) - others_traded
        if others > ZERO and left:
            traded = min(others, left)
            left -= traded
            others_traded += traded
        order.ahead = max(ZERO, order.ahead - others_traded)
        if left:
            quantity = min(order.leaves, left)
            left -= quantity
            yield Hit(order, quantity)


def _ahead_of(instrument: Instrument, order: WorkingOrder) -> Decimal:
    if order.ahead_ids is None:
        return order.ahead
    level = instrument.feed.book.side(order.terms.side).levels.get(order.limit_price or ZERO)
    if level is None:
        return order.ahead
    queue = level.queue
    return order.ahead + sum((queue[order_id] for order_id in order.ahead_ids if order_id in queue), ZERO)
