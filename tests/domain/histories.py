"""Histories: orders, fills and the news of them, as they may come, and strategies that make up many."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from msgspec.structs import replace

from tidegate.domain.events import (
    AmendRejected,
    AmendRequested,
    CancelRejected,
    CancelRequested,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderNews,
    OrderRejected,
    OrderSending,
    OrderTriggered,
    OrderUnanswered,
)
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId, VenueOrderId, client_order_id
from tidegate.domain.ledger import Ledger
from tidegate.domain.lifecycle import apply_news, sending
from tidegate.domain.orders import Order, OrderRecord
from tidegate.domain.products import Product
from tidegate.domain.records import Step
from tidegate.domain.states import TradingStates
from tidegate.domain.vocabulary import OrderSide, OrderType, ProductKind, Purpose, TimeInForce

NOW: Final = datetime(2026, 5, 2, 3, 0, tzinfo=UTC)
BUY, SELL = OrderSide.BUY, OrderSide.SELL


def product(symbol: str, **terms: Any) -> Product:
    """A spot product against USD, named BASE-USD."""
    base = symbol.split("-")[0]
    usual: dict[str, Any] = {
        "symbol": symbol,
        "kind": ProductKind.SPOT,
        "base_currency": base,
        "quote_currency": "USD",
        "settlement_currency": "USD",
        "underlying": base,
        "price_increment": Decimal("0.01"),
        "base_increment": Decimal("0.00000001"),
        "taker_fee_rate": Decimal("0.006"),
    }
    return Product(**(usual | terms))


SPOT: Final = product("BTC-USD")
OTHER: Final = product("ETH-USD", base_increment=Decimal("0.0001"))
PERPETUAL: Final = product(
    "BTC-PERP",
    kind=ProductKind.PERPETUAL,
    base_increment=Decimal(1),
    multiplier=Decimal("0.01"),
    taker_fee_rate=Decimal("0.0005"),
    initial_margin_rate=Decimal("0.1"),
)
PRODUCTS: Final = {one.symbol: one for one in (SPOT, OTHER, PERPETUAL)}


def order(name: str = "one", **terms: Any) -> Order:
    """A resting entry: buy 1 BTC-USD at 60,000."""
    usual: dict[str, Any] = {
        "client_order_id": client_order_id("account", name),
        "decision_id": name,
        "symbol": SPOT.symbol,
        "side": BUY,
        "order_type": OrderType.LIMIT,
        "quantity": Decimal(1),
        "time_in_force": TimeInForce.GTC,
        "purpose": Purpose.ENTRY,
        "created_at": NOW,
        "limit_price": Decimal(60_000),
    }
    return Order(**(usual | terms))


def sent(of: Order, attempt: int = 1, at: datetime = NOW) -> OrderSending:
    """Its SENDING, reserved at its limit."""
    return OrderSending(order=of, worst_price=of.limit_price or Decimal(60_000), attempt=attempt, epoch=1, at=at)


def record(of: Order, *news: OrderNews) -> OrderRecord:
    """How it stands once it was sent and this became known."""
    found = sending(sent(of))
    for one in news:
        found = apply_news(found, one)
    return found


def fill(
    of: Order, number: int = 1, quantity: str | Decimal = "1", price: str | Decimal = "60000", **terms: Any
) -> Fill:
    """One execution of it, `number` seconds after NOW unless told otherwise."""
    usual: dict[str, Any] = {
        "trade_id": TradeId(f"{of.decision_id}-{number}"),
        "client_order_id": of.client_order_id,
        "symbol": of.symbol,
        "side": of.side,
        "quantity": Decimal(quantity),
        "price": Decimal(price),
        "at": NOW + timedelta(seconds=number),
        "strategy_id": of.strategy_id,
    }
    return Fill(**(usual | terms))


def filled(
    of: Order, number: int = 1, quantity: str | Decimal = "1", price: str | Decimal = "60000", **terms: Any
) -> OrderFilled:
    """The news of such a fill."""
    one = fill(of, number, quantity, price, **terms)
    return OrderFilled(client_order_id=of.client_order_id, fill=one, at=one.at)


def news(kind: Any, of: Order, **terms: Any) -> Any:
    """News of any other kind."""
    return kind(client_order_id=of.client_order_id, **({"at": NOW} | terms))


def ledger() -> Ledger:
    """An empty one over the three products."""
    return Ledger(PRODUCTS.get, TradingStates())


class Teller:
    """Tells a ledger events as an application would: what has ended is recalled before late news of it is folded.

    `briefly` takes the ledger's short ways, for an attempt and for news of one order, in the place of `apply`.
    """

    def __init__(self, *, briefly: bool = False) -> None:
        self.ledger = ledger()
        self.records: dict[ClientOrderId, OrderRecord] = {}
        self.steps: list[Step] = []
        self._briefly = briefly

    def tell(self, *events: Any) -> Step | None:
        """Fold events that came together."""
        for event in events:
            order_id = getattr(event, "client_order_id", None) or event.order.client_order_id
            if order_id in self.records and order_id not in self.ledger.orders:
                self.ledger.recall(self.records[order_id])
        step = self._folded(events)
        if step is not None:
            self.steps.append(step)
            self.records.update({one.client_order_id: one for one in step.orders})
        for order_id in [one for one, held in self.ledger.orders.items() if held.is_terminal]:
            del self.ledger.orders[order_id]
        return step

    def _folded(self, events: Sequence[Any]) -> Step | None:
        if self._briefly and isinstance(events[0], OrderSending):
            begun = self.ledger.begin(events[0])
            return self._folded(events[1:]) or begun if len(events) > 1 else begun
        if self._briefly:
            return self.ledger.learn(NOW, self.ledger.orders[events[0].client_order_id], events)
        return self.ledger.apply(NOW, events)

    def tell_all(self, events: Iterable[Any]) -> "Teller":
        """Fold events one by one."""
        for event in events:
            self.tell(event)
        return self


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    """Decimals between two bounds, with so many places."""
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False, allow_infinity=False)


prices: Final = decimals("0.01", "99999.99", 2)


@st.composite
def orders(draw: st.DrawFn, name: str = "one", symbols: Sequence[str] = tuple(PRODUCTS)) -> Order:
    """Any order of any product."""
    traded = PRODUCTS[draw(st.sampled_from(symbols))]
    steps = draw(st.integers(2, 10_000))
    return order(
        name,
        symbol=traded.symbol,
        side=draw(st.sampled_from(OrderSide)),
        quantity=traded.base_increment * steps,
        limit_price=draw(prices),
        time_in_force=draw(st.sampled_from([TimeInForce.GTC, TimeInForce.IOC])),
        purpose=draw(st.sampled_from(Purpose)),
        strategy_id=draw(st.sampled_from(["", "mean", "trend"])),
        leverage=draw(st.sampled_from([None, Decimal(2), Decimal(3), Decimal(7)])),
    )


@st.composite
def fills_of(draw: st.DrawFn, of: Order, *, may_overfill: bool = False) -> list[OrderFilled]:
    """Executions of it that fill a part of it, the whole, or more where that is allowed."""
    traded = PRODUCTS[of.symbol]
    left = int(of.quantity / traded.base_increment) + (100 if may_overfill else 0)
    found = []
    for number in range(1, draw(st.integers(0, 4)) + 1):
        steps = draw(st.integers(1, max(1, left)))
        if steps > left:
            break
        left -= steps
        at_price = draw(prices)
        fee_currency = draw(st.sampled_from(["USD", ""] + ([traded.base_currency] if traded.is_spot else [])))
        fee = draw(decimals("-0.00001000", "0.00010000", 8))
        found.append(
            filled(
                of,
                number,
                traded.base_increment * steps,
                at_price,
                fee=fee if fee_currency == traded.base_currency else fee * 100,
                fee_currency=fee_currency,
                at=NOW + timedelta(seconds=draw(st.integers(0, 5))),
                venue_order_id=VenueOrderId(f"v-{of.decision_id}"),
            )
        )
    return found


@st.composite
def stories(draw: st.DrawFn, of: Order, *, may_overfill: bool = False) -> list[OrderNews]:
    """What may be learnt of an order after it was sent: any of it, in no order."""
    told: list[OrderNews] = list(draw(fills_of(of, may_overfill=may_overfill)))
    more = of.quantity * 2
    others = [
        news(OrderUnanswered, of, attempt=1, reason="timeout"),
        news(OrderAccepted, of, venue_order_id=VenueOrderId(f"v-{of.decision_id}")),
        news(OrderRejected, of, code="VENUE_OTHER", reason="odd"),
        news(OrderRejected, of, code="NOT_ACCEPTED", reason="not found", by_venue=False),
        news(CancelRequested, of, request=1),
        news(CancelRequested, of, request=2),
        news(CancelRejected, of, request=1),
        news(CancelRejected, of, request=2),
        news(OrderCanceled, of),
        news(OrderExpired, of),
        news(OrderTriggered, of),
        news(AmendRequested, of, request=1, quantity=more, limit_price=of.limit_price),
        news(OrderAmended, of, request=1, quantity=more, limit_price=of.limit_price),
        news(AmendRequested, of, request=2, quantity=of.quantity, limit_price=Decimal(3)),
        news(AmendRejected, of, request=2),
        news(OrderAmended, of, request=3, quantity=of.quantity, limit_price=Decimal(5)),
    ]
    told.extend(
        replace(one, at=NOW + timedelta(seconds=draw(st.integers(0, 9))))
        for one in others
        if draw(st.sampled_from([False, False, True]))
    )
    return told
