"""The desk: one account's ledger, store and subscribers, moved together; every change goes through here."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from tidegate.application.desk_reading import DeskReading
from tidegate.application.ended import EndedOrders
from tidegate.application.histories import HistoryKeeper
from tidegate.application.publishing import Publisher
from tidegate.application.recording import OrdersBeingRecorded
from tidegate.application.sight import Sight
from tidegate.application.store_watch import StoreWatch
from tidegate.application.tally import Tally, begins_to_fill
from tidegate.application.transmissions import Transmissions
from tidegate.domain.decisions import Decision
from tidegate.domain.events import IncidentRaised, JournalEvent, OrderNews, OrderUnanswered, TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.one_look import Approval
from tidegate.domain.order_stats import OrderStats
from tidegate.domain.orders import TERMINAL, OrderRecord
from tidegate.domain.ports import ClockPort, MarketDataPort, OrderStorePort
from tidegate.domain.reconciliation import Difference
from tidegate.domain.records import CommitOutcome, StartMarks, Step, StepCommitted
from tidegate.domain.risk import RiskManager
from tidegate.domain.vocabulary import OrderStatus, TradingState

_REFUSED_MAX = 10_000
"""How many refused ids are watched at once; the oldest give way."""
# Bound once: in Python 3.11 looking a member up on its enumeration costs more than what is done with it.
_SENDING, _UNKNOWN, _REFUSED = OrderStatus.SENDING, OrderStatus.UNKNOWN, OrderStatus.REFUSED


class AccountDesk(DeskReading):
    """Every change goes through here: folded into the ledger, handed to the store, told, in this order."""

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
        super().__init__(market_data, risk_manager, reporting_currency, clock, is_live=is_live)
        self.store = store
        self.stats = order_stats if order_stats is not None else OrderStats()
        self.publisher = Publisher()
        self.tally = Tally()
        self.broken: dict[str, str] = {}
        """What may never be and was seen, with the symbol that it concerns, empty for the account."""
        self.accepted: set[str] = set()
        """Invariants that a run's end has shown, and in spite of which an operator has resumed."""
        self.journal_flaw = ""
        """What is wrong with the journal itself, for as long as it is used."""
        self.acknowledged: set[str] = set()
        """Troubles that an operator has seen and resumed in spite of; they stop nothing while they last."""
        self.refused_lately: dict[ClientOrderId, tuple[datetime, float]] = {}
        """Orders that were sent and then refused, and when that was by the wall and the monotonic clock (B25)."""
        self.marks = StartMarks()
        """What the next start has to know, as last written."""
        self.amended_at: dict[ClientOrderId, float] = {}
        """When the terms of a live order last changed, or an amend of it was under way, on the monotonic clock."""
        self.amending: set[ClientOrderId] = set()  # Of these an amend is being made durable, or is under way.
        self.resends_exits = False
        self.lost_exits: set[ClientOrderId] = set()
        """Exits that never arrived, as the venue has proven, and that are to go out again."""
        self.quarantined: set[ClientOrderId] = set()
        """Orders that are not taken up: starts have ended at them, or their product is gone."""
        self.taken_up = asyncio.Event()
        """Set once the desk stands where the store stood: news that were folded before would be forgotten by it."""
        self.store_watch = StoreWatch(store)
        self.ended = EndedOrders(store, self.store_watch)
        self.in_transit: set[ClientOrderId] = set()
        self.recording = OrdersBeingRecorded()
        self.transmissions = Transmissions(clock)
        self.fences: dict[str, int] = {}
        self.differences: tuple[Difference, ...] = ()
        self.order_differences: dict[str, Difference] = {}
        """What differs of single orders, by their ids, until the venue is seen to agree."""
        self.sight = Sight()
        self.filled_orders = 0
        self.unrecorded: Counter[str] = Counter()
        """Refusals that leave no event: of calls that no record could hold, of taken ids, of a store that failed."""
        self.on_reserved: Callable[[Approval], None] | None = None
        self._recalling: dict[ClientOrderId, bool] = {}
        self.histories = HistoryKeeper(self.ledger, store, self.market_data.product)

    def note(self, at: datetime, *events: JournalEvent) -> Step | None:
        """Fold news, queue it for the next commit and tell it; news that a query could find again after a crash."""
        step = self.ledger.apply(at, events)
        if step is not None:
            self.store.append(step)
            self.ended.remember(step)
            self.told(step)
            for record in step.orders if self._recalling else ():
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
        else:
            self.store_watch.heard(outcome)
        return outcome

    def told_sending(self, step: Step, decision: Decision | None) -> None:
        """`told` for a step that marks an order's first attempt, for a decision or without, and says nothing else."""
        self.tally.orders += 1
        self.tally.decisions += decision is not None
        if self.publisher.subscribers:
            self.publisher.publish(step.events)

    def told(self, step: Step) -> None:
        """Count a step that has been handed to the store, and tell the subscribers of it."""
        self.tally.count(step)
        if self.publisher.subscribers:
            self.publisher.publish(step.events)
        for record in step.orders:
            if record.status is _SENDING:
                continue  # of an order that is only being sent there is nothing to tell yet
            if (
                record.filled_quantity > record.order.quantity
                or record.refused is not None
                or record.amended_quantity is not None
                or record.asked_quantity is not None
            ):
                self._raise_incidents(record, step)
            if step.fills and begins_to_fill(record, step):
                self.filled_orders += 1

    def _raise_incidents(self, record: OrderRecord, step: Step) -> None:
        if not record.is_overfilled and not record.is_late_accept:
            return
        kind = "OVERFILL" if record.is_overfilled else "LATE_ACCEPT"
        key = f"{kind} {record.client_order_id}"
        if key in self.broken:
            return
        self.broken[key] = record.symbol
        message = f"filled {record.filled_quantity} of {record.quantity}, refused: {record.refused is not None}"
        self.incident(step.at, kind, message, symbol=record.symbol, client_order_id=record.client_order_id)

    def broke(self, kind: str, what: str, *, symbol: str = "", client_order_id: str = "") -> None:
        """Show what may never be; the guard of records stops entries for it until an operator resumes (R8)."""
        if what not in self.broken:
            self.broken[what] = symbol
            self.incident(self.clock.now(), kind, what, symbol=symbol, client_order_id=client_order_id)

    async def change_state(self, change: TradingStateChanged) -> CommitOutcome:
        """Make a trading state durable and have it hold here: the next SENDING transaction reads it in any case.

        A safer one holds here at once, even if it cannot be made durable; a bolder one once it is, unless overtaken.
        """
        is_safer = change.state is not TradingState.ACTIVE
        if is_safer:
            self.ledger.states.apply(change)
        stood = self.ledger.states.own(change.symbol)
        outcome = await self.store.write_state(change)
        if is_safer:
            self.is_state_durable = self.is_state_durable if change.symbol else type(outcome) is StepCommitted
            self.publisher.publish((change,))
        elif type(outcome) is StepCommitted and self.ledger.states.own(change.symbol) == stood:
            self.hold_state(change)
        return outcome

    def hold_state(self, change: TradingStateChanged) -> None:
        """Have a trading state hold here that is durable already, whoever wrote it."""
        self.is_state_durable |= not change.symbol
        self.ledger.states.apply(change)
        self.publisher.publish((change,))

    def incident(self, at: datetime, kind: str, message: str, *, symbol: str = "", client_order_id: str = "") -> None:
        """Record what an operator must see."""
        self.note(at, IncidentRaised(at=at, kind=kind, message=message, symbol=symbol, client_order_id=client_order_id))

    async def learn(self, client_order_id: ClientOrderId, news: Sequence[OrderNews]) -> OrderRecord:
        """Fold news of one order, whether or not it is still held; the order as it then stands.

        Raises:
            LookupError: neither the ledger nor the store knows the order.
        """
        if self.ledger.is_summed and self.ledger.misses_history(news):
            await self.histories.complete()
        held = self.ledger.orders.get(client_order_id)
        if held is None:
            held = await self.recall(client_order_id)
        if held is None:
            raise LookupError(f"order {client_order_id} is in neither ledger nor store")
        step, before = self.ledger.learn(self.clock.now(), held, news), held.status
        if step is None:
            self._release(client_order_id)
            return held
        after = step.orders[0]
        self.store.append(step)
        if after.status in TERMINAL:
            self.ended.keep(after)
            self.amended_at.pop(client_order_id, None)
            self.set_aside.pop(client_order_id, None)
        self.told(step)
        if self._recalling:
            self._recalling[client_order_id] = True
        self._count(before, after)
        return after

    def answered(self, step: Step) -> OrderRecord:
        """Hand on the first answer to an order just sent (`domain.first_answer`); the order as it then stands."""
        self.store.append(step)
        after, fills = step.orders[0], step.fills
        if after.status in TERMINAL:
            self.ended.keep(after)
        if after.filled_quantity > after.order.quantity:
            self.told(step)
        else:
            # Accepted, and filled within its size at most: nothing else is ever told of that.
            if fills:
                self.tally.count_fill(fills[0])
                self.filled_orders += 1
            if self.publisher.subscribers:
                self.publisher.publish(step.events)
        if self._recalling:
            self._recalling[after.order.client_order_id] = True
        self.stats.successful += 1
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
            self._count(held.status, step.orders[0])

    def _count(self, before: OrderStatus, after: OrderRecord) -> None:
        """Count what an attempt came to, once: when its outcome becomes known, from whichever source."""
        status = after.status
        if before is status:
            return
        if before is _UNKNOWN:
            self.stats.unknown -= 1
            self.unknown_since.pop(after.client_order_id, None)
        elif before is not _SENDING:
            return
        if status is _UNKNOWN:
            self.stats.unknown += 1
            self.unknown_since[after.client_order_id] = self.clock.monotonic()
        elif status is _REFUSED:
            self.stats.failed += 1
            self.refused_lately[after.client_order_id] = (after.updated_at or self.clock.now(), self.clock.monotonic())
            if len(self.refused_lately) > _REFUSED_MAX:
                del self.refused_lately[next(iter(self.refused_lately))]
        else:
            self.stats.successful += 1

    async def recall(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        """The order by its id, held again if it had left memory; None where the store knows no such order."""
        held = self.ledger.orders.get(client_order_id)
        if held is None and (ended := self.ended.find(client_order_id)) is not None:
            self.ledger.recall(ended)
            return ended
        while held is None:
            self._recalling.setdefault(client_order_id, False)
            await self.store.flush()
            stored = await self.store.find_order(client_order_id)
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
        if client_order_id not in self.ledger.orders and (ended := self.ended.find(client_order_id)) is not None:
            return ended
        held = await self.recall(client_order_id)
        self._release(client_order_id)
        return held

    def _release(self, client_order_id: ClientOrderId) -> None:
        held = self.ledger.orders.get(client_order_id)
        if held is not None and held.is_terminal:
            del self.ledger.orders[client_order_id]
