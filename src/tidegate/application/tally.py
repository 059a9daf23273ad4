"""The tally: what became of the decisions of one run, counted from its events."""

from collections import Counter
from collections.abc import Callable
from typing import Any

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
        count = _COUNTS.get(type(event))
        if count is not None:
            count(self, event)

    def _sending(self, event: OrderSending) -> None:
        self.orders += 1
        if event.attempt == 1 and event.decision is not None:
            self.decisions += 1

    def _filled(self, event: OrderFilled) -> None:
        self.fills += 1

    def _refused(self, event: DecisionRefused) -> None:
        self.decisions += 1
        self.refused[event.refusal.code] += 1

    def _rejected(self, event: OrderRejected) -> None:
        self.refused[event.code] += 1

    def _needless(self, event: NoOrderDecided) -> None:
        self.decisions += 1
        self.no_order += 1


_COUNTS: dict[type, Callable[[Tally, Any], None]] = {
    OrderSending: Tally._sending,
    OrderFilled: Tally._filled,
    DecisionRefused: Tally._refused,
    OrderRejected: Tally._rejected,
    NoOrderDecided: Tally._needless,
}
"""What each event counts as; one that is not listed is not counted."""
