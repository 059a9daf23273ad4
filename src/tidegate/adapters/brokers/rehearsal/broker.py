"""RehearsalBroker: the simulated venue, and what a fault plan does to requests, answers, reports and the feed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeVar

from msgspec.structs import replace

from tidegate.adapters.brokers.rehearsal.catalogue import Place
from tidegate.adapters.brokers.rehearsal.market import HeardMarket
from tidegate.adapters.brokers.rehearsal.plan import Fault, FaultPlan
from tidegate.adapters.brokers.rehearsal.stranger import strangers_order
from tidegate.adapters.brokers.rehearsal.strikes import Strikes
from tidegate.adapters.brokers.rehearsal.submits import DEADLINE_SECONDS, OUT_OF_REACH, REJECTS, SILENCES
from tidegate.adapters.brokers.rehearsal.talk import FILLS_ONLY, UPDATES_ONLY, spoken
from tidegate.adapters.brokers.simulated.broker import SimulatedBroker
from tidegate.adapters.brokers.simulated.orders import as_venue_order
from tidegate.adapters.brokers.simulated.venue import SimulatedVenue
from tidegate.adapters.clocks import SchedulingClock
from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO, exact
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import Order, OrderRecord, RecordedOrder
from tidegate.domain.products import Product, TradingFlags, round_quantity
from tidegate.domain.submissions import (
    AmendOutcome,
    AmendUnanswered,
    CancelOutcome,
    CancelUnanswered,
    FillReport,
    OrderAbsent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    OrderUpdate,
    SubmissionOutcome,
    SubmissionUnanswered,
    Unreachable,
    VenueOrder,
    VenuePosition,
    VenuePositions,
    VenueReport,
)
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import ProductKind

A = TypeVar("A")
_CANCELS_ONLY = TradingFlags(cancel_only=True)


class RehearsalBroker(SimulatedBroker):
    """A simulated venue that misbehaves as planned; what the plan leaves alone goes as ever."""

    def __init__(self, venue: SimulatedVenue, clock: SchedulingClock, plan: FaultPlan) -> None:
        super().__init__(venue, clock)
        self._strikes = Strikes(plan, clock)
        self._market = HeardMarket(self._strikes) if self._strikes.has(Place.MARKET) else None
        self._refused: dict[ClientOrderId, VenueOrder] = {}
        self._sent_at: dict[ClientOrderId, datetime] = {}
        self._restricted: dict[str, tuple[Product, Product]] = {}
        for number, fault in enumerate(self._strikes.planned("S10"), 1):
            name = ClientOrderId(f"stranger{number}")
            clock.call_later(fault.at or 0, partial(self._stranger_comes, fault, name))

    @property
    def fault_counts(self) -> Mapping[str, int]:
        """How often each fault of the plan has struck; one that lasts counts once."""
        return self._strikes.counts

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        order, symbol = recorded.order, recorded.order.symbol
        if self._strikes.planned("B27"):
            self._sent_at[order.client_order_id] = self._clock.now()
        if self._strikes.lasting("B31") is not None:
            return await self._silent(OUT_OF_REACH, DEADLINE_SECONDS)
        if self._strikes.lasting("B24", symbol) is not None:
            return await self._rejected(order, "MARKET_STATE", "cancels only")
        fault = self._strikes.call(Place.SUBMIT, symbol)
        return await super().submit(recorded) if fault is None else await self._struck(recorded, fault)

    async def _struck(self, recorded: RecordedOrder, fault: Fault) -> SubmissionOutcome:
        order, silence = recorded.order, SILENCES.get(fault.id)
        if silence is not None:
            if fault.takes_effect if silence.has_effect is None else silence.has_effect:
                await super().submit(recorded)
            return await self._silent(silence.reason, fault.size if silence.waits else 0)
        if fault.id == "B2":
            await self._rejected(order, *REJECTS["B21"])
            return await self._silent("no answer in time", fault.size)
        if fault.id == "B26":
            self._clock.call_later(fault.size, partial(self._arrive_unasked, order))
            return await self._silent("no answer in time", DEADLINE_SECONDS)
        if fault.id in REJECTS:
            if fault.id == "B25":
                self._clock.call_later(fault.size, partial(self._arrive_unasked, order))
            code, text = REJECTS[fault.id]
            return await self._rejected(order, code, text.format(amount=fault.size))
        if fault.id == "B20":
            return await self._entered(self._other_terms(order, fault))
        return await self._answered(order, await super().submit(recorded), fault)

    async def _answered(self, order: Order, outcome: SubmissionOutcome, fault: Fault) -> SubmissionOutcome:
        """An acknowledgement that comes twice, late or without an id; any other answer comes as it is."""
        if not isinstance(outcome, OrderAcknowledged):
            return outcome
        if fault.id == "B19":
            return replace(outcome, venue_order_id=None)
        if fault.id == "B5":
            for fill in outcome.fills:
                self._put(FillReport(fill=fill))
            await self._clock.sleep(fault.size)
        else:
            for _ in range(round(fault.size)):
                self._change_untold(order.client_order_id, outcome)
        return outcome

    async def _silent(self, reason: str, seconds: float) -> SubmissionUnanswered:
        await self._clock.sleep(seconds)
        return SubmissionUnanswered(reason=reason, at=self._clock.now())

    async def _entered(self, order: Order) -> SubmissionOutcome:
        """Have an order arrive as any other does, whatever was recorded."""
        if self._is_instant:
            return self._arrive(order)
        return await self._wire.entry(partial(self._arrive, order), partial(self._submit_untold, order))

    async def _rejected(self, order: Order, code: str, reason: str) -> SubmissionOutcome:
        """A reject with the venue's latencies, which the venue goes on telling to whoever asks."""
        refuse: Callable[[], SubmissionOutcome] = partial(self._refuse, order, code, reason)
        if self._is_instant:
            return refuse()
        return await self._wire.entry(refuse, partial(self._submit_untold, order))

    def _refuse(self, order: Order, code: str, reason: str) -> SubmissionOutcome:
        now = self._clock.now()
        self._refused[order.client_order_id] = VenueOrder(
            client_order_id=order.client_order_id,
            venue_order_id=None,
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            quantity=order.quantity,
            filled_quantity=ZERO,
            limit_price=order.limit_price,
            is_open=False,
            rejected_code=code,
            rejected_reason=reason,
            reduce_only=order.reduce_only,
            at=now,
        )
        return OrderRejectedByVenue(code=code, reason=reason, at=now)

    def _arrive_unasked(self, order: Order) -> None:
        """A request arrives that nobody waits for any more: the stream tells what came of it."""
        self._refused.pop(order.client_order_id, None)
        outcome = self._arrive(order)
        self._submit_untold(order, outcome)

    @exact
    def _other_terms(self, order: Order, fault: Fault) -> Order:
        product = self._products[order.symbol]
        part = round_quantity(product, order.quantity * Decimal(str(fault.size)))
        return replace(order, quantity=max(part, product.base_increment))

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        if self._strikes.lasting("B31") is not None:
            await self._clock.sleep(DEADLINE_SECONDS)
            return CancelUnanswered(reason=OUT_OF_REACH, at=self._clock.now())
        fault = self._strikes.call(Place.CANCEL, order.order.symbol)
        if fault is None:
            return await super().cancel(order)
        if fault.takes_effect:
            await super().cancel(order)
        await self._clock.sleep(fault.size)
        return CancelUnanswered(reason="no answer in time", at=self._clock.now())

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        if self._strikes.lasting("B31") is not None:
            await self._clock.sleep(DEADLINE_SECONDS)
            return AmendUnanswered(reason=OUT_OF_REACH, at=self._clock.now())
        fault = self._strikes.call(Place.AMEND, order.order.symbol)
        if fault is None:
            return await super().amend(order, quantity, limit_price)
        if fault.id == "B33":
            await self._clock.sleep(fault.size)
            return await super().amend(order, quantity, limit_price)
        if fault.takes_effect:
            await super().amend(order, quantity, limit_price)
        await self._clock.sleep(fault.size)
        return AmendUnanswered(reason="no answer in time", at=self._clock.now())

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        listed = await super().open_orders()
        if isinstance(listed, Unreachable):
            return listed
        return tuple(order for order in listed if not self._is_unseen(order.client_order_id))

    async def positions(self) -> VenuePositions | Unreachable:
        told = await super().positions()
        if isinstance(told, Unreachable) or not self._strikes.planned("S11"):
            return told
        held = {one.symbol: one for one in told.positions}
        for product in self.products:
            fault = None if product.kind is ProductKind.SPOT else self._strikes.lasting("S11", product.symbol)
            if fault is not None:
                one = held.get(product.symbol, VenuePosition(symbol=product.symbol))
                more = DOMAIN_CONTEXT.multiply(product.base_increment, Decimal(str(fault.size)))
                held[product.symbol] = replace(one, quantity=DOMAIN_CONTEXT.add(one.quantity, more))
        return replace(told, positions=tuple(held.values()))

    def product(self, symbol: str) -> Product | None:
        product = super().product(symbol)
        if product is None or self._strikes.lasting("B24", symbol) is None:
            return product
        known = self._restricted.get(symbol)
        if known is None or known[0] is not product:
            # The same object for as long as it holds: whoever works with it need not look again.
            known = self._restricted[symbol] = (product, replace(product, flags=_CANCELS_ONLY))
        return known[1]

    @property
    def products(self) -> tuple[Product, ...]:
        return tuple(self.product(product.symbol) or product for product in super().products)

    def reading(self, symbol: str) -> MarketReading:
        reading = super().reading(symbol)
        return reading if self._market is None else self._market.heard(reading)

    def now(self) -> datetime:
        """The moment of a report."""
        return self._clock.now()

    def snapshot(self) -> tuple[VenueReport, ...]:
        """Every open order, as a stream that was connected anew tells them."""
        return tuple(OrderUpdate(order=as_venue_order(order)) for order in self.venue.exchange.floor.open.values())

    def put_later(self, seconds: float, report: VenueReport) -> None:
        """Say it after so much session time."""
        self._clock.call_later(seconds, partial(super()._put, report))

    def _put(self, report: VenueReport) -> None:
        if self._strikes.lasting("S12") is not None:
            return
        match report:
            case FillReport(fill=fill):
                fault = self._strikes.call(Place.REPORT, fill.symbol, but=UPDATES_ONLY)
            case OrderUpdate(order=order):
                fault = self._strikes.call(Place.REPORT, order.symbol, but=FILLS_ONLY)
            case _:
                fault = None
        for one in (report,) if fault is None else spoken(report, fault, self):
            super()._put(one)

    def _ask(self, question: Callable[[], A]) -> A | Unreachable:
        if self._strikes.lasting("B31") is not None:
            return Unreachable(reason=OUT_OF_REACH, at=self._clock.now())
        if self._strikes.call(Place.QUESTION, "") is not None:
            return Unreachable(reason="a page came twice: the list is not complete", at=self._clock.now())
        return super()._ask(question)

    def _find(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent:
        if self._is_unseen(client_order_id):
            return OrderAbsent(at=self._clock.now())
        found = super()._find(client_order_id, symbol)
        return self._refused.get(client_order_id, found) if isinstance(found, OrderAbsent) else found

    def _is_unseen(self, client_order_id: ClientOrderId) -> bool:
        """Whether a lagging list does not have it yet."""
        sent_at, lag = self._sent_at.get(client_order_id), self._strikes.lasting("B27")
        return lag is not None and sent_at is not None and (self._clock.now() - sent_at).total_seconds() < lag.size

    def _stranger_comes(self, fault: Fault, name: ClientOrderId) -> None:
        product = self._products.get(fault.symbol) or self.products[0]
        order = strangers_order(product, self._readings.reading(product.symbol).book, name, self._clock.now())
        if order is not None and isinstance(self._arrive(order), OrderAcknowledged):
            self._strikes.lasting("S10", fault.symbol)
            self._clock.call_later(fault.seconds, partial(self._stranger_goes, name))

    def _stranger_goes(self, name: ClientOrderId) -> None:
        self._entry.cancel(name, self._clock.now())
