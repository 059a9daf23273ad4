"""Interposed ports: a store and a venue that do what the real one does, with something happening before or after."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal

from tidegate.domain.events import TradingStateChanged
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.ports import Broker, ClockPort, OrderStorePort
from tidegate.domain.products import Product
from tidegate.domain.records import (
    CommitOutcome,
    InboxAnswer,
    InboxRequest,
    JournalRow,
    RecordOutcome,
    StartMarks,
    Step,
    StoredAccount,
    StoredDecision,
    StoreUnavailable,
)
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.submissions import (
    AmendOutcome,
    CancelOutcome,
    EngineCapabilities,
    OrderAbsent,
    SubmissionOutcome,
    Unreachable,
    VenueBalances,
    VenueOrder,
    VenuePositions,
    VenueReport,
)
from tidegate.domain.views import MarketReading

Hook = Callable[[str], Awaitable[None]]
"""Called with the name of the port's method."""


async def nothing(_: str) -> None:
    """A hook that does nothing."""


class CancelAt:
    """Cancels the task that reaches the given await, counted from one over all ports; `seen` is how many there were."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.seen = 0
        self.is_armed = False

    async def __call__(self, _: str) -> None:
        if not self.is_armed:
            return
        self.seen += 1
        if self.seen == self._number:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        await asyncio.sleep(0)


class InterposedStore:
    """An OrderStorePort in front of another. `disk_is_full` has every write refused, as from then on a store does."""

    def __init__(self, store: OrderStorePort, before: Hook = nothing, after: Hook = nothing) -> None:
        self.inner = store
        self.before = before
        self.after = after
        self.disk_is_full = False
        self.dropped: list[Step] = []

    @property
    def account_id(self) -> str:
        return self.inner.account_id

    @property
    def epoch(self) -> int:
        return self.inner.epoch

    @property
    def _refusal(self) -> StoreUnavailable | None:
        return StoreUnavailable(reason="the disk is full") if self.disk_is_full else None

    async def load(self) -> StoredAccount:
        return await self.inner.load()

    async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
        await self.before("record_sending")
        outcome = self._refusal or await self.inner.record_sending(approved, step)
        await self.after("record_sending")
        return outcome

    async def commit(self, step: Step) -> CommitOutcome:
        # Nothing before: the port queues a step in the order of the calls, whichever of them is awaited.
        outcome = self._refusal or await self.inner.commit(step)
        await self.after("commit")
        return outcome

    def append(self, step: Step) -> None:
        if self.disk_is_full:
            self.dropped.append(step)
        else:
            self.inner.append(step)

    async def flush(self) -> CommitOutcome:
        await self.before("flush")
        outcome = self._refusal or await self.inner.flush()
        await self.after("flush")
        return outcome

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        await self.before("write_state")
        return self._refusal or await self.inner.write_state(change)

    async def write_start_marks(self, marks: StartMarks) -> CommitOutcome:
        await self.before("write_start_marks")
        return self._refusal or await self.inner.write_start_marks(marks)

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        await self.before("find_decision")
        found = await self.inner.find_decision(decision_id)
        await self.after("find_decision")
        return found

    async def find_order(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        await self.before("find_order")
        found = await self.inner.find_order(client_order_id)
        await self.after("find_order")
        return found

    async def orders(self, *, limit: int = 100, open_only: bool = False, symbol: str = "") -> Sequence[OrderRecord]:
        return await self.inner.orders(limit=limit, open_only=open_only, symbol=symbol)

    async def fills(self, *, limit: int = 100, symbol: str = "") -> Sequence[Fill]:
        return await self.inner.fills(limit=limit, symbol=symbol)

    async def journal(self, *, after: int = 0, limit: int = 1_000) -> Sequence[JournalRow]:
        await self.before("journal")
        return await self.inner.journal(after=after, limit=limit)

    async def requests(self) -> Sequence[InboxRequest]:
        return await self.inner.requests()

    async def answer(self, answer: InboxAnswer) -> CommitOutcome:
        return self._refusal or await self.inner.answer(answer)


class SlowStore(InterposedStore):
    """Takes `seconds` to say that it has recorded an attempt."""

    def __init__(self, store: OrderStorePort, clock: ClockPort) -> None:
        super().__init__(store, after=self._slowly)
        self.seconds = 0.0
        self._clock = clock

    async def _slowly(self, call: str) -> None:
        if call == "record_sending" and self.seconds:
            await self._clock.sleep(self.seconds)


class InterposedVenue:
    """A Broker in front of another."""

    def __init__(self, broker: Broker, before: Hook = nothing, after: Hook = nothing) -> None:
        self.inner = broker
        self.before = before
        self.after = after

    @property
    def capabilities(self) -> EngineCapabilities:
        return self.inner.capabilities

    @property
    def products(self) -> tuple[Product, ...]:
        return self.inner.products

    def product(self, symbol: str) -> Product | None:
        return self.inner.product(symbol)

    def reading(self, symbol: str) -> MarketReading:
        return self.inner.reading(symbol)

    def changes(self) -> AsyncIterator[str]:
        return self.inner.changes()

    def reports(self) -> AsyncIterator[VenueReport]:
        return self.inner.reports()

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        await self.before("submit")
        outcome = await self.inner.submit(recorded)
        await self.after("submit")
        return outcome

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        await self.before("cancel")
        outcome = await self.inner.cancel(order)
        await self.after("cancel")
        return outcome

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        return await self.inner.amend(order, quantity, limit_price)

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        await self.before("order")
        answer = await self.inner.order(client_order_id, symbol)
        await self.after("order")
        return answer

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        await self.before("open_orders")
        answer = await self.inner.open_orders()
        await self.after("open_orders")
        return answer

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        await self.before("fills")
        answer = await self.inner.fills(since)
        await self.after("fills")
        return answer

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        await self.before("preview")
        answer = await self.inner.preview(approved)
        await self.after("preview")
        return answer

    async def balances(self) -> VenueBalances | Unreachable:
        await self.before("balances")
        return await self.inner.balances()

    async def positions(self) -> VenuePositions | Unreachable:
        return await self.inner.positions()

    async def movements(self, since: datetime) -> tuple[Movement, ...] | Unreachable:
        return await self.inner.movements(since)
