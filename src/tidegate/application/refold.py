"""The refold: an account's journal folded anew, to hold against what the application has."""

from datetime import datetime

from tidegate.domain.events import DecisionRefused, JournalEvent, NoOrderDecided, OrderFilled, OrderSending
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.ledger import Ledger, ProductOf
from tidegate.domain.lifecycle import RANK
from tidegate.domain.orders import OrderRecord
from tidegate.domain.states import TradingStates


class Refold:
    """Every order and fill of the journal, with what cannot be true of them by invariant number."""

    def __init__(self, product_of: ProductOf) -> None:
        self.ledger = Ledger(product_of, TradingStates())
        self.orders: dict[ClientOrderId, OrderRecord] = {}
        self.fills: dict[tuple[str, str], Fill] = {}
        self.outcomes: dict[str, int] = {}
        self.broken: dict[int, str] = {}

    def row(self, at: datetime, events: tuple[JournalEvent, ...]) -> None:
        """Fold one journal row."""
        before = {}
        for event in events:
            order_id = getattr(event, "client_order_id", None)
            if order_id in self.orders and order_id not in self.ledger.orders:
                self.ledger.recall(self.orders[order_id])
            if order_id in self.orders:
                before[order_id] = self.orders[order_id].status
            self._count(event)
        step = self.ledger.apply(at, events)
        for record in step.orders if step is not None else ():
            was = before.get(record.client_order_id)
            if was is not None and RANK[record.status] < RANK[was]:
                self._found(9, f"order {record.client_order_id} went from {was.value} to {record.status.value}")
            self.orders[record.client_order_id] = record

    def _count(self, event: JournalEvent) -> None:
        match event:
            case OrderSending(decision=decision) if decision is not None:
                self._decided(decision.decision_id)
            case DecisionRefused(decision=decision) | NoOrderDecided(decision=decision):
                self._decided(decision.decision_id)
            case OrderFilled(fill=fill):
                self.fills[fill.symbol, fill.trade_id] = fill
            case _:
                pass

    def _decided(self, decision_id: str) -> None:
        self.outcomes[decision_id] = self.outcomes.get(decision_id, 0) + 1
        if self.outcomes[decision_id] > 1:
            self._found(1, f"decision {decision_id} has {self.outcomes[decision_id]} outcomes")

    def _found(self, number: int, what: str) -> None:
        self.broken.setdefault(number, what)
