"""Restraint: a symbol on which the same order came again and again takes no entries until it has cooled down."""

from datetime import timedelta

from tidegate.application.desk import AccountDesk
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.guards import REPETITION, REPETITION_COOL_DOWN_SECONDS
from tidegate.domain.records import StepCommitted
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.vocabulary import TradingState

_COOL_DOWN = timedelta(seconds=float(REPETITION_COOL_DOWN_SECONDS))


async def restrain(desk: AccountDesk, symbol: str, refusal: AnyRefusal) -> None:
    """A strategy gone wrong: its symbol is REDUCING, if it was ACTIVE, until the moment that the refusal names."""
    if desk.ledger.states.effective(symbol) is not TradingState.ACTIVE:
        return
    at = desk.clock.now()
    told = refusal.remedy.not_before if refusal.remedy is not None else None
    change = TradingStateChanged(
        state=TradingState.REDUCING,
        reason=refusal.message,
        by=f"guard {REPETITION}",
        symbol=symbol,
        until=told if told is not None else at + _COOL_DOWN,
        at=at,
    )
    await desk.change_state(change)


async def end_cool_down(desk: AccountDesk, symbol: str) -> bool:
    """Let a symbol trade again whose term is over and that nothing latched; whether it does."""
    entry, at = desk.ledger.states.symbols.get(symbol), desk.clock.now()
    if entry is None or entry.until is None or at < entry.until or entry.is_latched:
        return False
    change = TradingStateChanged(
        state=TradingState.ACTIVE, reason="the cool-down is over", by=entry.by, symbol=symbol, at=at
    )
    return isinstance(await desk.change_state(change), StepCommitted)
