"""Risk: the limits in force, by symbol."""

from decimal import Decimal

import pytest

from tidegate.domain.risk import RiskLimits, RiskManager
from tidegate.domain.states import TradingStates


def test_a_symbol_has_its_own_limits_or_the_accounts() -> None:
    """An override is whole: what it does not change is as the account has it."""
    account, own = RiskLimits(), RiskLimits(max_order_pct=Decimal("0.01"))
    manager = RiskManager(account, overrides={"BTC-USD": own})

    assert manager.limits_for("BTC-USD") is own
    assert manager.limits_for("ETH-USD") is account


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-1", "-0", "1E-19"])
def test_a_limit_that_nothing_can_be_held_to_is_refused_by_its_name(value: str) -> None:
    """The account's and a symbol's, however they were made."""
    unsound = RiskLimits(max_exposure_pct=Decimal(value))

    for limits, overrides in ((unsound, None), (RiskLimits(), {"BTC-USD": unsound})):
        with pytest.raises(ValueError, match=r"^limits\.max_exposure_pct (must|has)"):
            RiskManager(limits, overrides=overrides)


def test_the_overrides_that_are_handed_out_are_a_copy() -> None:
    """Limits change by a new manager, and not behind its back."""
    manager = RiskManager(RiskLimits(), TradingStates())
    dict(manager.overrides)["BTC-USD"] = RiskLimits(max_order_pct=Decimal(1))

    assert manager.overrides == {}


def test_the_states_are_those_that_were_given() -> None:
    """One object: guards and operators change what the engine reads."""
    states = TradingStates()

    assert RiskManager(RiskLimits(), states).states is states
    assert RiskManager(RiskLimits()).states is not states
