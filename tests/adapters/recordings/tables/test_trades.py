"""CSV files of trades: columns by their names, a silence as a gap, and no book but an assumed one."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.recordings.binance.messages import PRODUCT
from tidegate.adapters.recordings.capture_files import CaptureDamaged
from tidegate.adapters.recordings.format import BookSnapshotRow, Gap, Heartbeat, Row, TradePrinted
from tidegate.adapters.recordings.gaps import gaps_of
from tidegate.adapters.recordings.joined import open_recordings
from tidegate.adapters.recordings.made import RecordingMade, SourceRejected
from tidegate.adapters.recordings.reader import open_recording
from tidegate.adapters.recordings.tables import AssumedBook, TradeOptions, import_trades
from tidegate.domain.vocabulary import OrderSide

START_US = 1_767_614_400_000_000
BOOK = AssumedBook(spread_bps=Decimal(10), depth=Decimal(2))


def imported(folder: Path, text: str, options: TradeOptions | None = None) -> tuple[RecordingMade, list[Row]]:
    """What such a file becomes."""
    source = folder / "trades.csv"
    source.write_text(text, encoding="utf-8")
    made = import_trades(source, folder / "made.tgr.gz", PRODUCT, options or TradeOptions())
    return made, list(open_recording(made.destination).rows())


def touches(rows: list[Row]) -> list[Decimal]:
    """Every price that a book of the recording quotes."""
    books = [row for row in rows if isinstance(row, BookSnapshotRow)]
    return [price for book in books for price, _ in (*book.bids, *book.asks)]


@pytest.mark.parametrize(
    "text",
    [
        "time,price,size,side\n1767614400,100,1,buy\n",
        "Timestamp;Price;Amount;Side\n1767614400000;100;1;B\n",
        "\ufefftime\tpx\tqty\tis_buyer_maker\n1767614400000000\t100\t1\tfalse\n",
        "ID, Date , price, quantity, taker_side\n1,2026-01-05T12:00:00Z,100,1,bid\n",
        "id,price,qty,quote_qty,time,isBuyerMaker\r\n1,100.00,1.0000,100,1767614400000000000,False\r\n",
        "time,price,size,side\n2026-01-05 12:00:00 UTC,100,1,buy\n",
        "\u6642\u9593,time,price,size,side\n\u5348\u5f8c,1767614400,100,1,buy\n",
        '"time","price","size","side","of what, where"\n1767614400,100,1,buy,x\n',
        '"date","price","volume","side"\n"2026-01-05 12:00:00","1e2","1","BUY"\n\n',
    ],
)
def test_columns_go_by_their_names_and_times_by_their_size(text: str, tmp_path: Path) -> None:
    """ISO 8601, or seconds, milliseconds, microseconds or nanoseconds since the epoch."""
    _, (row,) = imported(tmp_path, text)

    assert row == TradePrinted(
        at_us=START_US, product=0, trade_id="1", aggressor=OrderSide.BUY, price=Decimal(100), size=Decimal(1)
    )


def test_without_a_book_the_recording_has_none_and_says_so(tmp_path: Path) -> None:
    """Nothing is invented: prints alone, and the header's depth is none."""
    made, rows = imported(tmp_path, "time,price,size,side\n1767614400,100,1,buy\n1767614403,101,1,sell\n")

    header = open_recording(made.destination).header
    assert {type(row) for row in rows} == {TradePrinted}
    assert (header.depth, made.smallest_spread, made.trades) == ("none", None, 2)
    assert header.provenance.assumptions == (
        "BTC-USDT: a silence of up to 60 s is a quiet market, and a longer one a gap",
    )
    assert any("There is no book" in note for note in header.provenance.notes)


def test_a_book_is_assumed_only_where_that_is_asked_for_and_it_is_told(tmp_path: Path) -> None:
    """The print's price is the touch that was taken; the other is the spread away, in whole increments, rounded up."""
    text = "time,price,size,side\n1767614400,100,1,buy\n1767614401,100,1,buy\n1767614402,100.03,1,sell\n"

    made, rows = imported(tmp_path, text, TradeOptions(book=BOOK))

    books = [row for row in rows if isinstance(row, BookSnapshotRow)]
    assert [(book.bids[0][0], book.asks[0][0]) for book in books] == [
        (Decimal("99.9"), Decimal(100)),
        (Decimal("100.03"), Decimal("100.14")),
    ]
    assert books[0].bids[0][1] == 2
    assert made.smallest_spread == Decimal("0.1")
    told = "a spread of 10 bps beside each print, rounded up to whole increments of 0.01, with 2 at either touch"
    assert any(told in one for one in made.assumptions)


def test_who_took_must_be_told_or_assumed(tmp_path: Path) -> None:
    """The tick rule: above the last price a buyer, below it a seller, at it as before."""
    text = "time,price,size\n" + "".join(f"176761440{at},{price},1\n" for at, price in enumerate((100, 101, 101, 99)))

    with pytest.raises(CaptureDamaged, match="no column says who took"):
        imported(tmp_path, text)
    made, rows = imported(tmp_path, text, TradeOptions(by_tick_rule=True))

    sides = [row.aggressor.value for row in rows if isinstance(row, TradePrinted)]
    assert sides == ["BUY", "BUY", "BUY", "SELL"]
    assert any("tick rule" in one for one in made.assumptions)


def test_a_silence_is_a_quiet_market_up_to_a_bound_and_then_a_gap(tmp_path: Path) -> None:
    """Heartbeats in the first; in the second nothing, from the last trade on."""
    text = "time,price,size,side\n1767614400,100,1,buy\n1767614410,100,1,buy\n1767614500,101,1,buy\n"

    made, rows = imported(tmp_path, text)

    assert [(type(row), (row.at_us - START_US) // 1_000_000) for row in rows] == [
        (TradePrinted, 0),
        (Heartbeat, 4),
        (Heartbeat, 8),
        (TradePrinted, 10),
        (Gap, 10),
        (TradePrinted, 100),
    ]
    assert (made.gaps, made.gap_seconds) == (1, Decimal(90))
    assert gaps_of(open_recordings((made.destination,))).seconds == 90
    _, rows = imported(tmp_path, text, TradeOptions(gap_seconds=90))
    assert not [row for row in rows if isinstance(row, Gap)]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("1767614401,0,1,buy", "price is zero"),
        ("1767614401,-1,1,buy", "price '-1' is not a number of zero or more"),
        (f"1767614401,1,1{'0' * 18},buy", "has more than 18 digits before the point"),
        ("1767614401,NaN,1,buy", "price 'NaN' is not"),
        ("1767614401,Infinity,1,buy", "price 'Infinity' is not"),
        ("1767614401,1,0.0,buy", "size is zero"),
        ("1767614401,1,1,hold", "side 'hold' is none of"),
        ("yesterday,1,1,buy", "time 'yesterday' is neither ISO 8601 nor a number"),
        ("-5,1,1,buy", "time '-5' is neither"),
        ("1767614399,1,1,buy", "sort the file by time"),
        ("20260105,1,1,buy", "time '20260105' looks like a date: write it as 2026-01-05"),
        ("20260105120001,1,1,buy", "looks like a date"),
        ("0001-01-01,1,1,buy", "is not between 1970 and 9999"),
        ("1767614401,1,1", "3 columns instead of 4"),
        ('1767614401,"1,1,buy', "not CSV"),
    ],
)
def test_a_row_that_is_none_ends_the_import_with_its_line(row: str, complaint: str, tmp_path: Path) -> None:
    """M3: neither zero nor NaN nor infinity gets through, and nothing is skipped in silence."""
    with pytest.raises(CaptureDamaged) as caught:
        imported(tmp_path, f"time,price,size,side\n1767614400,100,1,buy\n{row}\n")

    assert (caught.value.line, complaint in caught.value.reason) == (3, True), str(caught.value)
    assert not (tmp_path / "made.tgr.gz").exists()


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("1767614401,100.125,1,buy", "price 100.125 is no whole number of increments of 0.01: the product's price_inc"),
        (
            "1767614401,100,1.123456,buy",
            "size 1.123456 is no whole number of increments of 0.00001: the product's base_",
        ),
        ("1767614401,100,0.3000000000004,buy", "0.0000000000001 would hold it"),
        ("1767614401,60000.0049999999999,1,buy", "price 60000.0049999999999 is no whole number"),
    ],
)
@pytest.mark.parametrize("skip", [False, True])
def test_a_number_off_the_increments_is_the_products_flaw_and_not_the_lines(
    row: str, complaint: str, skip: bool, tmp_path: Path
) -> None:
    """It ends the import with its line and the key, and is never skipped: the increments were stated wrong."""
    with pytest.raises(CaptureDamaged) as caught:
        imported(tmp_path, f"time,price,size,side\n1767614400,100,1,buy\n{row}\n", TradeOptions(skip_damaged=skip))

    assert (caught.value.line, complaint in caught.value.reason) == (3, True), str(caught.value)
    assert not (tmp_path / "made.tgr.gz").exists()


def test_what_binary_floats_moved_off_the_increments_is_put_back_and_counted(tmp_path: Path) -> None:
    """0.1 + 0.2, as every table that went through floats has it; the book that is assumed beside stands on the grid."""
    text = (
        "time,price,size,side\n1767614400,100.00999999999999,0.30000000000000004,buy\n1767614401,1.1e1,0.10001,sell\n"
    )

    made, rows = imported(tmp_path, text, TradeOptions(book=BOOK))

    assert [(row.price, row.size) for row in rows if isinstance(row, TradePrinted)] == [
        (Decimal("100.01"), Decimal("0.3")),
        (Decimal(11), Decimal("0.10001")),
    ]
    assert all(price % PRODUCT.price_increment == 0 for price in touches(rows))
    figures = open_recording(made.destination).header.provenance.figures
    assert figures["numbers put back on their increments, from which binary floats had moved them"] == 2


def test_an_assumed_depth_that_nobody_could_quote_is_refused(tmp_path: Path) -> None:
    """A book off the grid is none."""
    book = AssumedBook(spread_bps=Decimal(10), depth=Decimal("0.000001"))

    with pytest.raises(
        SourceRejected, match=r"the assumed depth 0\.000001 is no whole number of increments of 0\.00001"
    ):
        imported(tmp_path, "time,price,size,side\n1767614400,100,1,buy\n", TradeOptions(book=book))


def test_rows_that_are_none_are_counted_where_that_is_asked_for(tmp_path: Path) -> None:
    """With the line of the first."""
    text = "time,price,size,side\n1767614400,100,1,buy\n1767614401,0,1,buy\njunk\n1767614402,101,1,buy\n"

    made, _ = imported(tmp_path, text, TradeOptions(skip_damaged=True))

    assert (made.trades, made.dropped, made.read) == (2, {"damaged rows": 2}, {"rows": 4})
    assert "the first damaged line is line 3" in made.notes


def test_columns_that_are_missing_are_named_with_what_they_may_be_called(tmp_path: Path) -> None:
    """As are files without a row."""
    with pytest.raises(CaptureDamaged, match="line 1: no column of price: it may be called price, trade_price, px, p"):
        imported(tmp_path, "time,size,side\n")
    with pytest.raises(SourceRejected, match="there is no row in it"):
        imported(tmp_path, "time,price,size,side\n")
    with pytest.raises(CaptureDamaged, match="wider than the price"):
        imported(tmp_path, "time,price,size,side\n1767614400,0.01,1,buy\n", TradeOptions(book=BOOK))
    with pytest.raises(CaptureDamaged, match="an id of more than 64 characters"):
        imported(tmp_path, f"id,time,price,size,side\n{'x' * 65},1767614400,1,1,buy\n")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "there are no names of columns: the file is empty"),
        (b"1,100.0,1,1767614400,true\n", "values and no names: write the names of the columns above them"),
        (gzip.compress(b"time,price,size,side\n", mtime=0), "this is gzip: give the file a name that ends in .gz"),
        (b"PK\x03\x04trades.csv", "this is a zip archive: take the file out of it first"),
        ("\ufefftime,price,size,side\n".encode("utf-16-le"), "this is UTF-16: save the file as UTF-8"),
        (b"\x28\xb5\x2f\xfd\x04", "this is zstd: decompress the file first"),
        (b"time,price,size,side\r1767614400,100,1,buy\r", "its lines end in CR alone"),
        (b"time,price,Price,size,side\n", "two columns are called price: which of them counts?"),
        (b"time,price,size,side,caf\xe9\n", "the line is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_table_of_names_and_rows_is_told_for_what_it_is(
    content: bytes, complaint: str, tmp_path: Path
) -> None:
    """With what to do about it, and not as a column that is missing."""
    source = tmp_path / "trades.csv"
    source.write_bytes(content)

    with pytest.raises(CaptureDamaged) as caught:
        import_trades(source, tmp_path / "made.tgr.gz", PRODUCT, TradeOptions())

    assert (caught.value.line, complaint in caught.value.reason) == (1, True), str(caught.value)


def test_a_trade_that_came_twice_is_one_and_is_counted(tmp_path: Path) -> None:
    """Files fetched in pieces overlap; another fill of that moment under the same id is a trade of its own."""
    text = (
        "id,time,price,size,side\n7,1767614400,100,1,buy\n8,1767614400,100,1,buy\n7,1767614400,100,1,buy\n"
        "7,1767614400,101,1,buy\n7,1767614401,100,1,buy\n"
    )

    made, rows = imported(tmp_path, text)

    told = [(row.trade_id, int(row.price)) for row in rows if isinstance(row, TradePrinted)]
    assert told == [("7", 100), ("8", 100), ("7", 101), ("7", 100)]
    assert (made.trades, made.dropped) == (4, {"trades that came twice": 1})
    _, unnamed = imported(tmp_path, "time,price,size,side\n1767614400,100,1,buy\n1767614400,100,1,buy\n")
    assert len(unnamed) == 2


def test_a_compressed_file_may_be_several_streams_one_after_the_other(tmp_path: Path) -> None:
    """As a collector leaves it that was started again; a line may go on from one into the next."""
    text = b"time,price,size,side\n1767614400,100,1,buy\n1767614401,101,1,buy\n"
    source = tmp_path / "trades.csv.gz"
    for cut in range(len(text)):
        source.write_bytes(gzip.compress(text[:cut]) + gzip.compress(b"") + gzip.compress(text[cut:]))
        assert import_trades(source, tmp_path / f"{cut}.tgr.gz", PRODUCT, TradeOptions()).trades == 2
    source.write_bytes(gzip.compress(text) + b"x")
    with pytest.raises(CaptureDamaged, match="line 4: more data follow the end of the compressed text"):
        import_trades(source, tmp_path / "made.tgr.gz", PRODUCT, TradeOptions())


def test_a_compressed_file_that_breaks_off_is_kept_up_to_there_where_that_is_asked_for(tmp_path: Path) -> None:
    """Progress goes by the bytes read."""
    text = "time,price,size,side\n" + "".join(f"{1767614400 + at},{100 + at % 7},1,buy\n" for at in range(9_000))
    source = tmp_path / "trades.csv.gz"
    source.write_bytes(gzip.compress(text.encode())[:-5_000])
    told: list[tuple[int, int]] = []

    with pytest.raises(CaptureDamaged, match="truncated"):
        import_trades(source, tmp_path / "made.tgr.gz", PRODUCT, TradeOptions())
    made = import_trades(
        source,
        tmp_path / "made.tgr.gz",
        PRODUCT,
        TradeOptions(skip_damaged=True),
        progress=lambda done, total: told.append((done, total)),
    )

    assert 0 < made.trades < 9_000
    assert made.dropped == {"damaged rows": 1}
    assert told
    assert all(done <= total for done, total in told)
