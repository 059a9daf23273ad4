"""ExecutionEngineFactory: which engine the risk settings ask for, and what it is made with."""

import os
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from msgspec.structs import replace

from tidegate.application.configuration import BadArgument, ConfigurationError
from tidegate.application.engines import AdvancedExecutionEngine, LiveExecutionEngine
from tidegate.domain.amounts import ONE, ZERO, flaw
from tidegate.domain.identifiers import is_symbol
from tidegate.domain.impact import Blind, ImpactEstimate, ImpactEstimator, estimate_impact
from tidegate.domain.ports import Broker, OrderStorePort
from tidegate.domain.risk import RiskManager
from tidegate.domain.vocabulary import OrderSide

SLIPPAGE_MULTIPLIERS = "SLIPPAGE_MULTIPLIERS"
"""The environment variable of `parse_slippage_multipliers`: "BTC-USD:1.5,ETH-USD:2.0"."""


class BadSlippageMultiplier(ConfigurationError, ValueError):
    """An entry of the slippage multipliers that cannot be used; `entry` is that entry as it was written."""

    def __init__(self, entry: str, reason: str) -> None:
        super().__init__(f"{SLIPPAGE_MULTIPLIERS}: {entry!r} {reason}", (SLIPPAGE_MULTIPLIERS,))
        self.entry = entry


class BadEngineArgument(BadArgument):
    """Something that is not what an engine is made of; `argument` names the parameter."""


class ExecutionEngineFactory:
    """Makes execution engines; every call is on the class, and the container makes the same ones."""

    @staticmethod
    def parse_slippage_multipliers(raw: str | None = None) -> dict[str, float]:
        """What a symbol's expected slippage is multiplied by, from "BTC-USD:1.5,ETH-USD:2.0".

        None reads the environment variable SLIPPAGE_MULTIPLIERS; empty text, or no such variable, is no multipliers.
        White space around names and numbers, and a comma at the end, do not count.

        Raises:
            BadSlippageMultiplier: a ValueError that names the entry: no colon, not a symbol, a number that is not
            finite and
                above zero, or a symbol given twice.
        """
        text = os.environ.get(SLIPPAGE_MULTIPLIERS, "") if raw is None else raw
        if not isinstance(text, str):
            raise BadEngineArgument("raw", text, "a string or None")
        entries = [entry.strip() for entry in text.split(",")]
        if entries[-1] == "":
            entries.pop()
        multipliers: dict[str, float] = {}
        for entry in entries:
            symbol, multiplier = _entry(entry)
            if symbol in multipliers:
                raise BadSlippageMultiplier(entry, f"gives {symbol} a second time")
            multipliers[symbol] = multiplier
        return multipliers

    @staticmethod
    def should_use_advanced_engine(risk_manager: RiskManager) -> bool:
        """Whether the account's limits, or any symbol's own, ask for dynamic sizing or the impact guard."""
        checked = _risk_manager(risk_manager)
        return any(
            limits.enable_dynamic_position_sizing or limits.enable_market_impact_guard
            for limits in (checked.limits, *checked.overrides.values())
        )

    @staticmethod
    def create_impact_estimator(broker: Broker, risk_manager: RiskManager) -> ImpactEstimator:
        """`(symbol, side, quantity) -> ImpactEstimate | Blind` on the broker's market as it stands at each call.

        Never raises: an unknown symbol, a side or a quantity that no order can have is Blind, with the reason.
        """
        _risk_manager(risk_manager)
        market_data = _broker(broker)

        def estimate(symbol: str, side: OrderSide, quantity: Decimal) -> ImpactEstimate | Blind:
            product = market_data.product(symbol)
            if product is None:
                return Blind(symbol=str(symbol), reason="there is no such product")
            wrong = _no_order(side, quantity)
            if wrong is not None:
                return Blind(symbol=symbol, reason=wrong)
            return estimate_impact(market_data.reading(symbol), side, quantity, multiplier=product.multiplier)

        return estimate

    @staticmethod
    def scale_slippage(
        risk_manager: RiskManager, slippage_multipliers: Mapping[str, float | Decimal] | None = None
    ) -> RiskManager:
        """The risk manager with these multipliers in the limits of their symbols, sharing the trading states.

        None reads the environment as `parse_slippage_multipliers` does; a multiplier that the limits of a symbol
        already have stands. Scaling again changes nothing.

        Raises:
            BadEngineArgument, BadSlippageMultiplier: as `create_engine`.
        """
        if slippage_multipliers is None:
            slippage_multipliers = ExecutionEngineFactory.parse_slippage_multipliers()
        if not isinstance(slippage_multipliers, Mapping):
            raise BadEngineArgument("slippage_multipliers", slippage_multipliers, "a mapping from symbols, or None")
        return _scaled(_risk_manager(risk_manager), slippage_multipliers)

    @staticmethod
    def create_engine(
        *,
        broker: Broker,
        risk_manager: RiskManager,
        event_store: OrderStorePort | None = None,
        bot_id: str = "",
        enable_preview: bool = False,
        slippage_multipliers: Mapping[str, float | Decimal] | None = None,
    ) -> LiveExecutionEngine:
        """The advanced engine where the risk settings ask for it, else the live one; nothing ever asks which it is.

        `slippage_multipliers` None reads the environment as `parse_slippage_multipliers` does; a multiplier that the
        limits of a symbol already have stands. The engine's `risk_manager` is then one with those limits, sharing the
        trading states.

        Raises:
            BadEngineArgument: a TypeError that names the argument.
            BadSlippageMultiplier: a ValueError that names the entry.
        """
        _broker(broker)
        if not isinstance(bot_id, str):
            raise BadEngineArgument("bot_id", bot_id, "a string")
        if not isinstance(enable_preview, bool):
            raise BadEngineArgument("enable_preview", enable_preview, "a bool")
        scaled = ExecutionEngineFactory.scale_slippage(risk_manager, slippage_multipliers)
        is_advanced = ExecutionEngineFactory.should_use_advanced_engine(scaled)
        kind = AdvancedExecutionEngine if is_advanced else LiveExecutionEngine
        return kind(
            broker=broker, risk_manager=scaled, event_store=event_store, bot_id=bot_id, enable_preview=enable_preview
        )


def _entry(entry: str) -> tuple[str, float]:
    """One "SYMBOL:NUMBER"; a symbol may hold colons itself, so the last one divides."""
    symbol, colon, number = entry.rpartition(":")
    symbol = symbol.strip()
    if not colon:
        raise BadSlippageMultiplier(entry, "must read SYMBOL:NUMBER")
    if not is_symbol(symbol):
        raise BadSlippageMultiplier(entry, "does not begin with a symbol such as BTC-USD")
    return symbol, float(_multiplier(entry, number.strip()))


def _multiplier(entry: str, number: str | float | Decimal) -> Decimal:
    try:
        multiplier = Decimal(str(number))
    except InvalidOperation:
        raise BadSlippageMultiplier(entry, "does not end with a number") from None
    if not multiplier.is_finite() or multiplier <= ZERO:
        raise BadSlippageMultiplier(entry, "needs a finite number above zero")
    reason = flaw(multiplier)
    if reason is not None:
        raise BadSlippageMultiplier(entry, f"has a number that {reason}")
    return multiplier


def _scaled(risk_manager: RiskManager, multipliers: Mapping[str, float | Decimal]) -> RiskManager:
    """The same limits and states, with each symbol's multiplier where its limits do not have one of their own."""
    overrides = dict(risk_manager.overrides)
    for symbol, multiplier in multipliers.items():
        number = _multiplier(f"{symbol}:{multiplier}", multiplier)
        limits = risk_manager.limits_for(symbol)
        if limits.slippage_multiplier == ONE and number != ONE:
            overrides[symbol] = replace(limits, slippage_multiplier=number)
    if overrides == risk_manager.overrides:
        return risk_manager
    return RiskManager(risk_manager.limits, risk_manager.states, overrides)


def _no_order(side: object, quantity: object) -> str | None:
    """What is wrong with a side and a quantity that no order can have."""
    if not isinstance(side, OrderSide):
        return "the side must be an OrderSide"
    if not isinstance(quantity, Decimal) or flaw(quantity) is not None or not quantity:
        return "the quantity must be a Decimal above zero"
    return None


def _risk_manager(value: object) -> RiskManager:
    if not isinstance(value, RiskManager):
        raise BadEngineArgument("risk_manager", value, "a RiskManager")
    return value


_MARKET_CALLS = ("product", "reading")


def _broker(value: Broker) -> Broker:
    """A broker is anything with the ports' methods; they are looked for here, not when one is first used."""
    if not all(callable(getattr(value, name, None)) for name in _MARKET_CALLS):
        raise BadEngineArgument("broker", value, "a Broker (an EnginePort with market data and account)")
    return value
