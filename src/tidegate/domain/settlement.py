"""Settlement: what a venue's answer to a submit, a cancel or an amend means for the order, as events."""

from decimal import Decimal
from typing import assert_never

from tidegate.domain.events import (
    AmendRejected,
    CancelRejected,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderFilled,
    OrderNews,
    OrderRejected,
    OrderUnanswered,
)
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.submissions import (
    AmendConfirmed,
    AmendOutcome,
    AmendRefused,
    AmendUnanswered,
    CancelConfirmed,
    CancelOutcome,
    CancelRefused,
    CancelUnanswered,
    NeverSent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    SubmissionOutcome,
    SubmissionUnanswered,
)


def news_of_submission(
    client_order_id: ClientOrderId, attempt: int, outcome: SubmissionOutcome
) -> tuple[OrderNews, ...]:
    """R3 in one place: refused only on evidence, and all else is unanswered."""
    if isinstance(outcome, OrderAcknowledged):
        at, fills = outcome.at, outcome.fills
        accepted = OrderAccepted(client_order_id=client_order_id, venue_order_id=outcome.venue_order_id, at=at)
        if len(fills) == 1 and not outcome.is_finished:
            return (accepted, OrderFilled(client_order_id=client_order_id, fill=fills[0], at=at))
        filled = [OrderFilled(client_order_id=client_order_id, fill=fill, at=at) for fill in fills]
        if not outcome.is_finished:
            return (accepted, *filled)
        rest = "the rest was cancelled at once"
        return (accepted, *filled, OrderCanceled(client_order_id=client_order_id, reason=rest, at=at))
    match outcome:
        case OrderRejectedByVenue(code=code, reason=reason, at=at):
            return (OrderRejected(client_order_id=client_order_id, code=code, reason=reason, at=at),)
        case NeverSent(reason=reason, at=at):
            return (
                OrderRejected(
                    client_order_id=client_order_id, code="VENUE_UNREACHABLE", reason=reason, by_venue=False, at=at
                ),
            )
        case SubmissionUnanswered(reason=reason, at=at):
            return (OrderUnanswered(client_order_id=client_order_id, attempt=attempt, reason=reason, at=at),)
        case _:
            assert_never(outcome)


def news_of_cancel(client_order_id: ClientOrderId, request: int, outcome: CancelOutcome) -> list[OrderNews]:
    """A confirmed cancel ends it; a refused one only answers the request; an unanswered one leaves it pending."""
    match outcome:
        case CancelConfirmed(at=at):
            return [OrderCanceled(client_order_id=client_order_id, at=at)]
        case CancelRefused(reason=reason, at=at):
            return [CancelRejected(client_order_id=client_order_id, request=request, reason=reason, at=at)]
        case CancelUnanswered():
            return []
        case _:
            assert_never(outcome)


def news_of_amend(
    client_order_id: ClientOrderId, request: int, quantity: Decimal, limit_price: Decimal | None, outcome: AmendOutcome
) -> list[OrderNews]:
    """A confirmed amend has the new terms, a refused one the old; an unanswered one leaves both possible."""
    match outcome:
        case AmendConfirmed(at=at):
            return [
                OrderAmended(
                    client_order_id=client_order_id, request=request, quantity=quantity, limit_price=limit_price, at=at
                )
            ]
        case AmendRefused(reason=reason, at=at):
            return [AmendRejected(client_order_id=client_order_id, request=request, reason=reason, at=at)]
        case AmendUnanswered():
            return []
        case _:
            assert_never(outcome)
