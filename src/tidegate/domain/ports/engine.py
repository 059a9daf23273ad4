"""EnginePort: a venue's side of execution."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.submissions import (
    AmendOutcome,
    CancelOutcome,
    EngineCapabilities,
    OrderAbsent,
    SubmissionOutcome,
    Unreachable,
    VenueOrder,
    VenueReport,
)


class EnginePort(Protocol):
    """A venue that works our orders. Broker adapters implement it.

    No call raises for what a venue or a network may do; only cancellation and a bug of ours come out as exceptions.
    What comes all the same, and what is no answer of the kind, decides nothing (`application.checked_venue`).
    """

    @property
    def capabilities(self) -> EngineCapabilities:
        """What this venue can do; constant while it is connected."""
        ...

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        """Ask the venue to work the order; one call is at most one transmission.

        Repeating it is safe on class A only, and never a way of asking. A request that timed out is
        SubmissionUnanswered, never a reject: the order may be live.
        """
        ...

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        """Ask the venue to stop working the order. May be repeated."""
        ...

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        """Ask for a new *total* quantity and price; refused where `capabilities.amend` is False."""
        ...

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        """The order with that id, terminal ones included. Absent only after a complete, successful query."""
        ...

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        """Every open order of the account, ours or not; a partial listing is Unreachable (R7)."""
        ...

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        """Every fill of the account stamped at or after `since`, oldest first; a partial list is Unreachable (R7)."""
        ...

    def reports(self) -> AsyncIterator[VenueReport]:
        """What the venue says unasked, from now on, until closed: repeated or in any order; a loss is a ReportGap."""
        ...

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        """Ask the venue whether it would take the order, without placing it; None is yes."""
        ...
