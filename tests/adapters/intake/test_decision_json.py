"""A decision as JSON is taken exactly as written, or refused with what was wrong and where."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.intake.decision_json import _READERS, decision_of
from tidegate.domain.decisions import Algorithm, Decision
from tidegate.domain.ports import DecisionMessage
from tidegate.domain.refusals import InvalidRefused
from tidegate.domain.vocabulary import Action, OrderType, TimeInForce, TriggerSource

BUY = {"symbol": "BTC-USD", "action": "BUY"}


def read(**fields: Any) -> DecisionMessage:
    """The decision of a line with these fields beside symbol and action."""
    message = decision_of(json.dumps({**BUY, **fields}).encode(), "line 1")
    assert isinstance(message, DecisionMessage)
    return message


def refusal(line: str | bytes) -> InvalidRefused:
    """The refusal of a line."""
    outcome = decision_of(line.encode() if isinstance(line, str) else line, "line 7")
    assert isinstance(outcome, InvalidRefused)
    assert outcome.facts["reference"] == "line 7"
    assert outcome.message.startswith("line 7: ")
    assert outcome.message.isprintable()
    return outcome


def test_every_field_of_a_decision_can_be_written() -> None:
    """A field that is added to the decision and not here could not be given from outside."""
    assert set(_READERS) == set(Decision.__struct_fields__)


def test_a_whole_decision_is_read() -> None:
    """Each field by its own type."""
    message = read(
        decision_id="a-1",
        target_notional="250",
        quantity=0.5,
        leverage="2",
        reduce_only=False,
        reason="mean reversion",
        order_type="STOP_LIMIT",
        limit_price="60000.10",
        stop_trigger=59000,
        time_in_force="GTD",
        expire_at="2026-05-02T02:40:00Z",
        post_only=True,
        valid_until="2026-05-02T04:40:00+02:00",
        reference_price="60001",
        max_drift_bps=12.5,
        strategy_id="s",
        decided_at="2026-05-02T02:39:00Z",
        trail="10",
        trigger_source="MARK",
        take_profit="1",
        stop_loss="2",
        algorithm={"name": "TWAP", "parameters": {"minutes": "5"}},
        display_quantity="0.1",
    )

    moment = datetime(2026, 5, 2, 2, 40, tzinfo=UTC)
    assert message.symbol == "BTC-USD"
    assert message.reference == "line 1"
    assert message.decision == Decision(
        action=Action.BUY,
        decision_id="a-1",
        target_notional=Decimal(250),
        quantity=Decimal("0.5"),
        leverage=Decimal(2),
        reason="mean reversion",
        order_type=OrderType.STOP_LIMIT,
        limit_price=Decimal("60000.10"),
        stop_trigger=Decimal(59000),
        time_in_force=TimeInForce.GTD,
        expire_at=moment,
        post_only=True,
        valid_until=moment,
        reference_price=Decimal(60001),
        max_drift_bps=Decimal("12.5"),
        strategy_id="s",
        decided_at=moment - timedelta(minutes=1),
        trail=Decimal(10),
        trigger_source=TriggerSource.MARK,
        take_profit=Decimal(1),
        stop_loss=Decimal(2),
        algorithm=Algorithm(name="TWAP", parameters={"minutes": "5"}),
        display_quantity=Decimal("0.1"),
    )


def test_null_is_as_if_left_out_and_an_id_is_drawn() -> None:
    """Two lines without an id are two decisions."""
    one, other = read(target_notional=None, order_type=None), read()

    assert one.decision.target_notional is None
    assert one.decision.decision_id != other.decision.decision_id


@given(st.decimals(allow_nan=False, allow_infinity=False, places=17, min_value=-(10**17), max_value=10**17))
def test_a_number_is_taken_as_written_quoted_or_not(value: Decimal) -> None:
    """Never through a float: 34 digits come out as 34 digits."""
    text = format(value, "f")

    for written in (text, f'"{text}"'):
        message = decision_of(b'{"symbol": "X", "action": "BUY", "quantity": %s}' % written.encode(), "line 1")
        assert isinstance(message, DecisionMessage)
        assert message.decision.quantity == value


@pytest.mark.parametrize("key", ["size", "amount", "side", "id", "foo", ""])
def test_a_key_that_is_like_no_other_is_answered_with_all_there_are(key: str) -> None:
    """`size` had been told to be written as stop_trigger."""
    answer = decision_of(b'{"symbol": "X", "action": "BUY", "%s": 1}' % key.encode(), "line 1")

    assert isinstance(answer, InvalidRefused)
    assert answer.message == f"line 1: unknown key {key}"
    assert answer.remedy is not None
    assert answer.remedy.text.startswith("the keys are symbol, action, ")


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "-0", "1e999", "9" * 60])
def test_an_impossible_number_in_quotes_is_left_to_the_checks(text: str) -> None:
    """They refuse it as INVALID and record it under the decision's id."""
    assert str(read(quantity=text).decision.quantity) == str(Decimal(text))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (
            '{"symbol": "BTC-USD", "action": "BUY", "notional": 5}',
            "unknown key notional; did you mean target_notional?",
        ),
        ('{"symbol": "BTC-USD", "action": "BUY", "Quantity": 5}', "unknown key Quantity; did you mean quantity?"),
        ('{"action": "BUY"}', "has no symbol"),
        ('{"symbol": null, "action": "BUY"}', "has no symbol"),
        ('{"symbol": "BTC-USD"}', "has no action"),
        ('{"symbol": 5, "action": "BUY"}', "symbol must be text"),
        ('{"symbol": "BTC-USD", "action": "buy"}', "action must be one of BUY, SELL, CLOSE, HOLD"),
        ('{"symbol": "B", "action": "BUY", "time_in_force": "DAY"}', "time_in_force must be one of GTC, GTD, IOC, FOK"),
        ('{"symbol": "B", "action": "BUY", "quantity": true}', "quantity must be a number, or a number in quotes"),
        ('{"symbol": "B", "action": "BUY", "quantity": "1_0"}', "quantity must be a number, or a number in quotes"),
        ('{"symbol": "B", "action": "BUY", "quantity": " 1"}', "quantity must be a number, or a number in quotes"),
        ('{"symbol": "B", "action": "BUY", "quantity": "١"}', "quantity must be a number, or a number in quotes"),
        ('{"symbol": "B", "action": "BUY", "quantity": "x"}', "quantity must be a number, or a number in quotes"),
        ('{"symbol": "B", "action": "BUY", "quantity": NaN}', "holds NaN, which is no number"),
        ('{"symbol": "B", "action": "BUY", "quantity": -Infinity}', "holds -Infinity, which is no number"),
        (
            '{"symbol": "B", "action": "BUY", "quantity": 1e99999999999999999999}',
            "holds a number that no decimal can hold",
        ),
        ('{"symbol": "B", "action": "BUY", "quantity": 1, "quantity": 2}', "gives quantity twice"),
        ('{"symbol": "B", "action": "BUY", "reduce_only": 1}', "reduce_only must be true or false"),
        ('{"symbol": "B", "action": "BUY", "reduce_only": "true"}', "reduce_only must be true or false"),
        (
            '{"symbol": "B", "action": "BUY", "expire_at": "soon"}',
            "expire_at must be a moment such as 2026-05-02T02:40:00Z",
        ),
        ('{"symbol": "B", "action": "BUY", "expire_at": 5}', "expire_at must be a moment such as 2026-05-02T02:40:00Z"),
        ('{"symbol": "B", "action": "BUY", "expire_at": "2026-05-02T02:40:00"}', "expire_at has no time zone"),
        ('{"symbol": "B", "action": "BUY", "reason": 5}', "reason must be text"),
        (
            '{"symbol": "B", "action": "BUY", "reason": "\\ud800"}',
            "reason holds half of a surrogate pair, which is no text",
        ),
        (
            '{"symbol": "B", "action": "BUY", "algorithm": "TWAP"}',
            'algorithm must be {"name": ..., "parameters": {...}}',
        ),
        (
            '{"symbol": "B", "action": "BUY", "algorithm": {"name": "T", "parameters": [1]}}',
            "algorithm.parameters must be an object of texts",
        ),
        (
            '{"symbol": "B", "action": "BUY", "algorithm": {"name": "T", "parameters": {"a": 1}}}',
            "algorithm.parameters must be text",
        ),
        ("[1]", "is not a JSON object"),
        ('"BUY"', "is not a JSON object"),
        ("BUY", "is not JSON: Expecting value at column 1"),
        ('{"symbol": "B"', "is not JSON: Expecting ',' delimiter at column 15"),
        ('{"symbol": "B\0"}', "is not JSON: Invalid control character at at column 14"),
        ("[" * 60_000, "is nested too deeply"),
        ('{"a":' * 10_000, "is nested too deeply"),
    ],
    ids=lambda text: text[-30:],
)
def test_what_is_no_decision_is_refused_with_its_line_and_what_was_wrong(line: str, what: str) -> None:
    """N1, N3, N5 and N10 at the door."""
    assert refusal(line).message == f"line 7: {what}"


def test_what_is_not_utf_8_is_refused_with_the_byte() -> None:
    """An editor's wrong encoding, or a cut line."""
    assert refusal(b'{"symbol": "B\xff"}').message == "line 7: is not UTF-8 at byte 14"


def test_a_refusal_names_the_key_and_what_to_write() -> None:
    """A program can mend it."""
    outcome = refusal('{"symbol": "BTC-USD", "action": "BUY", "notional": 5}')

    assert outcome.facts["key"] == "notional"
    assert outcome.remedy is not None
    assert outcome.remedy.text == "write target_notional"


def test_a_nul_or_a_look_alike_in_a_name_reaches_the_checks_as_it_is() -> None:
    """Their allowlist refuses it; nothing is cleaned away on the way."""
    message = decision_of('{"symbol": "ВTC-USD", "action": "BUY", "decision_id": "a\\u0000b"}'.encode(), "line 1")

    assert isinstance(message, DecisionMessage)
    assert message.decision.decision_id == "a\0b"
    assert message.symbol == "ВTC-USD"


@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_the_reader(content: bytes) -> None:
    """Anything is a decision or a refusal, never an exception."""
    assert isinstance(decision_of(content, "line 1"), DecisionMessage | InvalidRefused)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(_READERS)), inner, max_size=6)
        ),
        max_leaves=12,
    )
)
def test_no_json_whatever_breaks_the_reader(value: object) -> None:
    """Right keys with wrong values included."""
    fields = {"symbol": "B", "action": "BUY", **value} if isinstance(value, dict) else value

    assert isinstance(decision_of(json.dumps(fields).encode(), "line 1"), DecisionMessage | InvalidRefused)
