"""Starts: counts those that did not end, and sets aside the one intent at which they ended."""

from typing import Any

from msgspec.structs import replace

from tidegate.application.desk import AccountDesk
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.guards import RECORDS
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.records import StoredAccount
from tidegate.domain.states import lowered
from tidegate.domain.vocabulary import TradingState

_CAREFUL_AFTER = 2
"""After so many unfinished starts each intent is named durably before it is taken up."""


class StartLog:
    """P11: an intent that has ended three starts is quarantined, and the rest is served.

    The first two unfinished starts only count. From then on each order is named before it is taken up, so that the next
    start knows at which one the last has ended. That order is neither held nor asked for until an operator resumes its
    symbol, which takes no entries meanwhile.
    """

    def __init__(self, desk: AccountDesk) -> None:
        self._desk = desk
        self._shown: frozenset[str] = frozenset()

    async def begin(self, stored: StoredAccount) -> None:
        """A start begins: count it, and judge by what earlier ones have left."""
        marks = stored.starts
        self._shown = frozenset(marks.quarantined)
        symbols = {record.client_order_id: record.symbol for record in stored.open_orders if marks.quarantined}
        # A symbol that trades again was resumed by an operator, who may have done so while nothing was running.
        quarantined = tuple(one for one in marks.quarantined if symbols.get(ClientOrderId(one)) in stored.symbol_states)
        if marks.unfinished > _CAREFUL_AFTER and marks.taking_up:
            quarantined = tuple(sorted({*quarantined, marks.taking_up}))
        self._desk.quarantined = set(map(ClientOrderId, quarantined))
        self._desk.acknowledged = set(marks.acknowledged)
        if stored.account_state is not None and stored.account_state.state is TradingState.ACTIVE:
            # What a run's end has shown had stopped entries: somebody has resumed since.
            self._desk.accepted = set(marks.shown)
        await write_marks(self._desk, unfinished=marks.unfinished + 1, taking_up="")

    async def take_up(self, client_order_id: ClientOrderId) -> bool:
        """Whether an order may be taken up; it is named durably where starts have ended at one."""
        if client_order_id in self._desk.quarantined:
            return False
        if self._desk.marks.unfinished > _CAREFUL_AFTER:
            await write_marks(self._desk, taking_up=client_order_id)
        return True

    async def is_watched(self, client_order_id: ClientOrderId) -> bool:
        """Whether starts have ended before, so that each order is asked for by itself with its name written down."""
        return self._desk.marks.unfinished > _CAREFUL_AFTER and await self.take_up(client_order_id)

    async def end(self) -> None:
        """The start is over: every other intent was taken up without harm."""
        await write_marks(self._desk, unfinished=0, taking_up="")

    async def restrain(self, set_aside: tuple[OrderRecord, ...]) -> None:
        """Show each order that was set aside, and stop its symbol's entries: what became of it is not known."""
        desk = self._desk
        for record in set_aside:
            order_id, at = record.client_order_id, desk.clock.now()
            reason = f"order {order_id} is in quarantine: starts have ended at it, or its product is gone"
            if order_id not in self._shown:
                desk.incident(at, "QUARANTINE", reason, symbol=record.symbol, client_order_id=order_id)
            own = desk.ledger.states.own(record.symbol)
            if own is not None and own.is_latched:
                continue
            change = TradingStateChanged(
                state=lowered(own),
                reason=reason,
                by=f"guard {RECORDS}",
                symbol=record.symbol,
                is_latched=True,
                at=at,
            )
            await desk.change_state(change)


async def write_marks(desk: AccountDesk, **changes: Any) -> None:
    """Write down what the next start has to know, if any of it is new."""
    marks = replace(
        desk.marks,
        quarantined=tuple(sorted(desk.quarantined)),
        acknowledged=tuple(sorted(desk.acknowledged)),
        **changes,
    )
    if marks != desk.marks:
        desk.marks = marks
        await desk.store.write_start_marks(marks)


async def release(desk: AccountDesk, symbol: str) -> None:
    """An operator resumes a symbol, or the account: the next start takes up again what had been set aside there.

    What was seen and resumed in spite of is known to the next start as well.
    """
    kept = []
    for order_id in sorted(desk.quarantined):
        record = await desk.store.find_order(order_id)
        if symbol and record is not None and record.symbol != symbol:
            kept.append(order_id)
    desk.quarantined = set(kept)
    await write_marks(desk)
