"""The checked venue: whatever an adapter says is looked at before it is believed, in this one place.

A port's contract says what an adapter owes, and an adapter is other people's code. What it raises, and what is not the
kind of answer that was asked for, decides nothing: a request is unanswered then (R3), a question has found nobody (R7).
Either is shown as ADAPTER_FAILED. After a request that met an exception, an answer that cannot be, and want of memory
or stack anywhere, the guard of records takes no entries until an operator resumes (P14). A question that met any other
exception is an outage, which ends by itself.
"""

from asyncio import CancelledError, sleep
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Self

from tidegate.application.desk import AccountDesk
from tidegate.application.foreign import FOREIGN
from tidegate.application.hearing import Hearing, Nothing, is_cancelled
from tidegate.domain.answer_flaws import (
    acknowledgement_flaw,
    balances_flaw,
    flaw_of_fill,
    is_a,
    is_plain,
    moment_flaw,
    movement_flaw,
    order_flaw,
    positions_flaw,
    report_flaw,
    unwritable,
)
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.ports import AccountPort, EnginePort
from tidegate.domain.refusals import AnyRefusal, Refusal, VenueUnreachableRefused
from tidegate.domain.submissions import (
    AmendConfirmed,
    AmendOutcome,
    AmendRefused,
    AmendUnanswered,
    CancelConfirmed,
    CancelOutcome,
    CancelRefused,
    CancelUnanswered,
    EngineCapabilities,
    NeverSent,
    OrderAbsent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    ReportGap,
    SubmissionOutcome,
    SubmissionUnanswered,
    Unreachable,
    VenueBalances,
    VenueOrder,
    VenuePositions,
    VenueReport,
)

_SUBMISSIONS = (OrderAcknowledged, OrderRejectedByVenue, SubmissionUnanswered, NeverSent)
_CANCELS = (CancelConfirmed, CancelRefused, CancelUnanswered)
_AMENDS = (AmendConfirmed, AmendRefused, AmendUnanswered)
_GAP_SECONDS = 5.0
"""How far apart two gaps are told that come of reports nobody can believe."""
_IN_A_ROW_MAX = 256
"""So many reports are taken before everybody else has a turn."""


class CheckedEngine(Hearing):
    """An EnginePort over another one; what one that `is_trusted` answers to a submit is taken as it is."""

    def __init__(self, venue: EnginePort, desk: AccountDesk, *, is_trusted: bool = False) -> None:
        super().__init__(desk)
        self._venue = venue
        self._is_trusted = is_trusted

    @property
    def capabilities(self) -> EngineCapabilities:
        return self._venue.capabilities

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        what = "an order was submitted"
        try:
            answer = await self._venue.submit(recorded)
            if self._is_trusted or is_plain(recorded, answer):
                return answer
            flaw = self._submission_flaw(recorded, answer)
            if not flaw:
                return answer
        except FOREIGN as error:  # whatever it is, the order may be live
            flaw = self._raised(error, what, recorded)
        except CancelledError as error:
            if is_cancelled():
                raise
            flaw = self._raised(error, what, recorded)
        return SubmissionUnanswered(reason=flaw, at=self._now())

    def _submission_flaw(self, recorded: RecordedOrder, answer: SubmissionOutcome) -> str:
        if not is_a(answer, *_SUBMISSIONS):
            return self._wrong(f"it answered {type(answer).__name__} when an order was submitted", recorded)
        now = self._now()
        flaw = moment_flaw(answer.at, now)
        if not flaw and isinstance(answer, OrderAcknowledged):
            flaw = acknowledgement_flaw(recorded, answer, now)
        flaw = flaw or unwritable(answer)
        return self._wrong(f"{flaw}, in the answer to a submit", recorded) if flaw else ""

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        answer = await self._heard("an order was canceled", lambda: self._venue.cancel(order), order)
        if isinstance(answer, Nothing):
            return CancelUnanswered(reason=answer.why, at=self._now())
        flaw = self._kind_flaw("canceled", answer, _CANCELS, order)
        return CancelUnanswered(reason=flaw, at=self._now()) if flaw else answer

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        answer = await self._heard(
            "an order was amended", lambda: self._venue.amend(order, quantity, limit_price), order
        )
        if isinstance(answer, Nothing):
            return AmendUnanswered(reason=answer.why, at=self._now())
        flaw = self._kind_flaw("amended", answer, _AMENDS, order)
        return AmendUnanswered(reason=flaw, at=self._now()) if flaw else answer

    def _kind_flaw(
        self, what: str, answer: CancelOutcome | AmendOutcome, kinds: tuple[type, ...], order: OrderRecord
    ) -> str:
        if not is_a(answer, *kinds):
            return self._wrong(f"it answered {type(answer).__name__} when an order was {what}", order)
        flaw = moment_flaw(answer.at, self._now()) or unwritable(answer)
        return self._wrong(f"{flaw}, when an order was {what}", order) if flaw else ""

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        answer = await self._heard("it was asked for an order", lambda: self._venue.order(client_order_id, symbol))
        if isinstance(answer, Unreachable):
            return self._as_told(answer)
        if isinstance(answer, OrderAbsent):
            return answer
        if isinstance(answer, Nothing):
            return self._unreachable(answer.why)
        flaw = order_flaw(answer, self._now())
        if not flaw and answer.client_order_id != client_order_id:
            flaw = f"it told of order {answer.client_order_id} when asked for {client_order_id}"
        return self._unreachable(self._wrong(f"{flaw}, when it was asked for an order")) if flaw else answer

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        return await self._listing("it was asked for open orders", self._venue.open_orders, order_flaw)

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        return await self._listing("it was asked for fills", lambda: self._venue.fills(since), flaw_of_fill)

    def reports(self) -> AsyncIterator[VenueReport]:
        return _CheckedReports(self._venue.reports(), self._desk)

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        answer = await self._heard("it was asked for a preview", lambda: self._venue.preview(approved))
        if answer is None or (isinstance(answer, Refusal) and not unwritable(answer)):
            return answer
        words = answer.why if isinstance(answer, Nothing) else f"it answered {type(answer).__name__} to a preview"
        return VenueUnreachableRefused(message=f"no preview could be had: {words}")


class _CheckedReports(Hearing):
    """A stream, in which a report that cannot be believed is a gap: what it should have told must be asked for."""

    def __init__(self, reports: AsyncIterator[VenueReport], desk: AccountDesk) -> None:
        super().__init__(desk)
        self._reports = reports
        self._gap_at = float("-inf")
        self._in_a_row = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> VenueReport:
        while True:
            report = await anext(self._reports)
            self._in_a_row += 1
            if self._in_a_row >= _IN_A_ROW_MAX:
                # A stream that always has a next report at hand never waits, and everybody else would.
                self._in_a_row = 0
                await sleep(0)
            flaw = report_flaw(report, self._now())
            if not flaw:
                return report
            words, at = self._wrong(f"{flaw}, on its stream"), self._desk.clock.monotonic()
            if at - self._gap_at >= _GAP_SECONDS:
                self._gap_at = at
                return ReportGap(reason=words, at=self._now())


class CheckedAccount(Hearing):
    """An AccountPort over another one."""

    def __init__(self, account: AccountPort, desk: AccountDesk) -> None:
        super().__init__(desk)
        self._account = account

    async def balances(self) -> VenueBalances | Unreachable:
        what = "it was asked for balances"
        return await self._statement(what, self._account.balances, VenueBalances, balances_flaw)

    async def positions(self) -> VenuePositions | Unreachable:
        what = "it was asked for positions"
        return await self._statement(what, self._account.positions, VenuePositions, positions_flaw)

    async def movements(self, since: datetime) -> tuple[Movement, ...] | Unreachable:
        return await self._listing("it was asked for movements", lambda: self._account.movements(since), movement_flaw)
