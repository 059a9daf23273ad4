"""The refold: an account's journal folded anew, to hold against what the application has."""

from datetime import datetime
from typing import get_args

from tidegate.domain.amounts import ONE
from tidegate.domain.events import (
    DecisionRefused,
    FillBusted,
    IncidentRaised,
    JournalEvent,
    NoOrderDecided,
    OrderFilled,
    OrderNews,
    OrderPrepared,
    OrderSending,
)
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.ledger import Ledger, ProductOf
from tidegate.domain.lifecycle import RANK
from tidegate.domain.orders import OrderRecord
from tidegate.domain.products import Product
from tidegate.domain.states import TradingStates
from tidegate.domain.vocabulary import ProductKind

_NEWS = get_args(OrderNews)


class Refold:
    """Every order and fill of the journal, with what cannot be true of them by invariant number."""

    def __init__(self, product_of: ProductOf) -> None:
        self._product_of = product_of
        self.gone: set[str] = set()
        """Symbols without a product, of which what an order or a fill has moved cannot be told any more."""
        self.ledger = Ledger(self._product, TradingStates())
        self.orders: dict[ClientOrderId, OrderRecord] = {}
        self.fills: dict[tuple[str, str], Fill] = {}
        self.busted: set[tuple[str, str]] = set()
        """Fills that the venue has taken back, and may list or not."""
        self._outcomes: dict[str, int] = {}
        self._incidents: set[tuple[str, str]] = set()
        self._broken: dict[int, str] = {}

    @property
    def broken(self) -> dict[int, str]:
        """What the rows so far show to be broken; incidents may follow the rows that they name."""
        found = dict(self._broken)
        for order_id, record in self.orders.items():
            if record.is_overfilled and ("OVERFILL", order_id) not in self._incidents:
                found.setdefault(8, f"order {order_id} filled {record.filled_quantity} of {record.quantity}")
            if record.is_late_accept and ("LATE_ACCEPT", order_id) not in self._incidents:
                found.setdefault(1, f"order {order_id} was both refused and worked")
        return found

    def _product(self, symbol: str) -> Product:
        """The product, or for one that is gone a stand-in, so that its orders can be folded all the same."""
        product = self._product_of(symbol)
        if product is not None:
            return product
        self.gone.add(symbol)
        return Product(
            symbol=symbol,
            kind=ProductKind.PERPETUAL,
            base_currency=symbol,
            quote_currency=symbol,
            settlement_currency=symbol,
            underlying=symbol,
            price_increment=ONE,
            base_increment=ONE,
        )

    def row(self, at: datetime, events: tuple[JournalEvent, ...]) -> None:
        """Fold one journal row."""
        before = dict[ClientOrderId, OrderRecord]()
        begun = {event.order.client_order_id for event in events if isinstance(event, OrderSending | OrderPrepared)}
        known: list[JournalEvent] = []
        for event in events:
            if isinstance(event, _NEWS) and event.client_order_id not in begun:
                order_id = event.client_order_id
                if order_id not in self.orders:
                    self._found(3, f"news of order {order_id}, of which no intent is recorded")
                    continue
                before[order_id] = self.orders[order_id]
            self._count(event)
            known.append(event)
        for order_id, record in before.items():
            if order_id not in self.ledger.orders:
                self.ledger.recall(record)
        step = self.ledger.apply(at, known)
        for record in step.orders if step is not None else ():
            self._stands(before.get(record.client_order_id), record)

    def _stands(self, before: OrderRecord | None, record: OrderRecord) -> None:
        if before is not None and RANK[record.status] < RANK[before.status]:
            self._found(9, f"order {record.client_order_id} went from {before.status} to {record.status}")
        self.orders[record.client_order_id] = record

    def _count(self, event: JournalEvent) -> None:
        match event:
            case OrderSending(decision=decision) | OrderPrepared(decision=decision) if decision is not None:
                self._decided(decision.decision_id)
            case DecisionRefused(decision=decision) | NoOrderDecided(decision=decision):
                self._decided(decision.decision_id)
            case OrderFilled(fill=fill):
                self.fills[fill.symbol, fill.trade_id] = fill
            case FillBusted(fill=fill, trade_id=trade_id):
                self.busted.add((fill.symbol, trade_id))
            case IncidentRaised(kind=kind, client_order_id=client_order_id):
                self._incidents.add((kind, client_order_id))
            case _:
                pass

    def _decided(self, decision_id: str) -> None:
        self._outcomes[decision_id] = self._outcomes.get(decision_id, 0) + 1
        if self._outcomes[decision_id] > 1:
            self._found(1, f"decision {decision_id} has {self._outcomes[decision_id]} outcomes")

    def _found(self, number: int, what: str) -> None:
        self._broken.setdefault(number, what)
