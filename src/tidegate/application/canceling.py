"""Canceling: ask the venue to stop working orders, and wait until what they filled is final."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from tidegate.application.desk import AccountDesk
from tidegate.application.recording import never_attempted
from tidegate.application.resolving import OrderResolver
from tidegate.application.staggered import staggered
from tidegate.application.transmitting import transmitted
from tidegate.domain.events import CancelRequested
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.ports import EnginePort
from tidegate.domain.records import StepCommitted, WriterLost
from tidegate.domain.settlement import news_of_cancel
from tidegate.domain.submissions import CancelConfirmed, CancelOutcome, CancelRefused, CancelUnanswered
from tidegate.domain.vocabulary import OrderStatus

_POLL_SECONDS = 0.05
_DOUBLINGS_MAX = 6


class Canceler:
    """Cancels by request numbers, so that a refused or lost cancel is told apart from the next one."""

    def __init__(self, desk: AccountDesk, venue: EnginePort, resolver: OrderResolver) -> None:
        self._desk = desk
        self.venue = venue
        self.resolver = resolver

    async def cancel(self, client_order_id: ClientOrderId, reason: str) -> OrderRecord | None:
        """Ask for the cancel of one order; the order as it then stands, or None where there is no such order.

        A terminal order is returned as it is. An unanswered cancel leaves it PENDING_CANCEL, a refused one is followed
        by a query: already filled is as likely as still open (B29). One whose intent is still being recorded, or was
        only prepared, is called off, and not sent.
        """
        if client_order_id in self._desk.recording:
            self._desk.recording.call_off(client_order_id, reason)
            await self._desk.recording.ended(client_order_id)
        record = await self._desk.standing(client_order_id)
        if record is None or record.is_terminal:
            return record
        if record.status is OrderStatus.PREPARED:
            return await self._call_off(record, reason)
        asked = self._asked(record, reason)
        if isinstance(await self._desk.commit(asked.at, asked), WriterLost):
            # R2 for cancels: the account is another process's now, and so is what rests on it.
            return record
        return await self._send(asked)

    async def _call_off(self, record: OrderRecord, reason: str) -> OrderRecord:
        """End one that was never attempted, where that is made durable; where it is not, it stands as it was."""
        desk, order_id = self._desk, record.client_order_id
        at = desk.clock.now()
        outcome = await desk.commit(at, never_attempted(order_id, f"it was called off: {reason}", at))
        if not isinstance(outcome, StepCommitted):
            desk.ledger.recall(record)
            return record
        desk.stats.refused += 1
        return await desk.standing(order_id) or record

    def _asked(self, record: OrderRecord, reason: str) -> CancelRequested:
        request = max(record.cancel_requests, default=0) + 1
        at = self._desk.clock.now()
        return CancelRequested(client_order_id=record.client_order_id, request=request, reason=reason, at=at)

    async def _send(self, asked: CancelRequested) -> OrderRecord | None:
        """The transmission; a store that cannot be written keeps none back, since a cancel makes nothing worse."""
        client_order_id, request = asked.client_order_id, asked.request
        record = await self._desk.standing(client_order_id)
        if record is None or record.is_terminal:
            return record
        self._desk.pace.note_request(self._desk.clock.now())
        outcome = await self._answer(record, request)
        if isinstance(outcome, CancelRefused) and client_order_id in self._desk.in_transit:
            # The cancel may have overtaken the order: that the venue does not know it answers nothing yet.
            return await self._desk.standing(client_order_id)
        if isinstance(outcome, CancelConfirmed) and await self._may_have_filled(record):
            return await self._desk.standing(client_order_id)
        record = await self._desk.learn(client_order_id, news_of_cancel(client_order_id, request, outcome))
        if not isinstance(outcome, CancelConfirmed) and not record.is_terminal:
            record = await self.resolver.resolve(client_order_id) or record
        return record

    async def _may_have_filled(self, record: OrderRecord) -> bool:
        """R4: whether an order whose cancel was confirmed took something before that nobody has told us of yet.

        Its end would give free what it reserves. It is asked for where that would be sold or bought once more.
        """
        if record.is_accepted and not record.order.purpose.is_exit:
            return False
        is_answered = await self.resolver.look(record.client_order_id)
        return record.client_order_id in self.resolver.lacking or not (is_answered or record.is_accepted)

    async def cancel_all(self, records: Iterable[OrderRecord], reason: str) -> tuple[OrderRecord, ...]:
        """Cancel several for one reason; each as it then stands."""
        return await self.cancel_each((record, reason) for record in records)

    async def cancel_each(self, wanted: Iterable[tuple[OrderRecord, str]]) -> tuple[OrderRecord, ...]:
        """Cancel several, each for its own reason, one after the other; each as it then stands.

        All of them are asked for durably before the first is sent, so that the next start finishes what a kill left.
        One that the venue does not answer keeps the next from being sent for a second, and no longer.
        """
        held, recording = self._desk.ledger.orders, self._desk.recording
        reasons = {record.client_order_id: reason for record, reason in wanted}
        standing = [held[order_id] for order_id in reasons if order_id in held]
        called_off = [record.client_order_id for record in standing if record.client_order_id in recording]
        for order_id in called_off:
            recording.call_off(order_id, reasons[order_id])
        live = [one for one in standing if not one.is_terminal and one.client_order_id not in recording]
        unsent = [one.client_order_id for one in live if one.status is OrderStatus.PREPARED]
        asked = [
            self._asked(one, reasons[one.client_order_id]) for one in live if one.status is not OrderStatus.PREPARED
        ]
        if asked and isinstance(await self._desk.commit(asked[0].at, *asked), WriterLost):
            return tuple(standing)
        after = [await self.cancel(order_id, reasons[order_id]) for order_id in unsent]
        after += await staggered(
            [partial(self._send, one) for one in asked], self._desk.clock, self._desk.transmissions, "cancel"
        )
        after += [await self.cancel(order_id, reasons[order_id]) for order_id in called_off]
        return tuple(record for record in after if record is not None)

    async def _answer(self, record: OrderRecord, request: int) -> CancelOutcome:
        order_id = record.client_order_id
        return await transmitted(
            self._desk,
            f"cancel {order_id} {request}",
            lambda: self.venue.cancel(record),
            CancelUnanswered,
            f"canceled {order_id}",
        )

    async def repeat_overdue(self, age_seconds: float) -> None:
        """Ask again for every cancel that has gone unanswered for that long, twice as long each time.

        A cancel may be lost as well as its answer, and an order that was to be called off must not rest for ever (P9).
        How often it was asked for before an outage ended says nothing of the time after it (B31).
        """
        at, back_at = self._desk.clock.now(), self._desk.sight.back_at
        overdue = [
            record
            for record in self._desk.live_orders()
            if record.has_open_cancel
            and record.updated_at is not None
            and not self.is_in_vain(record)
            and (
                _has_passed(at - record.updated_at, record, age_seconds)
                or (back_at is not None and record.updated_at < back_at)
            )
        ]
        await self.cancel_all(overdue, "the last cancel had no answer")

    def is_in_vain(self, record: OrderRecord) -> bool:
        """Whether a cancel was asked for already, and what the venue has under our id is not what we recorded (B20).

        Such an order is never adopted, so its end is never learnt: it waits for an operator, not for a further cancel.
        """
        return bool(record.cancel_requests) and record.client_order_id in self._desk.order_differences

    def may_sweep(self, record: OrderRecord) -> bool:
        """Whether one that rests where none may is asked to go now: not again at once where the venue has refused."""
        if not record.cancel_requests or record.updated_at is None:
            return True
        age = self._desk.clock.now() - record.updated_at
        return not self.is_in_vain(record) and _has_passed(age, record, 1.0)

    async def settled(self, order_ids: Iterable[ClientOrderId], timeout_seconds: float) -> tuple[OrderRecord, ...]:
        """Wait until these orders are terminal, at most that long; those that are not by then are returned."""
        clock = self._desk.clock
        deadline = clock.monotonic() + timeout_seconds
        waiting = tuple(order_ids)
        while True:
            open_ones = tuple(
                record
                for order_id in waiting
                if (record := self._desk.ledger.orders.get(order_id)) is not None and not record.is_terminal
            )
            if not open_ones or clock.monotonic() >= deadline:
                return open_ones
            await clock.sleep(_POLL_SECONDS)


def _has_passed(age: timedelta, record: OrderRecord, seconds: float) -> bool:
    """Whether the next cancel of an order may follow its last word, of that age: after twice as long each time.

    A word from the future says that the clock has gone back (X7), and nothing of how long one has waited.
    """
    doublings = min(len(record.cancel_requests) - 1, _DOUBLINGS_MAX)
    return age < timedelta() or age >= timedelta(seconds=seconds * 2**doublings)
