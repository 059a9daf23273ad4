"""Market data: readings are at hand, immutable and honest about what is not known."""

# ruff: noqa: S101 -- a contract is asserted

from pathlib import Path

from tidegate.domain.market_flaws import depth_flaw, product_flaw, reading_flaw
from tidegate.testing.contracts.brokers.opened import VenueContract

_NO_SYMBOL = "NO-SUCH-SYMBOL"


class MarketClaims(VenueContract):
    """What MarketDataPort promises."""

    async def test_products_are_found_by_symbol_and_an_unknown_one_is_none(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            assert venue.symbol in {product.symbol for product in venue.broker.products}
            for product in venue.broker.products:
                assert venue.broker.product(product.symbol) == product
            assert venue.broker.product(_NO_SYMBOL) is None

    async def test_every_product_and_reading_can_be_believed(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            assert venue.broker.products is venue.broker.products
            for product in venue.broker.products:
                reading = venue.broker.reading(product.symbol)
                assert product_flaw(product) == ""
                assert reading_flaw(product.symbol, reading) == ""
                assert depth_flaw(reading) == ""

    async def test_a_reading_has_book_mark_and_age(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            reading = venue.broker.reading(venue.symbol)
            assert reading.symbol == venue.symbol
            assert reading.book is not None
            assert reading.mark is not None
            assert reading.heard_at is not None
            assert reading.heard_at <= venue.clock.now()
            assert reading.mark.at <= venue.clock.now()

    async def test_a_book_is_sorted_from_the_touch_and_holds_no_empty_level(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            book = venue.broker.reading(venue.symbol).book
            assert book is not None
            bids, asks = [one.price for one in book.bids], [one.price for one in book.asks]
            assert bids == sorted(set(bids), reverse=True)
            assert asks == sorted(set(asks))
            assert all(one.quantity > 0 for one in (*book.bids, *book.asks))

    async def test_nothing_is_invented_for_an_unknown_symbol(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            reading = venue.broker.reading(_NO_SYMBOL)
            assert reading.symbol == _NO_SYMBOL
            assert (reading.book, reading.mark, reading.last_price, reading.reference_mid) == (None, None, None, None)
            assert reading.heard_at is None

    async def test_capabilities_are_constant(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            assert venue.broker.capabilities == venue.broker.capabilities
            assert venue.broker.capabilities.horizon_seconds > 0
