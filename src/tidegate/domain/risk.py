"""Risk limits with their defaults, per-symbol overrides, and the manager that hands out the right ones."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import fields

from tidegate.domain.amounts import flaw
from tidegate.domain.states import TradingStates


class RiskLimits(Struct, frozen=True, gc=False, kw_only=True):
    """Every limit of the checks and guards; `_pct` is a fraction (0.8 = 80 %), `_bps` basis points, `_seconds` seconds.

    Defaults are those of the table in docs/checks.md. `None` switches a limit off where it is allowed.
    """

    # order size
    max_order_pct: Decimal = Decimal("0.10")
    max_order_notional: Decimal | None = None
    max_orders_per_day: int = 5_000
    repeated_orders_max: int = 5
    repeated_orders_seconds: Decimal = Decimal(10)
    # exposure
    max_position_pct_per_symbol: Decimal = Decimal("0.20")
    max_exposure_pct: Decimal = Decimal("0.80")
    # leverage and liquidation
    max_leverage: Decimal = Decimal(2)
    max_spot_leverage: Decimal = Decimal(1)
    min_liquidation_buffer_pct: Decimal = Decimal("0.15")
    min_cross_margin_buffer_pct: Decimal = Decimal("0.30")
    # slippage and impact
    slippage_guard_bps: Decimal = Decimal(10)
    slippage_half_spreads: Decimal = Decimal(3)
    slippage_ceiling_bps: Decimal = Decimal(50)
    slippage_multiplier: Decimal = Decimal(1)
    enable_market_impact_guard: bool = False
    max_market_impact_bps: Decimal = Decimal(20)
    # sizing
    enable_dynamic_position_sizing: bool = False
    position_fraction: Decimal = Decimal("0.05")
    # feed and clock
    max_feed_age_seconds: Decimal = Decimal(5)
    reducing_feed_age_seconds: Decimal = Decimal(15)
    max_polled_mark_age_seconds: Decimal = Decimal(30)
    reducing_polled_mark_age_seconds: Decimal = Decimal(120)
    warn_clock_skew_ms: Decimal = Decimal(250)
    max_clock_skew_ms: Decimal = Decimal(1_000)
    max_decision_age_seconds: Decimal = Decimal(60)
    # collar and drift
    collar_pct: Decimal = Decimal("0.05")
    stale_exit_band_pct: Decimal = Decimal("0.05")
    default_max_drift_bps: Decimal = Decimal(25)
    strict_prices: bool = False
    unprotected: bool = False
    self_cross_guard: bool = True
    # rate
    entry_orders_per_second: Decimal = Decimal(5)
    venue_requests_per_second: Decimal = Decimal(30)
    entry_budget_pct: Decimal = Decimal("0.80")
    # guards
    kill_switch_enabled: bool = False
    reduce_only_mode: bool = False
    daily_loss_limit_pct: Decimal = Decimal("0.05")
    drawdown_limit_pct: Decimal = Decimal("0.05")
    blind_bound_seconds: Decimal = Decimal(60)
    position_tolerance_increments: int = 1


MAJORS_COLLAR_PCT = Decimal("0.015")
"""The collar of BTC and ETH; the 5 % default is for everything else (docs/checks.md cites the sources)."""
MAJORS = frozenset({"BTC", "ETH"})


def _refuse_unsound(limits: RiskLimits) -> None:
    for field in fields(limits):
        value: object = getattr(limits, field.name)
        reason = flaw(value) if isinstance(value, Decimal) else None
        if reason is not None:
            raise ValueError(f"limits.{field.name} {reason}")


class RiskManager:
    """The limits in force, by symbol, and the trading states.

    One object in a container: the engine reads limits from it, guards and operators change the states through it.

    Raises:
        TypeError: limits or states that are none, named.
        ValueError: a limit that is negative, NaN, infinite or has too many digits, named; comparing with it would fail.
    """

    def __init__(
        self,
        limits: RiskLimits,
        states: TradingStates | None = None,
        overrides: Mapping[str, RiskLimits] | None = None,
    ) -> None:
        if not isinstance(limits, RiskLimits):
            raise TypeError(f"limits must be a RiskLimits, not {type(limits).__name__}")
        if states is not None and not isinstance(states, TradingStates):
            raise TypeError(f"states must be a TradingStates or None, not {type(states).__name__}")
        if overrides is not None and not isinstance(overrides, Mapping):
            raise TypeError(f"overrides must be a mapping from symbols or None, not {type(overrides).__name__}")
        for own in (limits, *(overrides or {}).values()):
            _refuse_unsound(own)
        self.limits = limits
        self.states = states if states is not None else TradingStates()
        self._overrides = dict(overrides or {})

    def limits_for(self, symbol: str) -> RiskLimits:
        """The symbol's own limits, or the account's."""
        return self._overrides.get(symbol, self.limits)

    def override(self, overrides: Mapping[str, RiskLimits]) -> None:
        """Take up the limits of symbols that have come to be known; those of others stay.

        Raises:
            ValueError: as the constructor.
        """
        for symbol, own in overrides.items():
            _refuse_unsound(own)
            if self._overrides.get(symbol) != own:  # the same limits stay the same object
                self._overrides[symbol] = own

    @property
    def overrides(self) -> Mapping[str, RiskLimits]:
        return dict(self._overrides)
