"""ScriptedBroker: a venue that does with each request what a test told it to, and keeps the truth of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tidegate.adapters.brokers.scripted.answers import AmendAnswer, Answer, CancelAnswer, Effect, Told
from tidegate.adapters.brokers.scripted.market import ScriptedMarket
from tidegate.adapters.brokers.scripted.script import Script
from tidegate.adapters.brokers.scripted.truth import Sent, Truth, TruthOrder
from tidegate.adapters.brokers.scripted.venue import ScriptedVenue
from tidegate.adapters.brokers.streams import Listeners, ReportStream
from tidegate.domain.amounts import exact
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.orders import ApprovedOrder, Order, OrderRecord, RecordedOrder
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.submissions import (
    AmendConfirmed,
    AmendOutcome,
    AmendRefused,
    AmendUnanswered,
    CancelConfirmed,
    CancelOutcome,
    CancelRefused,
    CancelUnanswered,
    EngineCapabilities,
    FillReport,
    MovementReport,
    NeverSent,
    OrderAbsent,
    OrderUpdate,
    ReportGap,
    SubmissionOutcome,
    SubmissionUnanswered,
    Unreachable,
    VenueBalances,
    VenueOrder,
    VenuePosition,
    VenuePositions,
    VenueReport,
)
from tidegate.domain.vocabulary import Delivery, ReduceOnlySupport

SCRIPTED_CAPABILITIES = EngineCapabilities(
    venue="scripted",
    delivery=Delivery.A,
    horizon_seconds=Decimal(5),
    reduce_only=ReduceOnlySupport.NATIVE,
    amend=True,
    preview=True,
)
_REPORTS_MAX = 10_000


class ScriptedBroker(ScriptedMarket, Script):
    """A Broker for tests: `broker.next_submit(Answer.timeout_after_accept())`, then look into `broker.truth`.

    Untold, it behaves: what is marketable fills whole at the touch of the book that was set, the rest waits.
    """

    def __init__(
        self,
        products: Sequence[Product],
        clock: ClockPort,
        *,
        balances: Mapping[str, Decimal] | None = None,
        account_id: str = "scripted",
        capabilities: EngineCapabilities = SCRIPTED_CAPABILITIES,
        report_queue_max: int = _REPORTS_MAX,
    ) -> None:
        ScriptedMarket.__init__(self, products, clock)
        Script.__init__(self)
        self.account_id = account_id
        self.next_preview: AnyRefusal | None = None
        self._capabilities = capabilities
        self._venue = ScriptedVenue(self.product, self.reading, balances or {"USD": Decimal(100_000)})
        self._streams: Listeners[ReportStream] = Listeners()
        self._report_queue_max = report_queue_max

    @property
    def truth(self) -> Truth:
        """What really happened, for a test to hold records against."""
        return self._venue.truth

    @property
    def capabilities(self) -> EngineCapabilities:
        return self._capabilities

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        answer, at = self.take_submit(), self._clock.now()
        self.truth.sent.append(Sent(recorded=recorded, at=at))
        outcome = self._worked(recorded.order, answer, at)
        await self._hold_back(answer)
        return outcome

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        answer, at, order_id = self.take_cancel(), self._clock.now(), order.client_order_id
        self.truth.canceled.append(order_id)
        known = self.truth.orders.get(order_id)
        if known is not None and answer.fills_first is not None:
            self.fill(order_id, answer.fills_first)
        is_open = known is not None and known.is_open
        if known is not None and is_open and answer.is_effective:
            known.is_canceled, known.at = True, at
        await self._hold_back(answer)
        if answer.told is not Told.TRUTH:
            return CancelUnanswered(reason=answer.reason, at=self._clock.now())
        if answer.is_refused or not is_open:
            return CancelRefused(reason=answer.reason or "it is not open", at=self._clock.now())
        return CancelConfirmed(at=self._clock.now())

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        answer, at, order_id = self.take_amend(), self._clock.now(), order.client_order_id
        self.truth.amended.append(order_id)
        known = self.truth.orders.get(order_id)
        if known is not None and answer.fills_first is not None:
            self.fill(order_id, answer.fills_first)
        is_possible = known is not None and known.is_open and quantity >= known.filled_quantity
        if known is not None and is_possible and answer.is_effective:
            known.quantity, known.at = quantity, at
            known.limit_price = known.limit_price if limit_price is None else limit_price
        await self._hold_back(answer)
        if answer.told is not Told.TRUTH:
            return AmendUnanswered(reason=answer.reason, at=self._clock.now())
        if answer.is_refused or not is_possible:
            return AmendRefused(reason=answer.reason or "it cannot be amended so", at=self._clock.now())
        return AmendConfirmed(at=self._clock.now())

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        if reason := self.take_unreachable():
            return Unreachable(reason=reason, at=self._clock.now())
        known = self.truth.orders.get(client_order_id)
        if known is None or known.order.symbol != symbol or client_order_id in self.hidden:
            return OrderAbsent(at=self._clock.now())
        return known.as_venue_order()

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        if reason := self.take_unreachable():
            return Unreachable(reason=reason, at=self._clock.now())
        shown = (one for one in self.truth.open_orders() if one.order.client_order_id not in self.hidden)
        return tuple(one.as_venue_order() for one in shown)

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        if reason := self.take_unreachable():
            return Unreachable(reason=reason, at=self._clock.now())
        return tuple(fill for fill in self.truth.fills if fill.at >= since)

    async def balances(self) -> VenueBalances | Unreachable:
        if reason := self.take_unreachable():
            return Unreachable(reason=reason, at=self._clock.now())
        balances = dict(self._venue.accounts.state.balances)
        return VenueBalances(account_id=self.account_id, balances=balances, at=self._clock.now())

    async def movements(self, since: datetime) -> tuple[Movement, ...] | Unreachable:
        if reason := self.take_unreachable():
            return Unreachable(reason=reason, at=self._clock.now())
        return tuple(one for one in self.truth.movements if one.at >= since)

    async def positions(self) -> VenuePositions | Unreachable:
        if reason := self.take_unreachable():
            return Unreachable(reason=reason, at=self._clock.now())
        held = [one for one in self._venue.accounts.state.positions.values() if one.quantity]
        return VenuePositions(
            positions=tuple(
                VenuePosition(symbol=one.symbol, quantity=one.quantity, entry_price=one.entry_price) for one in held
            ),
            at=self._clock.now(),
        )

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        """What `next_preview` holds, once."""
        refusal, self.next_preview = self.next_preview, None
        return refusal

    def reports(self) -> ReportStream:
        return self._streams.add(ReportStream(self._report_queue_max))

    def tell(self, report: VenueReport, *, times: int = 1) -> None:
        """Say this on the stream, once or more often."""
        for _ in range(times):
            for stream in self._streams.live():
                stream.put(report, self._clock.now())

    def tell_order(self, client_order_id: ClientOrderId, *, times: int = 1) -> None:
        """Say on the stream how an order stands."""
        self.tell(OrderUpdate(order=self.truth.orders[client_order_id].as_venue_order()), times=times)

    def gap(self, reason: str = "reconnected", symbols: tuple[str, ...] = ()) -> None:
        """Say that reports may have been lost."""
        self.tell(ReportGap(reason=reason, at=self._clock.now(), symbols=symbols))

    def fill(
        self,
        client_order_id: ClientOrderId,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
        *,
        is_told: bool = True,
    ) -> Fill:
        """Execute this much of an order, or all that is left, even if it has ended; the stream tells it if asked."""
        fill = self._venue.fill(self.truth.orders[client_order_id], quantity, price, self._clock.now())
        if is_told:
            self.tell(FillReport(fill=fill))
        return fill

    def end(self, client_order_id: ClientOrderId, *, is_expired: bool = False, is_told: bool = True) -> None:
        """The venue itself cancels an order, or lets it expire."""
        order = self.truth.orders[client_order_id]
        order.is_canceled, order.is_expired, order.at = not is_expired, is_expired, self._clock.now()
        if is_told:
            self.tell_order(client_order_id)

    def external(self, order: Order, *, is_told: bool = True) -> TruthOrder:
        """Somebody else places an order on this account (S10)."""
        placed = self.truth.accept(order, self._clock.now())
        if is_told:
            self.tell_order(order.client_order_id)
        return placed

    def move_balance(self, currency: str, amount: Decimal) -> None:
        """A deposit or withdrawal that nobody tells of."""
        balances = self._venue.accounts.state.balances
        balances[currency] = balances.get(currency, Decimal(0)) + amount

    def move(self, movement: Movement, *, is_told: bool = True) -> None:
        """The venue does this to the account; the stream tells of it, or only the list of movements."""
        exact(self._venue.accounts.move)(movement, self.product(movement.symbol))
        self.truth.movements.append(movement)
        if is_told:
            self.tell(MovementReport(movement=movement))

    def close(self) -> None:
        """End every stream."""
        ScriptedMarket.close(self)
        self._streams.close()

    def _worked(self, order: Order, answer: Answer, at: datetime) -> SubmissionOutcome:
        if answer.effect is Effect.RAISE and answer.error is not None:
            raise answer.error
        if answer.arrives_at_release:
            self.arrive_at_release(lambda: self._arrive_late(order))
        outcome: SubmissionOutcome | None = None
        if answer.effect is not Effect.NOTHING and not answer.arrives_at_release:
            outcome = self._take(order, answer, at)
        if answer.told is Told.NOT_SENT:
            return NeverSent(reason=answer.reason, at=at)
        if answer.told is Told.SILENCE or outcome is None:
            return SubmissionUnanswered(reason=answer.reason, at=at)
        return outcome

    def _take(self, order: Order, answer: Answer, at: datetime) -> SubmissionOutcome:
        outcome, fills = self._venue.submit(order, answer, at)
        if answer.accepts_late:
            self.arrive_at_release(lambda: self._arrive_late(order))
        if answer.repeats:
            self.tell_order(order.client_order_id, times=answer.repeats)
        if answer.reports_first:
            for fill in fills:
                self.tell(FillReport(fill=fill))
        return outcome

    def _arrive_late(self, order: Order) -> None:
        self._venue.accept_late(order, self._clock.now())
        self.tell_order(order.client_order_id)

    async def _hold_back(self, answer: Answer | CancelAnswer | AmendAnswer) -> None:
        if answer.after_seconds:
            await self._clock.sleep(answer.after_seconds)
        if answer.is_held:
            await self.until_released()
