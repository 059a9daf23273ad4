"""The trading state, unknown outcomes, and what an exit may still take."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.situations import LONG, NOW, PERP, QUIET, Situation, buy, close, sell
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.outcomes import Answer
from tidegate.domain.refusals import Refusal
from tidegate.domain.review import review
from tidegate.domain.states import StateEntry
from tidegate.domain.views import OwnOrders
from tidegate.domain.vocabulary import Purpose, TradingState

ACTIVE, REDUCING, HALTED = TradingState


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize(
    ("here", "allowed"),
    [
        (LONG, set(Purpose)),
        (LONG.but(state=StateEntry(state=REDUCING)), set(Purpose) - {Purpose.ENTRY}),
        (LONG.but(limits={"reduce_only_mode": True}), set(Purpose) - {Purpose.ENTRY}),
        (LONG.but(state=StateEntry(state=HALTED)), {Purpose.PROTECTION, Purpose.OPERATOR_CLOSE}),
        (LONG.but(limits={"kill_switch_enabled": True}), {Purpose.PROTECTION, Purpose.OPERATOR_CLOSE}),
        (
            LONG.but(state=StateEntry(state=REDUCING), limits={"kill_switch_enabled": True}),
            {Purpose.PROTECTION, Purpose.OPERATOR_CLOSE},
        ),
        (
            LONG.but(state=StateEntry(state=HALTED), limits={"reduce_only_mode": True}),
            {Purpose.PROTECTION, Purpose.OPERATOR_CLOSE},
        ),
    ],
)
def test_each_state_lets_its_purposes_through(here: Situation, allowed: set[Purpose], purpose: Purpose) -> None:
    """REDUCING lets exits out, HALTED only protection and an operator; a setting acts like the state it names."""
    asked = here.but(state=StateEntry(state=ACTIVE), limits={"kill_switch_enabled": False, "reduce_only_mode": False})
    order = replace(asked.order(buy() if purpose is Purpose.ENTRY else sell()), purpose=purpose)

    outcome = review(order, here.view)

    assert isinstance(outcome, ApprovedOrder) is (purpose in allowed)
    if isinstance(outcome, Refusal):
        assert outcome.code == "TRADING_STATE"


@pytest.mark.parametrize(
    ("here", "why", "by"),
    [
        (QUIET.but(state=StateEntry(state=HALTED, reason="lunch", by="ada")), "lunch", "ada"),
        (QUIET.but(limits={"kill_switch_enabled": True}), "risk.kill_switch_enabled", "settings"),
        (QUIET.but(limits={"reduce_only_mode": True}), "risk.reduce_only_mode", "settings"),
        (QUIET.but(state=StateEntry(state=REDUCING)), "", ""),
    ],
)
def test_a_state_says_who_set_it_and_why(here: Situation, why: str, by: str) -> None:
    """An operator at night needs to know whom to ask."""
    refused = here.refused(buy(), "TRADING_STATE")

    assert (refused.facts["reason"], refused.facts["by"]) == (why, by)
    assert why in refused.message


def test_in_reducing_an_order_against_the_position_is_told_to_come_reduce_only() -> None:
    """It would pass as a reduction, and does."""
    here = PERP.but(held=Decimal(5), state=StateEntry(state=REDUCING))

    refused = here.refused(sell("1"), "TRADING_STATE")

    assert refused.remedy is not None
    assert refused.remedy.changes == {"reduce_only": True}
    assert here.approved(sell("1", reduce_only=True)).order.purpose is Purpose.REDUCTION


@pytest.mark.parametrize(("is_latched", "waits"), [(False, True), (True, False)])
def test_a_cool_down_says_when_it_ends_and_a_latch_waits_for_an_operator(is_latched: bool, waits: bool) -> None:
    """Only what ends by itself has an end to name."""
    until = NOW + timedelta(minutes=5)
    here = QUIET.but(state=StateEntry(state=REDUCING, until=until, is_latched=is_latched))

    refused = here.refused(buy(), "TRADING_STATE")

    assert (refused.remedy is not None and refused.remedy.not_before == until) is waits


def test_an_unknown_outcome_blocks_increases_on_its_symbol_and_lets_exits_out() -> None:
    """R4: what may be open counts as open; what shrinks the position goes on, with a warning."""
    unknown = OwnOrders(unknown_count=2, unknown_id="tg123")

    refused = QUIET.but(own_orders=unknown).refused(buy(), "UNKNOWN_OUTCOME")
    approved = LONG.but(own_orders=unknown).approved(close())

    assert refused.facts["client_order_id"] == "tg123"
    assert [warned.code for warned in approved.warnings] == ["UNKNOWN_OUTCOME"]


def test_a_reduce_only_order_is_clamped_to_what_is_reducible_and_says_so() -> None:
    """Never more than is there, and the change is reported."""
    here = LONG.but(own_orders=OwnOrders(reducing_leaves=Decimal("0.03")))

    approved = here.approved(sell("5", reduce_only=True))

    assert approved.order.quantity == Decimal("0.07")
    assert [(one.term, one.before, one.after) for one in approved.changes if one.term == "quantity"] == [
        ("quantity", "5", "0.07")
    ]


def test_the_wallet_caps_what_a_spot_exit_can_take() -> None:
    """Coins that a fee has taken cannot be sold."""
    here = LONG.but(available={"USD": Decimal(10), "BTC": Decimal("0.0994")})

    assert here.approved(close()).order.quantity == Decimal("0.0994")


@pytest.mark.parametrize("account_held", ["0", "-3"])
def test_a_reduction_never_increases_the_accounts_position(account_held: str) -> None:
    """Two strategies may stand against each other: what shrinks the one's position must not open the account's."""
    here = PERP.but(held=Decimal(5), account_held=Decimal(account_held))

    here.refused(close(), "REDUCIBLE")
    assert PERP.but(held=Decimal(5), account_held=Decimal(2)).approved(close()).order.quantity == Decimal(2)
    assert PERP.but(held=Decimal(-5), account_held=Decimal(-2)).approved(close()).order.quantity == Decimal(2)


def test_what_other_strategies_reductions_may_take_is_not_the_accounts_any_more() -> None:
    """Their leaves on this side count against what the account holds, and not against the strategy's own position."""
    here = PERP.but(held=Decimal(5), account_held=Decimal(6), own_orders=OwnOrders(account_reducing_leaves=Decimal(2)))

    assert here.approved(close()).order.quantity == Decimal(4)
    here.but(account_held=Decimal(2)).refused(close(), "REDUCIBLE")
    assert here.but(account_held=Decimal(7)).approved(close()).order.quantity == Decimal(5)


def test_a_reduction_that_has_been_overtaken_is_refused() -> None:
    """Between translation and review another exit took its share, and the order is no longer what it claims to be."""
    order = LONG.order(sell("0.1"))
    overtaken = LONG.but(own_orders=OwnOrders(reducing_leaves=Decimal("0.04")))
    taken = LONG.but(own_orders=OwnOrders(reducing_leaves=Decimal("0.1")))

    partly, wholly = review(order, overtaken.view), review(order, taken.view)

    assert isinstance(partly, Refusal)
    assert isinstance(wholly, Refusal)
    assert (partly.code, wholly.code) == ("REDUCIBLE", "REDUCIBLE")
    assert partly.remedy is not None
    assert partly.remedy.changes == {"reduce_only": True}
    assert wholly.remedy is None


@pytest.mark.parametrize("asked", [buy(), close()])
def test_an_assessment_shows_every_verdict_for_an_order(asked: Any) -> None:
    """Nothing trips here, and nothing is left out."""
    assessed = LONG.assessed(asked)

    assert {verdict.answer for verdict in assessed.verdicts} == {Answer.PASS}
