"""What a chart has to know of a run's events: how long each order stood at which price, its fills, the states."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO
from tidegate.domain.events import (
    JournalEvent,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.fills import Fill
from tidegate.domain.orders import Order
from tidegate.domain.vocabulary import TradingState


class Standing(Struct, kw_only=True):
    """An order at one price, from when it was sent or amended until it ended or was amended; None is still open."""

    order: Order
    quantity: Decimal
    price: Decimal | None
    begin: datetime
    end: datetime | None = None
    ending: str = "open at the end"
    filled: Decimal = ZERO


class ChartNotes:
    """Told of every event of a run; `states` are (moment, symbol or "" for the account, state, reason)."""

    def __init__(self) -> None:
        self.standings: list[Standing] = []
        self.fills: list[tuple[Fill, Order | None]] = []
        self.states: list[tuple[datetime, str, TradingState, str]] = []
        self._live: dict[str, Standing] = {}
        self._orders: dict[str, Order] = {}

    def notice(self, event: JournalEvent) -> None:
        """Take note of one event."""
        match event:
            case OrderSending(order=order) if order.client_order_id not in self._orders:
                self._orders[order.client_order_id] = order
                self._stand(order, order.quantity, order.limit_price, event.at)
            case OrderFilled(fill=fill):
                self._filled(fill)
            case OrderAmended():
                self._amended(event)
            case OrderCanceled():
                self._end(event.client_order_id, event.at, "cancelled")
            case OrderExpired():
                self._end(event.client_order_id, event.at, "expired")
            case OrderRejected(code=code):
                self._end(event.client_order_id, event.at, f"refused: {code}")
            case TradingStateChanged():
                self.states.append((event.at, event.symbol, event.state, event.reason))
            case _:
                pass

    def _stand(self, order: Order, quantity: Decimal, price: Decimal | None, at: datetime) -> Standing:
        standing = Standing(order=order, quantity=quantity, price=price, begin=at)
        self.standings.append(standing)
        self._live[order.client_order_id] = standing
        return standing

    def _filled(self, fill: Fill) -> None:
        self.fills.append((fill, self._orders.get(fill.client_order_id)))
        standing = self._live.get(fill.client_order_id)
        if standing is not None:
            standing.filled = DOMAIN_CONTEXT.add(standing.filled, fill.quantity)
            if standing.filled >= standing.quantity:
                self._end(fill.client_order_id, fill.at, "filled")

    def _amended(self, event: OrderAmended) -> None:
        before = self._live.get(event.client_order_id)
        if before is not None:
            self._end(event.client_order_id, event.at, "amended")
            price = before.price if event.limit_price is None else event.limit_price
            after = self._stand(before.order, event.quantity, price, event.at)
            after.filled = before.filled

    def _end(self, client_order_id: str, at: datetime, how: str) -> None:
        standing = self._live.pop(client_order_id, None)
        if standing is not None:
            standing.end, standing.ending = at, how
