"""Several recordings as one: interleaved by time, each with its own products, and void once it has ended."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.recordings.samples import START_US, STARTED_AT, added, write
from tests.adapters.recordings.two_markets import book, gap, header, moving, trade, two_markets, written
from tidegate.adapters.recordings.format import Gap, Row
from tidegate.adapters.recordings.gaps import gaps_of
from tidegate.adapters.recordings.joined import RecordingsClash, open_recordings
from tidegate.adapters.recordings.synthetic import packaged_recording_path


def test_rows_are_interleaved_by_time_and_ties_stand_as_the_recordings_were_named(tmp_path: Path) -> None:
    """The same every time, and each recording's own order is kept."""
    bitcoin, ether = two_markets(tmp_path)

    one, again, other = (
        list(open_recordings(paths).rows()) for paths in ((bitcoin, ether), (bitcoin, ether), (ether, bitcoin))
    )

    assert one == again
    assert [row.at_us for row in one] == sorted(row.at_us for row in one)
    assert [row.product for row in one[:6]] == [0, 1, 0, 1, 0, 1]
    assert [row.at_us for row in other] == [row.at_us for row in one]
    assert list(open_recordings((bitcoin, ether)).rows(100)) == one[100:]


def test_products_of_all_are_there_and_those_that_follow_a_price_come_last(tmp_path: Path) -> None:
    """A row finds its product by its joint place."""
    bitcoin = write(tmp_path / "bitcoin.tgr.gz", [added("1")])
    ether = written(tmp_path / "ether.tgr.gz", header("ETH"), [book(0, "3000")])

    joined = open_recordings((bitcoin, ether))

    assert [product.symbol for product in joined.header.products] == ["BTC-USD", "ETH-USD", "BTC-PERP"]
    assert dict(joined.header.prices_from) == {"BTC-PERP": "BTC-USD"}
    assert joined.header.connections == (0, 1)
    assert joined.header.provenance.is_synthetic
    assert {row.product for row in joined.rows()} == {0, 1}


def test_two_recordings_of_one_symbol_are_refused_by_their_names(tmp_path: Path) -> None:
    """One session has each symbol once; the same file twice is no exception."""
    bitcoin, _ = two_markets(tmp_path)

    with pytest.raises(RecordingsClash, match=r"synthetic-btc-usd.tgr.gz and .*bitcoin.tgr.gz both have BTC-USD"):
        open_recordings((packaged_recording_path(), bitcoin))
    with pytest.raises(RecordingsClash):
        open_recordings((bitcoin, bitcoin))


def test_what_ends_first_is_void_while_the_other_goes_on(tmp_path: Path) -> None:
    """Its last book is not filled forward; the figures count the row that says so."""
    bitcoin = written(tmp_path / "b.tgr.gz", header("BTC"), moving(60_000, 10), 10)
    ether = written(tmp_path / "e.tgr.gz", header("ETH", 5), moving(3_000, 20, 5), 25)

    joined = open_recordings((bitcoin, ether))
    rows, summary = list(joined.rows()), joined.summary()

    assert [(row.at_us, row.product) for row in rows if isinstance(row, Gap)] == [(START_US + 10_000_000, 0)]
    assert summary.row_count == len(rows) == 10 * 2 + 20 * 2 + 1
    assert summary.started_at == STARTED_AT
    assert summary.ended_at == STARTED_AT + timedelta(seconds=25)
    assert gaps_of(joined).seconds == 15


def test_recordings_that_share_no_time_are_refused(tmp_path: Path) -> None:
    """A session would stand still between them; three may hang together by the middle one."""
    first = written(tmp_path / "b.tgr.gz", header("BTC"), moving(60_000, 10), 10)
    later = written(tmp_path / "e.tgr.gz", header("ETH", 20), moving(3_000, 10, 20), 30)
    between = written(tmp_path / "s.tgr.gz", header("SOL", 5), moving(100, 20, 5), 25)

    with pytest.raises(RecordingsClash, match=r"b.tgr.gz ends at 2026-05-02 02:36:10 UTC and .*e.tgr.gz begins at"):
        open_recordings((later, first)).summary()

    assert open_recordings((later, first, between)).summary().ended_at == STARTED_AT + timedelta(seconds=30)


def test_the_checksum_stands_for_all_of_them_in_their_order(tmp_path: Path) -> None:
    """A world that stood in one market is not resumed on another."""
    bitcoin, ether = two_markets(tmp_path)

    sums = {open_recordings(paths).summary().sha256 for paths in ((bitcoin, ether), (ether, bitcoin), (bitcoin,))}

    assert len(sums) == 3


def test_a_gap_lasts_until_the_book_is_built_again(tmp_path: Path) -> None:
    """A trade builds no book; a gap told twice is one; an open one lasts to the end."""
    rows: list[Row] = [book(0, "100"), gap(10), trade(11, "99", 1), gap(12), book(15, "100"), book(16, "101"), gap(18)]
    path = written(tmp_path / "b.tgr.gz", header("BTC"), rows, 20)

    found = gaps_of(open_recordings((path,)))

    assert (found.count, found.seconds) == (2, Decimal(7))
