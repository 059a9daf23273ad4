"""Orders as the simulated venue keeps them: the terms that came over the wire, and where each stands."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO
from tidegate.domain.identifiers import ClientOrderId, VenueOrderId
from tidegate.domain.orders import Order
from tidegate.domain.submissions import VenueOrder
from tidegate.domain.vocabulary import OrderSide, OrderType, TimeInForce, TriggerDirection, TriggerSource


class WorkingState(StrEnum):
    """Where an order stands at the venue."""

    OPEN = "OPEN"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


OPEN: Final = WorkingState.OPEN
FILLED: Final = WorkingState.FILLED
CANCELED: Final = WorkingState.CANCELED
EXPIRED: Final = WorkingState.EXPIRED
REJECTED: Final = WorkingState.REJECTED


class Terms(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a submit asks of the venue; two submits under one client order id are the same if these are equal.

    A triggered order has a direction and a source, and either the price of its trigger or the trail that moves it.
    """

    client_order_id: ClientOrderId
    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    limit_price: Decimal | None
    post_only: bool
    reduce_only: bool
    expire_at: datetime | None
    trigger_price: Decimal | None = None
    trigger_direction: TriggerDirection | None = None
    trigger_source: TriggerSource | None = None
    trail: Decimal | None = None


def terms_of(order: Order) -> Terms:
    """The part of an order that leaves the house."""
    return Terms(
        order.client_order_id,
        order.symbol,
        order.side,
        order.order_type,
        order.time_in_force,
        order.quantity,
        order.limit_price,
        order.post_only,
        order.reduce_only,
        order.expire_at,
        order.trigger_price,
        order.trigger_direction,
        order.trigger_source,
        order.trail,
    )


class WorkingOrder(Struct, eq=False, gc=False, kw_only=True, omit_defaults=True):
    """One order at the venue; changed in place, and only by the venue.

    `quantity` and `limit_price` are as last amended. `rests` says that it waits in our queues, `rank` orders
    those of one price by time. In the queue of its price, `ahead` is what stands before it without being known one by
    one, `ahead_ids` the recorded orders before it. `held` is what it keeps of the funds that pay for it. `reason`
    says why it ended, `reduced_reason` why the venue has made it smaller by itself.

    `waits` says that it waits for its trigger and not in the book, `triggered_at` when that was reached. The extreme
    that a trail follows begins at `extreme`, with the row of the session that `since_row` counts.
    """

    terms: Terms
    venue_order_id: VenueOrderId
    quantity: Decimal
    limit_price: Decimal | None
    at: datetime
    rank: int = 0
    filled: Decimal = ZERO
    state: WorkingState = OPEN
    rests: bool = False
    reason: str = ""
    rejected_code: str = ""
    held: Decimal = ZERO
    ahead: Decimal = ZERO
    ahead_ids: set[str] | None = None
    reduced_reason: str = ""
    waits: bool = False
    triggered_at: datetime | None = None
    extreme: Decimal = ZERO
    since_row: int = 0

    @property
    def leaves(self) -> Decimal:
        """What may still fill."""
        return DOMAIN_CONTEXT.subtract(self.quantity, self.filled)

    @property
    def is_open(self) -> bool:
        return self.state is OPEN

    @property
    def worst_price(self) -> Decimal | None:
        """What it is paid for at: its limit, or the trigger that it had at first; None of one at any price."""
        return self.limit_price if self.limit_price is not None else first_trigger(self.terms, self.extreme)

    def end(self, state: WorkingState, at: datetime, reason: str = "") -> None:
        """No more is worked of it."""
        self.state = state
        self.at = at
        self.reason = reason
        self.ahead = ZERO
        self.ahead_ids = None


def first_trigger(terms: Terms, extreme: Decimal) -> Decimal | None:
    """Where a trigger stands on arrival: its own price, or the trail away from the market."""
    if terms.trail is None:
        return terms.trigger_price
    is_rising = terms.trigger_direction is TriggerDirection.AT_OR_ABOVE
    return DOMAIN_CONTEXT.add(extreme, terms.trail if is_rising else -terms.trail)


def as_venue_order(order: WorkingOrder) -> VenueOrder:
    """The order as the venue tells it."""
    terms = order.terms
    is_rejected = order.state is REJECTED
    return VenueOrder(
        client_order_id=terms.client_order_id,
        venue_order_id=None if is_rejected else order.venue_order_id,
        symbol=terms.symbol,
        side=terms.side,
        order_type=terms.order_type,
        time_in_force=terms.time_in_force,
        quantity=order.quantity,
        filled_quantity=order.filled,
        limit_price=order.limit_price,
        is_open=order.state is OPEN,
        is_canceled=order.state is CANCELED,
        is_expired=order.state is EXPIRED,
        rejected_code=order.rejected_code,
        rejected_reason=order.reason if is_rejected else "",
        ended_reason="" if is_rejected else order.reason,
        reduced_reason=order.reduced_reason,
        triggered_at=order.triggered_at,
        reduce_only=terms.reduce_only,
        at=order.at,
    )
