"""Costs: fees, margin and what a plan says an order would cost and leave, at worst."""

from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.commitments import margin_rate
from tidegate.domain.orders import Order
from tidegate.domain.positions import Position
from tidegate.domain.products import Product, fee_rate
from tidegate.domain.views import AccountReading
from tidegate.domain.vocabulary import OrderSide


class OrderCosts(Struct, frozen=True, gc=False, kw_only=True):
    """What an order would need and leave as if it filled whole at its worst price.

    `cost` is what must be free in `cost_currency`, fees included (the coins themselves for a spot sell); `fees` the
    worst fee in quote currency; `margin_after` all margin in use in reporting currency (None on spot, and
    where there is no rate);
    `position_after` signed.
    """

    cost: Decimal
    cost_currency: str
    fees: Decimal
    margin_after: Decimal | None
    position_after: Decimal


@exact
def order_costs(
    order: Order,
    worst_price: Decimal,
    product: Product,
    position: Position,
    account: AccountReading,
    reporting_rate: Decimal | None,
) -> OrderCosts:
    """The costs of an order with final terms; `position` is the one that it would change.

    `reporting_rate` is the reporting currency per quote currency, None where it is not known.
    """
    notional = product.notional(order.quantity, worst_price)
    fees = notional * fee_rate(product)
    signed = order.quantity if order.side is OrderSide.BUY else -order.quantity
    after = position.quantity + signed
    if product.is_spot:
        is_buy = order.side is OrderSide.BUY
        return OrderCosts(
            cost=notional + fees if is_buy else order.quantity,
            cost_currency=product.quote_currency if is_buy else product.base_currency,
            fees=fees,
            margin_after=None,
            position_after=after,
        )
    rate = margin_rate(product, order.leverage)
    change = (abs(after) - abs(position.quantity)) * worst_price * product.multiplier * rate
    margin_after = None if reporting_rate is None else max(account.margin_used + change * reporting_rate, ZERO)
    return OrderCosts(
        cost=fees + (change if change > ZERO else ZERO),
        cost_currency=product.settlement_currency,
        fees=fees,
        margin_after=margin_after,
        position_after=after,
    )
