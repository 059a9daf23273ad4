"""The first answer: the short way ends where the lifecycle does, piece by piece, or says nothing."""

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.histories import NOW, fill, order, record
from tidegate.domain.first_answer import first_answer
from tidegate.domain.identifiers import VenueOrderId
from tidegate.domain.settlement import news_of_submission
from tidegate.domain.submissions import OrderAcknowledged, OrderRejectedByVenue, SubmissionUnanswered
from tidegate.domain.vocabulary import OrderStatus

OF = order()
SENT = record(OF)
NAMES = st.sampled_from([None, VenueOrderId("v1")])
AFTER = st.integers(-5, 5).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(NAMES, NAMES, AFTER, st.sampled_from(["0.4", "1", "1.5"]), st.booleans())
def test_it_is_what_the_lifecycle_makes_of_the_same_news(
    name: VenueOrderId | None, of_fill: VenueOrderId | None, at: datetime, size: str, is_filled: bool
) -> None:
    """Whatever the answer's moment, its ids, and how much of it was filled, more than was asked for included."""
    one = replace(fill(OF, 1, size), venue_order_id=of_fill, at=at)
    answer = OrderAcknowledged(venue_order_id=name, at=at, fills=(one,) if is_filled else ())
    news = news_of_submission(OF.client_order_id, 1, answer)

    assert first_answer(SENT, answer) == (record(OF, *news), news, answer.fills)


def test_of_everything_else_it_says_nothing() -> None:
    """A refusal, silence, a rest that was cancelled, several fills, another symbol's; an order that is further on."""
    one, two = fill(OF, 1, "0.4"), fill(OF, 2, "0.6")
    plain = OrderAcknowledged(venue_order_id=None, at=NOW, fills=(one,))

    assert first_answer(SENT, plain) is not None
    assert first_answer(SENT, OrderRejectedByVenue(code="MINIMUM", reason="too small", at=NOW)) is None
    assert first_answer(SENT, SubmissionUnanswered(reason="timeout", at=NOW)) is None
    assert first_answer(SENT, replace(plain, is_finished=True)) is None
    assert first_answer(SENT, replace(plain, fills=(one, two))) is None
    assert first_answer(SENT, replace(plain, fills=(replace(one, symbol="ETH-USD"),))) is None
    assert first_answer(replace(SENT, status=OrderStatus.UNKNOWN), plain) is None
    assert first_answer(replace(SENT, cancel_requests=(1,)), plain) is None
    assert first_answer(replace(SENT, amend_requests=(1,)), plain) is None
    assert first_answer(replace(SENT, amended_quantity=Decimal(2)), plain) is None
