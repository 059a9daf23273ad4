"""What the order would trade against, and how old that may be."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.situations import LONG, NOW, PERP, QUIET, Situation, buy, close, decision, sell
from tests.domain.test_translation import ABLE
from tidegate.domain.marks import Mark
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.review import review
from tidegate.domain.vocabulary import Action, OrderType, TimeInForce

NO_PRICE: dict[str, Any] = {"book": None, "mark": None, "reference_mid": None}


def silent(seconds: float, **more: Any) -> dict[str, Any]:
    """A market last heard that long ago."""
    return {"heard_at": NOW - timedelta(seconds=seconds), **more}


@pytest.mark.parametrize(
    ("here", "asked"),
    [
        (QUIET.but(asks=()), buy()),
        (QUIET.but(bids=()), sell()),
        (QUIET.but(bids=QUIET.asks, asks=QUIET.bids), buy()),
        (QUIET.but(market={"is_synced": False}), buy()),
        (QUIET.but(market=NO_PRICE), buy()),
        (QUIET.but(market=NO_PRICE), buy(limit_price="60000")),
        (LONG.but(market=NO_PRICE), close()),
        (ABLE.but(market=NO_PRICE), buy(order_type=OrderType.STOP, stop_trigger="61000")),
        (ABLE.but(asks=()), buy(order_type=OrderType.TRAILING_STOP, trail="10")),
    ],
)
def test_without_a_price_to_trade_against_there_is_no_order(here: Situation, asked: Any) -> None:
    """M2 and M4: a crossed, unsynchronised, empty or missing book invents no price."""
    refused = here.outcome(asked)

    assert getattr(refused, "code", None) == "STALE_MARK"


def test_of_a_one_sided_book_the_priced_side_is_used() -> None:
    """M5: a buy needs asks and no bids; what rests needs neither, as long as something has a price."""
    QUIET.but(bids=()).approved(buy())
    QUIET.but(asks=()).approved(buy(limit_price="59990"))
    LONG.but(asks=()).approved(close())


@pytest.mark.parametrize(("asked", "limit"), [(buy(), "60070.00"), (sell(), "59939.99")])
def test_a_market_order_goes_out_with_a_limit(asked: Any, limit: str) -> None:
    """touch ± 10 bps of mid here; the change is reported with the order."""
    here = LONG.but(limits={"slippage_guard_bps": Decimal("10.0009")})

    approved = here.approved(asked)

    assert approved.order.order_type is OrderType.MARKET
    assert approved.order.limit_price is not None
    assert abs(approved.order.limit_price - Decimal(limit)) <= Decimal("0.06")
    assert [one.term for one in approved.changes] == ["limit_price"]


def test_a_buy_is_reserved_at_its_limit_and_a_sell_where_it_may_fill() -> None:
    """A sell below the market fills at the bid or better, and its exposure is then the larger."""
    assert QUIET.approved(buy(limit_price="59000")).worst_price == Decimal(59_000)
    assert LONG.approved(sell(limit_price="59900")).worst_price == Decimal(60_000)
    assert LONG.approved(sell(limit_price="60100")).worst_price == Decimal(60_100)
    assert LONG.approved(close()).worst_price == Decimal(60_000)


def test_an_unprotected_market_order_goes_raw_and_is_reserved_at_the_collar() -> None:
    """Only by that setting; what it may pay is bounded by policy alone."""
    raw = LONG.but(limits={"unprotected": True})

    bought, sold = raw.approved(buy()), raw.approved(sell())

    assert bought.order.limit_price is None
    assert bought.worst_price == Decimal(60_010) * Decimal("1.015")
    assert sold.worst_price == Decimal(60_000)


@pytest.mark.parametrize(
    ("kind", "fields", "worst"),
    [
        (OrderType.STOP, {"stop_trigger": "61000"}, "61915"),
        (OrderType.STOP_LIMIT, {"stop_trigger": "61000", "limit_price": "61100"}, "61100"),
        (OrderType.TRAILING_STOP, {"trail": "90"}, "61001.5"),
    ],
)
def test_a_triggered_order_is_reserved_at_the_worst_it_may_pay_once_it_triggers(
    kind: OrderType, fields: dict[str, str], worst: str
) -> None:
    """Its limit, or the collar from its trigger."""
    assert ABLE.approved(buy(order_type=kind, **fields)).worst_price == Decimal(worst)


def test_a_triggered_sell_is_reserved_at_its_trigger() -> None:
    """It sells there or lower."""
    held = ABLE.but(held=Decimal("0.1"))

    assert held.approved(sell(order_type=OrderType.STOP, stop_trigger="59000")).worst_price == Decimal(59_000)
    assert held.approved(sell(order_type=OrderType.TRAILING_STOP, trail="90")).worst_price == Decimal(60_000)


@pytest.mark.parametrize(
    ("seconds", "is_polled", "is_fresh"),
    [(5, False, True), (5.001, False, False), (30, True, True), (30.5, True, False)],
)
def test_an_entry_is_refused_on_a_silent_feed(seconds: float, is_polled: bool, is_fresh: bool) -> None:
    """M1: five seconds of silence, thirty for a price that is fetched on a timer; heartbeats count as sound."""
    here = QUIET.but(market=silent(seconds, is_polled=is_polled))

    outcome = here.outcome(buy())

    assert isinstance(outcome, ApprovedOrder) is is_fresh
    if not is_fresh:
        refused = here.refused(buy(), "STALE_MARK")
        assert refused.figures["age_seconds"] == Decimal(str(seconds))


def test_a_feed_never_heard_is_silent() -> None:
    """No message is no evidence of anything."""
    assert "nothing has been heard" in QUIET.but(market={"heard_at": None}).refused(buy(), "STALE_MARK").message


@pytest.mark.parametrize(
    ("here", "limit"),
    [
        (LONG.but(market=silent(60)), "57000"),
        (LONG.but(market=silent(60, book=None, last_price=Decimal(50_000))), "47500"),
        (LONG.but(market=NO_PRICE | {"mark": Mark(Decimal(40_000), NOW)}), "38000"),
        (PERP.but(held=Decimal(-5), market=silent(60)), "63010.5"),
    ],
)
def test_with_a_stale_mark_an_exit_goes_as_a_limit_in_the_wider_band(here: Situation, limit: str) -> None:
    """5 % from the last known price, immediate-or-cancel, and the silence is recorded as a warning."""
    approved = here.approved(close())

    assert approved.order.limit_price == Decimal(limit)
    assert approved.order.time_in_force is TimeInForce.IOC


def test_a_stale_exit_of_another_time_in_force_becomes_immediate() -> None:
    """Fill-or-kill at a price nobody has seen would be a kill."""
    approved = LONG.but(market=silent(60)).approved(decision(Action.CLOSE, time_in_force=TimeInForce.FOK))

    assert approved.order.time_in_force is TimeInForce.IOC
    assert "STALE_MARK" in {warned.code for warned in approved.warnings}


def test_an_exit_with_a_price_of_its_own_keeps_it_on_a_silent_feed() -> None:
    """Its limit was decided; only a market order needs a band."""
    approved = LONG.but(market=NO_PRICE | {"heard_at": None}).approved(sell(limit_price="61000", reduce_only=True))

    assert approved.order.limit_price == Decimal(61_000)


def test_the_mid_stands_in_for_a_mark_that_no_one_gives() -> None:
    """A spot position is worth its mid."""
    order = QUIET.order(buy())

    assert isinstance(review(order, replace(QUIET.view, market=replace(QUIET.reading, mark=None))), ApprovedOrder)
