"""Closing: free the inventory of a position before it is closed, and keep new entries out meanwhile."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from tidegate.application.canceling import Canceler
from tidegate.application.desk import AccountDesk
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.vocabulary import OrderStatus

# A cancel that was asked for before may have been lost: asking again does no harm.
_CANCELABLE = (
    OrderStatus.ACCEPTED,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.PENDING_AMEND,
    OrderStatus.PENDING_CANCEL,
)

_POLL_SECONDS = 0.05


class Closer:
    """Prepares a close: fence, cancel what rests, wait until what it filled is final.

    What cannot be settled in time stays reserved, so that only the part that is provably free is closed.
    """

    def __init__(self, desk: AccountDesk, canceler: Canceler, settle_seconds: float = 5.0) -> None:
        self._desk = desk
        self._canceler = canceler
        self._settle_seconds = settle_seconds

    @asynccontextmanager
    async def closing(self, symbol: str, strategy_id: str) -> AsyncIterator[None]:
        """Hold entries on the symbol off while the body closes the strategy's position."""
        fences = self._desk.fences
        fences[symbol] = fences.get(symbol, 0) + 1
        try:
            await self._clear(symbol, strategy_id)
            yield
        finally:
            fences[symbol] -= 1
            if not fences[symbol]:
                del fences[symbol]

    async def _clear(self, symbol: str, strategy_id: str) -> None:
        live = self._desk.live_orders(symbol, strategy_id)
        if not live:
            return
        asked = {record.client_order_id for record in live if self._can_be_called_off(record)}
        canceled = await self._cancel(record for record in live if record.client_order_id in asked)
        ids, clock = [record.client_order_id for record in live], self._desk.clock
        deadline = clock.monotonic() + self._settle_seconds
        while standing := self._open(ids):
            # What was under way to the venue when the close began, and has come to rest there since.
            late = [record for record in standing if rests(record) and record.client_order_id not in asked]
            asked.update(record.client_order_id for record in late)
            canceled += await self._cancel(late)
            if clock.monotonic() >= deadline:
                break
            if not late:
                await clock.sleep(_POLL_SECONDS)
        for record in canceled:
            # A confirmed cancel does not say what had filled before it: the order's final quantity does.
            await self._canceler.resolver.resolve(record.client_order_id)

    def _can_be_called_off(self, record: OrderRecord) -> bool:
        return rests(record) or record.client_order_id in self._desk.recording

    def _open(self, order_ids: Iterable[ClientOrderId]) -> list[OrderRecord]:
        held = self._desk.ledger.orders
        return [held[order_id] for order_id in order_ids if order_id in held and not held[order_id].is_terminal]

    async def _cancel(self, records: Iterable[OrderRecord]) -> list[OrderRecord]:
        return list(await self._canceler.cancel_all(records, "its position is being closed"))


def rests(record: OrderRecord) -> bool:
    """Whether it waits at the venue and can be called off; one that takes or is unanswered is only waited for."""
    return not record.order.is_taker_only and record.status in _CANCELABLE
