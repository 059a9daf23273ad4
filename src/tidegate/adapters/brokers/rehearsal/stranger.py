"""The stranger: somebody else on our account, or another program, with a small bid that rests far from the market."""

from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from tidegate.domain.amounts import exact
from tidegate.domain.books import BookSnapshot
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import Order
from tidegate.domain.products import Product, round_limit_price
from tidegate.domain.vocabulary import OrderSide, OrderType, Purpose, TimeInForce

_HALF = Decimal("0.5")


@exact
def strangers_order(product: Product, book: BookSnapshot | None, name: ClientOrderId, at: datetime) -> Order | None:
    """The least that can be bid at half the price; None where there is no price."""
    if book is None or book.best_bid is None:
        return None
    price = round_limit_price(product, OrderSide.BUY, book.best_bid * _HALF)
    steps = (product.minimum_notional / product.notional(product.base_increment, price)).to_integral_value(
        ROUND_CEILING
    )
    return Order(
        client_order_id=name,
        decision_id="",
        symbol=product.symbol,
        side=OrderSide.BUY,
        order_type=OrderType.LIMIT,
        quantity=max(steps * product.base_increment, product.minimum_quantity, product.base_increment),
        time_in_force=TimeInForce.GTC,
        purpose=Purpose.ENTRY,
        created_at=at,
        limit_price=price,
    )
