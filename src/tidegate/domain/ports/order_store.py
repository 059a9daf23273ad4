"""OrderStorePort: the durable record of one account."""

from collections.abc import Sequence
from typing import Protocol

from tidegate.domain.events import TradingStateChanged
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import ApprovedOrder, OrderRecord
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
)


class OrderStorePort(Protocol):
    """Append-only journal with projections, inbox and trading states of one account, written by one writer at a time.

    Journal order is the order of the calls below, whichever of them is awaited. A store never raises for what a disk
    or a connection may do: it answers StoreUnavailable, and from then on refuses every write until reopened, because
    what was appended but not awaited may be missing. What was written can still be read then, and once it is closed.
    """

    @property
    def account_id(self) -> str:
        """The account this store is pinned to."""
        ...

    @property
    def epoch(self) -> int:
        """The epoch this writer holds; every earlier writer is fenced by it."""
        ...

    async def load(self) -> StoredAccount:
        """What is open, and the sums of what is not; terminal orders stay in the store."""
        ...

    async def record_sending(self, approved: ApprovedOrder, step: Step) -> RecordOutcome:
        """Make intent, attempt and SENDING durable in one transaction, or answer why not (R1, R2).

        `step.events[0]` is the OrderSending. The transaction compares the account epoch, the attempt (each number of
        an order once) and the decision id (once, unless the event carries no decision), and reads the trading state
        again. When this returns a RecordedOrder, the step is durable; otherwise nothing of it was written.
        """
        ...

    async def commit(self, step: Step) -> CommitOutcome:
        """Make a step durable. A step that begins with DecisionRefused, NoOrderDecided or OrderPrepared claims the id
        of the decision that it carries.

        One that begins with a bolder AmendRequested is held against the trading state as SENDING is, in the same
        transaction: it is durable all the same, and the answer says what forbids to send it.
        """
        ...

    def append(self, step: Step) -> None:
        """Queue a step for the next transaction without waiting: news that a query could find again after a crash."""
        ...

    async def flush(self) -> CommitOutcome:
        """Everything queued before is durable."""
        ...

    async def write_state(self, change: TradingStateChanged) -> CommitOutcome:
        """Make a trading state durable; the next SENDING transaction of any writer reads it."""
        ...

    async def write_start_marks(self, marks: StartMarks) -> CommitOutcome:
        """Make durable how starts have ended, beside the journal: a start without input leaves no row of its own."""
        ...

    async def find_decision(self, decision_id: str) -> StoredDecision | None:
        """A used decision id by its key, as far as it is durable."""
        ...

    async def find_order(self, client_order_id: ClientOrderId) -> OrderRecord | None:
        """An order by its key, terminal ones included."""
        ...

    async def orders(self, *, limit: int = 100, open_only: bool = False, symbol: str = "") -> Sequence[OrderRecord]:
        """Orders, the latest first."""
        ...

    async def fills(self, *, limit: int = 100, symbol: str = "") -> Sequence[Fill]:
        """Fills, the latest first."""
        ...

    async def journal(self, *, after: int = 0, limit: int = 1_000) -> Sequence[JournalRow]:
        """Journal rows after a sequence number, oldest first."""
        ...

    async def requests(self) -> Sequence[InboxRequest]:
        """Unanswered requests of other processes, oldest first."""
        ...

    async def answer(self, answer: InboxAnswer) -> CommitOutcome:
        """Answer a request durably; once answered it is not seen again."""
        ...
