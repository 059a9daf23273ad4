"""Order entry: what happens to a submit, a cancel and an amend at the moment they arrive."""

from datetime import datetime
from decimal import Decimal

import msgspec

from tidegate.adapters.brokers.simulated.admission import (
    Reject,
    here_of,
    market_reject,
    own_reject,
    reduce_only_reject,
    shape_reject,
    size_reject,
    trigger_reject,
    window_reject,
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
    first_trigger,
    terms_of,
)
from tidegate.adapters.brokers.simulated.prevention import SELF_TRADE, Prevention
from tidegate.adapters.brokers.simulated.settings import SelfTradePrevention
from tidegate.adapters.brokers.simulated.straight import StraightWay
from tidegate.adapters.brokers.words import BUY, FOK, IOC, MARKET, TAKER
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

NOTHING = TakePlan([], ZERO, ran_out=False)
"""What an order takes that does not reach the book now."""
_NOT_FILLED = "what could not fill at once was cancelled"
_RAN_OUT = "the recorded depth ended; what lies past it was cancelled"
_NOT_WHOLE = "fill-or-kill, and it could not fill whole"
_NOTHING_TO_REDUCE = "reduce-only, and the position is closed"


class OrderEntry:
    """The venue's answers. Every call is one step of the world, written before it returns."""

    def __init__(self, exchange: Exchange, prevents: SelfTradePrevention = SelfTradePrevention.CANCEL_NEWEST) -> None:
        self._exchange = exchange
        self._prevention = Prevention(exchange, prevents)
        self._refuses_newest = prevents is SelfTradePrevention.CANCEL_NEWEST
        self._floor = exchange.floor
        self._instruments, self._funds = exchange.instruments, exchange.funds
        self._archive, self._state = exchange.world.archive, exchange.world.state
        self._order_prefix = f"V{self._state.generation}-"
        self.straight = StraightWay(exchange)

    @exact
    def submit(self, order: Order, at: datetime) -> SubmissionOutcome:
        """Admit, match and rest an order; a client order id that is known answers with its first order (class A)."""
        return self.straight.filled(order, at) or self.the_long_way(order, at)

    def the_long_way(self, order: Order, at: datetime) -> SubmissionOutcome:
        """The same for any order, by one rule after the other; in the domain's decimal context."""
        terms = terms_of(order)
        known = self._floor.open.get(terms.client_order_id) or self._archive.find(terms.client_order_id)
        if known is not None:
            return self._answer_again(known, terms, at)
        instrument = self._instruments.get(terms.symbol)
        if instrument is None:
            return self._refuse(terms, Reject("UNKNOWN_SYMBOL", f"there is no product {terms.symbol}"), at)
        judged = self._judge(terms, instrument, at)
        if isinstance(judged, Reject):
            return self._refuse(terms, judged, at)
        accepted = self._accept(terms, at)
        fills: list[Fill] = []
        if terms.trigger_direction is None:
            fills = self._work(accepted, terms, instrument, judged, at)
        else:
            accepted.extreme = here_of(terms, instrument)
            self._floor.wait(accepted)
        self.finish(instrument, at)
        if accepted.reduced_reason:
            self._exchange.tell_order(accepted)
        return OrderAcknowledged(
            venue_order_id=accepted.venue_order_id,
            at=at,
            fills=tuple(fills),
            is_finished=accepted.state is CANCELED,
        )

    @exact
    def judge(self, order: Order, at: datetime) -> Reject | None:
        """What the venue would refuse the order for, if it arrived now."""
        instrument = self._instruments.get(order.symbol)
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
        self.finish(self._instruments[order.terms.symbol], at)
        return CancelConfirmed(at=at)

    def find(self, client_order_id: ClientOrderId) -> WorkingOrder | None:
        """An order, ended ones included."""
        return self._floor.open.get(client_order_id) or self._archive.find(client_order_id)

    def match(self, order: WorkingOrder, terms: Terms, at: datetime) -> list[Fill]:
        """Let an order with new terms take what it reaches, and rest."""
        instrument = self._instruments[terms.symbol]
        return self._work(order, terms, instrument, self._plan(terms, instrument, order.leaves), at)

    def activate(self, order: WorkingOrder, at: datetime) -> None:
        """The market has reached an order's trigger: from here on it is what it was to become, as if it arrived now.

        What would be refused then is cancelled, since it had been accepted.
        """
        instrument, terms = self._instruments[order.terms.symbol], order.terms
        order.waits, order.triggered_at, order.at = False, at, at
        self._floor.touched[terms.client_order_id] = order
        self._exchange.tell_order(order)
        active = msgspec.structs.replace(terms, quantity=order.leaves, limit_price=order.limit_price)
        judged = self._judge_active(active, instrument, at, order.held)
        if isinstance(judged, Reject):
            self._floor.end(order, CANCELED, at, judged.reason)
            self._exchange.tell_order(order)
            return
        fills = self._work(order, active, instrument, judged, at)
        for fill in fills:
            self._exchange.tell_fill(order, fill)
        if not fills and (not order.is_open or order.reduced_reason):
            self._exchange.tell_order(order)

    def close_reducers(self, at: datetime) -> None:
        """Cancel what can only reduce and has nothing to reduce."""
        for order in self._floor.idle_reducers():
            self._floor.end(order, CANCELED, at, _NOTHING_TO_REDUCE)
            self._exchange.tell_order(order)

    def finish(self, instrument: Instrument, at: datetime) -> None:
        """End the step: what it made pointless is cancelled, the book is watched, and all of it is written."""
        if self._floor.reducers:
            self.close_reducers(at)
        self._exchange.watched.add(instrument.feed_index)
        self._floor.write()

    def _judge(self, terms: Terms, instrument: Instrument, at: datetime) -> TakePlan | Reject:
        reject = shape_reject(terms, at) or size_reject(terms, instrument.product)
        if reject is not None:
            return reject
        if terms.trigger_direction is None:
            return self._judge_active(terms, instrument, at)
        reject = window_reject(terms, instrument, at) or trigger_reject(terms, instrument) or self._idle_reject(terms)
        if reject is not None:
            return reject
        price = first_trigger(terms, here_of(terms, instrument)) if terms.limit_price is None else terms.limit_price
        if instrument.is_spot and price is not None:
            # A derivative's margin is asked for when the trigger is reached.
            reject = self._funds.reject(instrument, terms.side, terms.quantity, price)
        return reject or NOTHING

    def _judge_active(
        self, terms: Terms, instrument: Instrument, at: datetime, freed: Decimal = ZERO
    ) -> TakePlan | Reject:
        """Whether an order may trade and rest now, and what it would take."""
        side, quantity, price = terms.side, terms.quantity, terms.limit_price
        reject = market_reject(terms, instrument, at) or self._idle_reject(terms)
        if reject is None and terms.trigger_direction is None:
            # One that was accepted before goes as far as our own order in its way.
            reject = self.own_reject(terms, instrument)
        if reject is not None:
            return reject
        if terms.reduce_only or terms.time_in_force is FOK:
            plan = self._plan(terms, instrument, quantity)
        else:
            plan = instrument.plan(side, quantity, price)
        if price is None:
            if not plan.takes:
                return plan
            quantity, price = plan.filled, plan.takes[-1][0].price
        return self._funds.reject(instrument, side, quantity, price, freed) or plan

    def own_reject(self, terms: Terms, instrument: Instrument) -> Reject | None:
        """What our own orders in the way keep this one from."""
        return own_reject(terms, instrument, refuses_newest=self._refuses_newest)

    def _idle_reject(self, terms: Terms) -> Reject | None:
        return reduce_only_reject(self._floor.reducible(terms.symbol, terms.side)) if terms.reduce_only else None

    def _work(
        self, order: WorkingOrder, terms: Terms, instrument: Instrument, plan: TakePlan, at: datetime
    ) -> list[Fill]:
        """Let an order that was admitted with these terms take, past our own that are in its way, and rest."""
        rest = None
        if (instrument.asks if terms.side is BUY else instrument.bids).keys:
            wanted = order.leaves
            if terms.reduce_only:
                wanted = min(wanted, self._floor.reducible(terms.symbol, terms.side))
            rest = self._prevention.cleared(order, instrument, plan, wanted, at)
            plan = self._plan(terms, instrument, order.leaves if rest is None else rest)
        fills = self._take(order, instrument, plan, at)
        if order.state is OPEN:
            if rest is None:
                self._place_rest(order, instrument, plan, at)
            else:
                self._floor.end(order, CANCELED, at, SELF_TRADE)
        return fills

    def _plan(self, terms: Terms, instrument: Instrument, quantity: Decimal) -> TakePlan:
        if terms.reduce_only:
            quantity = min(quantity, self._floor.reducible(terms.symbol, terms.side))
        if quantity <= ZERO:
            return NOTHING
        plan = instrument.plan(terms.side, quantity, terms.limit_price)
        if terms.time_in_force is FOK and plan.filled < terms.quantity:
            return TakePlan([], ZERO, ran_out=plan.ran_out)
        return plan

    def _accept(self, terms: Terms, at: datetime) -> WorkingOrder:
        state = self._state
        count = state.order_count = state.order_count + 1
        return WorkingOrder(
            terms=terms,
            venue_order_id=VenueOrderId(self._order_prefix + str(count)),
            quantity=terms.quantity,
            limit_price=terms.limit_price,
            at=at,
        )

    def _take(self, order: WorkingOrder, instrument: Instrument, plan: TakePlan, at: datetime) -> list[Fill]:
        fills, fill = [], self._floor.fill
        for level, quantity in plan.takes:
            fills.append(fill(order, instrument, quantity, level.price, at, TAKER, of=level.total))
            instrument.use_up(level, quantity)
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
        self._floor.touched[terms.client_order_id] = order
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
            fills=tuple(self._archive.fills_of(terms.client_order_id)),
            is_finished=known.state in (CANCELED, EXPIRED),
        )
