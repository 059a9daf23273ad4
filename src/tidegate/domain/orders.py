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

TAKER_ONLY = (TimeInForce.IOC, TimeInForce.FOK)


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
    overrides_unknown: bool = False
    """Whether an operator had it take what orders of unknown outcome may be taking too."""

    @property
    def is_taker_only(self) -> bool:
        """Whether it can never rest in the book."""
        return self.time_in_force in TAKER_ONLY

    @property
    def is_protection(self) -> bool:
        """Whether it guards a position: an exit that waits for a price, or one that a trigger of ours has sent."""
        return self.purpose is Purpose.PROTECTION or (self.purpose.is_exit and self.trigger_direction is not None)


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
    """An order with final terms that every check has passed. Only `domain.review` makes one, and
    `domain.one_look` the very same where an order is plain.

    `worst_price` is the price at which its exposure and cost are reserved (its limit, or the worst level it may reach).
    """

    order: Order
    worst_price: Decimal
    reviewed_at: datetime
    warnings: tuple[Warned, ...] = ()
    changes: tuple[TermsChange, ...] = ()


class RecordedOrder(Struct, frozen=True, gc=False, kw_only=True):
    """An approved order whose SENDING is durable: only an `OrderStorePort` makes one, `submit` takes nothing else."""

    order: Order
    attempt: int
    epoch: int
    recorded_at: datetime


class Refused(Struct, frozen=True, gc=False, kw_only=True):
    """Why an order ended as REFUSED, and who said so."""

    code: str
    message: str
    by_venue: bool


class SentTerms(Struct, frozen=True, gc=False, array_like=True):
    """The quantity and the price that an attempt was sent with."""

    quantity: Decimal
    limit_price: Decimal | None


class OrderRecord(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One order as it stands: its terms, and the facts that are known of it.

    The facts only ever accumulate and `status` follows from them (`domain.lifecycle`), so that the same news in any
    order, with repeats, ends in the same record. `filled_notional` is Σ quantity × price over the fills; `trade_ids`
    is sorted. Fills in `busted_ids` were taken back by the venue, which moves positions and money, and no status.
    `asked_quantity` and `asked_price` are the latest amend's, which restates both; one is open at a time.
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
    unanswered_at: datetime | None = None
    is_accepted: bool = False
    is_canceled: bool = False
    is_expired: bool = False
    is_triggered: bool = False
    refused: Refused | None = None
    cancel_requests: tuple[int, ...] = ()
    cancel_answers: tuple[int, ...] = ()
    busted_ids: tuple[str, ...] = ()
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
    earlier: tuple[SentTerms, ...] = ()
    """Terms of earlier attempts that were taken for lost: should one turn up after all, it has these."""

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
    def quantity_at_most(self) -> Decimal:
        """The total it may have at the venue: while an amend is unanswered, the larger of the old and the new."""
        total = self.order.quantity if self.amended_quantity is None else self.amended_quantity
        asked = self.asked_quantity
        return total if asked is None or asked <= total or not self.has_open_amend else asked

    @property
    def reserved_quantity(self) -> Decimal:
        """What must stay reserved: the leaves, and while an amend is unanswered those of the larger of old and new."""
        return ZERO if self.status in TERMINAL else _left(self.quantity_at_most, self.filled_quantity)

    @property
    def limit_price(self) -> Decimal | None:
        return self.order.limit_price if self.amended_price is None else self.amended_price

    @property
    def leaves_quantity(self) -> Decimal:
        """What could still fill: nothing once terminal."""
        return ZERO if self.status in TERMINAL else _left(self.quantity, self.filled_quantity)

    @property
    def is_unanswered(self) -> bool:
        """Whether its outcome is unknown: an attempt has no answer, and nothing else has told."""
        return self.status is OrderStatus.UNKNOWN

    @property
    def doubtful_since(self) -> datetime | None:
        """From when on what became of it can be waited for: the last send, or later, when its answer was given up.

        SENDING is stamped before its commit, and the send comes after it; when it went unanswered is later than both.
        """
        unanswered_at = self.unanswered_at if self.is_unanswered else None
        if self.sent_at is None or unanswered_at is None:
            return self.sent_at
        return max(unanswered_at, self.sent_at)

    @property
    def has_open_cancel(self) -> bool:
        """Whether a cancel has been asked for and not been answered."""
        return bool(self.cancel_requests) and not set(self.cancel_answers).issuperset(self.cancel_requests)

    @property
    def has_open_amend(self) -> bool:
        """Whether an amend has been asked for and not been answered."""
        return bool(self.amend_requests) and not set(self.amend_answers).issuperset(self.amend_requests)

    @property
    def next_amend(self) -> int:
        """The number of the next change of its terms, by us or by the venue, which none has had before."""
        return max(*self.amend_requests, *self.amend_answers, self.amended_by, 0) + 1

    @property
    def average_price(self) -> Decimal | None:
        """Σ quantity × price ÷ Σ quantity of its fills, in quote currency."""
        return DOMAIN_CONTEXT.divide(self.filled_notional, self.filled_quantity) if self.filled_quantity else None

    @property
    def is_terminal(self) -> bool:
        """Whether no more is expected of it; a REFUSED one that the venue works all the same is live again."""
        return self.status in TERMINAL

    @property
    def is_overfilled(self) -> bool:
        """The venue filled more than it was ever asked for: recorded as truth, and an incident."""
        return self.filled_quantity > self.quantity_at_most

    @property
    def is_late_accept(self) -> bool:
        """Both refused and worked: an incident, never silence."""
        return self.refused is not None and (self.is_accepted or bool(self.trade_ids))


def _left(total: Decimal, filled: Decimal) -> Decimal:
    if not filled:
        return total
    left = DOMAIN_CONTEXT.subtract(total, filled)
    return left if left > ZERO else ZERO


TERMINAL = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REFUSED})
