"""The first answer: what most orders come to, folded at once as the lifecycle would fold it piece by piece."""

from collections.abc import Sequence

from msgspec.structs import replace

from tidegate.domain.events import OrderAccepted, OrderFilled, OrderNews
from tidegate.domain.orders import OrderRecord
from tidegate.domain.vocabulary import OrderStatus

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than adding two decimals.
_SENDING, _ACCEPTED = OrderStatus.SENDING, OrderStatus.ACCEPTED
_FILLED, _PARTIALLY_FILLED = OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED
_ANSWER_LENGTH_MAX = 2
"""An acceptance and one fill."""


def first_answer(record: OrderRecord, news: Sequence[OrderNews]) -> OrderRecord | None:
    """What most orders come to: just sent, then accepted and filled by one execution or none; None for all else.

    The same record as the news one by one would make of it. For callers that work in the domain's decimal context.
    """
    accepted, before = news[0] if news else None, record.updated_at
    if (
        len(news) > _ANSWER_LENGTH_MAX
        or type(accepted) is not OrderAccepted
        or record.status is not _SENDING
        or before is None
        or record.cancel_requests
        or record.amend_requests
        or record.amended_quantity is not None
    ):
        return None
    at = accepted.at
    if before > at:
        at = before
    if len(news) == 1:
        return replace(
            record, is_accepted=True, venue_order_id=accepted.venue_order_id, status=_ACCEPTED, updated_at=at
        )
    filled = news[1]
    if type(filled) is not OrderFilled:
        return None
    fill, venue_order_id = filled.fill, accepted.venue_order_id
    quantity = fill.quantity
    return replace(
        record,
        is_accepted=True,
        venue_order_id=venue_order_id if venue_order_id is not None else fill.venue_order_id,
        trade_ids=(fill.trade_id,),
        filled_quantity=quantity,
        filled_notional=quantity * fill.price,
        status=_FILLED if quantity >= record.order.quantity else _PARTIALLY_FILLED,
        updated_at=filled.at if filled.at > at else at,
    )
