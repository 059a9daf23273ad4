"""Trading states: the more severe of account and symbol holds, and each lets through what it must."""

import pytest

from tests.domain.histories import NOW
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.states import StateEntry, TradingStates, permits
from tidegate.domain.vocabulary import Purpose, TradingState

ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED
EXITS = {Purpose.REDUCTION, Purpose.PROTECTION, Purpose.OPERATOR_CLOSE}


@pytest.mark.parametrize(
    ("state", "permitted"),
    [(ACTIVE, set(Purpose)), (REDUCING, EXITS), (HALTED, {Purpose.PROTECTION, Purpose.OPERATOR_CLOSE})],
)
def test_a_state_permits(state: TradingState, permitted: set[Purpose]) -> None:
    """HALTED: no order of a strategy; protection and an operator's close still work."""
    assert {purpose for purpose in Purpose if permits(state, purpose)} == permitted


def test_an_exit_is_whatever_is_no_entry() -> None:
    """Everything else can only shrink a position."""
    assert {purpose for purpose in Purpose if purpose.is_exit} == EXITS


def test_everything_is_active_until_it_is_changed() -> None:
    """No entry, no reason."""
    states = TradingStates()

    assert (states.account, states.symbols) == (StateEntry(state=ACTIVE), {})
    assert states.effective("BTC-USD") is ACTIVE


@pytest.mark.parametrize(
    ("account", "symbol", "effective"),
    [
        (ACTIVE, REDUCING, REDUCING),
        (REDUCING, ACTIVE, REDUCING),
        (HALTED, REDUCING, HALTED),
        (REDUCING, HALTED, HALTED),
    ],
)
def test_the_more_severe_of_account_and_symbol_holds(
    account: TradingState, symbol: TradingState, effective: TradingState
) -> None:
    """Whichever was set first."""
    states = TradingStates()
    states.set("", StateEntry(state=account, reason="account"))
    states.set("BTC-USD", StateEntry(state=symbol, reason="symbol"))

    assert states.effective("BTC-USD") is effective
    assert states.effective("ETH-USD") is account


def test_of_two_equal_ones_the_accounts_is_named() -> None:
    """Its reason is the wider one."""
    states = TradingStates()
    states.set("", StateEntry(state=REDUCING, reason="account"))
    states.set("BTC-USD", StateEntry(state=REDUCING, reason="symbol"))

    assert states.entry("BTC-USD").reason == "account"


def test_a_change_is_kept_with_who_made_it_why_and_until_when() -> None:
    """And ACTIVE again is no entry any more."""
    states = TradingStates()
    states.apply(
        TradingStateChanged(
            state=REDUCING, reason="loss", by="guard", symbol="BTC-USD", is_latched=True, until=NOW, at=NOW
        )
    )
    kept = states.symbols["BTC-USD"]
    states.apply(TradingStateChanged(state=ACTIVE, reason="well", by="me", symbol="BTC-USD", at=NOW))

    assert kept == StateEntry(state=REDUCING, reason="loss", by="guard", is_latched=True, at=NOW, until=NOW)
    assert states.symbols == {}


def test_all_are_active_only_while_account_and_every_symbol_are() -> None:
    """One look at the flag stands for a look at every state."""
    states, flags = TradingStates(), []
    for symbol, state in (
        ("", HALTED),
        ("", ACTIVE),
        ("BTC-USD", REDUCING),
        ("", REDUCING),
        ("", ACTIVE),
        ("BTC-USD", ACTIVE),
    ):
        states.set(symbol, StateEntry(state=state))
        flags.append(states.are_active)

    assert TradingStates().are_active
    assert flags == [False, True, False, False, False, True]


def test_severity_rises_from_active_to_halted() -> None:
    """Guards only ever raise it."""
    assert ACTIVE.severity < REDUCING.severity < HALTED.severity


def test_the_symbols_that_are_handed_out_are_a_copy() -> None:
    """Nobody changes a state but by an event."""
    states = TradingStates()
    states.symbols["BTC-USD"] = StateEntry(state=HALTED)

    assert states.effective("BTC-USD") is ACTIVE
