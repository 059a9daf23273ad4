"""The impact guard and fixed-fraction sizing, as the advanced pipeline runs them."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from tests.domain.checks.test_limits import RICH, quantity_of
from tests.domain.checks.test_market_guards import WIDE_LIMITS, passes, warned
from tests.domain.situations import LONG, QUIET, buy, close, decision, sell
from tests.domain.test_translation import ABLE
from tidegate.domain.checks.impact import impact_by
from tidegate.domain.checks.pipeline import LIVE, advanced
from tidegate.domain.impact import Blind, ImpactEstimate
from tidegate.domain.vocabulary import Action, OrderSide, OrderType

GUARDED = QUIET.but(
    limits=WIDE_LIMITS
    | {
        "enable_market_impact_guard": True,
        "slippage_guard_bps": Decimal(50),
        "max_market_impact_bps": Decimal(5),
    },
    equity=Decimal(10_000_000),
    available=RICH,
    pipeline=advanced(),
)


@pytest.mark.parametrize(
    ("asked", "ok"),
    [
        (buy("0.5"), True),  # the touch alone
        (buy("3"), True),  # 3.9 bps
        (buy("3.5"), False),  # 5.0 bps and a little
        (buy("8", limit_price="60060"), False),
        (buy("8", limit_price="60020"), True),
        (buy("8", limit_price="60000"), True),
        (buy("8", limit_price="60000", post_only=True), True),
    ],
)
def test_an_order_moves_the_market_by_its_limit_at_most(asked: Any, ok: bool) -> None:
    """A market order is judged whole, a limit order by what it would take, and what rests moves nothing."""
    assert passes(GUARDED.outcome(asked), "IMPACT") is ok


def test_too_large_an_impact_is_told_the_size_that_keeps_it() -> None:
    """The average of that size stands at the touch plus 5 bps."""
    refused = GUARDED.refused(buy("8"), "IMPACT")

    largest = quantity_of(refused)
    bound = Decimal(60_010) * Decimal("1.0005")
    cost = 60_010 * Decimal("0.5") + 60_020 + 60_060 * (largest - Decimal("1.5"))
    assert bound - Decimal("0.001") < cost / largest <= bound


def test_an_impact_that_cannot_be_seen_is_refused_as_blind() -> None:
    """A limit order that reaches past the recorded depth within its price: slippage stops it at the same place."""
    GUARDED.refused(buy("9"), "SLIPPAGE")
    whole = GUARDED.but(book_is_whole=True)

    refused = whole.refused(buy("9"), "IMPACT")

    assert refused.facts["answer"] == "BLIND"
    assert quantity_of(refused) < Decimal("8.5")


def test_impact_warns_an_exit() -> None:
    """It is recorded, and the exit goes."""
    held = GUARDED.but(held=Decimal(9), available={"BTC": Decimal(9)})

    assert "IMPACT" in warned(held, sell("8"))
    assert "IMPACT" not in warned(held.but(pipeline=LIVE), sell("8"))


def test_a_limit_order_on_an_empty_side_has_no_remedy_in_size() -> None:
    """There is nothing to take, so there is no size that takes little of it."""
    refused = GUARDED.but(asks=()).refused(buy("1", limit_price="60000"), "IMPACT")

    assert refused.remedy is None


def test_a_guard_that_is_off_and_a_trigger_ask_nothing() -> None:
    """The one is not wanted, the other takes nothing now."""
    off = GUARDED.but(limits={"enable_market_impact_guard": False})

    off.approved(buy("8"))
    GUARDED.but(capabilities=ABLE.capabilities).approved(buy("8", order_type=OrderType.STOP, stop_trigger="60500"))


def estimating(answer: str | None) -> Any:
    """An estimator that always gives the same answer in basis points, or is blind."""

    def estimate(symbol: str, side: OrderSide, quantity: Decimal) -> ImpactEstimate | Blind:
        if answer is None:
            return Blind(symbol=symbol, reason="the model is not loaded")
        return ImpactEstimate(
            symbol=symbol,
            side=side,
            quantity=quantity,
            touch=Decimal(60_010),
            expected_price=Decimal(60_020),
            impact_bps=Decimal(answer),
        )

    return estimate


@pytest.mark.parametrize(("answer", "ok"), [("5", True), ("5.01", False), (None, False)])
def test_an_estimator_of_the_callers_own_takes_the_books_place(answer: str | None, ok: bool) -> None:
    """Its answer is held to the same limit, and what it cannot see is refused as well."""
    here = GUARDED.but(pipeline=advanced(partial(impact_by, estimating(answer))))

    assert passes(here.outcome(buy("0.1")), "IMPACT") is ok
    here.approved(buy("0.1", limit_price="59000"))


SIZED = QUIET.but(limits={"enable_dynamic_position_sizing": True}, pipeline=advanced())


@pytest.mark.parametrize(
    ("asked", "quantity"),
    [
        (buy("0.08", limit_price="60000"), "0.08"),  # 4,800
        (buy("0.1", limit_price="60000"), "0.08333333"),  # 5 % of 100,000
        (decision(Action.BUY, target_notional="9000", limit_price="60000"), "0.08333333"),
    ],
)
def test_an_entry_is_cut_to_its_fraction_of_equity_and_never_grown(asked: Any, quantity: str) -> None:
    """The cut is reported; what is smaller stays as small as it was asked for."""
    approved = SIZED.approved(asked)

    assert approved.order.quantity == Decimal(quantity)
    assert [one.why for one in approved.changes if one.term == "quantity"] == (
        ["sizing: 5 % of equity"] if quantity != "0.08" else []
    )


@pytest.mark.parametrize("changed", [{"equity": None}, {"rate": None}])
def test_without_an_equity_nothing_is_cut_and_the_order_is_refused_for_it(changed: dict[str, Any]) -> None:
    """Sizing does not guess; ORDER_SIZE says what is missing."""
    SIZED.but(**changed).refused(buy("0.1"), "ORDER_SIZE")


def test_an_account_below_zero_is_cut_to_nothing() -> None:
    """And nothing is below every minimum."""
    assert SIZED.but(equity=Decimal(-1)).refused(buy("0.1"), "MINIMUM").remedy is None


def test_sizing_leaves_a_close_alone() -> None:
    """6,000 of 100,000 is more than the fraction, and goes whole."""
    here = LONG.but(limits={"enable_dynamic_position_sizing": True}, pipeline=advanced())

    assert here.approved(close()).order.quantity == Decimal("0.1")


def test_sizing_that_is_off_cuts_nothing() -> None:
    """The setting decides, not the engine."""
    assert QUIET.but(pipeline=advanced()).approved(buy("0.1", limit_price="60000")).order.quantity == Decimal("0.1")
