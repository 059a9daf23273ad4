"""Canceling: ask the venue to stop working orders, and wait until what they filled is final."""

from collections.abc import Iterable
from datetime import timedelta

from tidegate.application.desk import AccountDesk
from tidegate.application.resolving import OrderResolver
from tidegate.domain.events import CancelRequested
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.ports import EnginePort
from tidegate.domain.settlement import news_of_cancel
from tidegate.domain.submissions import CancelConfirmed

_POLL_SECONDS = 0.05
_DOUBLINGS_MAX = 6


class Canceler:
    """Cancels by request numbers, so that a refused or lost cancel is told apart from the next one."""

    def __init__(self, desk: AccountDesk, venue: EnginePort, resolver: OrderResolver) -> None:
        self._desk = desk
        self._venue = venue
        self.resolver = resolver

    async def cancel(self, client_order_id: ClientOrderId, reason: str) -> OrderRecord | None:
        """Ask for the cancel of one order; the order as it then stands, or None where there is no such order.

        A terminal order is returned as it is. An unanswered cancel leaves it PENDING_CANCEL, a refused one is followed
        by a query: already filled is as likely as still open (B29).
        """
        record = await self._desk.standing(client_order_id)
        if record is None or record.is_terminal:
            return record
        request = max(record.cancel_requests, default=0) + 1
        at = self._desk.clock.now()
        await self._desk.commit(
            at, CancelRequested(client_order_id=client_order_id, request=request, reason=reason, at=at)
        )
        self._desk.pace.note_request(at)
        outcome = await self._venue.cancel(record)
        record = await self._desk.learn(client_order_id, news_of_cancel(client_order_id, request, outcome))
        if not isinstance(outcome, CancelConfirmed) and not record.is_terminal:
            record = await self.resolver.resolve(client_order_id) or record
        return record

    async def cancel_all(self, records: Iterable[OrderRecord], reason: str) -> tuple[OrderRecord, ...]:
        """Cancel several, one after the other; each as it then stands."""
        after = [await self.cancel(record.client_order_id, reason) for record in records]
        return tuple(record for record in after if record is not None)

    async def repeat_overdue(self, age_seconds: float) -> None:
        """Ask again for every cancel that has gone unanswered for that long, twice as long each time.

        A cancel may be lost as well as its answer, and an order that was to be called off must not rest for ever (P9).
        """
        at = self._desk.clock.now()
        for record in self._desk.live_orders():
            if not record.has_open_cancel or record.updated_at is None:
                continue
            doublings = min(len(record.cancel_requests) - 1, _DOUBLINGS_MAX)
            if at - record.updated_at >= timedelta(seconds=age_seconds * 2**doublings):
                await self.cancel(record.client_order_id, "the last cancel had no answer")

    async def settled(self, order_ids: Iterable[ClientOrderId], timeout_seconds: float) -> tuple[OrderRecord, ...]:
        """Wait until these orders are terminal, at most that long; those that are not by then are returned."""
        clock = self._desk.clock
        deadline = clock.now() + timedelta(seconds=timeout_seconds)
        waiting = tuple(order_ids)
        while True:
            open_ones = tuple(
                record
                for order_id in waiting
                if (record := self._desk.ledger.orders.get(order_id)) is not None and not record.is_terminal
            )
            if not open_ones or clock.now() >= deadline:
                return open_ones
            await clock.sleep(_POLL_SECONDS)
