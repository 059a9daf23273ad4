"""Order entry: what happens to a submit, a cancel and an amend at the moment they arrive."""

from datetime import datetime
from decimal import Decimal

from tidegate.adapters.brokers.simulated.admission import (
    Reject,
    market_reject,
    reduce_only_reject,
    shape_reject,
    size_reject,
)
from tidegate.adapters.brokers.simulated.exchange import Exchange
from tidegate.adapters.brokers.simulated.instrument import Instrument, TakePlan
from tidegate.adapters.brokers.simulated.orders import (
    CANCELED,
    EXPIRED,
    OPEN,
    REJECTED,
    Terms,
    WorkingOrder,
    terms_of,
)
from tidegate.adapters.brokers.words import FOK, IOC, MARKET
from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, VenueOrderId
from tidegate.domain.orders import Order
from tidegate.domain.submissions import (
    CancelConfirmed,
    CancelOutcome,
    CancelRefused,
    OrderAcknowledged,
    OrderRejectedByVenue,
    SubmissionOutcome,
)

_NOT_FILLED = "what could not fill at once was cancelled"
_RAN_OUT = "the recorded depth ended; what lies past it was cancelled"
_NOT_WHOLE = "fill-or-kill, and it could not fill whole"
_NOTHING_TO_REDUCE = "reduce-only, and the position is closed"

_LARGE_FILL_DIVISOR = 10
"""A fill of more than a tenth of its level would have moved a real market: it is counted, and stated."""


class OrderEntry:
    """The venue's answers. Every call is one step of the world, written before it returns."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._floor = exchange.floor

    @exact
    def submit(self, order: Order, at: datetime) -> SubmissionOutcome:
        """Admit, match and rest an order; a client order id that is known answers with its first order (class A)."""
        terms = terms_of(order)
        known = self.find(terms.client_order_id)
        if known is not None:
            return self._answer_again(known, terms, at)
        instrument = self._exchange.instruments.get(terms.symbol)
        if instrument is None:
            return self._refuse(terms, Reject("UNKNOWN_SYMBOL", f"there is no product {terms.symbol}"), at)
        judged = self._judge(terms, instrument, at)
        if isinstance(judged, Reject):
            return self._refuse(terms, judged, at)
        accepted = self._accept(terms, at)
        fills = self._take(accepted, instrument, judged, at)
        if accepted.state is OPEN:
            self._place_rest(accepted, instrument, judged, at)
        self.finish(terms.symbol, at)
        return OrderAcknowledged(
            venue_order_id=accepted.venue_order_id,
            at=at,
            fills=tuple(fills),
            is_finished=accepted.state is CANCELED,
        )

    @exact
    def judge(self, order: Order, at: datetime) -> Reject | None:
        """What the venue would refuse the order for, if it arrived now."""
        instrument = self._exchange.instruments.get(order.symbol)
        if instrument is None:
            return Reject("UNKNOWN_SYMBOL", f"there is no product {order.symbol}")
        judged = self._judge(terms_of(order), instrument, at)
        return judged if isinstance(judged, Reject) else None

    @exact
    def cancel(self, client_order_id: ClientOrderId, at: datetime) -> CancelOutcome:
        """Stop working an order; one that is not open any more is refused with what became of it."""
        order = self._floor.open.get(client_order_id)
        if order is None:
            known = self.find(client_order_id)
            state = "unknown here" if known is None else f"{known.state} already"
            return CancelRefused(reason=f"order {client_order_id} is {state}", at=at)
        self._floor.end(order, CANCELED, at, "cancelled on request")
        self.finish(order.terms.symbol, at)
        return CancelConfirmed(at=at)

    def find(self, client_order_id: ClientOrderId) -> WorkingOrder | None:
        """An order, ended ones included."""
        order = self._floor.open.get(client_order_id)
        return order if order is not None else self._exchange.world.archive.find(client_order_id)

    def match(self, order: WorkingOrder, terms: Terms, at: datetime) -> list[Fill]:
        """Let an order with new terms take what it reaches, and rest."""
        instrument = self._exchange.instruments[terms.symbol]
        plan = self._plan(terms, instrument, order.leaves)
        fills = self._take(order, instrument, plan, at)
        if order.is_open:
            self._place_rest(order, instrument, plan, at)
        return fills

    def close_reducers(self, at: datetime) -> None:
        """Cancel what can only reduce and has nothing to reduce."""
        for order in self._floor.idle_reducers():
            self._floor.end(order, CANCELED, at, _NOTHING_TO_REDUCE)
            self._exchange.tell_order(order)

    def finish(self, symbol: str, at: datetime) -> None:
        """End the step: what it made pointless is cancelled, and all of it is written."""
        if self._floor.reducers:
            self.close_reducers(at)
        self._exchange.watch(symbol)
        self._floor.write()

    def _judge(self, terms: Terms, instrument: Instrument, at: datetime) -> TakePlan | Reject:
        reject = (
            shape_reject(terms, at)
            or size_reject(terms, instrument.product)
            or market_reject(terms, instrument)
            or (terms.reduce_only and reduce_only_reject(self._floor.reducible(terms.symbol, terms.side)))
        )
        if reject:
            return reject
        plan = self._plan(terms, instrument, terms.quantity)
        if terms.limit_price is not None:
            quantity, price = terms.quantity, terms.limit_price
        elif plan.takes:
            quantity, price = plan.filled, plan.takes[-1][0].price
        else:
            return plan
        return self._exchange.funds.reject(instrument, terms.side, quantity, price) or plan

    def _plan(self, terms: Terms, instrument: Instrument, quantity: Decimal) -> TakePlan:
        if terms.reduce_only:
            quantity = min(quantity, self._floor.reducible(terms.symbol, terms.side))
        plan = instrument.plan(terms.side, quantity, terms.limit_price)
        if terms.time_in_force is FOK and plan.filled < terms.quantity:
            return TakePlan([], ZERO, ran_out=plan.ran_out)
        return plan

    def _accept(self, terms: Terms, at: datetime) -> WorkingOrder:
        state = self._exchange.world.state
        state.order_count += 1
        order = WorkingOrder(
            terms=terms,
            venue_order_id=VenueOrderId(f"V{state.generation}-{state.order_count}"),
            quantity=terms.quantity,
            limit_price=terms.limit_price,
            at=at,
        )
        self._floor.touched[terms.client_order_id] = order
        return order

    def _take(self, order: WorkingOrder, instrument: Instrument, plan: TakePlan, at: datetime) -> list[Fill]:
        fills = [
            self._floor.fill(order, instrument, quantity, level.price, at, is_maker=False)
            for level, quantity in plan.takes
        ]
        instrument.use_up(plan.takes)
        for level, quantity in plan.takes:
            if quantity * _LARGE_FILL_DIVISOR > level.total:
                self._exchange.world.state.large_fill_count += 1
        return fills

    def _place_rest(self, order: WorkingOrder, instrument: Instrument, plan: TakePlan, at: datetime) -> None:
        terms, limit = order.terms, order.limit_price
        if terms.time_in_force is FOK:
            self._floor.end(order, CANCELED, at, _NOT_WHOLE)
        elif terms.time_in_force is IOC or terms.order_type is MARKET or limit is None:
            self._floor.end(order, CANCELED, at, _RAN_OUT if plan.ran_out else _NOT_FILLED)
        elif plan.ran_out and instrument.would_cross(terms.side, limit):
            self._floor.end(order, CANCELED, at, _RAN_OUT)
        else:
            self._floor.rest(order)

    def _refuse(self, terms: Terms, reject: Reject, at: datetime) -> OrderRejectedByVenue:
        order = self._accept(terms, at)
        order.end(REJECTED, at, reject.reason)
        order.rejected_code = reject.code
        self._floor.write()
        return OrderRejectedByVenue(code=reject.code, reason=reject.reason, at=at)

    def _answer_again(self, known: WorkingOrder, terms: Terms, at: datetime) -> SubmissionOutcome:
        if terms != known.terms:
            reason = f"client order id {terms.client_order_id} was used for an order with other terms"
            return OrderRejectedByVenue(code="INVALID", reason=reason, at=at)
        if known.state is REJECTED:
            return OrderRejectedByVenue(code=known.rejected_code, reason=known.reason, at=at)
        return OrderAcknowledged(
            venue_order_id=known.venue_order_id,
            at=at,
            fills=tuple(self._exchange.world.archive.fills_of(terms.client_order_id)),
            is_finished=known.state in (CANCELED, EXPIRED),
        )
