"""Readings and settings of the simulated venue: what it shows, and what may be chosen."""

from decimal import Decimal

import msgspec
import pytest

from tests.adapters.brokers.simulated.exchange_floor import START, ExchangeFloor, an_order, book, status, trade
from tidegate.adapters.brokers.simulated import INSTANT, SimulatedBroker, VenueSettings
from tidegate.adapters.clocks import ManualClock
from tidegate.domain.submissions import OrderAcknowledged
from tidegate.domain.vocabulary import OrderSide, TimeInForce

BUY, SELL = OrderSide.BUY, OrderSide.SELL
BOOK = book([(99, 5)], [(101, 5)])


def test_a_reading_is_made_once_for_each_change() -> None:
    """Looking again costs nothing, and our own orders change nothing of it."""
    floor = ExchangeFloor()
    broker = SimulatedBroker(floor.venue, ManualClock(START))
    floor.play(BOOK, trade(SELL, 99, 1))
    reading = broker.reading("BTC-USD")
    assert (reading.last_price, reading.mark.price if reading.mark else None) == (Decimal(99), Decimal(100))
    floor.submit(an_order("o", BUY, 5, 101))
    assert broker.reading("BTC-USD") is reading
    floor.play(trade(SELL, 99, 1, at=1))
    assert broker.reading("BTC-USD") is not reading
    assert broker.reading("BTC-USD").book is reading.book


def test_a_book_is_never_called_complete() -> None:
    """What a recording does not show may be there all the same."""
    floor = ExchangeFloor()
    floor.play(BOOK)
    book_shown = floor.venue.readings.reading("BTC-USD").book
    assert book_shown is not None
    assert not book_shown.is_complete


def test_a_crossed_book_has_no_mark_and_a_one_sided_one_neither() -> None:
    """Nothing is read off a state that no working market shows."""
    floor = ExchangeFloor()
    floor.play(book([(102, 1)], [(101, 1)]))
    assert floor.venue.readings.reading("BTC-USD").mark is None
    floor.play(book([(99, 1)], []))
    assert floor.venue.readings.reading("BTC-USD").mark is None


def test_a_product_shows_its_flags_as_last_heard_and_so_does_one_that_shares_its_book() -> None:
    """B24 is known before an order is sent."""
    floor = ExchangeFloor()
    broker = SimulatedBroker(floor.venue, ManualClock(START))
    floor.play(BOOK, status("cancel_only"))
    assert [product.flags.cancel_only for product in broker.products] == [True, True]
    floor.play(status())
    assert [product.flags.cancel_only for product in broker.products] == [False, False]


def test_fee_rates_that_are_set_take_the_place_of_the_recordings_own() -> None:
    """For every product, and shown in it."""
    settings = msgspec.structs.replace(INSTANT, maker_fee_rate=Decimal("0.01"), taker_fee_rate=Decimal("0.02"))
    floor = ExchangeFloor(settings=settings)
    floor.play(BOOK)
    answer = floor.submit(an_order("o", BUY, 1, 101, TimeInForce.IOC))
    assert isinstance(answer, OrderAcknowledged)
    assert answer.fills[0].fee == Decimal("2.02")
    assert "BTC-PERP" in floor.venue.readings.by_symbol


@pytest.mark.parametrize(
    "wrong",
    [
        {"feed_latency_ms": -1},
        {"entry_latency_ms": float("nan")},
        {"cancel_latency_ms": float("inf")},
        {"latency_jitter": 1.5},
        {"depth_levels": 0},
        {"report_queue_max": 0},
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    """By name of what is wrong, when they are made."""
    with pytest.raises(ValueError, match=r"latency|depth_levels"):
        VenueSettings(**wrong)  # type: ignore[arg-type]  # the values are numbers of the fields named
