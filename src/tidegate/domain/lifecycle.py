"""An order's lifecycle: facts accumulate, the status follows from them, and its rank never falls."""

from bisect import insort
from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.events import (
    AmendRejected,
    AmendRequested,
    CancelRejected,
    CancelRequested,
    FillBusted,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderNews,
    OrderPrepared,
    OrderRejected,
    OrderSending,
    OrderTriggered,
    OrderUnanswered,
)
from tidegate.domain.orders import OrderRecord, Refused, SentTerms
from tidegate.domain.vocabulary import OrderStatus

RANK: dict[OrderStatus, int] = {
    OrderStatus.PREPARED: 0,
    OrderStatus.SENDING: 1,
    OrderStatus.UNKNOWN: 2,
    # A refusal is outranked by evidence that the venue works the order after all: that is the LATE_ACCEPT incident.
    OrderStatus.REFUSED: 3,
    # The four working statuses share a rank, since a refused cancel gives an order back to where it was.
    OrderStatus.ACCEPTED: 4,
    OrderStatus.PARTIALLY_FILLED: 4,
    OrderStatus.PENDING_CANCEL: 4,
    OrderStatus.PENDING_AMEND: 4,
    OrderStatus.EXPIRED: 5,
    OrderStatus.CANCELED: 6,
    OrderStatus.FILLED: 7,
}
"""Later news never lowers a status below its rank."""

_WORKING = (
    OrderStatus.ACCEPTED,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.PENDING_CANCEL,
    OrderStatus.PENDING_AMEND,
)
_ENDED = (OrderStatus.EXPIRED, OrderStatus.CANCELED, OrderStatus.FILLED)

TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    # PREPARED may be overtaken by any news: a process that crashed after sending learns of it from the venue.
    OrderStatus.PREPARED: frozenset(
        {OrderStatus.SENDING, OrderStatus.UNKNOWN, OrderStatus.REFUSED, *_WORKING, *_ENDED}
    ),
    OrderStatus.SENDING: frozenset({OrderStatus.UNKNOWN, OrderStatus.REFUSED, *_WORKING, *_ENDED}),
    OrderStatus.UNKNOWN: frozenset({OrderStatus.REFUSED, *_WORKING, *_ENDED}),
    OrderStatus.REFUSED: frozenset({*_WORKING, *_ENDED}),
    **{status: frozenset({*_WORKING, *_ENDED} - {status}) for status in _WORKING},
    # A fill does not go away again, whatever becomes of a cancel or an amend.
    OrderStatus.PARTIALLY_FILLED: frozenset({OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_AMEND, *_ENDED}),
    OrderStatus.EXPIRED: frozenset({OrderStatus.CANCELED, OrderStatus.FILLED}),
    OrderStatus.CANCELED: frozenset({OrderStatus.FILLED}),
    OrderStatus.FILLED: frozenset(),
}
"""Every move a status may make.

A new attempt, made after evidence that the last one was lost, leaves UNKNOWN as it is: that one may still turn up.
"""


# Bound once: in Python 3.11 looking a member up on its enumeration costs more than adding two decimals.
_PREPARED, _SENDING, _UNKNOWN = OrderStatus.PREPARED, OrderStatus.SENDING, OrderStatus.UNKNOWN
_REFUSED, _ACCEPTED, _PARTIALLY_FILLED = OrderStatus.REFUSED, OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED
_PENDING_CANCEL, _PENDING_AMEND = OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_AMEND
_EXPIRED, _CANCELED, _FILLED = OrderStatus.EXPIRED, OrderStatus.CANCELED, OrderStatus.FILLED


def status_of(record: OrderRecord) -> OrderStatus:
    """The status that the facts amount to; the order in which they were learnt plays no part."""
    if record.trade_ids and record.filled_quantity >= record.quantity_at_most:
        return _FILLED
    if record.is_canceled:
        return _CANCELED
    if record.is_expired:
        return _EXPIRED
    if record.is_accepted or record.trade_ids:
        if record.cancel_requests and record.has_open_cancel:
            return _PENDING_CANCEL
        if record.amend_requests and record.has_open_amend:
            return _PENDING_AMEND
        return _PARTIALLY_FILLED if record.trade_ids else _ACCEPTED
    if record.refused is not None:
        return _REFUSED
    if record.unanswered_attempt:
        return _UNKNOWN
    return _SENDING if record.attempt else _PREPARED


def prepared(event: OrderPrepared, record: OrderRecord | None = None) -> OrderRecord:
    """The record of an order that is only intended; whatever is known of it already stands."""
    if record is not None:
        return record
    return OrderRecord(order=event.order, worst_price=event.worst_price, updated_at=event.at, warnings=event.warnings)


def sending(event: OrderSending, record: OrderRecord | None = None) -> OrderRecord:
    """The record once an attempt is under way, from nothing or from what stood before.

    The terms are the latest attempt's, since its checks ran again and may have made it smaller.
    """
    if record is None:
        return OrderRecord(
            order=event.order,
            worst_price=event.worst_price,
            status=_SENDING,
            attempt=event.attempt,
            sent_at=event.at,
            updated_at=event.at,
            warnings=event.warnings,
        )
    if event.attempt <= record.attempt:
        return record
    terms = SentTerms(record.order.quantity, record.order.limit_price)
    renewed = replace(
        record,
        order=event.order,
        earlier=(*record.earlier, terms) if record.attempt and terms not in record.earlier else record.earlier,
        worst_price=event.worst_price,
        warnings=event.warnings,
        attempt=event.attempt,
        sent_at=event.at,
    )
    return settled(renewed, event.at)


def apply_news(record: OrderRecord, news: OrderNews) -> OrderRecord:
    """The record after one more piece of news; the same object when it says nothing new."""
    changed = with_facts(record, news)
    return record if changed is record else settled(changed, news.at)


def with_facts(record: OrderRecord, news: OrderNews) -> OrderRecord:
    """The record with what the news says, its status still the old one; the same object when that is nothing new."""
    return _APPLY[type(news)](record, news)


def settled(record: OrderRecord, at: datetime) -> OrderRecord:
    """The record with the status that its facts amount to, after news of that moment."""
    latest = at if record.updated_at is None or at > record.updated_at else record.updated_at
    return replace(record, status=status_of(record), updated_at=latest)


def _unanswered(record: OrderRecord, news: OrderUnanswered) -> OrderRecord:
    if news.attempt < record.unanswered_attempt:
        return record
    at = record.unanswered_at
    if news.attempt == record.unanswered_attempt and at is not None and news.at <= at:
        return record
    return replace(record, unanswered_attempt=news.attempt, unanswered_at=news.at)


def _accepted(record: OrderRecord, news: OrderAccepted) -> OrderRecord:
    venue_order_id = record.venue_order_id if record.venue_order_id is not None else news.venue_order_id
    if record.is_accepted and venue_order_id == record.venue_order_id:
        is_later = record.updated_at is not None and news.at > record.updated_at
        # One without the venue's id, which would have been news before the one with it, is so after it as well.
        return replace(record) if news.venue_order_id is None and is_later else record
    return replace(record, is_accepted=True, venue_order_id=venue_order_id)


def _rejected(record: OrderRecord, news: OrderRejected) -> OrderRecord:
    refused, stands = Refused(code=news.code, message=news.reason, by_venue=news.by_venue), record.refused
    if stands == refused:
        return record
    if stands is not None and _weight(stands) < _weight(refused):
        # The weaker reason is news all the same, or the moment of the last news would depend on which came first.
        return record if record.updated_at is not None and news.at <= record.updated_at else replace(record)
    return replace(record, refused=refused)


def _weight(refused: Refused) -> tuple[bool, str, str]:
    """Which of two reasons stands, whatever order they came in: the venue's before ours, then by code and text."""
    return (not refused.by_venue, refused.code, refused.message)


def _filled(record: OrderRecord, news: OrderFilled) -> OrderRecord:
    fill = news.fill
    if fill.trade_id in record.trade_ids:
        return record
    if record.trade_ids:
        ids = list(record.trade_ids)
        insort(ids, fill.trade_id)
        trade_ids: tuple[str, ...] = tuple(ids)
        quantity = DOMAIN_CONTEXT.add(record.filled_quantity, fill.quantity)
        notional = DOMAIN_CONTEXT.fma(fill.quantity, fill.price, record.filled_notional)
    else:
        trade_ids, quantity = (fill.trade_id,), fill.quantity
        notional = DOMAIN_CONTEXT.multiply(fill.quantity, fill.price)
    return replace(
        record,
        trade_ids=trade_ids,
        filled_quantity=quantity,
        filled_notional=notional,
        venue_order_id=record.venue_order_id if record.venue_order_id is not None else fill.venue_order_id,
    )


def _busted(record: OrderRecord, news: FillBusted) -> OrderRecord:
    if news.trade_id in record.busted_ids:
        return record
    return replace(record, busted_ids=tuple(sorted((*record.busted_ids, news.trade_id))))


def _with(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    return numbers if number in numbers else tuple(sorted((*numbers, number)))


def _cancel_requested(record: OrderRecord, news: CancelRequested) -> OrderRecord:
    requests = _with(record.cancel_requests, news.request)
    return record if requests is record.cancel_requests else replace(record, cancel_requests=requests)


def _cancel_rejected(record: OrderRecord, news: CancelRejected) -> OrderRecord:
    answers = _with(record.cancel_answers, news.request)
    return record if answers is record.cancel_answers else replace(record, cancel_answers=answers)


def _canceled(record: OrderRecord, news: OrderCanceled) -> OrderRecord:
    return record if record.is_canceled else replace(record, is_canceled=True)


def _expired(record: OrderRecord, news: OrderExpired) -> OrderRecord:
    return record if record.is_expired else replace(record, is_expired=True)


def _triggered(record: OrderRecord, news: OrderTriggered) -> OrderRecord:
    return record if record.is_triggered else replace(record, is_triggered=True)


def _amend_requested(record: OrderRecord, news: AmendRequested) -> OrderRecord:
    if news.request in record.amend_requests:
        return record
    latest = not record.amend_requests or news.request > record.amend_requests[-1]
    return replace(
        record,
        amend_requests=_with(record.amend_requests, news.request),
        asked_quantity=news.quantity if latest else record.asked_quantity,
        asked_price=news.limit_price if latest else record.asked_price,
    )


def _amended(record: OrderRecord, news: OrderAmended) -> OrderRecord:
    answers = _with(record.amend_answers, news.request)
    if news.request <= record.amended_by:
        return record if answers is record.amend_answers else replace(record, amend_answers=answers)
    return replace(
        record,
        amend_answers=answers,
        amended_quantity=news.quantity,
        amended_price=news.limit_price,
        amended_by=news.request,
    )


def _amend_rejected(record: OrderRecord, news: AmendRejected) -> OrderRecord:
    answers = _with(record.amend_answers, news.request)
    return record if answers is record.amend_answers else replace(record, amend_answers=answers)


_APPLY: dict[type, Callable[..., OrderRecord]] = {
    OrderUnanswered: _unanswered,
    OrderAccepted: _accepted,
    OrderRejected: _rejected,
    OrderFilled: _filled,
    FillBusted: _busted,
    CancelRequested: _cancel_requested,
    CancelRejected: _cancel_rejected,
    OrderCanceled: _canceled,
    OrderExpired: _expired,
    OrderTriggered: _triggered,
    AmendRequested: _amend_requested,
    OrderAmended: _amended,
    AmendRejected: _amend_rejected,
}
