"""Telling: the venue's truth in the words of the ports, as an adapter would parse it."""

from decimal import Decimal

from msgspec.structs import replace

from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId, VenueOrderId
from tidegate.domain.orders import Order
from tidegate.domain.submissions import FillBust, FillReport, OrderUpdate, VenueOrder, VenueReport
from tidegate.domain.vocabulary import Liquidity, OrderSide, OrderType, TimeInForce
from tidegate.testing.simulation.clock import STARTS_AT, moment
from tidegate.testing.simulation.market import PERPETUAL, SPOT
from tidegate.testing.simulation.truth import TrueFill, TrueOrder, TrueReject
from tidegate.testing.simulation.venue import Request


def request_of(order: Order) -> Request:
    """An order as it goes over the wire."""
    return Request(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        limit_price=order.limit_price,
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        expires_at=None if order.expire_at is None else (order.expire_at - STARTS_AT).total_seconds(),
    )


def by_hand(name: str, limit_price: Decimal | None) -> Request:
    """An order that somebody places past us: a spot bid far below the market, or a taker of the derivative."""
    is_taker = limit_price is None
    return Request(
        client_order_id=name,
        symbol=PERPETUAL.symbol if is_taker else SPOT.symbol,
        side=OrderSide.BUY,
        order_type=OrderType.MARKET if is_taker else OrderType.LIMIT,
        time_in_force=TimeInForce.IOC if is_taker else TimeInForce.GTC,
        quantity=Decimal("0.5") if is_taker else Decimal("0.01"),
        limit_price=limit_price,
        post_only=False,
        reduce_only=False,
    )


def fill_of(fill: TrueFill) -> Fill:
    """One execution."""
    return Fill(
        trade_id=TradeId(fill.trade_id),
        client_order_id=ClientOrderId(fill.order.client_order_id),
        symbol=fill.order.symbol,
        side=fill.order.side,
        quantity=fill.quantity,
        price=fill.price,
        at=moment(fill.at),
        fee=fill.fee,
        fee_currency="USD",
        liquidity=Liquidity.TAKER if fill.is_taker else Liquidity.MAKER,
        venue_order_id=VenueOrderId(fill.order.venue_order_id),
    )


def order_of(order: TrueOrder) -> VenueOrder:
    """An order as it stands."""
    return VenueOrder(
        client_order_id=ClientOrderId(order.client_order_id),
        venue_order_id=VenueOrderId(order.venue_order_id),
        symbol=order.symbol,
        side=order.side,
        order_type=OrderType.LIMIT if order.limit_price is not None else OrderType.MARKET,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        filled_quantity=order.filled,
        limit_price=order.limit_price,
        is_open=order.is_open,
        is_canceled=order.state == "canceled",
        is_expired=order.state == "expired",
        reduced_reason=order.reduced_reason,
        reduce_only=order.reduce_only,
        at=moment(order.changed_at),
    )


def reject_of(reject: TrueReject, asked: Request) -> VenueOrder:
    """A request that was turned down, as a query by its id shows it."""
    return VenueOrder(
        client_order_id=ClientOrderId(asked.client_order_id),
        venue_order_id=None,
        symbol=asked.symbol,
        side=asked.side,
        order_type=asked.order_type,
        time_in_force=asked.time_in_force,
        quantity=asked.quantity,
        filled_quantity=asked.quantity - asked.quantity,
        limit_price=asked.limit_price,
        is_open=False,
        rejected_code=reject.code,
        rejected_reason=reject.reason,
        reduce_only=asked.reduce_only,
        at=moment(reject.at),
    )


def report_of(said: TrueOrder | TrueFill) -> VenueReport:
    """What the venue says of its own accord, as it stands when it is said; a reversal tells of what it takes back."""
    if isinstance(said, TrueFill) and said.is_reversal:
        fill = replace(fill_of(said), trade_id=TradeId(said.trade_id.removesuffix(":bust")), fee=-said.fee)
        return FillBust(fill=fill, reason="as the plan has it")
    return FillReport(fill=fill_of(said)) if isinstance(said, TrueFill) else OrderUpdate(order=order_of(said))
