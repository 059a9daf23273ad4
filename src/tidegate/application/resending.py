"""Resending: an exit that was lost goes out again under its own id, as a new attempt after all its checks."""

from decimal import getcontext, setcontext

from msgspec.structs import replace

from tidegate.application.canceling import Canceler
from tidegate.application.desk import AccountDesk
from tidegate.application.engine import ExecutionEngine
from tidegate.application.recording import called_off_refusal
from tidegate.application.sending import OrderSender
from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.events import OrderRejected, OrderSending
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.pace import terms_of
from tidegate.domain.ports import EnginePort
from tidegate.domain.records import StateForbids, Step
from tidegate.domain.vocabulary import OrderType


class OrderResender(OrderSender):
    """Sends again what `AccountDesk.lost_exits` names: exits that never arrived, as the venue has proven (B3).

    Only the resolver says so, after a complete query later than H after the last send. An entry is never among them.
    """

    def __init__(self, desk: AccountDesk, venue: EnginePort, canceler: Canceler, engine: ExecutionEngine) -> None:
        super().__init__(desk, venue, canceler)
        self._engine = engine
        desk.resends_exits = True

    async def send_lost(self) -> None:
        """Send each of them again, or end it as not accepted where its checks do not let it go."""
        lost, self._desk.lost_exits = self._desk.lost_exits, set()
        # A task has a decimal context of its own: entered once, every step of what follows finds itself inside.
        host = getcontext()
        setcontext(DOMAIN_CONTEXT)
        try:
            for order_id in sorted(lost):
                record = self._desk.ledger.orders.get(order_id)
                if record is not None and record.is_unanswered:
                    await self._send_again(record)
        finally:
            setcontext(host)

    async def _send_again(self, record: OrderRecord) -> None:
        desk = self._desk
        approved = self._reviewed(record)
        if not isinstance(approved, ApprovedOrder):
            await self._not_accepted(record, approved)
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
        recorded = await desk.store.record_sending(approved, step)
        called_off = desk.recording.end(record.client_order_id)
        if not isinstance(recorded, RecordedOrder):
            # Nothing of the new attempt was written: the order stands as the last one left it.
            desk.ledger.recall(record)
            if isinstance(recorded, StateForbids):
                await self._not_accepted(record, f"{recorded.entry.state}: {recorded.entry.reason}")
            return
        desk.told(step)
        if called_off:
            self._never_sent(approved.order, called_off_refusal(called_off))
            return
        now = desk.clock.now()
        late = await self._overtaken(approved.order, now, now - approved.reviewed_at)
        if late is not None:
            self._never_sent(approved.order, late)
            return
        # One order, however often it is attempted.
        desk.stats.attempted -= 1
        await self._submit(recorded, product)

    def _reviewed(self, record: OrderRecord) -> ApprovedOrder | str:
        """The order judged anew, without what it reserves itself; why not, where it may not go."""
        desk, order = self._desk, record.order
        if order.order_type is OrderType.MARKET:
            # Its protection was a price of then.
            order = replace(order, limit_price=None)
        with desk.without((record,)):
            product = desk.ledger.product(record.symbol)
            view = desk.view(order, terms_of(order), product, desk.clock.now(), self._engine.risk_manager)
        approved = self._engine.review(order, view)
        return approved if isinstance(approved, ApprovedOrder) else f"{approved.code}: {approved.message}"

    async def _not_accepted(self, record: OrderRecord, why: str) -> None:
        order_id = record.client_order_id
        reason = f"it never arrived, and may not be sent again: {why}"
        rejected = OrderRejected(
            client_order_id=order_id, code="NOT_ACCEPTED", reason=reason, by_venue=False, at=self._desk.clock.now()
        )
        await self._desk.learn(order_id, (rejected,))
