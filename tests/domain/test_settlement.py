"""Settlement: what a venue's answer means, and that silence is no answer."""

from decimal import Decimal

from tests.domain.histories import NOW, fill, order, record
from tidegate.domain.events import (
    CancelRejected,
    OrderAccepted,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderUnanswered,
)
from tidegate.domain.identifiers import VenueOrderId
from tidegate.domain.settlement import news_of_cancel, news_of_submission
from tidegate.domain.submissions import (
    CancelConfirmed,
    CancelRefused,
    CancelUnanswered,
    NeverSent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    SubmissionOutcome,
    SubmissionUnanswered,
)
from tidegate.domain.vocabulary import OrderStatus

OF = order()
ID = OF.client_order_id


def status(outcome: SubmissionOutcome) -> OrderStatus:
    """What the order comes to."""
    return record(OF, *news_of_submission(ID, 1, outcome)).status


def test_an_acknowledgement_is_work_with_the_venues_id() -> None:
    """And with the fills that came in it."""
    one = fill(OF, 1, "0.4")
    outcome = OrderAcknowledged(venue_order_id=VenueOrderId("v"), at=NOW, fills=(one,))

    assert news_of_submission(ID, 1, outcome) == (
        OrderAccepted(client_order_id=ID, venue_order_id=VenueOrderId("v"), at=NOW),
        OrderFilled(client_order_id=ID, fill=one, at=NOW),
    )
    assert status(outcome) is OrderStatus.PARTIALLY_FILLED


def test_what_an_immediate_order_left_is_cancelled() -> None:
    """Partly filled and finished: CANCELED with its fills; wholly filled: FILLED."""
    partly = OrderAcknowledged(venue_order_id=None, at=NOW, fills=(fill(OF, 1, "0.4"),), is_finished=True)
    wholly = OrderAcknowledged(venue_order_id=None, at=NOW, fills=(fill(OF, 1, "1"),), is_finished=True)

    assert isinstance(news_of_submission(ID, 1, partly)[-1], OrderCanceled)
    assert status(partly) is OrderStatus.CANCELED
    assert status(wholly) is OrderStatus.FILLED
    assert record(OF, *news_of_submission(ID, 1, partly)).filled_quantity == Decimal("0.4")


def test_a_success_without_an_order_id_is_accepted() -> None:
    """B19: the id is found by a query."""
    assert status(OrderAcknowledged(venue_order_id=None, at=NOW)) is OrderStatus.ACCEPTED


def test_a_typed_reject_is_a_refusal_by_the_venue() -> None:
    """R3."""
    (news,) = news_of_submission(ID, 1, OrderRejectedByVenue(code="MINIMUM", reason="too small", at=NOW))

    assert news == OrderRejected(client_order_id=ID, code="MINIMUM", reason="too small", by_venue=True, at=NOW)


def test_what_was_never_sent_is_a_refusal_of_ours() -> None:
    """R3: no byte of it left."""
    (news,) = news_of_submission(ID, 1, NeverSent(reason="no route", at=NOW))

    assert news == OrderRejected(
        client_order_id=ID, code="VENUE_UNREACHABLE", reason="no route", by_venue=False, at=NOW
    )


def test_silence_is_unknown_for_that_attempt() -> None:
    """R3: all else. A timeout is never taken for a reject."""
    (news,) = news_of_submission(ID, 2, SubmissionUnanswered(reason="timeout", at=NOW))

    assert news == OrderUnanswered(client_order_id=ID, attempt=2, reason="timeout", at=NOW)
    assert status(SubmissionUnanswered(reason="timeout", at=NOW)) is OrderStatus.UNKNOWN


def test_a_confirmed_cancel_ends_a_refused_one_answers_and_an_unanswered_one_stays_open() -> None:
    """B29: nothing is assumed."""
    assert news_of_cancel(ID, 3, CancelConfirmed(at=NOW)) == [OrderCanceled(client_order_id=ID, at=NOW)]
    assert news_of_cancel(ID, 3, CancelRefused(reason="filled", at=NOW)) == [
        CancelRejected(client_order_id=ID, request=3, reason="filled", at=NOW)
    ]
    assert news_of_cancel(ID, 3, CancelUnanswered(reason="timeout", at=NOW)) == []
