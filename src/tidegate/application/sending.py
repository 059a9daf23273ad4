"""Sending: review, reserve, record, submit and settle one order; the only code that hands an order to a venue."""

from asyncio import CancelledError
from datetime import datetime, timedelta

from msgspec import Struct

from tidegate.application.canceling import Canceler
from tidegate.application.desk import AccountDesk
from tidegate.application.engine import ExecutionEngine
from tidegate.application.preparing import beside_of, hindrance
from tidegate.application.recording import called_off_refusal
from tidegate.domain.ages import is_silent
from tidegate.domain.decisions import Decision
from tidegate.domain.events import IncidentRaised, OrderRejected, OrderSending
from tidegate.domain.first_answer import first_answer
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.one_look import Approval
from tidegate.domain.orders import ApprovedOrder, Order, OrderRecord, RecordedOrder, TermsChange
from tidegate.domain.pace import terms_of
from tidegate.domain.ports import EnginePort
from tidegate.domain.products import Product
from tidegate.domain.records import AlreadyDecided, StateForbids, Step, StoreUnavailable, WriterLost
from tidegate.domain.refusals import AnyRefusal, ExpiredRefused, SelfCrossRefused, StaleMarkRefused, StoreRefused
from tidegate.domain.remedies import in_decision_terms
from tidegate.domain.settlement import news_of_submission
from tidegate.domain.states import permits, state_refusal
from tidegate.domain.submissions import SubmissionOutcome, SubmissionUnanswered
from tidegate.domain.timeliness import outlived
from tidegate.domain.views import ReviewView
from tidegate.domain.vocabulary import Delivery

BLOCKERS_MAX = 8
"""How many own orders an exit may find in its way before it is refused: each costs a cancel and a review."""
_SETTLE_SECONDS = 5.0
_C = Delivery.C
_PAUSE = timedelta(seconds=1)
"""An order whose commit took longer than this is looked at once more before it is sent (P13)."""
_LONG_PAUSE = timedelta(seconds=30)
"""After a pause this long, another process may have taken the account meanwhile."""


class Sent(Struct, frozen=True, gc=False):
    """What became of one order: its record as it stands, and what review changed in its terms."""

    record: OrderRecord
    changes: tuple[TermsChange, ...]


class OrderSender:
    """Reviews, reserves and queues the record without an await between, so that no room is counted twice (X3)."""

    def __init__(self, desk: AccountDesk, venue: EnginePort, canceler: Canceler) -> None:
        self._desk = desk
        self._venue = venue
        self._canceler = canceler

    async def send(
        self, order: Order, product: Product, engine: ExecutionEngine, decision: Decision | None
    ) -> Sent | AnyRefusal | AlreadyDecided:
        """One order, at most one transmission.

        A refusal means that nothing was recorded, which is left to the caller, who knows the decision. What was refused
        after its SENDING became durable, by the venue or by us, is a record with status REFUSED.
        """
        approval = await self._approval(order, product, engine, decision)
        if isinstance(approval, Approval) and engine.enable_preview and approval.capabilities.preview:
            refusal = await self._venue.preview(approval.approved)
            if refusal is not None and not order.purpose.is_exit:
                return refusal
            # While the venue looked at it, everything may have changed.
            approval = await self._approval(order, product, engine, decision)
        if not isinstance(approval, Approval):
            return approval
        sent = await self.send_approved(approval, decision)
        return Sent(sent, approval.approved.changes) if isinstance(sent, OrderRecord) else sent

    async def _approval(
        self, order: Order, product: Product, engine: ExecutionEngine, decision: Decision | None
    ) -> Approval | AnyRefusal:
        """Review it as things stand now; what stands in an exit's way is cancelled first."""
        desk, terms = self._desk, terms_of(order)
        hindered = hindrance(desk, order)
        if hindered is not None:
            return hindered
        view = desk.view(order, terms, product, desk.clock.now(), engine.risk_manager)
        approved = engine.review(order, view)
        if isinstance(approved, SelfCrossRefused) and order.purpose.is_exit:
            approved, view = await self._past_blockers(approved, view, order, engine)
        if not isinstance(approved, ApprovedOrder):
            return approved if decision is None else in_decision_terms(approved, decision, order)
        return Approval(approved, terms, product, view.limits, beside_of(view), self._venue.capabilities)

    async def send_approved(
        self, approval: Approval, decision: Decision | None
    ) -> OrderRecord | AnyRefusal | AlreadyDecided:
        """Reserve for an order approved in this very step, make the intent durable, look once more, and send.

        For callers that work in the domain's decimal context already.
        """
        desk, approved = self._desk, approval.approved
        order, at = approved.order, approved.reviewed_at
        step = desk.ledger.begin_in_context(
            OrderSending(
                order=order,
                worst_price=approved.worst_price,
                attempt=1,
                epoch=desk.store.epoch,
                decision=decision,
                warnings=approved.warnings,
                at=at,
            ),
            approval.product,
        )
        if step is None:
            return AlreadyDecided(decision_id=order.decision_id)
        order_id = order.client_order_id
        # The venue cannot have it before the send that is still to come: until then its absence proves nothing.
        desk.in_transit.add(order_id)
        desk.recording.begin(order_id)
        is_known = False
        try:
            if desk.on_reserved is not None:
                desk.on_reserved(approval)
            desk.pace.note_order(order, approval.terms, at)
            recorded = await desk.store.record_sending(approved, step)
            is_known = True
            called_off = desk.recording.end(order_id)
            if not isinstance(recorded, RecordedOrder):
                desk.ledger.withdraw(order_id)
                return recorded if isinstance(recorded, AlreadyDecided) else self._not_recorded(recorded)
            desk.told_sending(step, decision)
            if called_off:
                return self._never_sent(order, called_off_refusal(called_off))
            now = desk.clock.now()
            paused = now - at
            if paused >= _PAUSE or order.valid_until is not None or not desk.ledger.states.are_active:
                late = await self._overtaken(order, now, paused)
                if late is not None:
                    return self._never_sent(order, late)
            return await self._submit(recorded, approval.product, approval.capabilities.delivery)
        except (CancelledError, Exception) as error:
            if not is_known:
                await self._given_up(order, step, error)
                desk.recording.end(order_id)
                is_known = True
            raise
        finally:
            desk.in_transit.discard(order_id)
            if not is_known:
                desk.recording.end(order_id)
                # Whatever interrupts the wait for the store's word, the order is not forgotten (P16).
                desk.doubt(order_id, 1, "interrupted while its intent was being recorded")

    async def _submit(self, recorded: RecordedOrder, product: Product, delivery: Delivery) -> OrderRecord:
        order_id, desk = recorded.order.client_order_id, self._desk
        desk.stats.attempted += 1
        outcome: SubmissionOutcome | None = None
        is_cancelled = False
        under_way = desk.transmissions
        under_way.begin(order_id)
        try:
            outcome = await self._venue.submit(recorded)
        except CancelledError:
            if not under_way.take_cut(order_id):
                is_cancelled = True
                raise
            outcome = SubmissionUnanswered(reason="no answer before the deadline", at=desk.clock.now())
        finally:
            under_way.end(order_id)
            if outcome is None:
                # Given up, or a bug in an adapter: the order may be live, and that is recorded all the same (P16).
                desk.doubt(order_id, recorded.attempt, "interrupted before the venue's answer was read")
                if not is_cancelled:
                    # What raises where it may not cannot be trusted with entries (P14).
                    desk.broke("ADAPTER_FAILED", f"the venue's adapter raised while it sent {order_id}")
        held = desk.ledger.orders.get(order_id)
        first = first_answer(held, outcome) if held is not None else None
        if first is not None:
            record = desk.answered(desk.ledger.answered_in_context(desk.clock.now(), first, product))
        else:
            record = await desk.learn(order_id, news_of_submission(order_id, recorded.attempt, outcome))
        if delivery is _C:
            # No query could find it again after a crash, so its acknowledgement is durable before anyone is told.
            await desk.store.flush()
        return record

    async def _given_up(self, order: Order, step: Step, why: BaseException) -> None:
        """Nothing was sent, since the store's word never came: it says whether there is a row that must have an end."""
        desk = self._desk
        if not isinstance(why, CancelledError):
            words = f"{order.client_order_id} was not recorded, since something raised {type(why).__name__}"
            desk.broke("ADAPTER_FAILED", words)
        await desk.store.flush()
        if await desk.store.find_order(order.client_order_id) is None:
            desk.ledger.withdraw(order.client_order_id)
            return
        desk.told(step)
        self._never_sent(order, ExpiredRefused(message="it was given up while its intent was being recorded"))

    async def _past_blockers(
        self, refusal: SelfCrossRefused, view: ReviewView, order: Order, engine: ExecutionEngine
    ) -> tuple[ApprovedOrder | AnyRefusal, ReviewView]:
        """Cancel the own orders that stand in an exit's way, one after the other, each followed by a fresh review."""
        desk = self._desk
        judged: ApprovedOrder | AnyRefusal = refusal
        for _ in range(BLOCKERS_MAX):
            if not isinstance(judged, SelfCrossRefused):
                break
            blocker = ClientOrderId(judged.facts["blocker"])
            await self._canceler.cancel(blocker, f"it stands in the way of the exit {order.client_order_id}")
            if await self._canceler.settled((blocker,), _SETTLE_SECONDS):
                break
            view = desk.view(order, terms_of(order), view.product, desk.clock.now(), engine.risk_manager)
            judged = engine.review(order, view)
        return judged, view

    async def _overtaken(self, order: Order, now: datetime, paused: timedelta) -> AnyRefusal | None:
        """Why an order that was recorded, which took so long, may not be sent any more; None if it still may."""
        late = self._too_late(order, now, paused)
        return await self._after_pause(order, now, paused) if late is None and paused >= _LONG_PAUSE else late

    async def _after_pause(self, order: Order, now: datetime, paused: timedelta) -> AnyRefusal | None:
        """What has overtaken an order during a long pause after it was recorded, by the store's word too."""
        is_known = False
        try:
            late = await self._lost(order, paused)
            if late is None:
                later = self._desk.clock.now()
                late = self._too_late(order, later, paused + (later - now))
            is_known = True
            return late
        finally:
            if not is_known:
                given_up = ExpiredRefused(message="the caller gave it up after its intent was recorded")
                self._never_sent(order, given_up)

    async def _lost(self, order: Order, paused: timedelta) -> AnyRefusal | None:
        """Paused for so long, another process may have taken the account: a commit compares the epoch (P13)."""
        desk = self._desk
        at, words = desk.clock.now(), f"{paused.total_seconds():.0f} s passed while it was being recorded"
        paused_for = IncidentRaised(
            at=at, kind="PAUSED", message=words, symbol=order.symbol, client_order_id=order.client_order_id
        )
        outcome = await desk.commit(at, paused_for)
        if isinstance(outcome, WriterLost | StoreUnavailable):
            return self._not_recorded(outcome)
        return None

    def _too_late(self, order: Order, now: datetime, paused: timedelta) -> AnyRefusal | None:
        """What has changed while it was recorded: the decision's life, the state, the feed's age after a pause."""
        desk = self._desk
        expired = outlived(order, now)
        if expired is not None:
            return expired
        states = desk.ledger.states
        if not states.are_active:
            entry = states.entry(order.symbol)
            if not permits(entry.state, order.purpose):
                return state_refusal(order.symbol, entry.state, entry.reason, entry.by)
        if paused < _PAUSE or order.purpose.is_exit:
            return None
        heard_at = desk.market_data.reading(order.symbol).heard_at
        bound = desk.risk_manager.limits_for(order.symbol).max_feed_age_seconds
        if is_silent(now, heard_at, bound):
            return StaleMarkRefused(
                message=f"the feed fell silent for more than {bound} s while the order was recorded"
            )
        return None

    def _never_sent(self, order: Order, refusal: AnyRefusal) -> OrderRecord:
        """An order recorded as SENDING that we then did not send: REFUSED, with our own reason."""
        desk, order_id = self._desk, order.client_order_id
        told = desk.ended.find(order_id)
        if told is not None and order_id not in desk.ledger.orders:
            return told  # its end has been told while it was being recorded
        desk.stats.refused += 1
        at, code, reason = desk.clock.now(), refusal.code, refusal.message
        rejected = OrderRejected(client_order_id=order_id, code=code, reason=reason, by_venue=False, at=at)
        before = desk.ledger.orders[order_id]
        ended = desk.note(at, rejected)
        return before if ended is None else ended.orders[0]

    def _not_recorded(self, outcome: StateForbids | WriterLost | StoreUnavailable) -> AnyRefusal:
        self._desk.store_watch.heard(outcome)
        match outcome:
            case StateForbids(entry=entry, symbol=symbol):
                # Another process wrote the state: from here on the view has it too.
                self._desk.ledger.states.set(symbol, entry)
                return state_refusal(symbol, entry.state, entry.reason, entry.by)
            case WriterLost(reason=reason):
                return StoreRefused(message=f"another writer has taken the account: {reason}")
            case StoreUnavailable(reason=reason):
                return StoreRefused(message=f"the intent could not be made durable: {reason}")
