"""The state keeper: changes of the trading state, and what entering a safer one entails."""

from tidegate.application.canceling import Canceler
from tidegate.application.desk import AccountDesk
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import OrderRecord
from tidegate.domain.records import CommitOutcome
from tidegate.domain.vocabulary import OrderStatus, Purpose, TradingState

_RESTING = (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)


class StateKeeper:
    """Makes a state durable, then cancels the resting entries that it no longer permits; protection stays."""

    def __init__(self, desk: AccountDesk, canceler: Canceler) -> None:
        self._desk = desk
        self._canceler = canceler

    async def change(self, change: TradingStateChanged) -> CommitOutcome:
        """The state is durable when this returns, and the cancels of resting entries have been asked for."""
        outcome = await self._desk.change_state(change)
        await self.enforce(change)
        return outcome

    async def enforce(self, change: TradingStateChanged) -> None:
        """What entering the state entails, for one that is already durable (another process wrote it)."""
        if change.state is not TradingState.ACTIVE:
            entries = filter(_is_resting_entry, self._desk.live_orders(change.symbol))
            await self._canceler.cancel_all(entries, f"{change.state.value}: {change.reason}")


def _is_resting_entry(record: OrderRecord) -> bool:
    return record.order.purpose is Purpose.ENTRY and record.status in _RESTING and not record.order.is_taker_only
