"""The checked market: an adapter's bad word is as good as none, shown once, and over as soon as a good one comes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.application.interposing import InterposedVenue
from tests.application.rig import SPOT, Rig, buy, placed, refused, sell
from tests.domain.histories import NOW
from tidegate import Action, Decision, Product
from tidegate.application.checked_market import CheckedMarket, checked
from tidegate.domain.books import Level
from tidegate.domain.events import IncidentRaised
from tidegate.domain.views import MarketReading

Change = Callable[[Any], Any]


def raises(_: Any) -> Any:
    """What an adapter's bug does."""
    raise KeyError("book")


class OddMarket(InterposedVenue):
    """A venue whose products and readings are changed on their way, while it is told to."""

    of_products: Change | None = None
    of_product: Change | None = None
    of_reading: Change | None = None

    @property
    def products(self) -> tuple[Product, ...]:
        found = super().products
        return found if self.of_products is None else self.of_products(found)

    def product(self, symbol: str) -> Product | None:
        found = super().product(symbol)
        return found if self.of_product is None else self.of_product(found)

    def reading(self, symbol: str) -> MarketReading:
        found = super().reading(symbol)
        return found if self.of_reading is None else self.of_reading(found)


def with_floats(reading: MarketReading) -> MarketReading:
    """As an adapter makes it that reads a body's numbers as they come."""
    assert reading.book is not None
    bids: Any = tuple(Level(float(one.price), float(one.quantity)) for one in reading.book.bids)  # type: ignore[arg-type]
    return replace(reading, book=replace(reading.book, bids=bids))


@pytest.mark.parametrize(
    "change",
    [raises, with_floats, lambda _: None, lambda one: replace(one, symbol="ETH-USD"), lambda one: replace(one, mark=1)],
)
async def test_a_reading_that_cannot_be_is_as_if_nothing_was_heard(change: Change) -> None:
    """An entry is refused, an exit is not told an exception, and it ends with the first sound reading."""
    rig = Rig()
    venue = OddMarket(rig.venue)

    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        venue.of_reading = change
        refused(await app.coordinator.execute_decision(SPOT, buy()), "STALE_MARK")
        refused(await app.coordinator.plan(SPOT, buy()), "STALE_MARK")
        venue.of_reading = None
        placed(await app.coordinator.execute_decision(SPOT, sell()))
        await rig.clock.advance(2)

    told = [one for one in await rig.stored(IncidentRaised) if one.kind == "ADAPTER_FAILED"]
    assert len(told) == 1
    assert "market data cannot be believed" in told[0].message
    assert told[0].symbol == SPOT


@pytest.mark.parametrize("change", [raises, lambda _: 5, lambda one: replace(one, price_increment=Decimal(0))])
async def test_a_product_that_cannot_be_is_as_it_last_was(change: Change) -> None:
    """What was sound before is what orders are rounded by, exits and entries alike."""
    rig = Rig()
    venue = OddMarket(rig.venue)

    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        venue.of_product = change
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        placed(await app.coordinator.execute_decision(SPOT, Decision(action=Action.CLOSE)))
        await rig.clock.advance(2)

    assert [one.kind for one in await rig.stored(IncidentRaised)] == ["ADAPTER_FAILED"]


async def test_a_product_that_never_was_sound_is_none() -> None:
    """There is nothing to trade by."""
    rig = Rig()
    venue = OddMarket(rig.venue)
    venue.of_product = lambda one: replace(one, base_increment=Decimal("NaN"))

    async with rig.open(venue=venue) as app:
        refused(await app.coordinator.execute_decision(SPOT, buy()), "UNKNOWN_SYMBOL")


@pytest.mark.parametrize("change", [raises, lambda _: None, lambda all_of_them: {one.symbol for one in all_of_them}])
async def test_products_that_cannot_be_listed_are_those_last_listed(change: Change) -> None:
    """Equity and exposure go on being counted."""
    rig = Rig()
    venue = OddMarket(rig.venue)

    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        before = await app.account()
        venue.of_products = change
        assert await app.account() == before
        placed(await app.coordinator.execute_decision(SPOT, sell()))
        await rig.clock.advance(2)

    assert [one.kind for one in await rig.stored(IncidentRaised)] == ["ADAPTER_FAILED"]


def test_equal_products_stay_the_same_objects() -> None:
    """An adapter that makes its list and its products anew each time costs no new valuation each time."""
    venue = OddMarket(Rig().venue)
    market = checked(venue)
    products, product = market.products, market.product(SPOT)
    venue.of_products = list
    venue.of_product = replace

    assert market.products is products
    assert market.product(SPOT) is product
    assert checked(market) is market


def test_a_product_that_cannot_be_is_left_out_of_the_list() -> None:
    """The others can be traded."""
    venue = OddMarket(Rig().venue)
    venue.of_products = lambda found: (*found, replace(found[0], symbol="ETH-USD", multiplier=Decimal(0)), None)
    market = checked(venue)

    assert market.products == venue.inner.products
    assert ["ETH-USD" in one.words or "NoneType" in one.words for one in market.take_untold()] == [True, True]
    assert not market.take_untold()


def test_the_depth_is_looked_at_now_and_then_and_always_after_a_flaw() -> None:
    """The first reading of a symbol wholly, then one in 256; after one that was wrong until one is right."""
    venue = OddMarket(Rig().venue)
    market = CheckedMarket(venue)

    def deeply_wrong(reading: MarketReading) -> MarketReading:
        return replace(reading, daily_volume=5)

    venue.of_reading = replace
    assert market.reading(SPOT).heard_at is not None
    venue.of_reading = deeply_wrong
    deep = [market.reading(SPOT).heard_at is None for _ in range(260)]
    assert deep == [False] * 255 + [True] * 5
    venue.of_reading = replace
    assert market.reading(SPOT).heard_at is not None


def test_no_more_than_a_hundred_failures_are_told() -> None:
    """An adapter that finds a new one each time has said enough."""
    venue = OddMarket(Rig().venue)
    market = CheckedMarket(venue)
    for number in range(200):
        venue.of_reading = lambda one, number=number: replace(one, heard_at=number)
        market.reading(SPOT)

    assert len(market.take_untold()) == 100


async def test_a_moment_ahead_of_our_clock_is_no_sign_of_life() -> None:
    """X7: the clock has gone back an hour; a feed that fell silent then would pass for alive all that hour."""
    rig = Rig()
    venue = OddMarket(rig.venue)
    venue.of_reading = lambda one: replace(one, heard_at=NOW.replace(year=2030))

    async with rig.open(venue=venue) as app:
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy()), "STALE_MARK")
        assert "ahead of our clock" in refusal.message


async def test_want_of_memory_stops_entries_until_an_operator_resumes() -> None:
    """P14: at any point of a port, and as often as it comes."""
    rig = Rig()
    venue = OddMarket(rig.venue)

    def out_of_memory(_: Any) -> Any:
        raise MemoryError

    async with rig.open(venue=venue) as app:
        for _ in range(2):
            venue.of_reading = out_of_memory
            refused(await app.coordinator.execute_decision(SPOT, buy()), "STALE_MARK")
            venue.of_reading = None
            await rig.clock.advance(2)
            refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
            await app.resume("seen")
            placed(await app.coordinator.execute_decision(SPOT, buy()))


async def test_a_start_that_hears_nothing_it_can_believe_opens_all_the_same() -> None:
    """What an adapter tells before it is connected is its own affair; entries wait for it."""
    rig = Rig()
    venue = OddMarket(rig.venue)
    venue.of_reading = lambda _: None

    async with rig.open(venue=venue) as app:
        refused(await app.coordinator.execute_decision(SPOT, buy()), "STALE_MARK")
