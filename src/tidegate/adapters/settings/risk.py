"""[risk]: the limits of the checks and guards, for the account and by symbol."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from pydantic import Field

from tidegate.adapters.settings.amounts import (
    Age,
    Bps,
    Exact,
    Fraction,
    Multiplier,
    OfEquity,
    Positive,
    Section,
    Skew,
    Symbol,
    Whole,
)
from tidegate.domain.risk import RiskLimits

_DEFAULT = RiskLimits()
"""The figures stand in the domain alone; here are their bounds."""


class SymbolRisk(Section):
    """Limits that a symbol may have of its own, under `[risk.symbols."BTC-USD"]`; what is left out is the account's."""

    max_order_pct: Fraction = _DEFAULT.max_order_pct
    max_order_notional: Positive | None = _DEFAULT.max_order_notional
    max_orders_per_day: Whole = Field(default=_DEFAULT.max_orders_per_day, ge=1)
    repeated_orders_max: Whole = Field(default=_DEFAULT.repeated_orders_max, ge=1)
    repeated_orders_seconds: Age = _DEFAULT.repeated_orders_seconds
    max_position_pct_per_symbol: OfEquity = _DEFAULT.max_position_pct_per_symbol
    max_leverage: Exact = Field(default=_DEFAULT.max_leverage, ge=1, le=125)
    max_spot_leverage: Exact = Field(default=_DEFAULT.max_spot_leverage, ge=1, le=10)
    min_liquidation_buffer_pct: Fraction = _DEFAULT.min_liquidation_buffer_pct
    min_cross_margin_buffer_pct: Fraction = _DEFAULT.min_cross_margin_buffer_pct
    slippage_guard_bps: Bps = _DEFAULT.slippage_guard_bps
    slippage_half_spreads: Positive = _DEFAULT.slippage_half_spreads
    slippage_ceiling_bps: Bps = _DEFAULT.slippage_ceiling_bps
    slippage_multiplier: Multiplier = _DEFAULT.slippage_multiplier
    max_market_impact_bps: Bps = _DEFAULT.max_market_impact_bps
    position_fraction: Fraction = _DEFAULT.position_fraction
    max_feed_age_seconds: Age = _DEFAULT.max_feed_age_seconds
    reducing_feed_age_seconds: Age = _DEFAULT.reducing_feed_age_seconds
    max_polled_mark_age_seconds: Age = _DEFAULT.max_polled_mark_age_seconds
    reducing_polled_mark_age_seconds: Age = _DEFAULT.reducing_polled_mark_age_seconds
    warn_clock_skew_ms: Skew = _DEFAULT.warn_clock_skew_ms
    max_clock_skew_ms: Skew = _DEFAULT.max_clock_skew_ms
    max_decision_age_seconds: Age = _DEFAULT.max_decision_age_seconds
    collar_pct: Fraction = _DEFAULT.collar_pct
    stale_exit_band_pct: Fraction = _DEFAULT.stale_exit_band_pct
    default_max_drift_bps: Bps = _DEFAULT.default_max_drift_bps
    strict_prices: bool = _DEFAULT.strict_prices
    unprotected: bool = _DEFAULT.unprotected
    self_cross_guard: bool = _DEFAULT.self_cross_guard
    position_tolerance_increments: Whole = Field(default=_DEFAULT.position_tolerance_increments, ge=0)

    @property
    def given(self) -> dict[str, Any]:
        """The keys that were set, defaults left out."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class RiskSettings(SymbolRisk):
    """The account's limits; what only makes sense for the whole account cannot be set for a symbol."""

    max_exposure_pct: OfEquity = _DEFAULT.max_exposure_pct
    enable_market_impact_guard: bool = _DEFAULT.enable_market_impact_guard
    enable_dynamic_position_sizing: bool = _DEFAULT.enable_dynamic_position_sizing
    entry_orders_per_second: Positive = _DEFAULT.entry_orders_per_second
    venue_requests_per_second: Positive = _DEFAULT.venue_requests_per_second
    entry_budget_pct: Fraction = _DEFAULT.entry_budget_pct
    kill_switch_enabled: bool = _DEFAULT.kill_switch_enabled
    reduce_only_mode: bool = _DEFAULT.reduce_only_mode
    daily_loss_limit_pct: Fraction = _DEFAULT.daily_loss_limit_pct
    drawdown_limit_pct: Fraction = _DEFAULT.drawdown_limit_pct
    blind_bound_seconds: Age = _DEFAULT.blind_bound_seconds
    symbols: Mapping[Symbol, SymbolRisk] = Field(default_factory=dict)

    def to_limits(self) -> RiskLimits:
        """The account's limits as the domain has them."""
        return RiskLimits(**self.model_dump(exclude={"symbols"}))

    def to_overrides(self, slippage_multipliers: Mapping[str, Decimal]) -> dict[str, RiskLimits]:
        """Limits of the symbols that differ from the account's, the engine's slippage multipliers worked in."""
        limits = self.to_limits()
        given = {symbol: own.given for symbol, own in self.symbols.items()}
        for symbol, multiplier in slippage_multipliers.items():
            given.setdefault(symbol, {})["slippage_multiplier"] = multiplier
        return {symbol: replace(limits, **changes) for symbol, changes in given.items()}
