"""SimulatedBroker: the simulated venue behind the Broker port."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, getcontext
from functools import partial
from typing import TypeVar

from tidegate.adapters.brokers.simulated.orders import as_venue_order
from tidegate.adapters.brokers.simulated.venue import SimulatedVenue
from tidegate.adapters.brokers.simulated.wire import Wire
from tidegate.adapters.brokers.simulated.world_file import WorldError
from tidegate.adapters.brokers.streams import ChangeStream, Listeners, ReportStream
from tidegate.adapters.clocks import SchedulingClock
from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.orders import ApprovedOrder, Order, OrderRecord, RecordedOrder, Refused
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.rejections import refusal_of
from tidegate.domain.submissions import (
    AmendOutcome,
    AmendUnanswered,
    CancelOutcome,
    CancelUnanswered,
    EngineCapabilities,
    FillReport,
    OrderAbsent,
    OrderAcknowledged,
    OrderUpdate,
    SubmissionOutcome,
    SubmissionUnanswered,
    Unreachable,
    VenueBalances,
    VenueOrder,
    VenuePosition,
    VenuePositions,
    VenueReport,
)
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import Delivery, OrderType, ReduceOnlySupport, TriggerSource

A = TypeVar("A")
_SLACK_SECONDS = Decimal(1)


class SimulatedBroker:
    """A class A venue with native reduce-only, amends and triggers.

    Answers are told once: the stream of reports carries what no answer has told (fills of resting orders, expiries,
    and the answers whose caller was cancelled). A world that cannot be written makes the venue unreachable, never
    wrong.
    """

    def __init__(self, venue: SimulatedVenue, clock: SchedulingClock) -> None:
        self.venue = venue
        self._entry, self._straight = venue.entry, venue.entry.straight
        self._readings = venue.readings
        self._is_late, self._told, self._products = (
            venue.readings.is_late,
            venue.readings.told,
            venue.readings.by_symbol,
        )
        self._dated, self._under_way = venue.exchange.floor.dated, venue.readings.under_way
        self._clock = clock
        self._wire = Wire(clock, venue.settings)
        self._is_instant = self._wire.is_instant
        self._reports: Listeners[ReportStream] = Listeners()
        self._changes: Listeners[ChangeStream] = Listeners()
        self._down = ""
        self._has_news = False
        venue.exchange.tell = self._tell
        latency_ms = (venue.settings.entry_latency_ms + venue.settings.acknowledgement_latency_ms) * 2
        self._capabilities = EngineCapabilities(
            venue="simulated",
            delivery=Delivery.A,
            horizon_seconds=_SLACK_SECONDS + Decimal(str(latency_ms)) / 1_000,
            reduce_only=ReduceOnlySupport.NATIVE,
            order_types=frozenset(OrderType),
            trigger_sources=frozenset({TriggerSource.LAST, TriggerSource.MARK}),
            amend=True,
            preview=True,
        )

    @property
    def fault_counts(self) -> Mapping[str, int]:
        """How often each fault on demand has struck: none is asked for here."""
        return {}

    @property
    def capabilities(self) -> EngineCapabilities:
        return self._capabilities

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        order = recorded.order
        if self._is_instant:
            return self._arrive(order)  # nothing is waited for
        return await self._wire.entry(partial(self._arrive, order), partial(self._submit_untold, order))

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        order_id = order.order.client_order_id
        act = partial(self._act, partial(self._entry.cancel, order_id), CancelUnanswered)
        if self._wire.is_instant:
            return act()
        return await self._wire.cancel(act, partial(self._change_untold, order_id))

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        order_id = order.order.client_order_id
        amend = partial(self.venue.amendment.amend, order_id, quantity, limit_price)
        act = partial(self._act, amend, AmendUnanswered)
        if self._wire.is_instant:
            return act()
        return await self._wire.entry(act, partial(self._change_untold, order_id))

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        return self._ask(partial(self._find, client_order_id, symbol))

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        return self._ask(lambda: tuple(map(as_venue_order, self.venue.exchange.floor.open.values())))

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        return self._ask(lambda: tuple(self.venue.world.archive.fills(since)))

    async def balances(self) -> VenueBalances | Unreachable:
        state = self.venue.world.state
        return self._ask(
            lambda: VenueBalances(
                account_id=state.account_id, balances=dict(state.accounts.balances), at=self._clock.now()
            )
        )

    async def positions(self) -> VenuePositions | Unreachable:
        held = self.venue.world.state.accounts.positions.values()
        return self._ask(
            lambda: VenuePositions(
                positions=tuple(
                    VenuePosition(symbol=one.symbol, quantity=one.quantity, entry_price=one.entry_price)
                    for one in held
                    if one.quantity != ZERO
                ),
                at=self._clock.now(),
            )
        )

    async def movements(self, since: datetime) -> tuple[Movement, ...] | Unreachable:
        return self._ask(lambda: tuple(self.venue.world.archive.movements(since)))

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        """Ask the venue whether it would take the order now: all that it judges on arrival, funds included."""
        reject = self._entry.judge(approved.order, self._clock.now())
        if reject is None:
            return None
        return refusal_of(Refused(code=reject.code, message=reject.reason, by_venue=True))

    def reports(self) -> ReportStream:
        return self._reports.add(ReportStream(self.venue.settings.report_queue_max))

    @property
    def products(self) -> tuple[Product, ...]:
        return self._readings.products

    def product(self, symbol: str) -> Product | None:
        return self._products.get(symbol)

    def reading(self, symbol: str) -> MarketReading:
        if self._is_late:
            self._readings.arrive(self._clock.now_us())
        return self._told.get(symbol) or self._readings.reading(symbol)

    def changes(self) -> ChangeStream:
        return self._changes.add(ChangeStream())

    def announce(self) -> bool:
        """Tell listeners of market changes since the last time; whether anybody was waiting for it, or for a report."""
        changed, self.venue.readings.changed = self.venue.readings.changed, {}
        has_news, self._has_news = self._has_news, False
        if changed:
            symbols = self.venue.readings.symbols(changed)
            for stream in self._changes.live():
                has_news |= stream.put(symbols)
        return has_news

    @property
    def has_news(self) -> bool:
        """Whether a listener was woken by a report since `announce`."""
        return self._has_news

    def close(self) -> None:
        """End every stream."""
        self._reports.close()
        self._changes.close()

    def _arrive(self, order: Order) -> SubmissionOutcome:
        # The same as `_act`, without making a callable for every order.
        now = self._clock.now()
        if self._down:
            return SubmissionUnanswered(reason=self._down, at=now)
        try:
            if self._dated or self._under_way:
                self.venue.advance(self._clock.now_us())
            if getcontext() is not DOMAIN_CONTEXT:
                return self._entry.submit(order, now)
            return self._straight.filled(order, now) or self._entry.the_long_way(order, now)
        except WorldError as error:
            self._down = str(error)
            return SubmissionUnanswered(reason=self._down, at=now)

    def _act(self, act: Callable[[datetime], A], unanswered: Callable[..., A]) -> A:
        now = self._clock.now()
        if self._down:
            return unanswered(reason=self._down, at=now)
        try:
            self.venue.advance(self._clock.now_us())
            return act(now)
        except WorldError as error:
            # What was matched may not be in the file, so nothing after it can be trusted until it is opened again.
            self._down = str(error)
            return unanswered(reason=self._down, at=now)

    def _ask(self, question: Callable[[], A]) -> A | Unreachable:
        if not self._down:
            try:
                self.venue.advance(self._clock.now_us())
                return question()
            except WorldError as error:
                self._down = str(error)
        return Unreachable(reason=self._down, at=self._clock.now())

    def _find(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent:
        order = self._entry.find(client_order_id)
        if order is None or order.terms.symbol != symbol:
            return OrderAbsent(at=self._clock.now())
        return as_venue_order(order)

    def _submit_untold(self, order: Order, outcome: SubmissionOutcome) -> None:
        """The answer found nobody waiting: the stream tells it."""
        if isinstance(outcome, OrderAcknowledged):
            for fill in outcome.fills:
                self._put(FillReport(fill=fill))
        self._change_untold(order.client_order_id, outcome)

    def _change_untold(self, client_order_id: ClientOrderId, outcome: object) -> None:
        order = self._entry.find(client_order_id)
        if order is not None:
            self._put(OrderUpdate(order=as_venue_order(order)))

    def _tell(self, report: VenueReport) -> None:
        if self._wire.is_instant:
            self._put(report)
        else:
            self._wire.back(partial(self._put, report))

    def _put(self, report: VenueReport) -> None:
        for stream in self._reports.live():
            self._has_news |= stream.put(report, self._clock.now())
