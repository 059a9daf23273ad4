"""Orders, one type per proof: `Order` → `ApprovedOrder` → `RecordedOrder`, and `OrderRecord` for how one stands."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO
from tidegate.domain.identifiers import ClientOrderId, VenueOrderId
from tidegate.domain.vocabulary import (
    OrderSide,
    OrderStatus,
    OrderType,
    Purpose,
    TimeInForce,
    TriggerDirection,
    TriggerSource,
)


class Order(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One order as translated from a decision, not yet judged.

    `quantity` in base units (contracts), prices and `trail` in quote currency, moments aware UTC. `limit_price` of a
    MARKET order is the protection price that review puts on it; None there means that it goes out raw.
    """

    client_order_id: ClientOrderId
    decision_id: str
    symbol: str
    side: OrderSide
    order_type: OrderType
    quantity: Decimal
    time_in_force: TimeInForce
    purpose: Purpose
    created_at: datetime
    strategy_id: str = ""
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    trigger_direction: TriggerDirection | None = None
    trigger_source: TriggerSource | None = None
    trail: Decimal | None = None
    expire_at: datetime | None = None
    post_only: bool = False
    reduce_only: bool = False
    leverage: Decimal | None = None
    display_quantity: Decimal | None = None
    valid_until: datetime | None = None
    reference_price: Decimal | None = None
    max_drift_bps: Decimal | None = None
    arrival_mid: Decimal | None = None

    @property
    def is_taker_only(self) -> bool:
        """Whether it can never rest in the book."""
        return self.time_in_force is TimeInForce.IOC or self.time_in_force is TimeInForce.FOK


class TermsChange(Struct, frozen=True, gc=False):
    """One term that review changed (rounding, sizing, protection), as text for people."""

    term: str
    before: str
    after: str
    why: str


class Warned(Struct, frozen=True, gc=False):
    """A breach that does not stop an exit: the check's code and its message, recorded with the order."""

    code: str
    message: str


class ApprovedOrder(Struct, frozen=True, gc=False, kw_only=True):
    """An order with final terms that every check has passed. Only `domain.review` makes one.

    `worst_price` is the price at which its exposure and cost are reserved (its limit, or the worst level it may reach).
    """

    order: Order
    worst_price: Decimal
    reviewed_at: datetime
    warnings: tuple[Warned, ...] = ()
    changes: tuple[TermsChange, ...] = ()


class RecordedOrder(Struct, frozen=True, gc=False, kw_only=True):
    """An approved order whose SENDING is durable. Only an `OrderStorePort` makes one, and `submit` takes nothing else."""

    order: Order
    attempt: int
    epoch: int
    recorded_at: datetime


class Refused(Struct, frozen=True, gc=False, kw_only=True):
    """Why an order ended as REFUSED, and who said so."""

    code: str
    message: str
    by_venue: bool


class OrderRecord(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One order as it stands: its terms, and the facts that are known of it.

    The facts only ever accumulate and `status` follows from them (`domain.lifecycle`), so that the same news in any
    order, with repeats, ends in the same record. `filled_notional` is Σ quantity × price over the fills; `trade_ids`
    is sorted.
    """

    order: Order
    worst_price: Decimal
    status: OrderStatus = OrderStatus.PREPARED
    attempt: int = 0
    filled_quantity: Decimal = ZERO
    filled_notional: Decimal = ZERO
    trade_ids: tuple[str, ...] = ()
    venue_order_id: VenueOrderId | None = None
    unanswered_attempt: int = 0
    is_accepted: bool = False
    is_canceled: bool = False
    is_expired: bool = False
    refused: Refused | None = None
    cancel_requests: tuple[int, ...] = ()
    cancel_answers: tuple[int, ...] = ()
    amend_requests: tuple[int, ...] = ()
    amend_answers: tuple[int, ...] = ()
    asked_quantity: Decimal | None = None
    asked_price: Decimal | None = None
    amended_quantity: Decimal | None = None
    amended_price: Decimal | None = None
    amended_by: int = -1
    sent_at: datetime | None = None
    updated_at: datetime | None = None
    warnings: tuple[Warned, ...] = ()

    @property
    def client_order_id(self) -> ClientOrderId:
        return self.order.client_order_id

    @property
    def decision_id(self) -> str:
        return self.order.decision_id

    @property
    def symbol(self) -> str:
        return self.order.symbol

    @property
    def side(self) -> OrderSide:
        return self.order.side

    @property
    def order_type(self) -> OrderType:
        return self.order.order_type

    @property
    def quantity(self) -> Decimal:
        """The total quantity it now has at the venue: the decided one, or the last confirmed amend's."""
        return self.order.quantity if self.amended_quantity is None else self.amended_quantity

    @property
    def reserved_quantity(self) -> Decimal:
        """What must stay reserved: the leaves, and while an amend is unanswered those of the larger of old and new."""
        if self.is_terminal:
            return ZERO
        total = self.quantity
        if self.asked_quantity is not None and self.has_open_amend and self.asked_quantity > total:
            total = self.asked_quantity
        left = DOMAIN_CONTEXT.subtract(total, self.filled_quantity)
        return left if left > ZERO else ZERO

    @property
    def limit_price(self) -> Decimal | None:
        return self.order.limit_price if self.amended_price is None else self.amended_price

    @property
    def leaves_quantity(self) -> Decimal:
        """What could still fill: nothing once terminal."""
        if self.is_terminal:
            return ZERO
        left = DOMAIN_CONTEXT.subtract(self.quantity, self.filled_quantity)
        return left if left > ZERO else ZERO

    @property
    def is_unanswered(self) -> bool:
        """Whether the latest attempt has no answer."""
        return 0 < self.attempt <= self.unanswered_attempt

    @property
    def has_open_cancel(self) -> bool:
        return len(self.cancel_requests) > len(self.cancel_answers)

    @property
    def has_open_amend(self) -> bool:
        return len(self.amend_requests) > len(self.amend_answers)

    @property
    def average_price(self) -> Decimal | None:
        """Σ quantity × price ÷ Σ quantity of its fills, in quote currency."""
        return DOMAIN_CONTEXT.divide(self.filled_notional, self.filled_quantity) if self.filled_quantity else None

    @property
    def is_terminal(self) -> bool:
        """Whether no more is expected of it. A REFUSED order that the venue works after all is live again (LATE_ACCEPT)."""
        return self.status in TERMINAL

    @property
    def is_overfilled(self) -> bool:
        """The venue filled more than it was asked for: recorded as truth, and an incident."""
        return self.filled_quantity > self.quantity

    @property
    def is_late_accept(self) -> bool:
        """Both refused and worked: an incident, never silence."""
        return self.refused is not None and (self.is_accepted or bool(self.trade_ids))


TERMINAL = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REFUSED})
