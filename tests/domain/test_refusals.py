"""Refusals: a closed union of typed reasons with stable codes, figures and remedies."""

import re
from datetime import UTC, datetime
from decimal import Context, Decimal, localcontext
from typing import Any, get_args

import msgspec
import pytest

from tidegate.domain.decisions import Decision
from tidegate.domain.orders import Refused
from tidegate.domain.refusals import (
    AnyRefusal,
    ExposureRefused,
    MinimumRefused,
    NotAcceptedRefused,
    Refusal,
    Remedy,
    VenueOtherRefused,
)
from tidegate.domain.rejections import VENUE_REFUSALS, refusal_of
from tidegate.domain.vocabulary import Action, OrderType, TimeInForce, TriggerSource

CHECKS = (
    "ORDER_SIZE EXPOSURE LEVERAGE LIQUIDATION BALANCE SLIPPAGE IMPACT STALE_MARK CLOCK COLLAR DRIFT SELF_CROSS RATE"
    " PREVIEW"
).split()
OTHERS = (
    "INVALID UNKNOWN_SYMBOL MARKET_STATE TRADING_STATE MINIMUM REDUCIBLE UNKNOWN_OUTCOME AMBIGUOUS_SIZE ID_CONFLICT"
    " EXPIRED NOT_ACCEPTED AUTH STORE VENUE_OTHER"
).split()
KINDS = get_args(AnyRefusal)
CODES = [kind(message="").code for kind in KINDS]


def subclasses(kind: type[Any]) -> set[type[Any]]:
    """All of them, however deep."""
    return {each for one in kind.__subclasses__() for each in (one, *subclasses(one))}


def test_the_closed_union_is_the_subclasses_of_refusal() -> None:
    """One that is declared and not listed could be returned and not stored."""
    assert set(KINDS) == {one for one in subclasses(Refusal) if one.__module__ == Refusal.__module__}


def test_the_codes_are_those_of_the_trading_rules_and_some_of_the_venues() -> None:
    """A check's code is its name; what else a venue may say begins with VENUE."""
    assert set(CODES) >= {*CHECKS, *OTHERS}
    assert all(code.startswith("VENUE_") for code in set(CODES) - {*CHECKS, *OTHERS})


def test_codes_are_stable_unique_and_in_capitals() -> None:
    """Programs match on them."""
    assert len(set(CODES)) == len(CODES)
    assert all(re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code) for code in CODES)


def test_figures_and_facts_are_one_context() -> None:
    """Numbers as decimals, texts as texts."""
    refusal = ExposureRefused(message="too much", figures={"limit": Decimal("0.2")}, facts={"underlying": "BTC"})

    assert refusal.context == {"limit": Decimal("0.2"), "underlying": "BTC"}
    assert (refusal.code, refusal.remedy) == ("EXPOSURE", None)


def test_a_remedy_out_of_a_journal_is_what_a_decision_takes() -> None:
    """Numbers, words and moments again, and not their texts."""
    remedy = Remedy(
        "so",
        {
            "quantity": Decimal("0.013"),
            "order_type": OrderType.LIMIT,
            "time_in_force": TimeInForce.GTC,
            "trigger_source": TriggerSource.MARK,
            "valid_until": datetime(2026, 5, 2, 14, 3, 20, tzinfo=UTC),
            "post_only": False,
            "stop_loss": None,
            "reason": "12",
        },
    )
    text = msgspec.json.encode(MinimumRefused(message="x", remedy=remedy))
    with localcontext(Context(prec=1)):
        read = msgspec.json.decode(text, type=AnyRefusal).remedy

    assert read == remedy
    decision = Decision(action=Action.BUY, **read.changes)
    assert (decision.quantity, decision.order_type, decision.reason) == (Decimal("0.013"), OrderType.LIMIT, "12")


def test_a_remedy_leaves_the_mapping_it_was_given_alone() -> None:
    """It is the caller's."""
    given = {"quantity": "0.5", "reason": "x"}
    remedy = Remedy("so", given)

    assert given == {"quantity": "0.5", "reason": "x"}
    assert remedy.changes == {"quantity": Decimal("0.5"), "reason": "x"}


@pytest.mark.parametrize("changes", [{"quantity": "many"}, {"order_type": "SOON"}, {"expire_at": "later"}])
def test_a_damaged_remedy_is_no_remedy(changes: dict[str, Any]) -> None:
    """D3: a reader is told, in the words of its decoder."""
    with pytest.raises(ValueError):  # noqa: PT011 -- each kind of text has words of its own
        Remedy("so", changes)
    text = msgspec.json.encode({"text": "so", "changes": changes})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Remedy)


def test_a_venues_reject_is_refused_by_its_code_and_keeps_its_text() -> None:
    """B17, B21: typed, with what the venue said."""
    refusal = refusal_of(Refused(code="VENUE_INSUFFICIENT_FUNDS", message="not enough", by_venue=True))

    assert (refusal.code, refusal.message) == ("VENUE_INSUFFICIENT_FUNDS", "not enough")
    assert refusal.context == {"venue_text": "not enough"}


def test_a_reject_that_no_table_knows_is_venue_other_with_its_code_and_text() -> None:
    """B18: nothing of it is lost."""
    refusal = refusal_of(Refused(code="FULL_MOON", message="", by_venue=True))

    assert isinstance(refusal, VenueOtherRefused)
    assert (refusal.message, refusal.context) == ("FULL_MOON", {"venue_code": "FULL_MOON", "venue_text": ""})


def test_a_venue_cannot_speak_in_our_checks_names() -> None:
    """EXPOSURE is said by us alone."""
    assert refusal_of(Refused(code="EXPOSURE", message="x", by_venue=True)).code == "VENUE_OTHER"
    assert refusal_of(Refused(code="EXPOSURE", message="x", by_venue=False)).code == "EXPOSURE"


def test_a_refusal_of_ours_keeps_its_code_and_has_no_venue_in_it() -> None:
    """B3: complete queries did not show it."""
    refusal = refusal_of(Refused(code="NOT_ACCEPTED", message="not found", by_venue=False))

    assert isinstance(refusal, NotAcceptedRefused)
    assert refusal.context == {}


def test_every_code_an_adapter_may_give_is_a_refusals() -> None:
    """And under its own name."""
    assert all(kind(message="").code == code for code, kind in VENUE_REFUSALS.items())
    assert set(VENUE_REFUSALS) <= set(CODES)
