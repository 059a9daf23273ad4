"""Settling: an operator says what became of an order that no question can settle, because somebody has looked."""

from decimal import Decimal

from tidegate.application.desk import AccountDesk
from tidegate.application.resolving import OrderResolver
from tidegate.domain.amounts import plain
from tidegate.domain.events import OrderAmended, OrderCanceled, OrderFilled, OrderNews, OrderRejected
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.ports import EnginePort
from tidegate.domain.reconciliation import DifferenceKind
from tidegate.domain.records import StepCommitted, why_not
from tidegate.domain.refusals import AnyRefusal, InvalidRefused, Remedy, StoreRefused, UnknownOutcomeRefused
from tidegate.domain.requests import SettleRequest, Verdict
from tidegate.domain.submissions import VenueOrder
from tidegate.domain.vocabulary import Delivery


class Settler:
    """Takes an operator's word where the venue's cannot be had; never where the venue can still be asked.

    An order of unknown outcome never arrived, when whoever looked at the venue says so: at a venue without client order
    ids nothing else can tell, and elsewhere only once asking has not helped. What was filled of it is taken without ids
    alone: elsewhere the venue's own fills come as soon as it answers, and would be booked besides. An order that the
    venue works with other terms is taken as the venue has it.
    """

    def __init__(self, desk: AccountDesk, venue: EnginePort, resolver: OrderResolver) -> None:
        self._desk = desk
        self._venue = venue
        self._resolver = resolver

    async def settle(self, request: SettleRequest, by: str) -> OrderRecord | AnyRefusal:
        """The order as it then stands, or why the word was not taken; its row in the journal says who gave it."""
        order_id = ClientOrderId(request.client_order_id)
        record = await self._desk.standing(order_id)
        if record is None:
            return InvalidRefused(
                message=f"there is no order {order_id!r} in this account",
                remedy=Remedy("`orders` lists the client order ids"),
            )
        if request.verdict is Verdict.AS_VENUE:
            return await self._as_venue(record, f"taken as the venue has it, by {by}: {request.reason}")
        hindered = self._not_yet(record) or self._not_so(request)
        if hindered is not None:
            return hindered
        why = f"by {by}: {request.reason}"
        news = self._never_arrived(record, why) if request.verdict is Verdict.NEVER_ARRIVED else None
        if news is None:
            flaw = _flaw(record, request)
            if self._desk.market_data.product(record.symbol) is None:
                flaw = f"{record.symbol} is gone: nobody says what a unit of it is"
            if flaw:
                return InvalidRefused(message=flaw)
            news = self._filled(record, request, why)
        return await self._learnt(record, news)

    def _not_yet(self, record: OrderRecord) -> InvalidRefused | UnknownOutcomeRefused | None:
        """Why nobody's word is needed, or may be taken yet."""
        desk, order_id = self._desk, record.client_order_id
        since = record.doubtful_since
        if record.is_terminal or not record.is_unanswered or record.is_accepted or since is None:
            return InvalidRefused(message=f"order {order_id} is {record.status}: its outcome is known")
        capabilities, at = self._venue.capabilities, desk.clock.now()
        waited = desk.waited_for(record, at, desk.clock.monotonic()).total_seconds()
        if order_id not in desk.unknown_since:
            # Another process sent it, and this one may have begun a moment ago: only the wall has waited since.
            waited = max((at - since).total_seconds(), waited)
        # Before H the request may still take effect, whatever anybody has seen.
        bound = desk.unknown_bound.total_seconds()
        if capabilities.delivery is Delivery.C:
            bound = float(capabilities.horizon_seconds)
        if waited <= bound:
            return UnknownOutcomeRefused(
                message=f"order {order_id} is unanswered for {waited:.0f} s, and may still become known or take effect",
                remedy=Remedy(f"look again in {bound - waited:.0f} s"),
            )
        return None

    def _not_so(self, request: SettleRequest) -> InvalidRefused | None:
        """Why this is not for anybody to say: a fill that the venue tells under its own id would count twice."""
        if request.verdict is not Verdict.FILLED or self._venue.capabilities.delivery is Delivery.C:
            return None
        return InvalidRefused(
            message=f"what was filled of {request.client_order_id} is booked from the venue's own fills",
            remedy=Remedy("wait until the venue answers"),
        )

    def _never_arrived(self, record: OrderRecord, why: str) -> tuple[OrderNews, ...]:
        return (
            OrderRejected(
                client_order_id=record.client_order_id,
                code="NOT_ACCEPTED",
                reason=f"it never arrived, {why}",
                by_venue=False,
                at=self._desk.clock.now(),
            ),
        )

    def _filled(self, record: OrderRecord, request: SettleRequest, why: str) -> tuple[OrderNews, ...]:
        """What was filled, marked as inferred since no fill of the venue's says so; the rest is not worked any more."""
        at, order_id = self._desk.clock.now(), record.client_order_id
        fill = Fill(
            trade_id=TradeId(f"{order_id}-settled"),
            client_order_id=order_id,
            symbol=record.symbol,
            side=record.side,
            quantity=request.filled_quantity or Decimal(0),
            price=request.price or Decimal(0),
            at=at,
            fee=request.fee,
            fee_currency=self._desk.ledger.product(record.symbol).quote_currency,
            is_inferred=True,
        )
        filled = OrderFilled(client_order_id=order_id, fill=fill, at=at)
        return filled, OrderCanceled(client_order_id=order_id, reason=f"the rest is not worked, {why}", at=at)

    async def _as_venue(self, record: OrderRecord, why: str) -> OrderRecord | AnyRefusal:
        """The terms that the venue works become the recorded ones, as a change of the venue's own."""
        desk, order_id = self._desk, record.client_order_id
        theirs = await self._venue.order(order_id, record.symbol)
        if not isinstance(theirs, VenueOrder):
            return UnknownOutcomeRefused(message=f"the venue does not show order {order_id} now")
        differs = desk.order_differences.get(order_id)
        if differs is None or differs.kind is not DifferenceKind.TERMS_DIFFER:
            return InvalidRefused(message=f"order {order_id} has the recorded terms: nothing is to be taken")
        if theirs.symbol != record.symbol or theirs.side is not record.side:
            return InvalidRefused(
                message=f"under {order_id} the venue has {differs.theirs}: that is another order, and never ours",
                remedy=Remedy("cancel it at the venue; `reconcile --adopt` takes up what it moved"),
            )
        amended = OrderAmended(
            client_order_id=order_id,
            request=record.next_amend,
            quantity=theirs.quantity,
            limit_price=theirs.limit_price,
            reason=why,
            at=desk.clock.now(),
        )
        after = await self._learnt(record, (amended,))
        if not isinstance(after, OrderRecord):
            return after
        await self._resolver.adopt(after, theirs)
        return await desk.standing(order_id) or after

    async def _learnt(self, record: OrderRecord, news: tuple[OrderNews, ...]) -> OrderRecord | StoreRefused:
        """The order as it then stands, once that is durable: no query could find an operator's word again."""
        after = await self._desk.learn(record.client_order_id, news)
        outcome = await self._desk.store.flush()
        if not isinstance(outcome, StepCommitted):
            return StoreRefused(message=f"the word could not be made durable: {why_not(outcome)}")
        return after


def _flaw(record: OrderRecord, request: SettleRequest) -> str:
    """What is wrong with the figures that were given; empty where nothing is."""
    quantity, price, fee = request.filled_quantity, request.price, request.fee
    if quantity is None or price is None or not all(one.is_finite() for one in (quantity, price, fee)):
        return "`--filled` needs a quantity and `--price` a price, both finite, as `--fee` is"
    if quantity <= 0 or price <= 0:
        return "what was filled is a quantity above zero at a price above zero"
    if quantity > record.leaves_quantity:
        return f"{plain(quantity)} is more than the {plain(record.leaves_quantity)} that were sent"
    return ""
