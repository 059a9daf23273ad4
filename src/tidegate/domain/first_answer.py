"""The first answer: what most orders come to, folded at once as the lifecycle would fold it piece by piece."""

from msgspec.structs import replace

from tidegate.domain.events import OrderAccepted, OrderFilled, OrderNews
from tidegate.domain.fills import Fill
from tidegate.domain.orders import OrderRecord
from tidegate.domain.submissions import OrderAcknowledged, SubmissionOutcome
from tidegate.domain.vocabulary import OrderStatus

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than adding two decimals.
_SENDING, _ACCEPTED = OrderStatus.SENDING, OrderStatus.ACCEPTED
_FILLED, _PARTIALLY_FILLED = OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED
Answer = tuple[OrderRecord, tuple[OrderNews, ...], tuple[Fill, ...]]
"""The order as it then stands, what was learnt of it, and its fills."""


def first_answer(record: OrderRecord, answer: SubmissionOutcome) -> Answer | None:
    """What most orders come to: just sent, then accepted and filled by one execution or none; None for all else.

    The same as `settlement.news_of_submission` tells and the lifecycle makes of it. For callers that work in the
    domain's decimal context.
    """
    before = record.updated_at
    if (
        type(answer) is not OrderAcknowledged
        or answer.is_finished
        or record.status is not _SENDING
        or before is None
        or record.cancel_requests
        or record.amend_requests
        or record.amended_quantity is not None
    ):
        return None
    order, at, fills, venue_order_id = record.order, answer.at, answer.fills, answer.venue_order_id
    order_id, latest = order.client_order_id, at if at > before else before
    accepted = OrderAccepted(client_order_id=order_id, venue_order_id=venue_order_id, at=at)
    if not fills:
        stands = replace(record, is_accepted=True, venue_order_id=venue_order_id, status=_ACCEPTED, updated_at=latest)
        return stands, (accepted,), ()
    fill = fills[0]
    if len(fills) > 1 or fill.symbol != order.symbol:
        return None
    quantity = fill.quantity
    stands = replace(
        record,
        is_accepted=True,
        venue_order_id=venue_order_id if venue_order_id is not None else fill.venue_order_id,
        trade_ids=(fill.trade_id,),
        filled_quantity=quantity,
        filled_notional=quantity * fill.price,
        status=_FILLED if quantity >= order.quantity else _PARTIALLY_FILLED,
        updated_at=latest,
    )
    return stands, (accepted, OrderFilled(client_order_id=order_id, fill=fill, at=at)), fills
