"""The tally: what became of the decisions of one run, counted from its steps."""

from collections import Counter

from tidegate.domain.events import (
    DecisionRefused,
    FillBusted,
    JournalEvent,
    NoOrderDecided,
    OrderPrepared,
    OrderRejected,
    OrderSending,
)
from tidegate.domain.fills import Fill
from tidegate.domain.orders import OrderRecord
from tidegate.domain.records import Step


class Tally:
    """Counts what steps say; nothing is kept of the orders themselves, whose number is not bounded."""

    def __init__(self) -> None:
        self.decisions = 0
        self.orders = 0
        self.fills = 0
        self.large_fills = 0
        self.no_order = 0
        self.refused: Counter[str] = Counter()

    def count(self, step: Step) -> None:
        """Take one step that has been handed to the store."""
        for fill in step.fills:
            self.count_fill(fill)
        for event in step.events:
            if type(event) in _COUNTED:
                self._one(event)

    def count_fill(self, fill: Fill) -> None:
        """Take a fill of a step of which there is nothing else to count."""
        self.fills += 1
        self.large_fills += fill.is_large

    def _one(self, event: JournalEvent) -> None:
        if isinstance(event, OrderSending):
            # A later attempt is the same order.
            self.orders += event.attempt == 1
            self.decisions += event.attempt == 1 and event.decision is not None
        elif isinstance(event, OrderPrepared):
            # It is an order once it is sent; its decision has come to something already.
            self.decisions += event.decision is not None
        elif isinstance(event, FillBusted):
            # It came as a fill that counts against one.
            self.fills -= 1
        elif isinstance(event, OrderRejected):
            self.refused[event.code] += 1
        elif isinstance(event, DecisionRefused):
            self.decisions += 1
            self.refused[event.refusal.code] += 1
        elif isinstance(event, NoOrderDecided):
            self.decisions += 1
            self.no_order += 1


_COUNTED = frozenset({OrderSending, OrderPrepared, FillBusted, OrderRejected, DecisionRefused, NoOrderDecided})
"""Events that a count follows from; fills are counted by themselves."""


def begins_to_fill(record: OrderRecord, step: Step) -> bool:
    """Whether the order's first fill is in this step."""
    if record.busted_ids:
        return False
    if len(step.orders) == 1:
        return len(record.trade_ids) == len(step.fills)
    fresh = sum(fill.client_order_id == record.client_order_id for fill in step.fills)
    return fresh > 0 and len(record.trade_ids) == fresh
