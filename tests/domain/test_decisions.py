"""Decisions: one object is one order, and nothing in it is of another type than it says."""

from contextvars import copy_context
from datetime import UTC, datetime, timedelta, timezone
from decimal import Context, Decimal, Inexact, localcontext
from enum import StrEnum
from typing import Any

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import fields, replace

from tests.domain.examples import examples_of
from tidegate.domain.decisions import DECISION_SOURCE, Algorithm, Decision, same_content
from tidegate.domain.identifiers import is_identifier
from tidegate.domain.vocabulary import Action, OrderType, TimeInForce, TriggerSource

NOW = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)
WHOLE = Decision(
    action=Action.BUY,
    decision_id="d-1",
    target_notional=Decimal(250),
    quantity=Decimal("0.1"),
    leverage=Decimal(2),
    reduce_only=True,
    reason="because",
    order_type=OrderType.STOP_LIMIT,
    limit_price=Decimal(1),
    stop_trigger=Decimal(2),
    time_in_force=TimeInForce.GTD,
    expire_at=NOW,
    post_only=True,
    valid_until=NOW,
    reference_price=Decimal(3),
    max_drift_bps=Decimal(4),
    strategy_id="mean",
    decided_at=NOW,
    trail=Decimal(5),
    trigger_source=TriggerSource.MARK,
    take_profit=Decimal(6),
    stop_loss=Decimal(7),
    algorithm=Algorithm(name="TWAP", parameters={"minutes": "5"}),
    display_quantity=Decimal(8),
)


class Bound:
    """A source as the container binds it."""

    def __init__(self) -> None:
        self.drawn = 0

    def draw_id(self) -> str:
        self.drawn += 1
        return f"drawn-{self.drawn}"

    def now(self) -> datetime | None:
        return NOW


class Word(StrEnum):
    BUY = "BUY"


def test_a_decision_without_an_id_is_given_one_of_its_own() -> None:
    """From the operating system outside any application, and never twice the same."""
    ids = {Decision(action=Action.BUY).decision_id for _ in range(100)}

    assert len(ids) == 100
    assert all(is_identifier(one) for one in ids)
    assert Decision(action=Action.BUY).decided_at is None


def test_inside_an_application_id_and_moment_are_the_bound_ones() -> None:
    """Seeded in replay, so that the same run names the same orders."""

    def inside() -> list[Decision]:
        DECISION_SOURCE.set(Bound())
        return [
            Decision(action=Action.HOLD),
            Decision(action=Action.HOLD),
            Decision(action=Action.HOLD, decision_id="own"),
        ]

    first, second, own = copy_context().run(inside)

    assert [first.decision_id, second.decision_id, own.decision_id] == ["drawn-1", "drawn-2", "own"]
    assert first.decided_at == NOW


@pytest.mark.parametrize("name", [one.name for one in fields(Decision)])
@pytest.mark.parametrize("value", [1.5, b"x", object(), [], 10**30], ids=lambda value: type(value).__name__)
def test_a_field_of_another_type_is_named_at_once(name: str, value: Any) -> None:
    """A bad type is the strategy's mistake, and raises where it was made."""
    with pytest.raises(TypeError, match=rf"^Decision\.{name} must be .*, not {type(value).__name__}"):
        replace(WHOLE, **{name: value})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("quantity", 0.1, "Decision.quantity must be None or Decimal, not float; write Decimal('0.1')"),
        ("limit_price", 60_000, "Decision.limit_price must be None or Decimal, not int; write Decimal('60000')"),
        ("quantity", "0.1", "Decision.quantity must be None or Decimal, not str"),
        ("action", "BUY", "Decision.action must be Action, not str"),
        ("action", Word.BUY, "Decision.action must be Action, not Word"),
        ("decision_id", None, "Decision.decision_id must be str, not NoneType"),
        ("reduce_only", 1, "Decision.reduce_only must be bool, not int"),
        ("post_only", None, "Decision.post_only must be bool, not NoneType"),
        ("order_type", "LIMIT", "Decision.order_type must be None or OrderType, not str"),
        ("time_in_force", OrderType.LIMIT, "Decision.time_in_force must be None or TimeInForce, not OrderType"),
        ("valid_until", "2026-05-02", "Decision.valid_until must be None or datetime, not str"),
        ("algorithm", {"name": "TWAP"}, "Decision.algorithm must be None or Algorithm, not dict"),
    ],
)
def test_the_sentence_names_the_field_what_it_takes_and_how_to_write_it(name: str, value: Any, message: str) -> None:
    """So that nobody has to look it up."""
    with pytest.raises(TypeError) as raised:
        replace(WHOLE, **{name: value})
    assert str(raised.value) == message


@given(examples_of(Decision))
def test_what_its_fields_declare_is_a_decision(decision: Decision) -> None:
    """The check that is written out agrees with the declarations."""
    assert isinstance(decision, Decision)


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-1", "-0", "1e999", "9" * 60])
def test_an_impossible_number_is_accepted_here_and_survives_a_store(text: str) -> None:
    """N1: it becomes a recorded refusal on its way, and not an exception in the strategy."""
    decision = Decision(action=Action.BUY, decision_id="d", quantity=Decimal(text))
    read = msgspec.json.decode(msgspec.json.encode(decision), type=Decision)

    assert str(read.quantity) == text.replace("1e999", "1E+999")
    assert same_content("BTC-USD", decision, "BTC-USD", read)
    assert same_content("BTC-USD", decision, "BTC-USD", decision)


def test_one_that_is_no_number_is_other_content_than_a_number() -> None:
    """NaN equals NaN here, and nothing else."""
    nothing, one, signal = (replace(WHOLE, quantity=Decimal(text)) for text in ("NaN", "1", "sNaN"))

    assert not same_content("B", nothing, "B", one)
    assert not same_content("B", one, "B", signal)
    assert not same_content("B", nothing, "B", signal)


def test_equal_content_looks_past_the_moments_of_its_life() -> None:
    """A redelivered decision may be dated anew."""
    later = replace(WHOLE, decided_at=NOW + timedelta(hours=1), valid_until=None)

    assert same_content("BTC-USD", WHOLE, "BTC-USD", later)


def test_equal_content_compares_decimals_by_value() -> None:
    """0.10 is 0.1, and a host that rounds to three digits does not make 0.1001 of it."""
    padded = replace(WHOLE, quantity=Decimal("0.10"))

    assert same_content("BTC-USD", WHOLE, "BTC-USD", padded)
    with localcontext(Context(prec=2, traps=[Inexact])):
        assert not same_content("BTC-USD", WHOLE, "BTC-USD", replace(WHOLE, quantity=Decimal("0.1001")))


def test_equal_content_compares_moments_by_the_instant() -> None:
    """The same moment told in another zone."""
    elsewhere = replace(WHOLE, expire_at=NOW.astimezone(timezone(timedelta(hours=9))))

    assert same_content("BTC-USD", WHOLE, "BTC-USD", elsewhere)


def test_another_symbol_is_another_content() -> None:
    """N7."""
    assert not same_content("BTC-USD", WHOLE, "ETH-USD", WHOLE)


@pytest.mark.parametrize(
    "name", [one.name for one in fields(Decision) if one.name not in ("decided_at", "valid_until", "action")]
)
def test_any_other_field_is_content(name: str) -> None:
    """N7: a second decision under the first one's id."""
    bare = Decision(action=Action.BUY, decision_id="d-2")

    assert not same_content("BTC-USD", WHOLE, "BTC-USD", replace(WHOLE, **{name: getattr(bare, name)}))
