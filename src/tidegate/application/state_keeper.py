"""The state keeper: changes of the trading state, and what a safer one entails."""

from tidegate.application.canceling import Canceler
from tidegate.application.desk import AccountDesk
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import OrderRecord
from tidegate.domain.records import CommitOutcome
from tidegate.domain.risk import RiskLimits
from tidegate.domain.vocabulary import OrderStatus, Purpose, TradingState

_RESTING = (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.PENDING_AMEND)


class StateKeeper:
    """Makes a state durable, then cancels the resting entries that it no longer permits; protection stays."""

    def __init__(self, desk: AccountDesk, canceler: Canceler) -> None:
        self._desk = desk
        self._canceler = canceler
        limits = (desk.risk_manager.limits, *desk.risk_manager.overrides.values())
        self._is_held_off = any(map(_holds_off, limits))

    async def change(self, change: TradingStateChanged) -> CommitOutcome:
        """The state is durable when this returns, and the cancels of resting entries have been asked for."""
        outcome = await self._desk.change_state(change)
        if change.state is not TradingState.ACTIVE:
            await self.sweep()
        return outcome

    async def adopt(self, change: TradingStateChanged) -> None:
        """Enforce a state that another process has made durable."""
        self._desk.hold_state(change)
        if change.state is not TradingState.ACTIVE:
            await self.sweep()

    async def sweep(self) -> None:
        """Cancel entries that rest where none may.

        Also those that were accepted after the state was entered, and where another process wrote the state.
        """
        states = self._desk.ledger.states
        if states.account.state is TradingState.ACTIVE and not states.symbols and not self._is_held_off:
            return
        await self._canceler.cancel_each(
            (record, why)
            for record in self._desk.live_orders()
            if (why := self._why_not(record.symbol)) and _is_resting_entry(record) and self._canceler.may_sweep(record)
        )

    def _why_not(self, symbol: str) -> str:
        """Why no entry may rest on the symbol; empty where one may."""
        entry = self._desk.ledger.states.entry(symbol)
        if entry.state is not TradingState.ACTIVE:
            return f"{entry.state}: {entry.reason}"
        return "the settings take no entries" if _holds_off(self._desk.risk_manager.limits_for(symbol)) else ""


def _holds_off(limits: RiskLimits) -> bool:
    return limits.kill_switch_enabled or limits.reduce_only_mode


def _is_resting_entry(record: OrderRecord) -> bool:
    return record.order.purpose is Purpose.ENTRY and record.status in _RESTING and not record.order.is_taker_only
