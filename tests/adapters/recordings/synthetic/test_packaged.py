"""The packaged recording is what its generator makes, says that it is synthetic, and looks like a market."""

from collections import Counter
from pathlib import Path

import pytest

from tidegate.adapters.chance import SeededChance
from tidegate.adapters.recordings.book import OrderBook, Resting
from tidegate.adapters.recordings.format import Heartbeat, OrderAdded, OrderDeleted, OrderResized, TradePrinted
from tidegate.adapters.recordings.header import microseconds_of
from tidegate.adapters.recordings.reader import Recording, open_recording
from tidegate.adapters.recordings.synthetic import (
    PACKAGED_MINUTES,
    PACKAGED_SEED,
    generate_synthetic,
    packaged_recording_path,
)
from tidegate.domain.vocabulary import OrderSide

SIZE_BYTES_MAX = 300_000


@pytest.fixture(scope="module")
def packaged() -> Recording:
    return open_recording(packaged_recording_path())


def test_the_packaged_recording_is_what_the_generator_makes(packaged: Recording, tmp_path: Path) -> None:
    """Compared by the checksum of the lines: the compressed bytes are the business of the compression library."""
    generate_synthetic(tmp_path / "again.tgr.gz")

    assert open_recording(tmp_path / "again.tgr.gz").summary() == packaged.summary()


def test_the_packaged_recording_says_that_it_is_synthetic_and_is_small(packaged: Recording) -> None:
    """Nobody may take it for a market; it is part of every installation."""
    summary = packaged.summary()

    assert packaged.header.provenance.is_synthetic
    assert packaged.header.provenance.source.startswith("synthetic")
    figures = packaged.header.provenance.figures
    assert (figures["seed"], figures["minutes"]) == (PACKAGED_SEED, PACKAGED_MINUTES)
    assert figures["thin_an_hour"] == "0.0"
    assert [product.symbol for product in packaged.header.products] == ["BTC-USD", "BTC-PERP"]
    assert (summary.ended_at - summary.started_at).total_seconds() == PACKAGED_MINUTES * 60
    assert packaged_recording_path().stat().st_size <= SIZE_BYTES_MAX


def test_another_seed_is_another_market(tmp_path: Path) -> None:
    """The same seed, or the same draws handed in, give the same one."""
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        generate_synthetic(tmp_path / name, seed=seed, minutes=1)
    generate_synthetic(tmp_path / "drawn", seed=7, minutes=1, chance=SeededChance(7))

    one, same, other, drawn = (open_recording(tmp_path / name).summary() for name in ("one", "same", "other", "drawn"))
    assert one == same == drawn
    assert one.sha256 != other.sha256


def test_the_synthetic_book_is_never_crossed_and_trades_by_price_and_time(packaged: Recording) -> None:
    """Every trade is with the first order of the best price, and the spread is mostly one to three dollars."""
    book = OrderBook()
    spread_us: Counter[int] = Counter()
    aggressors: Counter[OrderSide] = Counter()
    last_us = microseconds_of(packaged.header.started_at)
    for row in packaged.rows():
        spread_us[int(book.spread or 0)] += row.at_us - last_us
        last_us = row.at_us
        match row:
            case OrderAdded():
                assert not book.crosses(row.side, row.price)
                book.add(Resting(row.order_id, row.side, row.price, row.size))
            case OrderResized():
                assert row.size < book.orders[row.order_id].size
                book.orders[row.order_id].size = row.size
            case OrderDeleted():
                book.remove(row.order_id)
            case TradePrinted(maker_order_id=str(maker_order_id)):
                maker = book.orders[maker_order_id]
                assert (maker.price, maker.side) == (row.price, row.aggressor.opposite)
                assert book.is_first(maker)
                assert row.size <= maker.size
                aggressors[row.aggressor] += 1
            case Heartbeat():
                pass
            case _:
                pytest.fail(f"the generator writes no {type(row).__name__}")

    assert sum(spread_us[dollars] for dollars in (1, 2, 3)) > 0.8 * spread_us.total()
    assert min(aggressors.values()) > 500
