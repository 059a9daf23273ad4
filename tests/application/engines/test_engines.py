"""Both engines review by the same contract, and nothing needs to ask which one it holds."""

from decimal import Decimal
from typing import Any, cast

import pytest

from tests.domain.situations import LONG, QUIET, Situation, buy, close, decision
from tidegate.application.engine import ExecutionEngine
from tidegate.application.engines import AdvancedExecutionEngine, LiveExecutionEngine
from tidegate.domain.impact import Blind, ImpactEstimate
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.ports import Broker
from tidegate.domain.refusals import Refusal
from tidegate.domain.risk import RiskManager
from tidegate.domain.vocabulary import Action, OrderSide

NOBODY = cast(Broker, object())
"""An engine reviews what the view shows; it never asks its broker."""

both = pytest.mark.parametrize("kind", [LiveExecutionEngine, AdvancedExecutionEngine])


def made(kind: type[LiveExecutionEngine], **more: Any) -> ExecutionEngine:
    """An engine with default limits, by the arguments that both take."""
    return kind(broker=NOBODY, risk_manager=RiskManager(QUIET.limits), event_store=None, bot_id="bot", **more)


def reviewed(engine: ExecutionEngine, here: Situation, asked: Any) -> Any:
    """What the engine says of the decision's order."""
    return engine.review(here.order(asked), here.view)


@both
def test_an_engine_approves_what_passes_and_refuses_what_does_not(kind: type[LiveExecutionEngine]) -> None:
    """The same order, the same answer, whichever engine is asked."""
    engine = made(kind)

    assert isinstance(reviewed(engine, QUIET, buy()), ApprovedOrder)
    assert isinstance(reviewed(engine, LONG, close()), ApprovedOrder)
    assert isinstance(reviewed(engine, QUIET, buy("8")), Refusal)


@both
def test_an_assessment_ends_as_the_review_does(kind: type[LiveExecutionEngine]) -> None:
    """A plan promises what executing does."""
    engine = made(kind)
    order = QUIET.order(buy())

    assert engine.assess(order, QUIET.view).approved == engine.review(order, QUIET.view)


@both
@pytest.mark.parametrize("enable_preview", [True, False])
def test_an_engine_says_whether_placement_should_ask_for_a_preview(
    kind: type[LiveExecutionEngine], enable_preview: bool
) -> None:
    """The engine only carries the wish; it waits for nothing itself."""
    assert made(kind, enable_preview=enable_preview).enable_preview is enable_preview


SIZED = QUIET.but(limits={"enable_dynamic_position_sizing": True})
GUARDED = QUIET.but(limits={"enable_market_impact_guard": True, "max_market_impact_bps": Decimal("0.5")})


def test_only_the_advanced_engine_sizes() -> None:
    """6,000 of 100,000 is cut to 5 % there, and left alone here."""
    asked = decision(Action.BUY, quantity="0.1", limit_price="60000")

    advanced, live = (reviewed(made(kind), SIZED, asked) for kind in (AdvancedExecutionEngine, LiveExecutionEngine))

    assert advanced.order.quantity == Decimal("0.08333333")
    assert live.order.quantity == Decimal("0.1")


def test_the_advanced_engine_guards_the_book_of_the_view() -> None:
    """0.1 BTC fit the first level; with half of it gone they do not."""
    thin = GUARDED.but(asks=(QUIET.asks[0].__class__(Decimal(60_010), Decimal("0.01")), *QUIET.asks[1:]))
    engine = made(AdvancedExecutionEngine)

    assert isinstance(reviewed(engine, GUARDED, buy("0.1")), ApprovedOrder)
    refused = reviewed(engine, thin, buy("0.1"))
    assert isinstance(refused, Refusal)
    assert refused.code == "IMPACT"


def test_an_estimator_that_is_handed_in_judges_instead() -> None:
    """An integrator's own model takes the book's place, and its blindness refuses."""

    def blind(symbol: str, side: OrderSide, quantity: Decimal) -> ImpactEstimate | Blind:
        return Blind(symbol=symbol, reason=f"no model for {side} {quantity}")

    refused = reviewed(made(AdvancedExecutionEngine, impact_estimator=blind), GUARDED, buy("0.1"))

    assert isinstance(refused, Refusal)
    assert "no model for BUY 0.1" in refused.message
