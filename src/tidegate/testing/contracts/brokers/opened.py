"""What a contract test is given: a venue of its own with a price, and a maker of orders for it."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import msgspec

from tidegate.domain.identifiers import client_order_id
from tidegate.domain.orders import ApprovedOrder, Order, OrderRecord, RecordedOrder
from tidegate.domain.ports import Broker, ClockPort
from tidegate.domain.products import Product, round_limit_price, round_quantity
from tidegate.domain.vocabulary import OrderSide, OrderType, Purpose, TimeInForce

_FAR_BELOW = Decimal("0.9")
_INCREMENTS = 2


@dataclass(frozen=True, kw_only=True)
class OpenedVenue:
    """A venue under test. `product` trades against a book with both sides, and the account can pay for a few orders."""

    broker: Broker
    clock: ClockPort
    symbol: str
    account_id: str = "contract"

    @property
    def product(self) -> Product:
        product = self.broker.product(self.symbol)
        if product is None:
            raise LookupError(f"the venue under test has no product {self.symbol}")
        return product

    @property
    def touch(self) -> tuple[Decimal, Decimal]:
        """The best bid and the best ask."""
        book = self.broker.reading(self.symbol).book
        if book is None or book.best_bid is None or book.best_ask is None:
            raise LookupError(f"the venue under test shows no book with two sides for {self.symbol}")
        return book.best_bid, book.best_ask

    @property
    def quantity(self) -> Decimal:
        """A size that the product allows: a few times its minimum."""
        product, (_, ask) = self.product, self.touch
        by_notional = product.minimum_notional / (ask * product.multiplier * _FAR_BELOW)
        least = max(product.minimum_quantity, by_notional, product.base_increment)
        return round_quantity(product, least * 2 + product.base_increment * _INCREMENTS)

    def resting(self, name: str, **terms: object) -> RecordedOrder:
        """A buy a tenth below the bid, which waits until it is cancelled."""
        price = round_limit_price(self.product, OrderSide.BUY, self.touch[0] * _FAR_BELOW)
        return self.order(name, price, **terms)

    def taking(self, name: str, **terms: object) -> RecordedOrder:
        """A buy at the ask, which fills at once."""
        return self.order(name, self.touch[1], **{"time_in_force": TimeInForce.IOC, **terms})

    def order(self, name: str, limit_price: Decimal, **terms: object) -> RecordedOrder:
        """A limit buy, with any other terms that are named."""
        order = Order(
            client_order_id=client_order_id(self.account_id, name),
            decision_id=name,
            symbol=self.symbol,
            side=OrderSide.BUY,
            order_type=OrderType.LIMIT,
            quantity=self.quantity,
            time_in_force=TimeInForce.GTC,
            purpose=Purpose.ENTRY,
            created_at=self.clock.now(),
            limit_price=limit_price,
        )
        changed = msgspec.structs.replace(order, **terms)
        return RecordedOrder(order=changed, attempt=1, epoch=1, recorded_at=self.clock.now())


def record_of(recorded: RecordedOrder) -> OrderRecord:
    """The record that a cancel or an amend is asked with."""
    price = recorded.order.limit_price
    return OrderRecord(order=recorded.order, worst_price=price if price is not None else Decimal(0))


def approved_of(recorded: RecordedOrder) -> ApprovedOrder:
    """The order as a preview is asked with."""
    price = recorded.order.limit_price
    return ApprovedOrder(
        order=recorded.order,
        worst_price=price if price is not None else Decimal(0),
        reviewed_at=recorded.recorded_at,
    )


class VenueContract(ABC):
    """The base of the suite's parts: how the venue under test is opened."""

    @abstractmethod
    def open_venue(self, folder: Path) -> AbstractAsyncContextManager[OpenedVenue]:
        """A venue without orders of ours, for as long as the context lasts; `folder` is its own."""
