"""Self-trade prevention: what becomes of an order that would meet one of our own, and of the one it would meet."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tidegate.adapters.brokers.simulated.exchange import Exchange
from tidegate.adapters.brokers.simulated.instrument import Instrument, TakePlan
from tidegate.adapters.brokers.simulated.orders import CANCELED, WorkingOrder
from tidegate.adapters.brokers.simulated.queues import ahead_of
from tidegate.adapters.brokers.simulated.settings import SelfTradePrevention
from tidegate.adapters.brokers.words import BUY, FOK
from tidegate.domain.amounts import ZERO
from tidegate.domain.vocabulary import OrderSide

SELF_TRADE = "self-trade prevention"
"""Why the venue has cancelled an order, or made it smaller."""

_NEWEST = SelfTradePrevention.CANCEL_NEWEST
_OLDEST, _BOTH = SelfTradePrevention.CANCEL_OLDEST, SelfTradePrevention.CANCEL_BOTH
_DECREMENT = SelfTradePrevention.DECREMENT_AND_CANCEL


class Meeting(NamedTuple):
    """An own order in the way, and how much of a plan is taken before it is reached."""

    resting: WorkingOrder
    before: Decimal


def meetings(instrument: Instrument, side: OrderSide, limit: Decimal | None, plan: TakePlan) -> Iterator[Meeting]:
    """Our own orders within an order's limit, best first.

    What stands before one of them is all that the book shows at better prices, and at its own price what is ahead of it
    in the queue.
    """
    is_buy = side is BUY
    for resting in instrument.asks if is_buy else instrument.bids:
        price = resting.limit_price or ZERO
        if limit is not None and (price > limit if is_buy else price < limit):
            return
        before = ZERO
        for level, quantity in plan.takes:
            if level.price < price if is_buy else level.price > price:
                before += quantity
            elif level.price == price:
                before += min(quantity, ahead_of(instrument, resting))
        yield Meeting(resting, before)


class Prevention:
    """How the venue keeps us from trading with ourselves, where it did not refuse the newer order outright.

    Of two that lose as much, the one that has nothing left is cancelled; the other goes on, smaller.
    """

    def __init__(self, exchange: Exchange, mode: SelfTradePrevention) -> None:
        self._exchange = exchange
        self._floor = exchange.floor
        self.mode = mode

    def cleared(
        self, order: WorkingOrder, instrument: Instrument, plan: TakePlan, wanted: Decimal, at: datetime
    ) -> Decimal | None:
        """Clear the way of an order that would take so; how much of it may trade if the rest must go, else None.

        A fill-or-kill order that cannot fill whole does nothing to others.
        """
        terms, left = order.terms, wanted
        met = [one for one in meetings(instrument, terms.side, order.limit_price, plan) if one.before < left]
        if terms.time_in_force is FOK and met and (not plan.takes or self.mode is not _OLDEST):
            return ZERO
        for resting, before in met:
            if before >= left:
                break
            if self.mode is _NEWEST:
                return before
            if self.mode is not _DECREMENT:
                self._cancel(resting, at)
                if self.mode is _BOTH:
                    return before
                continue
            lost = min(left - before, resting.leaves)
            self._lower(resting, lost, at)
            left -= lost
            if left <= before:
                return before
            self._shrink(order, lost, at)
        return None

    def _cancel(self, resting: WorkingOrder, at: datetime) -> None:
        self._floor.end(resting, CANCELED, at, SELF_TRADE)
        self._exchange.tell_order(resting)

    def _lower(self, resting: WorkingOrder, lost: Decimal, at: datetime) -> None:
        if lost >= resting.leaves:
            self._cancel(resting, at)
            return
        self._shrink(resting, lost, at)
        self._floor.hold(resting)
        self._exchange.tell_order(resting)

    def _shrink(self, order: WorkingOrder, lost: Decimal, at: datetime) -> None:
        order.quantity -= lost
        order.reduced_reason, order.at = SELF_TRADE, at
        self._floor.touched[order.terms.client_order_id] = order
