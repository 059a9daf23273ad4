"""Reconciliation: our record of an order against the venue's word, as pure functions from both to events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tidegate.domain.amounts import ZERO, exact, plain
from tidegate.domain.events import (
    AmendRejected,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderNews,
    OrderRejected,
    OrderTriggered,
)
from tidegate.domain.fills import Fill
from tidegate.domain.orders import OrderRecord, RecordedOrder, SentTerms
from tidegate.domain.submissions import VenueOrder
from tidegate.domain.vocabulary import OrderSide


class DifferenceKind(StrEnum):
    """How records and venue disagree."""

    MISSING_ON_VENUE = "MISSING_ON_VENUE"  # live here, and a complete query does not show it
    MISSING_HERE = "MISSING_HERE"  # carries our prefix, and no intent of it is recorded
    EXTERNAL = "EXTERNAL"  # somebody else's order or fill on the account: counted, never touched
    TERMS_DIFFER = "TERMS_DIFFER"  # our id with other terms: never adopted
    FILLS_DIFFER = "FILLS_DIFFER"  # the cumulative figure does not equal the sum of the fills
    POSITION = "POSITION"
    BALANCE = "BALANCE"


BLAMELESS = frozenset({DifferenceKind.EXTERNAL})
"""Differences that are shown but put no record of ours in doubt."""


class Difference(Struct, frozen=True, gc=False, kw_only=True):
    """One thing on which our records and the venue disagree, both sides in words.

    `symbol` is that of an order or a position of ours, which it puts in doubt and no other; empty where the account is.
    """

    kind: DifferenceKind
    subject: str
    ours: str
    theirs: str
    symbol: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.kind} {self.subject}: ours {self.ours}, theirs {self.theirs}"


class ReconciliationReport(Struct, frozen=True, gc=False, kw_only=True):
    """What one pass found. `unreachable` names what could not be read: about that nothing was concluded (R7).

    `suspected` are mismatches seen once; they count only when a second read at least 5 s later shows them again.
    `adopted` were mismatches of balances and of derivative positions, which an operator had this pass take up.
    """

    at: datetime
    differences: tuple[Difference, ...] = ()
    suspected: tuple[Difference, ...] = ()
    unreachable: tuple[str, ...] = ()
    applied: int = 0
    resolved: tuple[str, ...] = ()
    adopted: tuple[Difference, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not self.unreachable

    @property
    def agrees(self) -> bool:
        """Complete, and nothing of ours in doubt."""
        return self.is_complete and all(one.kind in BLAMELESS for one in self.differences)


def terms_difference(record: OrderRecord, theirs: VenueOrder) -> Difference | None:
    """B20: an order under our id with other terms than we recorded."""
    ours = record.order
    quantities, prices = {record.quantity}, {record.limit_price}
    if record.has_open_amend:
        quantities.add(record.quantity if record.asked_quantity is None else record.asked_quantity)
        prices.add(record.asked_price)
    is_reduced = bool(theirs.reduced_reason) and theirs.quantity < record.quantity_at_most
    is_same_price = theirs.limit_price is None or record.limit_price is None or theirs.limit_price in prices
    is_same_quantity = is_reduced or theirs.quantity in quantities
    is_same = (is_same_quantity and is_same_price) or _earlier_terms(record, theirs) is not None
    if theirs.symbol == ours.symbol and theirs.side is ours.side and is_same:
        return None
    return Difference(
        kind=DifferenceKind.TERMS_DIFFER,
        subject=ours.client_order_id,
        ours=_terms(ours.side, record.quantity, ours.symbol, record.limit_price),
        theirs=_terms(theirs.side, theirs.quantity, theirs.symbol, theirs.limit_price),
        symbol=ours.symbol,
    )


def _earlier_terms(record: OrderRecord, theirs: VenueOrder) -> SentTerms | None:
    """The terms of an attempt that was taken for lost, where the venue works just these and not the last one's."""
    if theirs.quantity == record.quantity and theirs.limit_price in (None, record.limit_price):
        return None
    return next(
        (
            one
            for one in record.earlier
            if one.quantity == theirs.quantity and theirs.limit_price in (None, one.limit_price)
        ),
        None,
    )


def _terms(side: OrderSide, quantity: Decimal, symbol: str, limit_price: Decimal | None) -> str:
    return f"{side} {plain(quantity)} {symbol}" + ("" if limit_price is None else f" at {plain(limit_price)}")


def news_of(record: OrderRecord, theirs: VenueOrder) -> tuple[OrderNews, ...]:
    """What the venue's word adds to our record. Quantities are never taken from it: only fills move them (R5)."""
    order_id = record.order.client_order_id
    if theirs.rejected_code and (record.is_accepted or record.trade_ids):
        # It was working, so this is no refusal of the order: the venue has ended it, with a reason.
        reason = f"{theirs.rejected_code}: {theirs.rejected_reason}"
        ended = OrderCanceled(client_order_id=order_id, reason=reason, at=theirs.at)
        return () if record.is_canceled else (ended,)
    if theirs.rejected_code:
        return (
            OrderRejected(
                client_order_id=order_id, code=theirs.rejected_code, reason=theirs.rejected_reason, at=theirs.at
            ),
        )
    news: list[OrderNews] = []
    if not record.is_accepted or (record.venue_order_id is None and theirs.venue_order_id is not None):
        news.append(OrderAccepted(client_order_id=order_id, venue_order_id=theirs.venue_order_id, at=theirs.at))
    if theirs.triggered_at is not None and not record.is_triggered:
        news.append(OrderTriggered(client_order_id=order_id, at=theirs.triggered_at))
    if theirs.reduced_reason and theirs.quantity < record.quantity and not record.has_open_amend:
        # B35: self-trade prevention, for one.
        news.append(
            OrderAmended(
                client_order_id=order_id,
                request=record.next_amend,
                quantity=theirs.quantity,
                limit_price=record.limit_price,
                reason=theirs.reduced_reason,
                at=theirs.at,
            )
        )
    earlier = _earlier_terms(record, theirs)
    if earlier is not None and not record.has_open_amend:
        news.append(
            OrderAmended(
                client_order_id=order_id,
                request=record.next_amend,
                quantity=earlier.quantity,
                limit_price=earlier.limit_price,
                reason="an earlier attempt had arrived after all",
                at=theirs.at,
            )
        )
    if theirs.is_canceled and not record.is_canceled:
        reason = theirs.ended_reason or "as the venue reports it"
        news.append(OrderCanceled(client_order_id=order_id, reason=reason, at=theirs.at))
    if theirs.is_expired and not record.is_expired:
        news.append(OrderExpired(client_order_id=order_id, at=theirs.at))
    return tuple(news)


def repeated_page(theirs: Sequence[VenueOrder]) -> str:
    """B28: what shows that a listing was put together from a page that came twice, and so from too few; else empty."""
    seen: set[tuple[str, str | None]] = set()
    for order in theirs:
        key = (order.client_order_id, order.venue_order_id)
        if key in seen:
            return f"{order.client_order_id} is listed twice: a page was repeated, and another may be missing"
        seen.add(key)
    return ""


def is_another(record: OrderRecord, theirs: VenueOrder) -> bool:
    """Whether the venue tells of a second order under our id. An amend may have given the first a new one."""
    known = record.venue_order_id
    # An empty id is none.
    is_known = bool(known) and bool(theirs.venue_order_id) and not record.amend_requests
    return is_known and theirs.venue_order_id != known


@exact
def fill_flaw(record: OrderRecord | RecordedOrder, fill: Fill) -> str:
    """What keeps a fill from being one of its order; empty where nothing does."""
    order = record.order
    if fill.symbol != order.symbol or fill.side is not order.side:
        return f"fill {fill.trade_id} is a {fill.side} of {fill.symbol}, its order a {order.side} of {order.symbol}"
    is_finite = fill.quantity.is_finite() and fill.price.is_finite()
    if not (is_finite and fill.quantity > ZERO and fill.price > ZERO):
        return f"fill {fill.trade_id} is of {fill.quantity} at {fill.price}"
    return ""


def news_of_open_amend(record: OrderRecord, theirs: VenueOrder, *, is_over: bool) -> tuple[OrderNews, ...]:
    """What the venue's word says of an amend that has no answer.

    The new terms are proof that it was taken. The old ones prove that it was not only once it can no longer arrive:
    `is_over`, or the order has ended.
    """
    if not record.has_open_amend or record.asked_quantity is None:
        return ()
    order_id, request = record.client_order_id, record.amend_requests[-1]
    has_price = theirs.limit_price is None or theirs.limit_price == record.asked_price
    if theirs.quantity == record.asked_quantity and has_price:
        return (
            OrderAmended(
                client_order_id=order_id,
                request=request,
                quantity=record.asked_quantity,
                limit_price=record.asked_price,
                at=theirs.at,
            ),
        )
    is_final = is_over or not theirs.is_open
    if is_final and theirs.reduced_reason and theirs.quantity < record.quantity_at_most:
        # B35 came between: whichever terms it met, these are what is left of them.
        return (
            OrderAmended(
                client_order_id=order_id,
                request=request,
                quantity=theirs.quantity,
                limit_price=record.limit_price if theirs.limit_price is None else theirs.limit_price,
                reason=theirs.reduced_reason,
                at=theirs.at,
            ),
        )
    if theirs.quantity == record.quantity and is_final:
        reason = "the venue still has the terms from before it"
        return (AmendRejected(client_order_id=order_id, request=request, reason=reason, at=theirs.at),)
    return ()


@exact
def news_of_outgrown_total(record: OrderRecord, fill: Fill) -> tuple[OrderNews, ...]:
    """A fill beyond the old total proves that an unanswered amend to a larger one was taken."""
    asked, filled = record.asked_quantity, record.filled_quantity + fill.quantity
    if asked is None or not record.has_open_amend or not record.quantity < filled <= asked:
        return ()
    return (
        OrderAmended(
            client_order_id=record.order.client_order_id,
            request=record.amend_requests[-1],
            quantity=asked,
            limit_price=record.asked_price,
            at=fill.at,
        ),
    )


def lacks_fills(record: OrderRecord, theirs: VenueOrder) -> bool:
    """Whether the venue's cumulative figure shows executions that we have no fill of."""
    return theirs.filled_quantity > record.filled_quantity


@exact
def position_differences(
    ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal], tolerance: Mapping[str, Decimal]
) -> tuple[Difference, ...]:
    """Derivative positions that differ by more than the symbol's tolerance; absent means flat."""
    found = []
    for symbol in sorted({*ours, *theirs}):
        here, there = ours.get(symbol, ZERO), theirs.get(symbol, ZERO)
        if abs(here - there) > tolerance.get(symbol, ZERO):
            found.append(
                Difference(
                    kind=DifferenceKind.POSITION, subject=symbol, ours=plain(here), theirs=plain(there), symbol=symbol
                )
            )
    return tuple(found)


@exact
def balance_differences(
    ours: Mapping[str, Decimal], theirs: Mapping[str, Decimal], tolerance: Mapping[str, Decimal]
) -> tuple[Difference, ...]:
    """Balances that differ by more than the currency's tolerance; absent means zero."""
    found = []
    for currency in sorted({*ours, *theirs}):
        here, there = ours.get(currency, ZERO), theirs.get(currency, ZERO)
        if abs(here - there) > tolerance.get(currency, ZERO):
            found.append(
                Difference(kind=DifferenceKind.BALANCE, subject=currency, ours=plain(here), theirs=plain(there))
            )
    return tuple(found)
