"""Trading states: one for the account, one for each symbol that has its own, and who may raise or lower them."""

from datetime import datetime

from msgspec import Struct

from tidegate.domain.events import TradingStateChanged
from tidegate.domain.refusals import Remedy, TradingStateRefused
from tidegate.domain.vocabulary import Purpose, TradingState


class StateEntry(Struct, frozen=True, gc=False, kw_only=True):
    """One state with who set it and why; a latched one waits for an operator, `until` ends a cool-down."""

    state: TradingState
    reason: str = ""
    by: str = ""
    is_latched: bool = False
    at: datetime | None = None
    until: datetime | None = None


_ACTIVE = StateEntry(state=TradingState.ACTIVE)


class TradingStates:
    """The account's state and the symbols' own, as the journal's changes left them."""

    def __init__(self) -> None:
        self._account = _ACTIVE
        self._symbols: dict[str, StateEntry] = {}
        self.are_active = True
        """Whether everything is ACTIVE, the account and every symbol."""

    @property
    def account(self) -> StateEntry:
        return self._account

    @property
    def symbols(self) -> dict[str, StateEntry]:
        """Symbols whose own state is not ACTIVE."""
        return dict(self._symbols)

    def own(self, symbol: str) -> StateEntry | None:
        """The symbol's own entry, None while that is ACTIVE; an empty symbol is the account."""
        return self._symbols.get(symbol) if symbol else self._account

    def entry(self, symbol: str) -> StateEntry:
        """The more severe of the account's and the symbol's; the account's when they are equal."""
        own = self._symbols.get(symbol) if self._symbols else None
        if own is None or own.state.severity <= self._account.state.severity:
            return self._account
        return own

    def effective(self, symbol: str) -> TradingState:
        return self.entry(symbol).state

    def apply(self, change: TradingStateChanged) -> None:
        entry = StateEntry(
            state=change.state,
            reason=change.reason,
            by=change.by,
            is_latched=change.is_latched,
            at=change.at,
            until=change.until,
        )
        self.set(change.symbol, entry)

    def set(self, symbol: str, entry: StateEntry) -> None:
        """Take a state as it was read from a store; an empty symbol is the account."""
        if not symbol:
            self._account = entry
        elif entry.state is TradingState.ACTIVE:
            self._symbols.pop(symbol, None)
        else:
            self._symbols[symbol] = entry
        self.are_active = self._account.state is TradingState.ACTIVE and not self._symbols


def lowered(entry: StateEntry | None) -> TradingState:
    """The state that a guard which trips sets: REDUCING, or what stands where that is safer still."""
    return TradingState.HALTED if entry is not None and entry.state is TradingState.HALTED else TradingState.REDUCING


def permits(state: TradingState, purpose: Purpose) -> bool:
    """Whether an order of this purpose may be sent in this state.

    REDUCING lets exits through; HALTED only registered protection and an operator's closes.
    """
    if state is TradingState.ACTIVE:
        return True
    if state is TradingState.REDUCING:
        return purpose.is_exit
    return purpose is Purpose.PROTECTION or purpose is Purpose.OPERATOR_CLOSE


def state_refusal(
    symbol: str, state: TradingState, reason: str, by: str, remedy: Remedy | None = None
) -> TradingStateRefused:
    """The refusal of an order that a trading state does not permit, or what counts as one for a while."""
    why = f" ({reason}, set by {by})" if reason else ""
    facts = {"state": state.value, "symbol": symbol, "reason": reason, "by": by}
    return TradingStateRefused(message=f"{symbol} is {state.value}{why}", facts=facts, remedy=remedy)
