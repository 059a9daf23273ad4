"""Events: everything that the journal remembers, as closed tagged unions."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO
from tidegate.domain.decisions import Decision
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId, VenueOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.orders import Order, Warned
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.vocabulary import TradingState


def external_after(held: Decimal, amount: Decimal) -> Decimal:
    """The coins that are not ours, of which there were `held`, after so many came or went."""
    return max(DOMAIN_CONTEXT.add(held, amount), ZERO)


class _Event(Struct, frozen=True, gc=False, kw_only=True, tag_field="event", omit_defaults=True):
    at: datetime


class _OrderNews(_Event, frozen=True, gc=False, kw_only=True):
    client_order_id: ClientOrderId


class OrderPrepared(_Event, frozen=True, gc=False, kw_only=True, tag="ORDER_PREPARED"):
    """The intent of parked work is durable; nothing has been attempted. With a decision it claims that one's id."""

    order: Order
    worst_price: Decimal
    decision: Decision | None = None
    warnings: tuple[Warned, ...] = ()


class OrderSending(_Event, frozen=True, gc=False, kw_only=True, tag="ORDER_SENDING"):
    """Intent, attempt and SENDING in one: after this is durable, and only then, bytes may leave."""

    order: Order
    worst_price: Decimal
    attempt: int
    epoch: int
    decision: Decision | None = None
    warnings: tuple[Warned, ...] = ()


class OrderUnanswered(_OrderNews, frozen=True, gc=False, kw_only=True, tag="ORDER_UNANSWERED"):
    """An attempt has no answer that decides it: UNKNOWN."""

    attempt: int
    reason: str


class OrderAccepted(_OrderNews, frozen=True, gc=False, kw_only=True, tag="ORDER_ACCEPTED"):
    """The venue works it."""

    venue_order_id: VenueOrderId | None = None


class OrderRejected(_OrderNews, frozen=True, gc=False, kw_only=True, tag="ORDER_REJECTED"):
    """Evidence in the sense of R3 that it is not worked: a refusal code and its text."""

    code: str
    reason: str
    by_venue: bool = True


class OrderFilled(_OrderNews, frozen=True, gc=False, kw_only=True, tag="ORDER_FILLED"):
    """One execution."""

    fill: Fill


class FillBusted(_OrderNews, frozen=True, gc=False, kw_only=True, tag="FILL_BUSTED"):
    """The venue has taken an execution back: `fill` is its reverse, which is booked, and the first stands as it was."""

    trade_id: TradeId
    fill: Fill
    reason: str = ""


class CancelRequested(_OrderNews, frozen=True, gc=False, kw_only=True, tag="CANCEL_REQUESTED"):
    """A cancel, numbered per order, is about to be sent."""

    request: int
    reason: str = ""


class CancelRejected(_OrderNews, frozen=True, gc=False, kw_only=True, tag="CANCEL_REJECTED"):
    """The venue refused that cancel; the order is as it was."""

    request: int
    reason: str = ""


class OrderCanceled(_OrderNews, frozen=True, gc=False, kw_only=True, tag="ORDER_CANCELED"):
    """The venue no longer works the rest of it."""

    reason: str = ""


class OrderExpired(_OrderNews, frozen=True, gc=False, kw_only=True, tag="ORDER_EXPIRED"):
    """The venue ended it by its time in force."""


class OrderTriggered(_OrderNews, frozen=True, gc=False, kw_only=True, tag="ORDER_TRIGGERED"):
    """The market has reached its trigger, and the venue works it as what it was to become."""


class AmendRequested(_OrderNews, frozen=True, gc=False, kw_only=True, tag="AMEND_REQUESTED"):
    """An amend to a new *total* quantity and price, numbered per order, is about to be sent.

    One that is bolder, in size or in price, wants a trading state that would let such an order go out.
    """

    request: int
    quantity: Decimal
    limit_price: Decimal | None = None
    is_bolder: bool = False


class OrderAmended(_OrderNews, frozen=True, gc=False, kw_only=True, tag="ORDER_AMENDED"):
    """The venue works the new terms of that amend, or of a change of its own, which it gives the `reason` of."""

    request: int
    quantity: Decimal
    limit_price: Decimal | None = None
    reason: str = ""


class AmendRejected(_OrderNews, frozen=True, gc=False, kw_only=True, tag="AMEND_REJECTED"):
    """The venue refused that amend; the terms are as they were."""

    request: int
    reason: str = ""


OrderNews = (
    OrderUnanswered
    | OrderAccepted
    | OrderRejected
    | OrderFilled
    | FillBusted
    | CancelRequested
    | CancelRejected
    | OrderCanceled
    | OrderExpired
    | OrderTriggered
    | AmendRequested
    | OrderAmended
    | AmendRejected
)
"""What can be learnt of an order that exists."""

OrderEvent = OrderPrepared | OrderSending | OrderNews


class DecisionRefused(_Event, frozen=True, gc=False, kw_only=True, tag="DECISION_REFUSED"):
    """A decision ended in a refusal; final for its id."""

    symbol: str
    decision: Decision
    refusal: AnyRefusal


class NoOrderDecided(_Event, frozen=True, gc=False, kw_only=True, tag="NO_ORDER_DECIDED"):
    """A decision needed no order; final for its id."""

    symbol: str
    decision: Decision
    reason: str


class TradingStateChanged(_Event, frozen=True, gc=False, kw_only=True, tag="TRADING_STATE_CHANGED"):
    """The trading state of the account (`symbol` empty) or of one symbol."""

    state: TradingState
    reason: str
    by: str
    symbol: str = ""
    is_latched: bool = False
    until: datetime | None = None


class AccountOpened(_Event, frozen=True, gc=False, kw_only=True, tag="ACCOUNT_OPENED"):
    """The first start of an account: the balances found, by currency.

    `equity` is None and read by nobody: a row has the bytes it always had, and those of old files may have a figure.
    """

    account_id: str
    balances: dict[str, Decimal]
    equity: Decimal | None


class ExternalFlow(_Event, frozen=True, gc=False, kw_only=True, tag="EXTERNAL_FLOW"):
    """Money or coins came or went by no order of ours (a deposit, a transfer, somebody else's trade).

    An operator took it up: nothing of the kind is ever concluded from a balance alone. `amount` is signed.
    """

    currency: str
    amount: Decimal
    by: str
    reason: str = ""


class AccountMoved(_Event, frozen=True, gc=False, kw_only=True, tag="ACCOUNT_MOVED"):
    """The venue moved money or a position by no order of ours, and said why."""

    movement: Movement


class DayOpened(_Event, frozen=True, gc=False, kw_only=True, tag="DAY_OPENED"):
    """The equity against which the day's loss is measured, in the reporting currency of the day.

    `currency` is that; empty in rows of earlier versions, which did not say.
    """

    equity: Decimal
    currency: str = ""


class EquityMarked(_Event, frozen=True, gc=False, kw_only=True, tag="EQUITY_MARKED"):
    """The equity at a moment, in the reporting currency, and the high that drawdown is measured from.

    `has_tripped` says that the drawdown from that high has tripped: whoever resumes then has the next look take the
    equity that it finds for the new high.
    """

    equity: Decimal
    high: Decimal
    has_tripped: bool = False


class EquityShifted(_Event, frozen=True, gc=False, kw_only=True, tag="EQUITY_SHIFTED"):
    """A flow from outside moves every equity that later ones are held against: the day's opening, marks and high.

    `amount` is what the flow adds to equity, signed, in the reporting currency; `unpriced` all that still waits for a
    price after it, signed, by currency.
    """

    amount: Decimal
    unpriced: dict[str, Decimal] = {}


class ApplicationStarted(_Event, frozen=True, gc=False, kw_only=True, tag="APPLICATION_STARTED"):
    """A writer took the account; its epoch fences every earlier one."""

    epoch: int
    process: str


class GuardReported(_Event, frozen=True, gc=False, kw_only=True, tag="GUARD_REPORTED"):
    """A guard's answer changed: PASS, TRIP or BLIND."""

    guard: str
    answer: str
    message: str
    symbol: str = ""


class IncidentRaised(_Event, frozen=True, gc=False, kw_only=True, tag="INCIDENT_RAISED"):
    """Something an operator must see: OVERFILL, LATE_ACCEPT, a difference that reconciliation found, an orphan fill."""

    kind: str
    message: str
    symbol: str = ""
    client_order_id: str = ""


AccountEvent = (
    DecisionRefused
    | NoOrderDecided
    | TradingStateChanged
    | AccountOpened
    | ExternalFlow
    | AccountMoved
    | DayOpened
    | EquityMarked
    | EquityShifted
    | ApplicationStarted
    | GuardReported
    | IncidentRaised
)

JournalEvent = OrderEvent | AccountEvent
