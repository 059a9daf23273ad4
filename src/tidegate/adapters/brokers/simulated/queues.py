"""Queues: where our resting orders stand among the recorded ones, and what a recorded trade leaves for them."""

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from tidegate.adapters.brokers.simulated.book import LiveLevel
from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.recordings.format import TradePrinted
from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE, ZERO
from tidegate.domain.vocabulary import OrderSide

_FINEST = Decimal(1).scaleb(-MAX_DIGITS_EACH_SIDE)


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
    changed: list[WorkingOrder] = []
    if not instrument.book.orders:
        return changed  # No order was known one by one.
    for order in instrument.all_resting():
        if order.ahead_ids is not None:
            order.ahead, order.ahead_ids = ahead_of(instrument, order), None
            changed.append(order)
    return changed


def thinned(instrument: Instrument, level: LiveLevel, size: Decimal, power: int) -> list[WorkingOrder]:
    """A level is about to show this size: ours there, which moved up by a share of what was cancelled.

    The queue at the last update, less what was traded since, was `front` before us and `back` behind us. Of what left
    it without a trade, front^n / (front^n + back^n) stood before us. This is the probabilistic model of queue positions
    after Rigtorp ("Estimating order queue position", 2013) with the power function f(x) = x^n of hftbacktest's
    `PowerProbQueueModel`; with n = 1 cancellations come evenly from the whole queue.
    """
    shown = level.total - level.printed
    gone = shown - size
    if gone <= ZERO:
        return []
    moved = []
    side = OrderSide.BUY if level.side.is_bid else OrderSide.SELL
    for order in instrument.resting(side).at(level.price):
        front = order.ahead
        if order.ahead_ids is not None or front <= ZERO:
            continue
        back = max(shown - front, ZERO)
        weight = front**power
        left = front - gone * weight / (weight + back**power)
        order.ahead = max(min(left, size), ZERO).quantize(_FINEST, ROUND_CEILING)
        moved.append(order)
    return moved


def hits(instrument: Instrument, row: TradePrinted) -> Iterator[Hit]:
    """What a recorded trade does to our orders: those of a better price first, then those that queue at its price.

    In an auction, at its price, nobody knows whom it served: that volume only shortens what stands before us.

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
    queued = _queue_hits(instrument, resting.at(row.price), row.maker_order_id, left)
    if not instrument.flags.auction:
        yield from queued
        return
    for _ in queued:
        pass  # The queue is shortened as it is gone through.


def _queue_hits(
    instrument: Instrument, orders: Iterable[WorkingOrder], maker_order_id: str | None, volume: Decimal
) -> Iterator[Hit]:
    left, others_traded = volume, ZERO
    for order in orders:
        if maker_order_id is not None and order.ahead_ids is not None and maker_order_id in order.ahead_ids:
            return  # The recorded order that traded stood before this one of ours, and before all behind it.
        others = ahead_of(instrument, order) - others_traded
        if others > ZERO and left:
            traded = min(others, left)
            left -= traded
            others_traded += traded
        order.ahead = max(ZERO, order.ahead - others_traded)
        if left:
            quantity = min(order.leaves, left)
            left -= quantity
            yield Hit(order, quantity)


def ahead_of(instrument: Instrument, order: WorkingOrder) -> Decimal:
    """What stands before one of our orders in the queue of its price."""
    if order.ahead_ids is None:
        return order.ahead
    level = instrument.feed.book.side(order.terms.side).levels.get(order.limit_price or ZERO)
    if level is None:
        return order.ahead
    queue = level.queue
    return order.ahead + sum((queue[order_id] for order_id in order.ahead_ids if order_id in queue), ZERO)
