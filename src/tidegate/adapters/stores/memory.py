"""The order store in memory: every promise of the port but one, that it outlives the process.

Nothing is encoded on the way in: the journal's bytes and hashes, the lists of orders, fills and holdings, and the day's
count, are made when they are asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice

from msgspec.structs import replace

from tidegate.adapters.stores.journal import encode_events, genesis, journal_lines, microseconds, row_hash
from tidegate.adapters.stores.steps import (
    CLAIMS,
    EQUITY_EVENTS,
    Claim,
    Facts,
    bolder_of,
    claim_of,
    forbids,
    sending_of,
    stored_decision,
)
from tidegate.domain.equity_history import EquityHistory
from tidegate.domain.events import (
    AccountMoved,
    AccountOpened,
    ExternalFlow,
    JournalEvent,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.ports.clock import ClockPort
from tidegate.domain.positions import Position
from tidegate.domain.records import (
    AlreadyDecided,
    CommitOutcome,
    InboxAnswer,
    InboxRequest,
    JournalRow,
    RecordOutcome,
    RequestKind,
    StartMarks,
    Step,
    StepCommitted,
    StoredAccount,
    StoredDecision,
    StoreUnavailable,
    WriterLost,
)
from tidegate.domain.states import TradingStates

_CLAIMS = frozenset(CLAIMS)
_CLOSED = StoreUnavailable(reason="the store is closed")


class MemoryOrderStore:
    """Implements OrderStorePort for replay, tests and `memory://`. Every write is done when its call returns."""

    def __init__(self, account_id: str, clock: ClockPort, *, epoch: int = 1) -> None:
        self.account_id = account_id
        self.epoch = epoch
        self._clock = clock
        self._is_closed = False
        self._steps: list[Step] = []
        self._hashes: list[bytes] = []
        self._caught_up = 0
        self._orders: dict[ClientOrderId, OrderRecord] = {}
        self._decisions: dict[str, OrderSending | Claim] = {}
        self._fills: dict[tuple[str, str], Fill] = {}
        self._positions: dict[tuple[str, str], Position] = {}
        self._balances: dict[str, Decimal] = {}
        self._movements: dict[str, datetime] = {}
        self._states = TradingStates()
        self._has_account_state = False
        self._facts = Facts()
        self._equity_history = EquityHistory()
        self._requested = 0
        self._requests: dict[str, InboxRequest] = {}
        self._answers: dict[str, InboxAnswer] = {}

    def close(self) -> None:
        """Refuse every later write; what was written can still be read. Harmless twice."""
        self._is_closed = True

    async def load(self) -> StoredAccount:
        self._catch_up()
        facts = self._facts
        return StoredAccount(
            account_id=self.account_id,
            epoch=self.epoch,
            sequence=len(self._steps),
            open_orders=tuple(record for record in self._orders.values() if not record.is_terminal),
            positions=tuple(self._positions.values()),
            balances=dict(self._balances),
            opening_balances=dict(facts.opening_balances),
            account_state=self._states.account if self._has_account_state else None,
            symbol_states=self._states.symbols,
            opened_at=facts.opened_at,
            day_opened_at=facts.day_opened_at,
            day_opening_equity=facts.day_opening_equity,
            orders_today=facts.sent_today(self._clock.now()),
            last_fill_at=facts.last_fill_at,
            starts=facts.starts,
            movements=dict(self._movements),
            equity_history=self._equity_history,
        )

    async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
        events, orders = step.events, step.orders
        event, is_bare = events[0], len(events) == len(orders) == 1
        if type(event) is not OrderSending or not is_bare or not event.order is orders[0].order is approved.order:
            event = sending_of(approved, step)
        if self._is_closed:
            return _CLOSED
        if event.epoch != self.epoch:
            return WriterLost(reason=f"the step is of epoch {event.epoch}, the account is at {self.epoch}")
        decision, order = event.decision, event.order
        if decision is not None and decision.decision_id in self._decisions:
            return AlreadyDecided(decision_id=decision.decision_id)
        if (decision is None or event.attempt > 1 or not is_bare) and self._is_recorded(event):
            return WriterLost(reason=f"attempt {event.attempt} of {order.client_order_id} is already recorded")
        if not self._states.are_active and (forbidden := forbids(self._states, order)) is not None:
            return forbidden
        if decision is not None:
            self._decisions[decision.decision_id] = event
        if is_bare:
            self._steps.append(step)
        else:
            self._take(step)
        return RecordedOrder(order=approved.order, attempt=event.attempt, epoch=event.epoch, recorded_at=step.at)

    async def commit(self, step: Step) -> CommitOutcome:
        claim = claim_of(step)
        if self._is_closed:
            return _CLOSED
        if claim is not None:
            decision_id, event = claim
            if decision_id in self._decisions:
                return AlreadyDecided(decision_id=decision_id)
            self._decisions[decision_id] = event
        bolder = bolder_of(step)
        forbidden = None if bolder is None else forbids(self._states, bolder)
        self._take(step)
        return StepCommitted(sequence=len(self._steps), forbidden=forbidden)

    def append(self, step: Step) -> None:
        if step.events and type(step.events[0]) in _CLAIMS and claim_of(step) is not None:
            raise ValueError("a step that claims a decision must be committed, since it may find it claimed")
        if not self._is_closed:
            self._take(step)

    async def flush(self) -> CommitOutcome:
        return _CLOSED if self._is_closed else StepCommitted(sequence=len(self._steps))

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        return await self.commit(Step(at=change.at, events=(change,)))

    async def write_start_marks(self, marks: StartMarks) -> CommitOutcome:
        if not self._is_closed:
            self._facts.starts = marks
        return await self.flush()

    def _is_recorded(self, sending: OrderSending) -> bool:
        """Whether this attempt has a record already; the first attempt of a new decision cannot have one."""
        self._catch_up()
        known = self._orders.get(sending.order.client_order_id)
        return known is not None and known.attempt >= sending.attempt

    def _take(self, step: Step) -> None:
        self._steps.append(step)
        for event in step.events:
            if type(event) is TradingStateChanged:
                self._states.apply(event)
                self._has_account_state = self._has_account_state or not event.symbol

    def _catch_up(self) -> None:
        """Put orders, fills, holdings and counts where they can be read, as the steps since the last time tell them.

        Interrupted (P14), it begins there again: what a step adds up is kept apart until the last of them is through,
        and everything else of a step may be said twice.
        """
        until = len(self._steps)
        if self._caught_up == until:
            return
        sums = replace(self._facts, opening_balances=dict(self._facts.opening_balances))
        history = self._equity_history
        for step in islice(self._steps, self._caught_up, until):
            for record in step.orders:
                self._orders[record.order.client_order_id] = record
            for event in step.events:
                self._project(sums, step, event)
                if isinstance(event, EQUITY_EVENTS):
                    history = history.after(event)
            for fill in step.fills:
                # The first record of a fill stands: none is ever overwritten.
                if self._fills.setdefault((fill.symbol, fill.trade_id), fill) is fill:
                    sums.filled(fill.at)
            for position in step.positions:
                self._positions[position.strategy_id, position.symbol] = position
            self._balances.update(step.balances)
        self._facts, self._equity_history, self._caught_up = sums, history, until

    def _project(self, sums: Facts, step: Step, event: JournalEvent) -> None:
        if isinstance(event, OrderSending):
            if event.attempt == 1:
                sums.sent(step.at)
        elif isinstance(event, AccountOpened):
            sums.opened(event)
        elif isinstance(event, ExternalFlow):
            sums.flowed(event.currency, event.amount)
        elif isinstance(event, AccountMoved):
            sums.moved(event)
            self._movements.setdefault(event.movement.movement_id, event.movement.at)
        elif isinstance(event, EQUITY_EVENTS):
            sums.day(event)

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        event = self._decisions.get(decision_id)
        return None if event is None else stored_decision(event)

    async def find_order(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        self._catch_up()
        return self._orders.get(client_order_id)

    async def orders(self, *, limit: int = 100, open_only: bool = False, symbol: str = "") -> Sequence[OrderRecord]:
        self._catch_up()
        wanted = (
            record
            for record in reversed(self._orders.values())
            if (not symbol or record.symbol == symbol) and not (open_only and record.is_terminal)
        )
        return tuple(islice(wanted, limit))

    async def fills(self, *, limit: int = 100, symbol: str = "") -> Sequence[Fill]:
        self._catch_up()
        wanted = (fill for fill in reversed(self._fills.values()) if not symbol or fill.symbol == symbol)
        return tuple(islice(wanted, limit))

    async def journal(self, *, after: int = 0, limit: int = 1_000) -> Sequence[JournalRow]:
        self._chain()
        rows = zip(islice(self._steps, after, after + limit), islice(self._hashes, after, after + limit), strict=True)
        return tuple(
            JournalRow(sequence=sequence, at=step.at, events=step.events, hash=digest.hex())
            for sequence, (step, digest) in enumerate(rows, after + 1)
        )

    def journal_bytes(self) -> bytes:
        """The whole journal as JSON lines with hashes; equal runs give equal bytes, in any store."""
        self._chain()
        rows = enumerate(zip(self._steps, self._hashes, strict=True), 1)
        return b"".join(
            journal_lines(
                (sequence, microseconds(step.at), encode_events(step.events), digest)
                for sequence, (step, digest) in rows
            )
        )

    def _chain(self) -> None:
        digest = self._hashes[-1] if self._hashes else genesis(self.account_id)
        for sequence in range(len(self._hashes) + 1, len(self._steps) + 1):
            step = self._steps[sequence - 1]
            digest = row_hash(digest, sequence, microseconds(step.at), encode_events(step.events))
            self._hashes.append(digest)

    async def submit_request(self, kind: RequestKind, payload: str) -> str:
        """Leave a request, as another process would in a durable store; its id."""
        self._requested += 1
        request_id = f"r{self._requested}"
        self._requests[request_id] = InboxRequest(
            request_id=request_id, kind=kind, payload=payload, at=self._clock.now()
        )
        return request_id

    async def requests(self) -> Sequence[InboxRequest]:
        return tuple(self._requests.values())

    async def answer(self, answer: InboxAnswer) -> CommitOutcome:
        if self._is_closed:
            return _CLOSED
        # The first answer stands.
        if self._requests.pop(answer.request_id, None) is not None:
            self._answers[answer.request_id] = answer
        return StepCommitted(sequence=len(self._steps))

    async def find_answer(self, request_id: str) -> InboxAnswer | None:
        """The answer of a request, once there is one."""
        return self._answers.get(request_id)
