"""Amending: another total quantity and price for an order that rests, with an outcome that may be unknown."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tidegate.application.desk import AccountDesk
from tidegate.application.engine import ExecutionEngine
from tidegate.application.preparing import hindrance, unknown_symbol
from tidegate.application.resolving import OrderResolver
from tidegate.application.transmitting import transmitted
from tidegate.domain.amounts import DOMAIN_CONTEXT, InvalidAmount, plain, price, quantity
from tidegate.domain.events import AmendRejected, AmendRequested
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.instructions import wrong_side_limit
from tidegate.domain.orders import ApprovedOrder, Order, OrderRecord
from tidegate.domain.pace import terms_of
from tidegate.domain.ports import EnginePort
from tidegate.domain.records import StateForbids, StepCommitted, why_not
from tidegate.domain.refusals import AnyRefusal, InvalidRefused, MarketStateRefused, Remedy, StoreRefused
from tidegate.domain.settlement import news_of_amend
from tidegate.domain.states import permits, state_refusal
from tidegate.domain.submissions import AmendConfirmed, AmendOutcome, AmendUnanswered
from tidegate.domain.validity import invalid
from tidegate.domain.vocabulary import OrderSide, OrderStatus

_AMENDABLE = (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)


class _Terms(Struct, frozen=True, gc=False):
    """The total quantity and the price that an order is to have."""

    quantity: Decimal
    limit_price: Decimal | None


class Amender:
    """Amends by request numbers. Until an amend is known, the larger of old and new is reserved (B32)."""

    def __init__(self, desk: AccountDesk, venue: EnginePort, resolver: OrderResolver) -> None:
        self._desk = desk
        self._venue = venue
        self._resolver = resolver

    async def amend(
        self, client_order_id: ClientOrderId, total: Decimal, limit_price: Decimal | None, engine: ExecutionEngine
    ) -> OrderRecord | AnyRefusal:
        """Ask for a new total quantity, and a new price where one is given; the order as it then stands.

        What makes the order larger or bolder is reviewed like a new one of what is left; what makes it smaller is not.
        Nothing is sent that is not durable. An unanswered amend leaves it PENDING_AMEND, a refused one is followed by a
        query: a fill may have come first (B33).
        """
        asked = self._asked(client_order_id, total, limit_price)
        if not isinstance(asked, _Terms):
            return asked
        record = self._desk.ledger.orders[client_order_id]
        terms = asked if _is_smaller(record, asked) else self._reviewed(record, asked, engine)
        if not isinstance(terms, _Terms):
            return terms
        at = self._desk.clock.now()
        event = AmendRequested(
            client_order_id=client_order_id,
            request=record.next_amend,
            quantity=terms.quantity,
            limit_price=terms.limit_price,
            is_bolder=not _is_smaller(record, terms),
            at=at,
        )
        # The venue cannot have it before the send that is still to come: until then its old terms prove nothing.
        self._desk.amending.add(client_order_id)
        try:
            return await self._requested(record, event, terms)
        finally:
            self._desk.amending.discard(client_order_id)

    async def _requested(self, record: OrderRecord, event: AmendRequested, terms: _Terms) -> OrderRecord | AnyRefusal:
        """Make the request durable, look once more at one that makes it bolder, and send."""
        outcome = await self._desk.commit(event.at, event)
        if not isinstance(outcome, StepCommitted):
            return StoreRefused(message=f"the amend could not be made durable: {why_not(outcome)}")
        overtaken = self._overtaken(record.order, outcome.forbidden) if event.is_bolder else None
        if overtaken is not None:
            return await self._withdrawn(event.client_order_id, event.request, overtaken)
        return await self._send(record, event.request, terms)

    def _overtaken(self, order: Order, forbidden: StateForbids | None) -> AnyRefusal | None:
        """X6: what has come in its way while it was made durable, whether another process wrote it or this one did."""
        states = self._desk.ledger.states
        if forbidden is not None:
            states.set(forbidden.symbol, forbidden.entry)
            entry = forbidden.entry
            return state_refusal(forbidden.symbol, entry.state, entry.reason, entry.by)
        entry = states.entry(order.symbol)
        if not permits(entry.state, order.purpose):
            return state_refusal(order.symbol, entry.state, entry.reason, entry.by)
        return hindrance(self._desk, order)

    async def _withdrawn(self, order_id: ClientOrderId, request: int, refusal: AnyRefusal) -> AnyRefusal:
        """Nothing is sent, and the old terms stand."""
        desk = self._desk
        reason = f"it was never sent: {refusal.message}"
        await desk.learn(
            order_id,
            (AmendRejected(client_order_id=order_id, request=request, reason=reason, at=desk.clock.now()),),
        )
        return refusal

    async def _send(self, record: OrderRecord, request: int, terms: _Terms) -> OrderRecord:
        desk, order_id = self._desk, record.client_order_id
        desk.pace.note_request(desk.clock.now())
        desk.amended_at[order_id] = desk.clock.monotonic()
        answer = await self._answer(record, terms)
        desk.amended_at[order_id] = desk.clock.monotonic()
        after = await desk.learn(order_id, news_of_amend(order_id, request, terms.quantity, terms.limit_price, answer))
        if after.is_terminal:
            desk.amended_at.pop(order_id, None)
        if not isinstance(answer, AmendConfirmed) and not after.is_terminal:
            after = await self._resolver.resolve(order_id) or after
        return after

    async def _answer(self, record: OrderRecord, terms: _Terms) -> AmendOutcome:
        order_id = record.client_order_id
        return await transmitted(
            self._desk,
            f"amend {order_id}",
            lambda: self._venue.amend(record, terms.quantity, terms.limit_price),
            AmendUnanswered,
            f"amended {order_id}",
        )

    def _asked(self, order_id: ClientOrderId, total: Decimal, limit_price: Decimal | None) -> _Terms | AnyRefusal:
        """The terms, where there is an order that can have them."""
        record = self._desk.ledger.orders.get(order_id)
        if not self._venue.capabilities.amend:
            words = f"{self._venue.capabilities.venue} amends no orders"
            return MarketStateRefused(message=words, remedy=Remedy("cancel it, and decide anew"))
        if record is None or record.status not in _AMENDABLE or record.order.is_taker_only:
            stands = "not live" if record is None else record.status.value
            return InvalidRefused(message=f"order {order_id} is {stands}: only one that rests can be amended")
        try:
            terms = _Terms(quantity(total), record.limit_price if limit_price is None else price(limit_price))
        except InvalidAmount as error:
            return InvalidRefused(message=str(error))
        product = self._desk.market_data.product(record.symbol)
        if product is None:
            return unknown_symbol(record.symbol, self._desk)
        for name, value, step in (
            ("quantity", terms.quantity, product.base_increment),
            ("limit_price", terms.limit_price, product.price_increment),
        ):
            if value is not None and DOMAIN_CONTEXT.remainder(value, step):
                return InvalidRefused(message=f"{name} {plain(value)} is off the increment {plain(step)}")
        if terms.quantity <= record.filled_quantity:
            filled = plain(record.filled_quantity)
            return InvalidRefused(
                message=f"a total of {plain(terms.quantity)} is no more than the {filled} that has filled",
                remedy=Remedy("cancel what is left of it"),
            )
        return _misplaced_limit(record, limit_price) or terms

    def _reviewed(self, record: OrderRecord, asked: _Terms, engine: ExecutionEngine) -> _Terms | AnyRefusal:
        """What is left of it with the new terms, judged as a new order would be without this one."""
        desk, filled = self._desk, record.filled_quantity
        left = DOMAIN_CONTEXT.subtract(asked.quantity, filled)
        order = replace(record.order, quantity=left, limit_price=asked.limit_price)
        hindered = hindrance(desk, order)
        if hindered is not None:
            return hindered
        with desk.without((record,)):
            product = desk.ledger.product(record.symbol)
            view = desk.view(order, terms_of(order), product, desk.clock.now(), engine.risk_manager)
        approved = engine.review(order, view)
        if not isinstance(approved, ApprovedOrder):
            return _in_total(approved, filled)
        return _Terms(DOMAIN_CONTEXT.add(approved.order.quantity, filled), approved.order.limit_price)


def _misplaced_limit(record: OrderRecord, limit: Decimal | None) -> InvalidRefused | None:
    """Why the order can have no such limit, whatever the market: its type has none, or its own trigger is past it."""
    order = record.order
    if limit is None:
        return None
    if record.limit_price is None:
        return invalid("limit_price", f"does not belong to {order.order_type}", Remedy("leave limit_price out"))
    if order.trigger_price is None or record.is_triggered:
        return None
    return wrong_side_limit(order.side, limit, order.trigger_price)


def _in_total(refusal: AnyRefusal, filled: Decimal) -> AnyRefusal:
    """The refusal with its remedy as an amend would have it: a total quantity, a price, and nothing else."""
    remedy = refusal.remedy
    if remedy is None or not remedy.changes:
        return refusal
    said = {name: value for name, value in remedy.changes.items() if value is not None}
    if not said.keys() <= {"quantity", "limit_price"}:
        return replace(refusal, remedy=None)
    if "quantity" in said:
        said["quantity"] = DOMAIN_CONTEXT.add(said["quantity"], filled)
    words = " and ".join(f"{'a total' if name == 'quantity' else 'a'} {name} of {plain(said[name])}" for name in said)
    return replace(refusal, remedy=Remedy(f"amend it to {words}", said, remedy.not_before))


def _is_smaller(record: OrderRecord, asked: _Terms) -> bool:
    """Whether nothing about the order grows: neither its size, nor what it may pay, nor what it may come to.

    A sale that opens a position is the larger exposure, the higher its price.
    """
    if asked.quantity > record.quantity:
        return False
    before, after = record.limit_price, asked.limit_price
    if before is None or after is None:
        return before == after
    if record.side is OrderSide.BUY:
        return after <= before
    return after >= before if record.order.purpose.is_exit else after == before
