"""The desk: one account's ledger, store and subscribers, moved together; every change goes through here."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from tidegate.application.desk_reading import DeskReading
from tidegate.application.publishing import Publisher
from tidegate.domain.events import IncidentRaised, JournalEvent, OrderNews, OrderUnanswered, TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.order_stats import OrderStats
from tidegate.domain.orders import TERMINAL, Order, OrderRecord
from tidegate.domain.ports import ClockPort, MarketDataPort, OrderStorePort
from tidegate.domain.reconciliation import Difference
from tidegate.domain.records import CommitOutcome, Step, StepCommitted
from tidegate.domain.risk import RiskManager
from tidegate.domain.views import ReviewView
from tidegate.domain.vocabulary import OrderStatus, TradingState

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than what is done with it.
_ENDED_MAX = 1_000
"""Far more orders than can have ended since the last commit: news rides in the next one."""

_SENDING, _UNKNOWN, _REFUSED = OrderStatus.SENDING, OrderStatus.UNKNOWN, OrderStatus.REFUSED


class AccountDesk(DeskReading):
    """What is known of one account, what is written of it, and who is told.

    Every change goes through here: folded into the ledger, handed to the store, told to the subscribers, in this order.
    """

    def __init__(
        self,
        *,
        store: OrderStorePort,
        market_data: MarketDataPort,
        clock: ClockPort,
        risk_manager: RiskManager,
        reporting_currency: str = "USD",
        is_live: bool = False,
        order_stats: OrderStats | None = None,
    ) -> None:
        super().__init__(market_data, risk_manager, reporting_currency, is_live=is_live)
        self.store = store
        self.clock = clock
        self.stats = order_stats if order_stats is not None else OrderStats()
        self.publisher = Publisher()
        self.broken: list[str] = []
        self.in_transit: set[ClientOrderId] = set()
        self.fences: dict[str, int] = {}
        self.differences: tuple[Difference, ...] = ()
        self.filled_until: datetime | None = None
        self.filled_orders = 0
        # Refusals that leave no event: of calls that no record could hold, of taken ids, of a store that failed.
        self.unrecorded: Counter[str] = Counter()
        self.on_reserved: Callable[[Order, ReviewView], None] | None = None
        self._recalling: dict[ClientOrderId, bool] = {}
        self._ended: dict[ClientOrderId, OrderRecord] = {}

    def note(self, at: datetime, *events: JournalEvent) -> Step | None:
        """Fold news, queue it for the next commit and tell it; news that a query could find again after a crash."""
        return self._noted(self.ledger.apply(at, events))

    def _noted(self, step: Step | None) -> Step | None:
        if step is not None:
            self.store.append(step)
            self._remember_ended(step)
            self.told(step)
            if self._recalling:
                for record in step.orders:
                    self._recalling[record.client_order_id] = True
        return step

    async def commit(self, at: datetime, *events: JournalEvent) -> CommitOutcome:
        """Fold events and wait until they are durable."""
        step = self.ledger.apply(at, events)
        if step is None:
            return await self.store.flush()
        outcome = await self.store.commit(step)
        if type(outcome) is StepCommitted:
            self.told(step)
        return outcome

    def told(self, step: Step) -> None:
        """Tell the subscribers of a step that has been handed to the store."""
        self.publisher.publish(step.events)
        for record in step.orders:
            # Of an order that is only being sent there is nothing to tell yet.
            if record.status is not _SENDING:
                self._look_at(record, step)

    def _look_at(self, record: OrderRecord, step: Step) -> None:
        is_plain = record.refused is None and record.amended_quantity is None and record.asked_quantity is None
        if not is_plain or record.filled_quantity > record.order.quantity:
            self._raise_incidents(record, step)
        if step.fills and _begins_to_fill(record, step):
            self.filled_orders += 1

    def _raise_incidents(self, record: OrderRecord, step: Step) -> None:
        if not record.is_overfilled and not record.is_late_accept:
            return
        kind = "OVERFILL" if record.is_overfilled else "LATE_ACCEPT"
        key = f"{kind} {record.client_order_id}"
        if key in self.broken:
            return
        self.broken.append(key)
        message = f"filled {record.filled_quantity} of {record.quantity}, refused: {record.refused is not None}"
        self.incident(step.at, kind, message, symbol=record.symbol, client_order_id=record.client_order_id)

    def broke(self, kind: str, what: str) -> None:
        """Show what may never be; the guard of records stops entries for it until an operator resumes (R8)."""
        if what not in self.broken:
            self.broken.append(what)
            self.incident(self.clock.now(), kind, what)

    async def change_state(self, change: TradingStateChanged) -> CommitOutcome:
        """Make a trading state durable, then have it hold here: the next SENDING transaction reads it in any case.

        A safer state holds here even where it could not be made durable; a bolder one does not.
        """
        outcome = await self.store.write_state(change)
        if type(outcome) is StepCommitted or change.state is not TradingState.ACTIVE:
            self.ledger.states.apply(change)
            self.publisher.publish((change,))
        return outcome

    def incident(self, at: datetime, kind: str, message: str, *, symbol: str = "", client_order_id: str = "") -> None:
        """Record what an operator must see."""
        self.note(at, IncidentRaised(at=at, kind=kind, message=message, symbol=symbol, client_order_id=client_order_id))

    async def learn(self, client_order_id: ClientOrderId, news: Sequence[OrderNews]) -> OrderRecord:
        """Fold news of one order, whether or not it is still held; the order as it then stands.

        Raises:
            LookupError: neither the ledger nor the store knows the order.
        """
        held = self.ledger.orders.get(client_order_id)
        if held is None:
            held = await self.recall(client_order_id)
        if held is None:
            raise LookupError(f"order {client_order_id} is in neither ledger nor store")
        step = self._noted(self.ledger.learn(self.clock.now(), held, news))
        if step is None:
            self._release(client_order_id)
            return held
        after = step.orders[0]
        if after.status is not held.status:
            self._count(held.status, after.status)
        return after

    def doubt(self, client_order_id: ClientOrderId, attempt: int, reason: str) -> None:
        """An attempt has no answer that decides it; whoever waits for nothing more can still say so."""
        held = self.ledger.orders.get(client_order_id)
        if held is None:
            # Its end has been told meanwhile by other means.
            return
        at = self.clock.now()
        step = self.note(at, OrderUnanswered(client_order_id=client_order_id, attempt=attempt, reason=reason, at=at))
        if step is not None:
            self._count(held.status, step.orders[0].status)

    def _count(self, before: OrderStatus, after: OrderStatus) -> None:
        """Count what an attempt came to, once: when its outcome becomes known, from whichever source."""
        if before is _UNKNOWN:
            self.stats.unknown -= 1
        elif before is not _SENDING:
            return
        if after is _UNKNOWN:
            self.stats.unknown += 1
        elif after is _REFUSED:
            self.stats.failed += 1
        else:
            self.stats.successful += 1

    def _remember_ended(self, step: Step) -> None:
        """An order leaves the ledger before its end is durable: should the store fail, that end is still known."""
        for record in step.orders:
            if record.status in TERMINAL:
                self._ended[record.client_order_id] = record
                if len(self._ended) > _ENDED_MAX:
                    del self._ended[next(iter(self._ended))]

    async def recall(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        """The order by its id, held again if it had left memory; None where the store knows no such order."""
        held = self.ledger.orders.get(client_order_id)
        while held is None:
            self._recalling.setdefault(client_order_id, False)
            is_durable = type(await self.store.flush()) is StepCommitted
            stored = await self.store.find_order(client_order_id)
            if not is_durable:
                # What was told and lost is not in the store: folding on what it has would book it a second time.
                stored = self._ended.get(client_order_id, stored)
            # News that others folded while the store was read is not in what it answered: then it is read again.
            is_outdated = self._recalling.pop(client_order_id, True)
            held = self.ledger.orders.get(client_order_id)
            if held is None and not is_outdated:
                if stored is not None:
                    self.ledger.recall(stored)
                return stored
        return held

    async def standing(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        """The order as it now stands, without holding it."""
        held = await self.recall(client_order_id)
        self._release(client_order_id)
        return held

    def _release(self, client_order_id: ClientOrderId) -> None:
        held = self.ledger.orders.get(client_order_id)
        if held is not None and held.is_terminal:
            del self.ledger.orders[client_order_id]

    def withdraw(self, client_order_id: ClientOrderId) -> None:
        """Take back an order whose SENDING did not become durable: nothing of it was written, so nothing stays."""
        self.ledger.withdraw(client_order_id)


def _begins_to_fill(record: OrderRecord, step: Step) -> bool:
    """Whether the order's first fill is in this step."""
    if len(step.orders) == 1:
        return len(record.trade_ids) == len(step.fills)
    fresh = sum(fill.client_order_id == record.client_order_id for fill in step.fills)
    return fresh > 0 and len(record.trade_ids) == fresh
