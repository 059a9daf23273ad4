"""What the venue refuses on arrival, and the code that it gives."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.adapters.brokers.simulated.exchange_floor import START, ExchangeFloor, an_order, book, gap, status, trade
from tests.adapters.brokers.simulated.table_reading import order_of
from tidegate.adapters.recordings.format import Row
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import Order
from tidegate.domain.rejections import VENUE_REFUSALS
from tidegate.domain.submissions import CancelConfirmed, OrderAcknowledged, OrderRejectedByVenue
from tidegate.domain.vocabulary import OrderSide, OrderType, TimeInForce, TriggerDirection

BUY, SELL = OrderSide.BUY, OrderSide.SELL
GTC, GTD, IOC, FOK = TimeInForce.GTC, TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK
BOOK = book([(99, 5)], [(101, 5)])


@dataclass(frozen=True, kw_only=True)
class Refused:
    claim: str
    order: Order
    code: str
    rows: list[Row] = field(default_factory=lambda: [BOOK])


def a_stop(**terms: Any) -> Order:
    """A sell stop at 95 that would wait, and what is changed about it."""
    return replace(order_of("o sell 1 stop 95".split()), **terms)


WATCHED = [BOOK, trade(SELL, 99, 1)]
ILL_SHAPED: dict[str, Order] = {
    "a stop without a trigger": a_stop(trigger_price=None),
    "a stop without a direction": a_stop(trigger_direction=None),
    "a stop without a source": a_stop(trigger_source=None),
    "a stop that is now or never": a_stop(time_in_force=IOC),
    "a stop that is post-only": a_stop(post_only=True),
    "a stop with a limit": a_stop(limit_price=Decimal(94)),
    "a stop-limit without a limit": a_stop(order_type=OrderType.STOP_LIMIT),
    "a stop with a trail": a_stop(trail=Decimal(1)),
    "a trailing stop without a trail": a_stop(order_type=OrderType.TRAILING_STOP, trigger_price=None),
    "a trailing stop with a trigger": a_stop(order_type=OrderType.TRAILING_STOP, trail=Decimal(1)),
    "a trigger off its increment": a_stop(trigger_price=Decimal("95.2")),
    "a trail off its increment": replace(order_of("o sell 1 trail 1".split()), trail=Decimal("1.2")),
    "a trigger that is no number": a_stop(trigger_price=Decimal("NaN")),
    "a limit order with a trigger": replace(
        an_order("o", SELL, 1, 105), trigger_direction=TriggerDirection.AT_OR_BELOW
    ),
}


@pytest.mark.parametrize("claim", ILL_SHAPED)
def test_a_trigger_of_an_impossible_shape_is_invalid(claim: str) -> None:
    """As it would be at any venue, and nothing is left of it."""
    floor = ExchangeFloor(balances={"USD": Decimal(1_000), "BTC": Decimal(5)})
    floor.play(*WATCHED)
    assert isinstance(floor.submit(a_stop(client_order_id=ClientOrderId("sound"))), OrderAcknowledged)
    refused = floor.submit(ILL_SHAPED[claim])
    assert isinstance(refused, OrderRejectedByVenue)
    assert refused.code == "INVALID"
    assert list(floor.venue.exchange.floor.open) == ["sound"]


def test_a_trigger_below_the_minimum_notional_is_refused() -> None:
    """Judged at its trigger, for want of a limit."""
    floor = ExchangeFloor(balances={"BTC": Decimal(5)})
    floor.play(book([(30, 5)], [(40, 5)]), trade(SELL, 30, 1))
    refused = floor.submit(replace(order_of("o sell 0.3 stop 29".split())))
    assert isinstance(refused, OrderRejectedByVenue)
    assert refused.code == "MINIMUM"


REFUSED = [
    Refused(claim="no such product", order=an_order("o", BUY, 1, 99, symbol="ETH-USD"), code="UNKNOWN_SYMBOL"),
    Refused(
        claim="a type it does not work",
        order=an_order("o", BUY, 1, 99, order_type=OrderType.STOP_LIMIT),
        code="INVALID",
    ),
    Refused(
        claim="a LIMIT without a price",
        order=an_order("o", BUY, 1, None, IOC, order_type=OrderType.LIMIT),
        code="INVALID",
    ),
    Refused(
        claim="a MARKET order that would rest",
        order=an_order("o", BUY, 1, 101, GTC, order_type=OrderType.MARKET),
        code="INVALID",
    ),
    Refused(claim="post-only with IOC", order=an_order("o", BUY, 1, 99, IOC, post_only=True), code="INVALID"),
    Refused(claim="GTD without a date", order=an_order("o", BUY, 1, 99, GTD), code="INVALID"),
    Refused(claim="GTD that has passed", order=an_order("o", BUY, 1, 99, GTD, expire_at=START), code="EXPIRED"),
    Refused(claim="a quantity of zero", order=an_order("o", BUY, 0, 99), code="INVALID"),
    Refused(claim="a quantity that is no number", order=an_order("o", BUY, "NaN", 99), code="INVALID"),
    Refused(claim="a quantity off its increment", order=an_order("o", BUY, "1.05", 99), code="INVALID"),
    Refused(claim="a price off its increment", order=an_order("o", BUY, 1, "99.25"), code="INVALID"),
    Refused(claim="a price that is not above zero", order=an_order("o", BUY, 1, "-1"), code="INVALID"),
    Refused(claim="more than the maximum", order=an_order("o", BUY, 1001, 1), code="INVALID"),
    Refused(claim="less than the minimum quantity", order=an_order("o", BUY, "0.1", 99), code="MINIMUM"),
    Refused(claim="less than the minimum notional", order=an_order("o", BUY, 1, "9.5"), code="MINIMUM"),
    Refused(
        claim="trading is disabled",
        order=an_order("o", BUY, 1, 99),
        code="MARKET_STATE",
        rows=[BOOK, status("trading_disabled")],
    ),
    Refused(
        claim="cancels only", order=an_order("o", BUY, 1, 99), code="MARKET_STATE", rows=[BOOK, status("cancel_only")]
    ),
    Refused(claim="an auction", order=an_order("o", BUY, 1, 99), code="MARKET_STATE", rows=[BOOK, status("auction")]),
    Refused(
        claim="a market order while only limits are taken",
        order=an_order("o", BUY, 1, None),
        code="MARKET_STATE",
        rows=[BOOK, status("limit_only")],
    ),
    Refused(
        claim="a taker while only post-only is taken",
        order=an_order("o", BUY, 1, 99),
        code="MARKET_STATE",
        rows=[BOOK, status("post_only")],
    ),
    Refused(claim="a market order on an empty book", order=an_order("o", BUY, 1, None), code="MARKET_STATE", rows=[]),
    Refused(
        claim="a market order on an empty side",
        order=an_order("o", BUY, 1, None),
        code="MARKET_STATE",
        rows=[book([(99, 5)], [])],
    ),
    Refused(
        claim="a market order after a gap",
        order=an_order("o", BUY, 1, None),
        code="MARKET_STATE",
        rows=[BOOK, gap(at=1)],
    ),
    Refused(
        claim="a taker on a crossed book",
        order=an_order("o", BUY, 1, 101),
        code="MARKET_STATE",
        rows=[book([(102, 5)], [(101, 5)])],
    ),
    Refused(
        claim="post-only that would take",
        order=an_order("o", SELL, 1, 99, post_only=True),
        code="VENUE_POST_ONLY_WOULD_CROSS",
    ),
    Refused(
        claim="a spot reduce-only buy", order=an_order("o", BUY, 1, 99, reduce_only=True), code="VENUE_REDUCE_ONLY"
    ),
    Refused(
        claim="a perpetual reduce-only without a position",
        order=an_order("o", SELL, 1, 99, symbol="BTC-PERP", reduce_only=True),
        code="VENUE_REDUCE_ONLY",
    ),
    Refused(
        claim="more than the money there is", order=an_order("o", BUY, 999, "100.5"), code="VENUE_INSUFFICIENT_FUNDS"
    ),
    Refused(claim="coins that are not there", order=an_order("o", SELL, "10.1", 101), code="VENUE_INSUFFICIENT_FUNDS"),
]


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused.claim)
def test_a_refused_order_gets_its_code_and_changes_nothing(refused: Refused) -> None:
    """Every code is one that the application knows, and the order stays known as rejected."""
    floor = ExchangeFloor(balances={"USD": Decimal(100_000), "BTC": Decimal(10)})
    floor.play(*refused.rows)
    before = dict(floor.balances)

    answer = floor.submit(refused.order)

    assert isinstance(answer, OrderRejectedByVenue)
    assert (answer.code, floor.order("o").state) == (refused.code, "REJECTED")
    assert answer.code in VENUE_REFUSALS
    assert answer.reason
    assert floor.balances == before
    assert not floor.fills


def test_a_reject_is_final_for_its_id() -> None:
    """Class A: what was answered once is answered again, even if it would pass now."""
    floor = ExchangeFloor()
    first = floor.submit(an_order("o", BUY, 1, None))
    floor.play(BOOK)
    second = floor.submit(an_order("o", BUY, 1, None))
    assert isinstance(first, OrderRejectedByVenue)
    assert isinstance(second, OrderRejectedByVenue)
    assert (first.code, first.reason) == (second.code, second.reason)


def test_a_second_order_with_the_same_id_is_answered_with_the_first_also_after_it_ended() -> None:
    """One order per id, however often it is sent."""
    floor = ExchangeFloor()
    floor.play(BOOK)
    first = floor.submit(an_order("o", BUY, 1, 101))
    again = floor.submit(an_order("o", BUY, 1, 101), at=5)
    assert isinstance(first, OrderAcknowledged)
    assert isinstance(again, OrderAcknowledged)
    assert (again.venue_order_id, again.fills) == (first.venue_order_id, first.fills)
    assert len(floor.fills) == 1


def test_the_same_id_with_other_terms_is_refused_and_the_first_stands() -> None:
    """A reused id never becomes a second order."""
    floor = ExchangeFloor()
    floor.play(BOOK)
    floor.submit(an_order("o", BUY, 1, 99))
    answer = floor.submit(an_order("o", BUY, 2, 99))
    assert isinstance(answer, OrderRejectedByVenue)
    assert "other terms" in answer.reason
    assert floor.order("o").quantity == 1


def test_an_order_that_would_trade_with_our_own_is_refused() -> None:
    """The newest is refused; the resting one stays."""
    floor = ExchangeFloor(balances={"USD": Decimal(10_000), "BTC": Decimal(10)})
    floor.play(BOOK)
    floor.submit(an_order("rests", BUY, 1, 100))
    for order in (an_order("s1", SELL, 1, 100), an_order("s2", SELL, 1, 98, IOC), an_order("s3", SELL, 1, None)):
        answer = floor.submit(order)
        assert isinstance(answer, OrderRejectedByVenue)
        assert answer.code == "SELF_CROSS"
    assert isinstance(floor.submit(an_order("s4", SELL, 1, "100.5")), OrderAcknowledged)
    assert floor.order("rests").is_open


def test_cancels_pass_whatever_the_market_state() -> None:
    """B24: a venue that takes no orders still lets go of them."""
    floor = ExchangeFloor()
    floor.play(BOOK)
    floor.submit(an_order("o", BUY, 1, 99))
    floor.play(status("trading_disabled", "cancel_only"))
    assert isinstance(floor.cancel("o"), CancelConfirmed)


def test_trading_goes_on_when_the_restriction_is_lifted() -> None:
    """The last status counts."""
    floor = ExchangeFloor()
    floor.play(BOOK, status("cancel_only"), status())
    assert isinstance(floor.submit(an_order("o", BUY, 1, 99)), OrderAcknowledged)


def test_a_dated_order_expires_at_its_moment_and_says_so() -> None:
    """GTD ends by itself, frees what it held, and is told as expired."""
    floor = ExchangeFloor()
    floor.play(BOOK)
    floor.submit(an_order("o", BUY, 1, 99, GTD, expire_at=START + timedelta(seconds=10)))
    floor.venue.advance(floor.venue.world.state.at_us + 9_999_999)
    assert floor.order("o").is_open
    floor.venue.advance(floor.venue.world.state.at_us + 10_000_000)
    assert floor.order("o").state == "EXPIRED"
    assert floor.order("o").at == START + timedelta(seconds=10)
    assert floor.venue.exchange.accounts.unheld("USD") == 100_000
    (report,) = floor.told
    assert report.order.is_expired  # type: ignore[union-attr]  # an OrderUpdate, or the attribute fails the test


def test_the_judgement_of_a_preview_places_nothing() -> None:
    """The same checks as on arrival, and the id stays free."""
    floor = ExchangeFloor()
    floor.play(BOOK)
    assert floor.venue.entry.judge(an_order("o", BUY, 1, 101), START) is None
    reject = floor.venue.entry.judge(an_order("o", BUY, 999, 100), START)
    assert reject is None or reject.code == "VENUE_INSUFFICIENT_FUNDS"
    assert floor.venue.entry.judge(an_order("o", BUY, 1, 101, symbol="X"), START) is not None
    assert not floor.fills
    assert floor.venue.world.archive.all_orders() == []
