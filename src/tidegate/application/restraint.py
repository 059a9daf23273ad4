"""Restraint: a symbol on which the same order came again and again takes no entries until it has cooled down."""

from datetime import timedelta

from tidegate.application.desk import AccountDesk
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.guards import REPETITION
from tidegate.domain.vocabulary import TradingState

_COOL_DOWN = timedelta(seconds=60)
"""How long a symbol takes no entries after the same order came too often."""


async def restrain(desk: AccountDesk, symbol: str, reason: str) -> None:
    """A strategy gone wrong: its symbol is REDUCING for the cool-down, if it was ACTIVE."""
    if desk.ledger.states.effective(symbol) is not TradingState.ACTIVE:
        return
    at = desk.clock.now()
    change = TradingStateChanged(
        state=TradingState.REDUCING,
        reason=reason,
        by=f"guard {REPETITION}",
        symbol=symbol,
        until=at + _COOL_DOWN,
        at=at,
    )
    await desk.change_state(change)
