"""One pipeline for a review and for a plan."""

from decimal import Decimal

import pytest
from msgspec.structs import replace
from returns.result import Failure, Success

from tests.domain.situations import LONG, PERP, QUIET, Situation, buy, close, levels, sell
from tests.domain.test_translation import ABLE
from tidegate.domain.checks.draft import draft_of, unit_value
from tidegate.domain.decisions import Decision
from tidegate.domain.outcomes import Answer, Plan
from tidegate.domain.review import plan_of, review
from tidegate.domain.vocabulary import OrderType, Purpose


def test_an_order_whose_terms_fit_is_approved_as_it_is() -> None:
    """Nothing is rebuilt and nothing is reported that did not change."""
    order = QUIET.order(buy(limit_price="59000"))

    approved = review(order, QUIET.view)

    assert getattr(approved, "order", None) is order
    assert getattr(approved, "changes", None) == ()
    assert getattr(approved, "reviewed_at", None) == QUIET.at


def test_the_first_breach_in_order_is_the_answer_and_a_plan_shows_them_all() -> None:
    """Drift comes before slippage, slippage before size and size before balance; all of them are told."""
    asked = buy("8.5", reference_price="59700")

    assessed = QUIET.assessed(asked)

    assert assessed.refusal is not None
    assert assessed.refusal.code == "DRIFT"
    tripped = [verdict.check for verdict in assessed.verdicts if verdict.answer is Answer.TRIP]
    assert tripped == ["DRIFT", "SLIPPAGE", "ORDER_SIZE", "EXPOSURE", "BALANCE"]
    assert all(verdict.refusal is not None for verdict in assessed.verdicts if verdict.answer is Answer.TRIP)


def test_what_needs_a_price_is_left_out_of_an_assessment_without_one() -> None:
    """Every check that can be computed has a verdict; what cannot be is not made up."""
    assessed = QUIET.but(asks=()).assessed(buy())

    checks = [verdict.check for verdict in assessed.verdicts]
    assert "EXPOSURE" not in checks
    assert {"STALE_MARK", "RATE", "CLOCK"} <= set(checks)
    assert assessed.approved is None
    assert assessed.expected_price is None


def test_a_plan_tells_price_cost_fees_and_position_after() -> None:
    """0.6 BTC take the first level and a bit of the second; cost is at the protected price, with the worst fee."""
    loose = QUIET.but(limits={"max_order_pct": Decimal(1), "max_position_pct_per_symbol": Decimal(1)})

    planned = plan_of(loose.assessed(buy("0.6")), loose.view)

    plan = planned.unwrap()
    assert isinstance(plan, Plan)
    assert plan.expected_price == Decimal("60011.66666667")
    assert plan.worst_price is not None
    assert plan.fees == Decimal("0.6") * plan.worst_price * Decimal("0.006")
    assert plan.cost == Decimal("0.6") * plan.worst_price + plan.fees
    assert (plan.cost_currency, plan.position_after, plan.margin_after) == ("USD", Decimal("0.6"), None)
    assert {verdict.answer for verdict in plan.verdicts} == {Answer.PASS}


def test_what_would_rest_is_expected_to_pay_its_limit() -> None:
    """It takes nothing now."""
    assessed = QUIET.assessed(buy(limit_price="59000"))

    assert assessed.expected_price == Decimal(59_000)


def test_a_refused_order_has_no_plan() -> None:
    """The plan of what would be refused is the refusal."""
    assessed = QUIET.assessed(buy("8.5"))

    assert isinstance(plan_of(assessed, QUIET.view), Failure)
    assert isinstance(plan_of(LONG.assessed(close()), LONG.view), Success)


@pytest.mark.parametrize(
    ("here", "asked", "cost", "currency", "margin", "after"),
    [
        (LONG, sell("0.04", limit_price="60000"), "0.04", "BTC", None, "0.06"),
        (PERP, buy("2", limit_price="60000"), "601.200", "USD", "600", "2"),
        (
            PERP.but(held=Decimal(5), margin_used=Decimal(300)),
            sell("2", limit_price="60010", reduce_only=True),
            "1.2002",
            "USD",
            "0",
            "3",
        ),
        (
            PERP.but(held=Decimal(-2), margin_used=Decimal(900)),
            buy("2", limit_price="60000"),
            "1.200",
            "USD",
            "300",
            "0",
        ),
    ],
)
def test_a_plan_of_a_sell_or_a_derivative_tells_what_it_pays_in(
    here: Situation, asked: Decision, cost: str, currency: str, margin: str | None, after: str
) -> None:
    """Coins for a spot sell; margin and fee for a derivative, and margin given back by what shrinks a position."""
    plan = plan_of(here.assessed(asked), here.view).unwrap()

    assert (plan.cost, plan.cost_currency) == (Decimal(cost), currency)
    assert plan.margin_after == (None if margin is None else Decimal(margin))
    assert plan.position_after == Decimal(after)


def test_an_operators_close_is_judged_by_its_own_column() -> None:
    """It goes where a strategy's would, and its life does not end."""
    order = replace(LONG.order(sell(reduce_only=True, valid_until=LONG.at)), purpose=Purpose.OPERATOR_CLOSE)

    assert getattr(review(order, LONG.view), "order", None) is not None


def test_a_triggered_order_is_approved_with_its_rounded_trigger() -> None:
    """Trigger and limit are final terms like any other."""
    approved = ABLE.approved(buy(order_type=OrderType.STOP, stop_trigger="61000.007"))

    assert approved.order.trigger_price == Decimal("61000.00")


def test_a_figure_that_cannot_be_is_a_bug_and_raises() -> None:
    """A check that asks for a value without a price has been put in the wrong place."""
    draft = draft_of(QUIET.order(buy()), QUIET.view)

    with pytest.raises(LookupError):
        unit_value(draft)


def test_books_of_one_level_are_books() -> None:
    """The quiet market is nothing special."""
    thin = QUIET.but(bids=levels(("60000", "1")), asks=levels(("60001", "1")))

    assert thin.approved(buy()).order.limit_price == Decimal("60061.00")
