"""The tally: what became of the decisions of one run, counted from its events."""

from collections import Counter

from tidegate.domain.events import DecisionRefused, JournalEvent, NoOrderDecided, OrderFilled, OrderRejected, OrderSending


class Tally:
    """Counts as an event subscriber; an order counts as filled from its first fill."""

    def __init__(self) -> None:
        self.decisions = 0
        self.orders = 0
        self.fills = 0
        self.no_order = 0
        self.refused: Counter[str] = Counter()
        self._filled: set[str] = set()

    @property
    def filled(self) -> int:
        """Orders with at least one fill."""
        return len(self._filled)

    def notice(self, event: JournalEvent) -> None:
        match event:
            case OrderSending(attempt=attempt):
                self.orders += 1
                self.decisions += 1 if attempt == 1 and event.decision is not None else 0
            case OrderFilled(client_order_id=client_order_id):
                self.fills += 1
                self._filled.add(client_order_id)
            case DecisionRefused(refusal=refusal):
                self.decisions += 1
                self.refused[refusal.code] += 1
            case OrderRejected(code=code):
                self.refused[code] += 1
            case NoOrderDecided():
                self.decisions += 1
                self.no_order += 1
            case _:
                pass
