"""The factory's calls, as the public contract has them."""

from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.situations import PERP, PERPETUAL, QUIET, SPOT
from tidegate.application.configuration import ConfigurationError
from tidegate.application.engine_factory import (
    SLIPPAGE_MULTIPLIERS,
    BadEngineArgument,
    BadSlippageMultiplier,
    ExecutionEngineFactory,
)
from tidegate.application.engines import AdvancedExecutionEngine, LiveExecutionEngine
from tidegate.domain.impact import Blind, ImpactEstimate
from tidegate.domain.ports import Broker
from tidegate.domain.products import Product
from tidegate.domain.risk import RiskLimits, RiskManager
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide

parse = ExecutionEngineFactory.parse_slippage_multipliers


class Quotes:
    """The market data of two quiet products."""

    def product(self, symbol: str) -> Product | None:
        return {"BTC-USD": SPOT, "BTC-PERP": PERPETUAL}.get(symbol)

    def reading(self, symbol: str) -> MarketReading:
        return {"BTC-USD": QUIET.reading, "BTC-PERP": PERP.reading}[symbol]


QUOTES = cast(Broker, Quotes())
DEFAULTS = RiskManager(RiskLimits())


@pytest.mark.parametrize(
    ("raw", "parsed"),
    [
        ("", {}),
        ("   ", {}),
        ("BTC-USD:1.5,ETH-USD:2.0", {"BTC-USD": 1.5, "ETH-USD": 2.0}),
        (" BTC-USD : 1.5 , ETH-USD:2,", {"BTC-USD": 1.5, "ETH-USD": 2.0}),
        ("BINANCE:BTC-USD:1.25", {"BINANCE:BTC-USD": 1.25}),
        ("BTC-USD:1e1", {"BTC-USD": 10.0}),
    ],
)
def test_multipliers_are_read_by_symbol(raw: str, parsed: dict[str, float]) -> None:
    """White space and a last comma do not count, and nothing at all is no multipliers."""
    assert parse(raw) == parsed


@pytest.mark.parametrize(
    ("raw", "entry"),
    [
        ("BTC-USD", "BTC-USD"),
        ("BTC-USD:", "BTC-USD:"),
        (":1.5", ":1.5"),
        ("btc-usd:1.5", "btc-usd:1.5"),
        ("BTC-USD:one", "BTC-USD:one"),
        ("BTC-USD:NaN", "BTC-USD:NaN"),
        ("BTC-USD:inf", "BTC-USD:inf"),
        ("BTC-USD:0", "BTC-USD:0"),
        ("BTC-USD:-1", "BTC-USD:-1"),
        ("BTC-USD:1e99", "BTC-USD:1e99"),
        ("BTC-USD:1,BTC-USD:2", "BTC-USD:2"),
        ("BTC-USD:1,,ETH-USD:2", ""),
        (",", ""),
        ("ETH-USD:1, BTC-USD=2", "BTC-USD=2"),
    ],
)
def test_a_bad_entry_is_a_configuration_error_that_names_it(raw: str, entry: str) -> None:
    """A misread multiplier would loosen a guard in silence."""
    with pytest.raises(BadSlippageMultiplier) as caught:
        parse(raw)

    assert caught.value.entry == entry
    assert repr(entry) in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, ConfigurationError)


@settings(deadline=None)
@given(st.text(alphabet="BTC-USD:1.5, e∞NaN\0"))
def test_no_text_does_anything_else(raw: str) -> None:
    """Multipliers above zero, or the named error; never another."""
    try:
        parsed = parse(raw)
    except BadSlippageMultiplier:
        return
    assert all(0 < multiplier < float("inf") for multiplier in parsed.values())


def test_without_an_argument_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """SLIPPAGE_MULTIPLIERS, as the predecessor named it; unset it is no multipliers."""
    monkeypatch.delenv(SLIPPAGE_MULTIPLIERS, raising=False)
    assert parse() == {}

    monkeypatch.setenv(SLIPPAGE_MULTIPLIERS, "BTC-USD:3")
    assert parse() == {"BTC-USD": 3.0}
    assert parse("") == {}


SIZING = RiskLimits(enable_dynamic_position_sizing=True)
GUARD = RiskLimits(enable_market_impact_guard=True)


@pytest.mark.parametrize(
    ("risk_manager", "is_advanced"),
    [
        (DEFAULTS, False),
        (RiskManager(SIZING), True),
        (RiskManager(GUARD), True),
        (RiskManager(RiskLimits(), overrides={"BTC-USD": GUARD}), True),
        (RiskManager(RiskLimits(), overrides={"BTC-USD": RiskLimits()}), False),
    ],
)
def test_the_risk_settings_pick_the_engine(risk_manager: RiskManager, is_advanced: bool) -> None:
    """Dynamic sizing or the impact guard, of the account or of any symbol."""
    engine = ExecutionEngineFactory.create_engine(
        broker=QUOTES, risk_manager=risk_manager, event_store=None, bot_id="bot", enable_preview=True
    )

    assert ExecutionEngineFactory.should_use_advanced_engine(risk_manager) is is_advanced
    assert type(engine) is (AdvancedExecutionEngine if is_advanced else LiveExecutionEngine)
    assert (engine.bot_id, engine.enable_preview, engine.risk_manager) == ("bot", True, risk_manager)


def test_multipliers_reach_the_limits_of_their_symbol(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment or as an argument; a symbol's own limit stands, and the trading states are shared."""
    own = RiskLimits(slippage_multiplier=Decimal(4))
    risk_manager = RiskManager(RiskLimits(), overrides={"ETH-USD": own})
    monkeypatch.setenv(SLIPPAGE_MULTIPLIERS, "BTC-USD:1.5,ETH-USD:2,SOL-USD:1")

    engine = ExecutionEngineFactory.create_engine(broker=QUOTES, risk_manager=risk_manager)

    limits = {symbol: engine.risk_manager.limits_for(symbol) for symbol in ("BTC-USD", "ETH-USD", "SOL-USD")}
    assert [one.slippage_multiplier for one in limits.values()] == [Decimal("1.5"), Decimal(4), Decimal(1)]
    assert limits["BTC-USD"] == replace(RiskLimits(), slippage_multiplier=Decimal("1.5"))
    assert engine.risk_manager.states is risk_manager.states
    given_none = ExecutionEngineFactory.create_engine(broker=QUOTES, risk_manager=risk_manager, slippage_multipliers={})
    assert given_none.risk_manager is risk_manager


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"broker": None}, "broker"),
        ({"broker": object()}, "broker"),
        ({"risk_manager": RiskLimits()}, "risk_manager"),
        ({"bot_id": 7}, "bot_id"),
        ({"enable_preview": "yes"}, "enable_preview"),
        ({"slippage_multipliers": "BTC-USD:1.5"}, "slippage_multipliers"),
    ],
)
def test_a_bad_argument_gets_an_error_that_names_it(arguments: dict[str, Any], name: str) -> None:
    """Never an AssertionError, never None, and not as late as its first use."""
    good: dict[str, Any] = {"broker": QUOTES, "risk_manager": DEFAULTS}

    with pytest.raises(BadEngineArgument) as caught:
        ExecutionEngineFactory.create_engine(**(good | arguments))

    assert caught.value.argument == name
    assert isinstance(caught.value, TypeError)


def test_a_bad_multiplier_of_the_container_is_named_too() -> None:
    """A table is held to the same words as the text."""
    with pytest.raises(BadSlippageMultiplier, match="BTC-USD"):
        ExecutionEngineFactory.create_engine(
            broker=QUOTES, risk_manager=DEFAULTS, slippage_multipliers={"BTC-USD": float("nan")}
        )
    with pytest.raises(BadEngineArgument, match="raw"):
        parse(cast(str, 5))


def test_an_estimator_reads_the_brokers_market_at_each_call() -> None:
    """The touch of 0.5, a walk through two levels, and contracts of their size."""
    estimate = ExecutionEngineFactory.create_impact_estimator(QUOTES, DEFAULTS)

    one, two = estimate("BTC-USD", OrderSide.BUY, Decimal("0.5")), estimate("BTC-USD", OrderSide.SELL, Decimal("1.5"))
    contracts = estimate("BTC-PERP", OrderSide.BUY, Decimal(20))

    assert isinstance(one, ImpactEstimate)
    assert isinstance(two, ImpactEstimate)
    assert isinstance(contracts, ImpactEstimate)
    assert one.impact_bps == contracts.impact_bps == Decimal(0)
    assert round(two.impact_bps, 2) == Decimal("1.11")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("DOGE-USD", OrderSide.BUY, Decimal(1)), "no such product"),
        (("BTC-USD", "BUY", Decimal(1)), "OrderSide"),
        (("BTC-USD", OrderSide.BUY, Decimal(0)), "above zero"),
        (("BTC-USD", OrderSide.BUY, Decimal("NaN")), "above zero"),
        (("BTC-USD", OrderSide.BUY, 1.5), "above zero"),
        (("BTC-USD", OrderSide.BUY, Decimal(9)), "not recorded"),
    ],
)
def test_what_an_estimator_cannot_see_is_blind_and_never_an_exception(arguments: Any, why: str) -> None:
    """A guard that raises would be a guard that somebody catches."""
    found = ExecutionEngineFactory.create_impact_estimator(QUOTES, DEFAULTS)(*arguments)

    assert isinstance(found, Blind)
    assert why in found.reason


def test_an_estimator_of_nothing_is_refused_when_it_is_made() -> None:
    """Not when it is first asked."""
    with pytest.raises(BadEngineArgument):
        ExecutionEngineFactory.create_impact_estimator(cast(Broker, None), DEFAULTS)
    with pytest.raises(BadEngineArgument):
        ExecutionEngineFactory.should_use_advanced_engine(cast(RiskManager, {}))
