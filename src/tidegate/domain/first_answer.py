"""The first answer: what most orders come to, folded at once as the lifecycle would fold it piece by piece."""

from collections.abc import Sequence

from msgspec.structs import replace

from tidegate.domain.amounts import DOMAIN_CONTEXT
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

    The same record as the news one by one would make of it.
    """
    accepted = news[0] if news else None
    if (
        len(news) > 2
        or type(accepted) is not OrderAccepted
        or record.status is not _SENDING
        or record.updated_at is None
        or record.cancel_requests
        or record.amend_requests
        or record.amended_quantity is not None
    ):
        return None
    at = accepted.at if accepted.at > record.updated_at else record.updated_at
    if len(news) == 1:
        return replace(
            record, is_accepted=True, venue_order_id=accepted.venue_order_id, status=_ACCEPTED, updated_at=at
        )
    filled = news[1]
    if type(filled) is not OrderFilled:
        return None
    fill, venue_order_id = filled.fill, accepted.venue_order_id
    return replace(
        record,
        is_accepted=True,
        venue_order_id=venue_order_id if venue_order_id is not None else fill.venue_order_id,
        trade_ids=(fill.trade_id,),
        filled_quantity=fill.quantity,
        filled_notional=DOMAIN_CONTEXT.multiply(fill.quantity, fill.price),
        status=_FILLED if fill.quantity >= record.order.quantity else _PARTIALLY_FILLED,
        updated_at=filled.at if filled.at > at else at,
    )
