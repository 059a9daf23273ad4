"""Folding: what the events of one step say, before any of it counts."""

from collections.abc import Callable, Collection
from typing import Any, get_args

from tidegate.domain.equity_history import EquityEvent
from tidegate.domain.events import (
    AccountMoved,
    AccountOpened,
    DayOpened,
    EquityMarked,
    EquityShifted,
    ExternalFlow,
    FillBusted,
    JournalEvent,
    OrderFilled,
    OrderNews,
    OrderPrepared,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.lifecycle import apply_news, prepared, sending
from tidegate.domain.orders import OrderRecord

AccountFact = AccountOpened | AccountMoved | ExternalFlow | EquityEvent | TradingStateChanged


def own_fill(fill: Fill, record: OrderRecord) -> Fill:
    """The fill, which must be of its order's symbol.

    Raises:
        ValueError: it names an order of another.
    """
    if fill.symbol != record.order.symbol:
        raise ValueError(f"fill {fill.trade_id} of {fill.symbol} names an order of another symbol")
    return fill


class Fold:
    """What the events of one step say: records as they will stand, new fills, facts of the account."""

    __slots__ = ("_moved", "_standing", "events", "facts", "fills", "orders")

    def __init__(self, standing: dict[ClientOrderId, OrderRecord], moved: Collection[str]) -> None:
        """`standing` are the orders that are held, `moved` the ids of movements that were booked before."""
        self._standing = standing
        self._moved = moved
        self.events: list[JournalEvent] = []
        self.facts: list[AccountFact] = []
        self.orders: dict[ClientOrderId, OrderRecord] = {}
        self.fills: list[Fill] = []

    def take(self, event: JournalEvent) -> None:
        """One more event; what changes nothing here is kept for the journal all the same."""
        _TAKES.get(type(event), Fold._remembered)(self, event)

    def _remembered(self, event: JournalEvent) -> None:
        self.events.append(event)

    def _learnt(self, event: AccountFact) -> None:
        self.facts.append(event)
        self.events.append(event)

    def _account_moved(self, event: AccountMoved) -> None:
        movement_id = event.movement.movement_id
        if movement_id not in self._moved and all(
            fact.movement.movement_id != movement_id for fact in self.facts if isinstance(fact, AccountMoved)
        ):
            self._learnt(event)

    def _sending(self, event: OrderSending) -> None:
        order_id = event.order.client_order_id
        before = self.orders.get(order_id) or self._standing.get(order_id)
        self._changed(before, sending(event, before), event)

    def _prepared(self, event: OrderPrepared) -> None:
        order_id = event.order.client_order_id
        before = self.orders.get(order_id) or self._standing.get(order_id)
        self._changed(before, prepared(event, before), event)

    def _news(self, event: OrderNews) -> bool:
        """Whether it says anything new.

        Raises:
            LookupError: of an order that is not held.
        """
        order_id = event.client_order_id
        before = self.orders.get(order_id) or self._standing.get(order_id)
        if before is None:
            raise LookupError(f"news of order {order_id}, which the ledger does not hold")
        return self._changed(before, apply_news(before, event), event)

    def _filled(self, event: OrderFilled | FillBusted) -> None:
        if self._news(event):
            self.fills.append(own_fill(event.fill, self.orders[event.client_order_id]))

    def _changed(self, before: OrderRecord | None, after: OrderRecord, event: JournalEvent) -> bool:
        if after is before:
            return False
        self.orders[after.order.client_order_id] = after
        self.events.append(event)
        return True


_TAKES: dict[type, Callable[[Fold, Any], object]] = {
    OrderFilled: Fold._filled,
    FillBusted: Fold._filled,
    OrderSending: Fold._sending,
    OrderPrepared: Fold._prepared,
    AccountOpened: Fold._learnt,
    AccountMoved: Fold._account_moved,
    ExternalFlow: Fold._learnt,
    DayOpened: Fold._learnt,
    EquityMarked: Fold._learnt,
    EquityShifted: Fold._learnt,
    TradingStateChanged: Fold._learnt,
    **{kind: Fold._news for kind in get_args(OrderNews) if kind not in (OrderFilled, FillBusted)},
}
"""What each event does to a fold; one that is not listed is only remembered."""
