"""Resending: what is recorded and surely not at the venue goes out after all its checks, for the first time or anew."""

from collections.abc import Iterable
from decimal import getcontext, setcontext

from msgspec.structs import replace

from tidegate.application.canceling import Canceler
from tidegate.application.desk import AccountDesk
from tidegate.application.engine import ExecutionEngine
from tidegate.application.preparing import hindrance
from tidegate.application.recording import called_off_refusal, never_attempted
from tidegate.application.sending import OrderSender
from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.events import OrderRejected, OrderSending
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.lifecycle import status_of
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.pace import terms_of
from tidegate.domain.ports import EnginePort
from tidegate.domain.records import StateForbids, Step
from tidegate.domain.timeliness import outlived
from tidegate.domain.vocabulary import OrderStatus, OrderType


class OrderResender(OrderSender):
    """Sends again what `AccountDesk.lost_exits` names: exits that never arrived, as the venue has proven (B3).

    Only the resolver says so, after a complete query later than H after the last send. An entry is never among them.
    Besides it gives its first attempt to what was only prepared when its process ended, and is surely unsent (P2).
    """

    def __init__(self, desk: AccountDesk, venue: EnginePort, canceler: Canceler, engine: ExecutionEngine) -> None:
        super().__init__(desk, venue, canceler)
        self._engine = engine
        desk.resends_exits = True

    async def send_lost(self) -> None:
        """Send each of them again, or end it as not accepted where its checks do not let it go."""
        lost, self._desk.lost_exits = self._desk.lost_exits, set()
        await self._send_each(sorted(lost), OrderStatus.UNKNOWN)

    async def send_prepared(self, order_ids: Iterable[ClientOrderId]) -> None:
        """Give those of them that are prepared their attempt, or end them as expired where they may not go any more.

        An entry waits, for as long as its decision lives, until records and venue have been compared.
        """
        held, at = self._desk.ledger.orders, self._desk.clock.now()
        known = [held[order_id] for order_id in order_ids if order_id in held]
        due = [
            record.client_order_id
            for record in known
            if record.order.purpose.is_exit
            or not self._desk.sight.is_lost_of(record.symbol)
            or outlived(record.order, at)
        ]
        await self._send_each(due, OrderStatus.PREPARED)

    async def _send_each(self, order_ids: Iterable[ClientOrderId], status: OrderStatus) -> None:
        """Send those that have this status when it is their turn."""
        # A task has a decimal context of its own: entered once, every step of what follows finds itself inside.
        host = getcontext()
        setcontext(DOMAIN_CONTEXT)
        try:
            for order_id in order_ids:
                record = self._desk.ledger.orders.get(order_id)
                if record is not None and record.status is status:
                    await self._send_again(record)
        finally:
            setcontext(host)

    async def _send_again(self, record: OrderRecord) -> None:
        desk = self._desk
        approved = self._reviewed(record)
        if not isinstance(approved, ApprovedOrder):
            await self._refuse(record, approved)
            return
        step = desk.ledger.begin(
            OrderSending(
                order=approved.order,
                worst_price=approved.worst_price,
                attempt=record.attempt + 1,
                epoch=desk.store.epoch,
                warnings=approved.warnings,
                at=approved.reviewed_at,
            )
        )
        if step is None:
            return
        desk.in_transit.add(record.client_order_id)
        desk.recording.begin(record.client_order_id)
        try:
            await self._attempted(record, approved, step)
        finally:
            desk.in_transit.discard(record.client_order_id)
            desk.recording.end(record.client_order_id)
            after = desk.ledger.orders.get(record.client_order_id)
            if after is not None and after.is_unanswered:
                desk.unknown_since[record.client_order_id] = desk.clock.monotonic()

    async def _attempted(self, record: OrderRecord, approved: ApprovedOrder, step: Step) -> None:
        desk = self._desk
        product = desk.ledger.product(record.symbol)
        if record.attempt:
            desk.pace.note_request(approved.reviewed_at)
        else:
            desk.pace.note_order(approved.order, terms_of(approved.order), approved.reviewed_at)
        recorded = await desk.store.record_sending(approved, step)
        called_off = desk.recording.end(record.client_order_id)
        if not isinstance(recorded, RecordedOrder):
            # Nothing of the new attempt was written: the order stands as the last one left it and as was told since.
            held = desk.ledger.orders.get(record.client_order_id)
            if held is None:
                return
            stands = _unattempted(held, record)
            desk.ledger.recall(stands)
            if isinstance(recorded, StateForbids) and stands.status is record.status:
                await self._refuse(record, f"{recorded.entry.state}: {recorded.entry.reason}")
            return
        desk.told(step)
        if self._has_turned_up(record):
            return
        if called_off:
            self._never_sent(approved.order, called_off_refusal(called_off))
            return
        now = desk.clock.now()
        late = await self._overtaken(approved.order, now, now - approved.reviewed_at)
        if self._has_turned_up(record):
            return
        if late is not None:
            self._never_sent(approved.order, late)
            return
        # One order, however often it is attempted.
        desk.stats.attempted -= bool(record.attempt)
        await self._submit(recorded, product, self._venue.capabilities.delivery)

    def _has_turned_up(self, record: OrderRecord) -> bool:
        """Whether an earlier attempt was not lost after all, as has been told while this one was being recorded."""
        held = self._desk.ledger.orders.get(record.client_order_id)
        return bool(record.attempt) and (held is None or not held.is_unanswered)

    def _reviewed(self, record: OrderRecord) -> ApprovedOrder | str:
        """The order judged anew, without what it reserves itself; why not, where it may not go."""
        desk, order = self._desk, record.order
        expired = outlived(order, desk.clock.now())
        if expired is not None:
            return expired.message
        if record.cancel_requests:
            return "it was called off"
        hindered = hindrance(desk, order)
        if hindered is not None:
            return f"{hindered.code}: {hindered.message}"
        product = desk.market_data.product(record.symbol)
        if product is None:
            return f"{record.symbol} is gone"
        if order.order_type is OrderType.MARKET:
            # Its protection was a price of then.
            order = replace(order, limit_price=None)
        with desk.without((record,)):
            view = desk.view(order, terms_of(order), product, desk.clock.now(), self._engine.risk_manager)
        approved = self._engine.review(order, view)
        return approved if isinstance(approved, ApprovedOrder) else f"{approved.code}: {approved.message}"

    async def _refuse(self, record: OrderRecord, why: str) -> None:
        desk, order_id, at = self._desk, record.client_order_id, self._desk.clock.now()
        if not record.attempt:
            desk.stats.refused += 1
            await desk.learn(order_id, (never_attempted(order_id, why, at),))
            return
        reason = f"it never arrived, and may not be sent again: {why}"
        rejected = OrderRejected(client_order_id=order_id, code="NOT_ACCEPTED", reason=reason, by_venue=False, at=at)
        await desk.learn(order_id, (rejected,))


def _unattempted(record: OrderRecord, before: OrderRecord) -> OrderRecord:
    """The record without its latest attempt, of which nothing was written; what was learnt meanwhile stands."""
    undone = replace(
        record,
        order=before.order,
        earlier=before.earlier,
        worst_price=before.worst_price,
        warnings=before.warnings,
        attempt=before.attempt,
        sent_at=before.sent_at,
    )
    return replace(undone, status=status_of(undone))
