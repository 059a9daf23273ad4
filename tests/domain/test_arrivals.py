"""Arrivals: a plan says what a venue would refuse of its order now, and says nothing of what is not known."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tidegate.domain.arrivals import arrival_warning
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.marks import Mark
from tidegate.domain.orders import Order
from tidegate.domain.outcomes import Answer
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide, OrderType, Purpose, TimeInForce, TriggerDirection, TriggerSource

AT = datetime(2026, 1, 5, tzinfo=UTC)
BOOK = BookSnapshot(symbol="BTC-USD", bids=(Level(Decimal(99), Decimal(1)),), asks=(Level(Decimal(101), Decimal(1)),))
MARKET = MarketReading(
    symbol="BTC-USD", book=BOOK, last_price=Decimal(100), mark=Mark(Decimal(102), AT), index_price=Decimal(104)
)
UP, DOWN = TriggerDirection.AT_OR_ABOVE, TriggerDirection.AT_OR_BELOW


def order(side: OrderSide = OrderSide.BUY, **terms: Any) -> Order:
    return Order(
        client_order_id=ClientOrderId("tg1"),
        decision_id="d1",
        symbol="BTC-USD",
        side=side,
        order_type=OrderType.LIMIT,
        quantity=Decimal(1),
        time_in_force=TimeInForce.GTC,
        purpose=Purpose.ENTRY,
        created_at=AT,
        **terms,
    )


def code(order: Order, market: MarketReading = MARKET) -> str | None:
    told = arrival_warning(order, market)
    assert told is None or told.answer is Answer.WARN
    return None if told is None else told.check


@pytest.mark.parametrize(
    ("side", "limit", "crosses"),
    [
        (OrderSide.BUY, 100, False),
        (OrderSide.BUY, 101, True),
        (OrderSide.SELL, 100, False),
        (OrderSide.SELL, 99, True),
    ],
)
def test_a_post_only_order_that_would_take_is_pointed_out(side: OrderSide, limit: int, crosses: bool) -> None:
    terms = order(side, limit_price=Decimal(limit), post_only=True)

    assert code(terms) == ("VENUE_POST_ONLY_WOULD_CROSS" if crosses else None)
    assert code(order(side, limit_price=Decimal(limit))) is None


@pytest.mark.parametrize(
    ("direction", "trigger", "source", "is_past"),
    [
        (UP, 100, TriggerSource.LAST, True),
        (UP, 101, TriggerSource.LAST, False),
        (DOWN, 100, TriggerSource.LAST, True),
        (DOWN, 99, TriggerSource.LAST, False),
        (UP, 102, TriggerSource.MARK, True),
        (UP, 103, TriggerSource.MARK, False),
        (DOWN, 104, TriggerSource.INDEX, True),
        (DOWN, 103, TriggerSource.INDEX, False),
    ],
)
def test_a_trigger_that_the_market_is_past_is_pointed_out(
    direction: TriggerDirection, trigger: int, source: TriggerSource, is_past: bool
) -> None:
    terms = order(trigger_price=Decimal(trigger), trigger_direction=direction, trigger_source=source)

    assert code(terms) == ("VENUE_WOULD_TRIGGER" if is_past else None)


def test_of_a_market_that_is_not_known_nothing_is_said() -> None:
    """Nothing is invented: no book, a crossed one, no price."""
    dark = MarketReading(symbol="BTC-USD")
    crossed = MarketReading(symbol="BTC-USD", book=BookSnapshot(symbol="BTC-USD", bids=BOOK.asks, asks=BOOK.bids))
    offer = order(limit_price=Decimal(200), post_only=True)
    assert (code(offer, dark), code(offer, crossed)) == (None, None)
    for source in TriggerSource:
        stop = order(trigger_price=Decimal(1), trigger_direction=UP, trigger_source=source)
        assert code(stop, dark) is None
