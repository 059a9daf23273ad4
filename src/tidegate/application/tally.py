"""The tally: what became of the decisions of one run, counted from its events."""

from collections import Counter

from tidegate.domain.events import (
    DecisionRefused,
    JournalEvent,
    NoOrderDecided,
    OrderFilled,
    OrderRejected,
    OrderSending,
)


class Tally:
    """Counts as an event subscriber; nothing is kept of the orders themselves, whose number is not bounded."""

    def __init__(self) -> None:
        self.decisions = 0
        self.orders = 0
        self.fills = 0
        self.no_order = 0
        self.refused: Counter[str] = Counter()

    def notice(self, event: JournalEvent) -> None:
        kind = type(event)
        if kind is OrderFilled:
            self.fills += 1
        elif isinstance(event, OrderSending):
            # A later attempt is the same order.
            self.orders += event.attempt == 1
            self.decisions += event.attempt == 1 and event.decision is not None
        elif kind in _ENDS:
            self._ended(event)

    def _ended(self, event: JournalEvent) -> None:
        if isinstance(event, OrderRejected):
            self.refused[event.code] += 1
            return
        self.decisions += 1
        if isinstance(event, DecisionRefused):
            self.refused[event.refusal.code] += 1
        else:
            self.no_order += 1


_ENDS = frozenset({OrderRejected, DecisionRefused, NoOrderDecided})
"""Events by which a decision ends without a fill."""
