"""Records: what is handed to a store in one step, and what it answers."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tidegate.domain.decisions import Decision
from tidegate.domain.equity_history import EquityHistory
from tidegate.domain.events import DecisionRefused, JournalEvent, NoOrderDecided
from tidegate.domain.fills import Fill
from tidegate.domain.orders import OrderRecord, RecordedOrder
from tidegate.domain.positions import Position
from tidegate.domain.states import StateEntry


class Step(Struct, frozen=True, gc=False, kw_only=True):
    """One step of the account: events that become one journal row, and the projections as they stand after it.

    All of it is committed in one transaction or not at all; `fills` are those new in this step.
    """

    at: datetime
    events: tuple[JournalEvent, ...]
    orders: tuple[OrderRecord, ...] = ()
    positions: tuple[Position, ...] = ()
    balances: tuple[tuple[str, Decimal], ...] = ()
    fills: tuple[Fill, ...] = ()


class StateForbids(Struct, frozen=True, gc=False, kw_only=True):
    """The trading state, read again in the transaction that records it, does not permit this order.

    Of a first send nothing was written.

    `symbol` is empty where it is the account's own state.
    """

    entry: StateEntry
    symbol: str


class AlreadyDecided(Struct, frozen=True, gc=False, kw_only=True):
    """The decision's id has an outcome already; nothing was written."""

    decision_id: str


class WriterLost(Struct, frozen=True, gc=False, kw_only=True):
    """Another writer has taken the account (a newer epoch), or this attempt is no longer ours; nothing was written."""

    reason: str


class StoreUnavailable(Struct, frozen=True, gc=False, kw_only=True):
    """The step could not be made durable (disk full, locked, read-only, closed); nothing was written."""

    reason: str


RecordOutcome = RecordedOrder | StateForbids | AlreadyDecided | WriterLost | StoreUnavailable
"""What recording an order's SENDING answers."""


class StepCommitted(Struct, frozen=True, gc=False, kw_only=True):
    """The step is durable, with the journal's sequence number that it got.

    `forbidden` is the state, read in the same transaction, that does not let go out what the step announces: a bolder
    amend. The announcement stands, and nothing may be sent.
    """

    sequence: int
    forbidden: StateForbids | None = None


NotCommitted = AlreadyDecided | WriterLost | StoreUnavailable
CommitOutcome = StepCommitted | NotCommitted


def why_not(outcome: NotCommitted) -> str:
    """Why a step was not committed, in words."""
    if isinstance(outcome, AlreadyDecided):
        return f"decision id {outcome.decision_id} has an outcome already"
    return outcome.reason


class StoredDecision(Struct, frozen=True, gc=False, kw_only=True):
    """A decision id that has been used: its content and what it came to (an order's id, or a refusal, or no order)."""

    decision_id: str
    symbol: str
    decision: Decision
    client_order_id: str = ""
    outcome: DecisionRefused | NoOrderDecided | None = None


class StartMarks(Struct, frozen=True, gc=False, kw_only=True):
    """What starts leave for the next one, since one that a crash ends can say nothing afterwards.

    `unfinished` starts have begun and not ended since the last that did; `taking_up` is the order that the last of them
    had turned to, and `quarantined` are those that are not taken up any more. `acknowledged` are troubles that an
    operator has resumed in spite of, which stop nothing while they last, whoever serves the account. `shown` are the
    invariants for which the end of a run has stopped entries: an operator who resumes has seen them. `listed_until` is
    the stamp of the latest fill in a complete listing of the venue's that is durable; of what was refused up to
    `settled_until` the venue has been asked for long enough.
    """

    unfinished: int = 0
    taking_up: str = ""
    quarantined: tuple[str, ...] = ()
    acknowledged: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    listed_until: datetime | None = None
    settled_until: datetime | None = None


class StoredAccount(Struct, frozen=True, kw_only=True):
    """What a start needs: everything open, and the sums of what is not."""

    account_id: str
    epoch: int
    sequence: int
    open_orders: tuple[OrderRecord, ...]
    positions: tuple[Position, ...]
    balances: dict[str, Decimal]
    opening_balances: dict[str, Decimal]
    account_state: StateEntry | None
    symbol_states: dict[str, StateEntry]
    opened_at: datetime | None
    day_opened_at: datetime | None
    day_opening_equity: Decimal | None
    orders_today: int
    last_fill_at: datetime | None
    starts: StartMarks = StartMarks()
    movements: dict[str, datetime] = {}
    """Every movement that was booked, by the venue's id."""
    equity_history: EquityHistory = EquityHistory()


class JournalRow(Struct, frozen=True, kw_only=True):
    """One committed step: its sequence number, moment, events, and hash in the chain (hexadecimal SHA-256)."""

    sequence: int
    at: datetime
    events: tuple[JournalEvent, ...]
    hash: str


class RequestKind(StrEnum):
    """What another process may ask the writer to do."""

    DECIDE = "DECIDE"
    CANCEL = "CANCEL"
    CANCEL_ALL = "CANCEL_ALL"
    CLOSE = "CLOSE"
    STATE = "STATE"
    RECONCILE = "RECONCILE"
    SETTLE = "SETTLE"


class InboxRequest(Struct, frozen=True, kw_only=True):
    """A request in the durable inbox; `payload` is JSON text whose shape the kind gives (docs/store.md)."""

    request_id: str
    kind: RequestKind
    payload: str
    at: datetime


class InboxAnswer(Struct, frozen=True, kw_only=True):
    """What the writer did with a request: JSON text, and which process and epoch did it."""

    request_id: str
    payload: str
    process: str
    epoch: int
