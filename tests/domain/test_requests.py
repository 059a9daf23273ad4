"""Requests: a decision whose life is counted from when it is taken up."""

from datetime import timedelta

import msgspec
import pytest

from tests.domain.histories import NOW
from tidegate.domain.decisions import Decision
from tidegate.domain.requests import DecideRequest
from tidegate.domain.vocabulary import Action

DECISION = Decision(action=Action.BUY, decision_id="d", valid_until=NOW)


def test_spans_become_moments_of_the_writers_clock() -> None:
    """Each where it was given."""
    dated = DecideRequest(symbol="BTC-USD", decision=DECISION, valid_for_seconds=5, expire_in_seconds=60).dated(NOW)

    assert (dated.valid_until, dated.expire_at) == (NOW + timedelta(seconds=5), NOW + timedelta(seconds=60))


def test_without_spans_the_decision_is_as_it_was() -> None:
    """The same object."""
    assert DecideRequest(symbol="BTC-USD", decision=DECISION).dated(NOW) is DECISION


@pytest.mark.parametrize("span", [-1, 400 * 86_400, "soon"])
def test_a_span_that_is_none_is_refused_where_it_is_read(span: object) -> None:
    """An inbox is written by other processes."""
    text = msgspec.json.encode({"symbol": "BTC-USD", "decision": {"action": "BUY"}, "valid_for_seconds": span})

    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=DecideRequest)
