"""Amending: a new total quantity and price; an order keeps its place only when it shrinks at its price."""

from datetime import datetime
from decimal import Decimal

import msgspec

from tidegate.adapters.brokers.simulated.admission import (
    Reject,
    market_reject,
    shape_reject,
    size_reject,
    window_reject,
)
from tidegate.adapters.brokers.simulated.entry import OrderEntry
from tidegate.adapters.brokers.simulated.exchange import Exchange
from tidegate.adapters.brokers.simulated.orders import FILLED, Terms, WorkingOrder
from tidegate.domain.amounts import ZERO, exact, plain
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.submissions import AmendConfirmed, AmendOutcome, AmendRefused


class OrderAmendment:
    """Amends as they arrive; each is one step of the world."""

    def __init__(self, exchange: Exchange, entry: OrderEntry) -> None:
        self._exchange = exchange
        self._entry = entry

    @exact
    def amend(
        self, client_order_id: ClientOrderId, quantity: Decimal, limit_price: Decimal | None, at: datetime
    ) -> AmendOutcome:
        """Work the order with this total quantity, and this price if one is given, or refuse and leave it as it was."""
        order = self._exchange.floor.open.get(client_order_id)
        if order is None:
            return AmendRefused(reason=f"order {client_order_id} is not open", at=at)
        price = limit_price if limit_price is not None else order.limit_price
        terms = msgspec.structs.replace(order.terms, quantity=quantity, limit_price=price)
        reject = self._judge(order, terms, at)
        if reject is not None:
            return AmendRefused(reason=reject.reason, at=at)
        self._apply(order, terms, at)
        self._entry.finish(self._exchange.instruments[terms.symbol], at)
        return AmendConfirmed(at=at)

    def _judge(self, order: WorkingOrder, terms: Terms, at: datetime) -> Reject | None:
        instrument = self._exchange.instruments[terms.symbol]
        if terms.quantity < order.filled:
            return Reject("INVALID", f"{plain(order.filled)} of it have filled already")
        reject = shape_reject(terms, at) or size_reject(terms, instrument.product)
        if reject is None and order.waits:
            reject = window_reject(terms, instrument, at)
        elif reject is None:
            reject = market_reject(terms, instrument, at) or self._entry.own_reject(terms, instrument)
        if reject is not None:
            return reject
        leaves, price = terms.quantity - order.filled, terms.limit_price or order.worst_price or ZERO
        if instrument.product.is_spot:
            return self._exchange.funds.reject(instrument, terms.side, leaves, price, freed=order.held)
        grown = leaves * price - order.leaves * (order.limit_price or ZERO)
        if grown <= ZERO or order.waits:
            return None
        return self._exchange.funds.reject(instrument, terms.side, grown / price, price)

    def _apply(self, order: WorkingOrder, terms: Terms, at: datetime) -> None:
        floor = self._exchange.floor
        keeps_place = order.waits or (terms.limit_price == order.limit_price and terms.quantity <= order.quantity)
        if not keeps_place:
            self._exchange.instruments[terms.symbol].resting(terms.side).remove(order)
        order.quantity, order.limit_price, order.at = terms.quantity, terms.limit_price, at
        floor.touched[terms.client_order_id] = order
        if order.leaves <= ZERO:
            floor.end(order, FILLED, at, "amended down to what had filled")
            self._exchange.tell_order(order)
        elif keeps_place:
            floor.hold(order)
        else:
            fills = self._entry.match(order, terms, at)
            for fill in fills:
                self._exchange.tell_fill(order, fill)
            if order.reduced_reason and not fills:
                self._exchange.tell_order(order)
