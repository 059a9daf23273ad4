"""Blunders: bugs of checks, cancels, halts, resends and restarts, for `mutants` to plant."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from tidegate.domain.amounts import ONE
from tidegate.domain.checks.pipeline import Steps
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import ApprovedOrder, OrderRecord
from tidegate.domain.states import StateEntry
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


def without(judge: Callable[..., Any]) -> Callable[[Any], Any]:
    """The pipeline with one of its checks left out."""

    def left_out(original: Any) -> Any:
        def steps(self: Any, purpose: Any) -> Steps:
            whole = original(self, purpose)
            return Steps(tuple(one for one in whole.judges if one is not judge), whole.warning)

        return steps

    return left_out


def of_one_unit(original: Any) -> Any:
    return lambda self, *amounts: original(replace(self, multiplier=ONE), *amounts)


def canceled_first(original: Any) -> Any:
    async def cancel(self: Any, client_order_id: Any, reason: str) -> Any:
        record = await self._desk.standing(client_order_id)
        if record is not None and not record.is_terminal:
            await self.venue.cancel(record)
        return await original(self, client_order_id, reason)

    return cancel


def in_no_state(original: Any) -> Any:
    async def take_up(desk: Any, starts: Any = None) -> Any:
        stored = await original(desk, starts)
        for symbol in ("", *stored.symbol_states):
            desk.ledger.states.set(symbol, StateEntry(state=TradingState.ACTIVE))
        return stored

    return take_up
