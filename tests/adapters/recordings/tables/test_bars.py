"""CSV files of bars: a path through each, worst first, and a gap where there is none; never filled forward."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.recordings.binance.messages import PRODUCT
from tests.adapters.recordings.tables.test_trades import BOOK, START_US
from tidegate.adapters.recordings.capture_files import CaptureDamaged
from tidegate.adapters.recordings.format import BookSnapshotRow, Gap, Heartbeat, Row, TradePrinted
from tidegate.adapters.recordings.made import RecordingMade, SourceRejected
from tidegate.adapters.recordings.reader import open_recording
from tidegate.adapters.recordings.tables import BarOptions, import_bars

HEADER = "open_time,Open,High,Low,Close,Volume\n"


def imported(folder: Path, *rows: str, options: BarOptions | None = None) -> tuple[RecordingMade, list[Row]]:
    """What such bars become; a time is seconds after the start."""
    source = folder / "bars.csv"
    lines = [f"{START_US // 1_000_000 + int(row.partition(',')[0])},{row.partition(',')[2]}\n" for row in rows]
    source.write_text(HEADER + "".join(lines), encoding="utf-8")
    made = import_bars(source, folder / "made.tgr.gz", PRODUCT, options or BarOptions())
    return made, list(open_recording(made.destination).rows())


def prints(rows: list[Row]) -> list[tuple[int, str, str, str]]:
    return [
        ((row.at_us - START_US) // 1_000_000, row.aggressor.value, str(row.price), str(row.size))
        for row in rows
        if isinstance(row, TradePrinted)
    ]


def test_the_path_through_a_bar_goes_the_worst_way_first(tmp_path: Path) -> None:
    """A bar that rose goes to its low first, one that fell to its high; a quarter of the volume at each."""
    made, rows = imported(tmp_path, "0,100,110,90,105,4", "60,105,120,95,100,1.00002")

    assert prints(rows) == [
        (0, "BUY", "100", "1"),
        (19, "SELL", "90", "1"),
        (39, "BUY", "110", "1"),
        (59, "SELL", "105", "1"),
        (60, "SELL", "105", "0.25"),
        (79, "BUY", "120", "0.25"),
        (99, "SELL", "95", "0.25"),
        (119, "BUY", "100", "0.25002"),
    ]
    assert made.gaps == 0
    assert "worst first" in made.assumptions[0]
    assert made.figures["seconds a bar"] == "60"


def test_a_missing_bar_is_a_gap_and_nothing_is_filled_forward(tmp_path: Path) -> None:
    """M7: from the end of the last one to the next, and the assumed book is void meanwhile."""
    made, rows = imported(
        tmp_path, "0,100,100,100,100,4", "60,100,100,100,100,4", "240,100,100,100,100,4", options=BarOptions(book=BOOK)
    )

    (gap,) = [row for row in rows if isinstance(row, Gap)]
    assert (gap.at_us - START_US, gap.reason) == (120_000_000, "there is no bar")
    assert not [row for row in rows if START_US + 120_000_000 < row.at_us < START_US + 240_000_000]
    after = [row for row in rows if row.at_us == START_US + 240_000_000]
    assert [type(row) for row in after] == [TradePrinted, BookSnapshotRow]
    assert (made.gaps, made.gap_seconds) == (1, Decimal(120))


def test_a_bar_in_which_nothing_was_traded_is_a_gap(tmp_path: Path) -> None:
    """Its prices are the last bar's, filled forward by whoever made the file."""
    made, rows = imported(tmp_path, "0,100,101,99,100,4", "60,100,100,100,100,0", "120,100,101,99,100,4")

    assert [(row.at_us - START_US) // 1_000_000 for row in rows if isinstance(row, Gap)] == [60]
    assert made.gap_seconds == 60
    assert made.figures["bars without a trade, shown as gaps"] == 1


def test_the_market_counts_as_watched_within_a_bar(tmp_path: Path) -> None:
    """Heartbeats every four seconds, to the end of the last bar."""
    made, rows = imported(tmp_path, "0,100,101,99,100,4", options=BarOptions(interval_seconds=60))

    assert sum(isinstance(row, Heartbeat) for row in rows) == 12
    assert (made.ended_at - made.started_at).total_seconds() == 60


def test_bars_may_be_stamped_with_their_close(tmp_path: Path) -> None:
    """Then each began a length before."""
    made, rows = imported(tmp_path, "60,100,101,99,100,4", "120,100,101,99,100,4", options=BarOptions(stamped="close"))

    assert rows[0].at_us == START_US
    assert (made.ended_at - made.started_at).total_seconds() == 120


def test_a_volume_too_small_to_be_parted_is_traded_at_the_close(tmp_path: Path) -> None:
    """An assumed book goes the whole way all the same."""
    _, rows = imported(tmp_path, "0,100,101,99,100.5,0.00003", options=BarOptions(interval_seconds=60, book=BOOK))

    assert [price for _, _, price, _ in prints(rows)] == ["100.5"]
    books = [row for row in rows if isinstance(row, BookSnapshotRow)]
    assert books[0].asks[0][0] == 100
    assert min(book.bids[0][0] for book in books) == 99


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("60,100,101,99,102,1", "open 100 and close 102 are not within low 99 and high 101"),
        ("60,100,99,101,100,1", "are not within"),
        ("60,0,101,99,100,1", "open is zero"),
        ("60,100,101,nan,100,1", "low 'nan' is not a number"),
        ("60,100,101,99,100,-1", "volume '-1' is not a number"),
        ("60,100,101,99,inf,1", "close 'inf' is not a number"),
        ("0,100,101,99,100,1", "its time is not after the row above"),
    ],
)
def test_a_row_that_is_no_bar_ends_the_import_with_its_line(row: str, complaint: str, tmp_path: Path) -> None:
    """M3; where such rows are skipped, the bar that is not there is a gap."""
    options = BarOptions(interval_seconds=60)
    with pytest.raises(CaptureDamaged) as caught:
        imported(tmp_path, "0,100,101,99,100,1", row, "120,100,101,99,100,1", options=options)
    skipping = BarOptions(interval_seconds=60, skip_damaged=True)
    made, _ = imported(tmp_path, "0,100,101,99,100,1", row, "120,100,101,99,100,1", options=skipping)

    assert (caught.value.line, complaint in caught.value.reason) == (3, True), str(caught.value)
    assert (made.gaps, made.dropped) == (1, {"damaged rows": 1})


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (
            "60,100.125,101,99,100,4",
            "open 100.125 is no whole number of increments of 0.01: the product's price_increment",
        ),
        ("60,100,101.001,99,100,4", "high 101.001 is no"),
        ("60,100,101,98.999,100,4", "low 98.999 is no"),
        ("60,100,101,99,100.001,4", "close 100.001 is no"),
        (
            "60,100,101,99,100,0.000001",
            "volume 0.000001 is no whole number of increments of 0.00001: the product's base_",
        ),
    ],
)
def test_a_bar_off_the_increments_names_its_line_and_the_key(row: str, complaint: str, tmp_path: Path) -> None:
    """The increments were stated wrong, so it is never skipped; nor is it rounded in silence."""
    with pytest.raises(CaptureDamaged) as caught:
        imported(tmp_path, "0,100,100,100,100,4", row, options=BarOptions(book=BOOK, skip_damaged=True))

    assert (caught.value.line, complaint in caught.value.reason) == (3, True), str(caught.value)


def test_a_volume_that_was_summed_in_floats_is_put_back_on_the_increments(tmp_path: Path) -> None:
    """And counted; the parts of it are whole increments."""
    made, rows = imported(tmp_path, "0,100,100,100,100,4", "60,100,100,100,100,1.2000000000000002")

    assert [size for *_, size in prints(rows)] == ["1", "1", "1", "1", "0.3", "0.3", "0.3", "0.3"]
    assert made.figures["numbers put back on their increments, from which binary floats had moved them"] == 1


def test_the_length_of_a_bar_must_be_known_and_hold(tmp_path: Path) -> None:
    """The shortest step between two, unless it is given."""
    with pytest.raises(SourceRejected, match="one bar tells no length: give it with --interval"):
        imported(tmp_path, "0,100,101,99,100,1")
    with pytest.raises(SourceRejected, match="more than a month apart"):
        imported(tmp_path, "0,100,101,99,100,1", "9999999,100,101,99,100,1")
    with pytest.raises(
        CaptureDamaged,
        match=r"a bar at \d{4}-\d\d-\d\d \d\d:\d\d:00 begins before the one above it ended: bars last 90 s",
    ):
        imported(tmp_path, "0,1,1,1,1,1", "60,1,1,1,1,1", options=BarOptions(interval_seconds=90))
    source = tmp_path / "old.csv"
    source.write_text(f"{HEADER}30,1,1,1,1,1\n", encoding="utf-8")
    with pytest.raises(SourceRejected, match="begins before 1970"):
        import_bars(source, tmp_path / "o.tgr.gz", PRODUCT, BarOptions(interval_seconds=60, stamped="close"))


def test_the_book_of_a_bar_is_never_crossed(tmp_path: Path) -> None:
    """Whatever the way through it."""
    rows = [f"{60 * at},{100 + at % 5},{106 + at % 5},{94 + at % 3},{101 + at % 4},3" for at in range(50)]

    made, told = imported(tmp_path, *rows, options=BarOptions(book=BOOK))

    books = [row for row in told if isinstance(row, BookSnapshotRow)]
    assert all(book.bids[0][0] < book.asks[0][0] for book in books)
    assert made.smallest_spread is not None
    assert made.smallest_spread >= Decimal("0.09")
