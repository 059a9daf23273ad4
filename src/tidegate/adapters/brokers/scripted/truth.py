"""Truth: what really happened at the scripted venue, for a test to hold the application's records against."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId, VenueOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.orders import Order, RecordedOrder
from tidegate.domain.submissions import VenueOrder
from tidegate.domain.vocabulary import Liquidity


class TruthOrder(Struct, kw_only=True, eq=False):
    """One order that the venue took, as it stands there; `accepted_at` is when it took it."""

    order: Order
    venue_order_id: VenueOrderId
    quantity: Decimal
    limit_price: Decimal | None
    accepted_at: datetime
    at: datetime
    filled_quantity: Decimal = ZERO
    is_canceled: bool = False
    is_expired: bool = False
    rejected_code: str = ""
    rejected_reason: str = ""

    @property
    def leaves_quantity(self) -> Decimal:
        left = DOMAIN_CONTEXT.subtract(self.quantity, self.filled_quantity)
        return left if self.is_open else ZERO

    @property
    def is_open(self) -> bool:
        is_whole = self.filled_quantity >= self.quantity
        return not (is_whole or self.is_canceled or self.is_expired or self.rejected_code)

    def as_venue_order(self) -> VenueOrder:
        """The order as the venue tells it."""
        order = self.order
        return VenueOrder(
            client_order_id=order.client_order_id,
            venue_order_id=None if self.rejected_code else self.venue_order_id,
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            quantity=self.quantity,
            filled_quantity=self.filled_quantity,
            limit_price=self.limit_price,
            is_open=self.is_open,
            is_canceled=self.is_canceled,
            is_expired=self.is_expired,
            rejected_code=self.rejected_code,
            rejected_reason=self.rejected_reason,
            reduce_only=order.reduce_only,
            at=self.at,
        )


class Sent(Struct, frozen=True, kw_only=True):
    """One submit that was made, whether it arrived or not."""

    recorded: RecordedOrder
    at: datetime


class Truth:
    """The venue's own ledger of orders and fills, and every request in the order in which it was made."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.canceled: list[ClientOrderId] = []
        self.amended: list[ClientOrderId] = []
        self.orders: dict[ClientOrderId, TruthOrder] = {}
        self.fills: list[Fill] = []
        self.movements: list[Movement] = []

    def accept(self, order: Order, at: datetime, quantity: Decimal | None = None) -> TruthOrder:
        """Work an order from now on."""
        accepted = TruthOrder(
            order=order,
            venue_order_id=VenueOrderId(f"S{len(self.orders) + 1}"),
            quantity=order.quantity if quantity is None else quantity,
            limit_price=order.limit_price,
            accepted_at=at,
            at=at,
        )
        self.orders[order.client_order_id] = accepted
        return accepted

    def fill(
        self, order: TruthOrder, quantity: Decimal, price: Decimal, at: datetime, fee: Decimal, fee_currency: str
    ) -> Fill:
        """One execution, even of an order that has ended: late news is news."""
        fill = Fill(
            trade_id=TradeId(f"T{len(self.fills) + 1:06d}"),
            client_order_id=order.order.client_order_id,
            symbol=order.order.symbol,
            side=order.order.side,
            quantity=quantity,
            price=price,
            at=at,
            fee=fee,
            fee_currency=fee_currency,
            liquidity=Liquidity.TAKER,
            venue_order_id=order.venue_order_id,
        )
        order.filled_quantity = DOMAIN_CONTEXT.add(order.filled_quantity, quantity)
        order.at = at
        self.fills.append(fill)
        return fill

    def open_orders(self) -> tuple[TruthOrder, ...]:
        return tuple(order for order in self.orders.values() if order.is_open)
