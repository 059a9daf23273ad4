"""Blunders: bugs of cancels, halts, resends and restarts, for `mutants` to plant."""

from typing import Any

from msgspec.structs import replace

from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import ApprovedOrder, OrderRecord
from tidegate.domain.vocabulary import TradingState


def freed_at_the_request(original: Any) -> Any:
    return lambda record, product: None if record.cancel_requests else original(record, product)


def refused_is_canceled(original: Any) -> Any:
    return lambda record, news: replace(original(record, news), is_canceled=True)


def halt_in_memory(original: Any) -> Any:
    def note(self: Any, event: Any) -> None:
        if not (isinstance(event, TradingStateChanged) and event.state is TradingState.HALTED):
            original(self, event)

    return note


def unreviewed(_: Any) -> Any:
    def reviewed(self: Any, record: OrderRecord) -> ApprovedOrder:
        return ApprovedOrder(order=record.order, worst_price=record.worst_price, reviewed_at=self._desk.clock.now())

    return reviewed


def never_asked(_: Any) -> Any:
    async def passed_over(self: Any, age_seconds: float) -> None:
        return

    return passed_over


def forgets_quarantine(original: Any) -> Any:
    async def begin(self: Any, stored: Any) -> None:
        await original(self, stored)
        self._desk.quarantined = set()

    return begin
