"""What a venue answers: to a submit, a cancel, an amend and a question, with silence as an answer of its own."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, VenueOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.vocabulary import Delivery, OrderSide, OrderType, ReduceOnlySupport, TimeInForce, TriggerSource


class OrderAcknowledged(Struct, frozen=True, gc=False, kw_only=True):
    """The venue has it. `fills` are those that came with the answer; the stream may repeat them.

    `is_finished` says that the venue cancelled the rest at once (IOC, or a book that ran out).
    """

    venue_order_id: VenueOrderId | None
    at: datetime
    fills: tuple[Fill, ...] = ()
    is_finished: bool = False


class OrderRejectedByVenue(Struct, frozen=True, gc=False, kw_only=True):
    """A typed reject for this order, parsed from the venue's own body (R3).

    `code` is one of `rejections.VENUE_REFUSALS`.
    """

    code: str
    reason: str
    at: datetime


class SubmissionUnanswered(Struct, frozen=True, gc=False, kw_only=True):
    """No answer that decides it: timeout, reset, garbage, 5xx. The order may be live."""

    reason: str
    at: datetime


class NeverSent(Struct, frozen=True, gc=False, kw_only=True):
    """No byte of it left: the connection could not be made."""

    reason: str
    at: datetime


SubmissionOutcome = OrderAcknowledged | OrderRejectedByVenue | SubmissionUnanswered | NeverSent


class CancelConfirmed(Struct, frozen=True, gc=False, kw_only=True):
    """The venue no longer works it."""

    at: datetime


class CancelRefused(Struct, frozen=True, gc=False, kw_only=True):
    """Not cancelled: already done, unknown to the venue, or not allowed; query before assuming which."""

    reason: str
    at: datetime


class CancelUnanswered(Struct, frozen=True, gc=False, kw_only=True):
    """No answer that decides it: the order may be open or not."""

    reason: str
    at: datetime


CancelOutcome = CancelConfirmed | CancelRefused | CancelUnanswered


class AmendConfirmed(Struct, frozen=True, gc=False, kw_only=True):
    """The venue works the new total quantity and price."""

    at: datetime


class AmendRefused(Struct, frozen=True, gc=False, kw_only=True):
    """The venue works the terms it worked before."""

    reason: str
    at: datetime


class AmendUnanswered(Struct, frozen=True, gc=False, kw_only=True):
    """No answer that decides it: the old terms or the new ones may hold."""

    reason: str
    at: datetime


AmendOutcome = AmendConfirmed | AmendRefused | AmendUnanswered


class VenueOrder(Struct, frozen=True, gc=False, kw_only=True):
    """An order as the venue tells it at one moment; its quantities are cumulative, a check and never a fill (R5).

    `rejected_code` is one of `rejections.VENUE_REFUSALS`, empty unless the venue rejected it. `reduced_reason` says why
    the venue itself works less than it was asked for (self-trade prevention), empty unless it does; `ended_reason` why
    it works it no more, where it tells. `triggered_at` is when a trigger that the venue watches was reached.
    """

    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId | None
    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    filled_quantity: Decimal
    limit_price: Decimal | None
    is_open: bool
    is_canceled: bool = False
    is_expired: bool = False
    rejected_code: str = ""
    rejected_reason: str = ""
    reduced_reason: str = ""
    ended_reason: str = ""
    triggered_at: datetime | None = None
    reduce_only: bool = False
    at: datetime


class OrderAbsent(Struct, frozen=True, gc=False, kw_only=True):
    """A complete, successful query did not show it; evidence only when later than H after the last send."""

    at: datetime


class Unreachable(Struct, frozen=True, gc=False, kw_only=True):
    """A failed or partial fetch: no answer at all, and never an empty set (R7)."""

    reason: str
    at: datetime


# Reports: what a venue says unasked.


class OrderUpdate(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """An order's state, cumulative."""

    order: VenueOrder


class FillReport(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """One execution."""

    fill: Fill


class ReportGap(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """Reports may have been lost before this moment: everything must be asked for.

    `symbols` are those that it concerns, where the venue numbers its reports by symbol; empty is all of them.
    """

    reason: str
    at: datetime
    symbols: tuple[str, ...] = ()


class FillBust(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """An execution that the venue has taken back, as it had been told."""

    fill: Fill
    reason: str = ""


class MovementReport(Struct, frozen=True, gc=False, kw_only=True, tag=True):
    """Money or a position moved by no order of ours."""

    movement: Movement


VenueReport = OrderUpdate | FillReport | FillBust | MovementReport | ReportGap


class VenueBalances(Struct, frozen=True, gc=False, kw_only=True):
    """The venue's balances by currency (totals, held amounts included)."""

    account_id: str
    balances: dict[str, Decimal]
    at: datetime


class VenuePosition(Struct, frozen=True, gc=False, kw_only=True):
    """A derivative position as the venue tells it; signed quantity in contracts."""

    symbol: str
    quantity: Decimal = ZERO
    entry_price: Decimal | None = None


class VenuePositions(Struct, frozen=True, gc=False, kw_only=True):
    """The venue's derivative positions; a symbol that is not among them is flat."""

    positions: tuple[VenuePosition, ...]
    at: datetime


class EngineCapabilities(Struct, frozen=True, gc=False, kw_only=True):
    """What a venue can do, so that nothing asks which venue it is.

    `horizon_seconds` is H: how long after a send a "not found" is no evidence.
    """

    venue: str
    delivery: Delivery
    horizon_seconds: Decimal
    reduce_only: ReduceOnlySupport
    market_as_limit_ioc: bool = True
    order_types: frozenset[OrderType] = frozenset({OrderType.MARKET, OrderType.LIMIT})
    times_in_force: frozenset[TimeInForce] = frozenset(TimeInForce)
    trigger_sources: frozenset[TriggerSource] = frozenset(TriggerSource)
    post_only: bool = True
    amend: bool = False
    preview: bool = False
    client_order_id_length_max: int = 32
    is_verified: bool = True
