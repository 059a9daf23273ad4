"""Raw messages of Binance's streams: a book without a snapshot, bounded by touches and never crossed."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.recordings.binance.messages import (
    AHEAD_MS,
    PRODUCT,
    START_NS,
    book_of,
    depth,
    imported,
    line,
    touch,
    trade,
)
from tidegate.adapters.recordings.binance import import_binance
from tidegate.adapters.recordings.capture_files import CaptureDamaged
from tidegate.adapters.recordings.format import BookSnapshotRow, Gap, TradePrinted
from tidegate.adapters.recordings.made import SourceRejected
from tidegate.adapters.recordings.reader import open_recording
from tidegate.domain.vocabulary import OrderSide

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data" / "binance_spot_btcusdt_20240809.gz"
OPENING = (
    depth(0, 1, 10, {"99": "2", "98": "3"}, {"101": "2", "103": "1"}),
    touch(1, 11, "99", "101"),
)


def levels(*pairs: tuple[str, str]) -> dict[Decimal, Decimal]:
    return {Decimal(price): Decimal(size) for price, size in pairs}


def test_no_book_is_shown_until_a_touch_bounds_it(tmp_path: Path) -> None:
    """What changed before it is in the first snapshot; a trade before it is kept."""
    _, rows = imported(tmp_path, OPENING[0], trade(0, 1, "99"), OPENING[1])

    assert [type(row) for row in rows] == [TradePrinted, BookSnapshotRow]
    book = book_of(rows)
    assert book.bids == levels(("99", "1"), ("98", "3"))
    assert book.asks == levels(("101", "1"), ("103", "1"))


def test_what_a_touch_contradicts_leaves_the_book(tmp_path: Path) -> None:
    """The bids fell to 98 and the asks rose to 103: 99 and 101 are gone, whatever the last depth said."""
    made, rows = imported(tmp_path, *OPENING, touch(2, 12, "98", "103", "7"))

    book = book_of(rows)
    assert book.bids == levels(("98", "7"))
    assert book.asks == levels(("103", "7"))
    assert made.dropped["levels that a touch showed to be gone"] == 2


def test_an_older_depth_says_nothing_of_the_touch_and_beyond(tmp_path: Path) -> None:
    """Depth comes every 100 ms and touches at once: it may be behind them, and then only what is deeper is news."""
    older = depth(3, 11, 12, {"99": "9", "99.5": "4", "97": "1"}, {"101": "9", "100.5": "2", "102": "6"})

    made, rows = imported(tmp_path, *OPENING, touch(2, 20, "99", "101", "5"), older)

    book = book_of(rows)
    assert book.bids == levels(("99", "5"), ("98", "3"), ("97", "1"))
    assert book.asks == levels(("101", "5"), ("102", "6"), ("103", "1"))
    assert made.dropped["levels of an older depth, at or beyond the touch"] == 4


def test_of_two_levels_that_cross_the_newer_one_stands(tmp_path: Path) -> None:
    """A newer depth bids at 102: the ask at 101 that was told of before cannot be there any more."""
    made, rows = imported(tmp_path, *OPENING, depth(5, 11, 30, {"102": "1"}, {}))

    assert book_of(rows).bids.peekitem(-1)[0] == 102
    assert book_of(rows).asks.peekitem(0)[0] == 103
    assert made.dropped["levels that a newer one crossed"] == 1
    assert made.smallest_spread == 1


def test_a_touch_that_came_late_changes_nothing(tmp_path: Path) -> None:
    """Nor one that came twice."""
    late = touch(6, 15, "97", "104")
    made, rows = imported(tmp_path, *OPENING, depth(5, 11, 30, {"99": "4"}, {}), late, OPENING[1])

    assert book_of(rows).bids == levels(("99", "4"), ("98", "3"))
    assert made.dropped["touches older than the book"] == 1
    assert made.dropped["touches that came twice or late"] == 1


def test_a_missing_update_is_a_gap_until_the_next_touch(tmp_path: Path) -> None:
    """The book is void from the last message before, and built anew of what was told since."""
    lost = depth(900, 15, 20, {"96": "1"}, {})

    made, rows = imported(tmp_path, *OPENING, depth(100, 11, 12, {"97": "1"}, {}), lost, touch(1_000, 21, "96", "104"))

    gap = next(row for row in rows if isinstance(row, Gap))
    assert gap.reason == "updates 13 to 14 are missing"
    assert gap.at_us == START_NS // 1_000 + 100_000
    assert (made.gaps, made.gap_seconds) == (1, Decimal("0.9"))
    assert book_of(rows).bids == levels(("96", "1"))


def test_a_gap_begins_where_the_recording_was_last_told_something(tmp_path: Path) -> None:
    """Lines that say nothing of this market's book or trades do not show that anything of it was heard."""
    kline = line(600, {"e": "kline", "s": "BTCUSDT", "k": {"t": 1}})
    twice = depth(700, 11, 12, {"97": "1"}, {})
    lost = depth(900, 15, 20, {"96": "1"}, {})

    made, rows = imported(tmp_path, *OPENING, depth(100, 11, 12, {"97": "1"}, {}), kline, twice, lost)

    gap = next(row for row in rows if isinstance(row, Gap))
    assert gap.at_us == START_NS // 1_000 + 100_000
    assert made.gap_seconds == Decimal("0.8")


def test_the_futures_name_the_update_before(tmp_path: Path) -> None:
    """Their ids jump; `pu` is what must match."""
    follows = depth(100, 50, 60, {"97": "1"}, {}, previous=10)
    breaks = depth(200, 90, 95, {"97": "2"}, {}, previous=70)

    made, _ = imported(tmp_path, *OPENING, follows, breaks)

    assert made.gaps == 1


def test_a_snapshot_gives_the_book_its_depth(tmp_path: Path) -> None:
    """Where a collector asked for one; what is older than it is not applied."""
    snapshot = line(1, {"lastUpdateId": 10, "bids": [["99", "2"], ["90", "1"]], "asks": [["101", "1"]]})

    made, rows = imported(
        tmp_path, snapshot, depth(2, 5, 9, {"80": "1"}, {}), depth(3, 8, 11, {"95": "1"}, {}), touch(4, 12, "99", "101")
    )

    assert book_of(rows).bids == levels(("99", "1"), ("95", "1"), ("90", "1"))
    assert made.dropped["depth updates that came twice or late"] == 1
    assert any("Snapshots" in note for note in made.notes)


def test_trades_are_all_there_and_those_that_are_missing_are_counted(tmp_path: Path) -> None:
    """By their ids; one that came twice, or has no size, is none (M3)."""
    trades = (trade(2, 5, "99"), trade(3, 6, "101", is_buyer_maker=False), trade(3, 6, "101"), trade(4, 9, "99", "0"))

    made, rows = imported(tmp_path, *OPENING, *trades, trade(5, 9, "99"))

    prints = [row for row in rows if isinstance(row, TradePrinted)]
    assert [(row.trade_id, row.aggressor) for row in prints] == [
        ("5", OrderSide.SELL),
        ("6", OrderSide.BUY),
        ("9", OrderSide.SELL),
    ]
    assert made.trades == 3
    assert made.figures["trades missing"] == 2
    assert made.dropped["trades that came twice or late"] == 1
    assert made.dropped["trades without a price or a size"] == 1


def test_the_clock_is_the_collectors_and_the_offset_is_told(tmp_path: Path) -> None:
    """A spot bookTicker carries no stamp, so there is no other clock for all of them."""
    made, rows = imported(tmp_path, *OPENING, trade(250, 1, "99"))

    assert rows[-1].at_us == START_NS // 1_000 + 250_000
    header = open_recording(made.destination).header
    assert header.provenance.figures["venue stamps ahead of receive times, ms"] == f"{AHEAD_MS} to {AHEAD_MS}"
    assert any("receive times" in note for note in header.provenance.notes)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("not a line", "is not a receive time in nanoseconds"),
        (f"{START_NS // 1_000} {{}}", "is not a receive time in nanoseconds"),
        (f"{START_NS} {{", "not a message"),
        (line(9, {"e": "trade", "s": "BTCUSDT", "t": 1, "p": "NaN", "q": "1", "m": True}), "price 'NaN' is not"),
        (line(9, {"e": "trade", "s": "BTCUSDT", "t": 1, "p": "Infinity", "q": "1", "m": True}), "price 'Infinity'"),
        (line(9, {"e": "trade", "s": "BTCUSDT", "t": 1, "p": "1", "q": "-1", "m": True}), "size '-1' is not"),
        (line(9, {"e": "trade", "s": "BTCUSDT", "t": "x", "p": "1", "q": "1", "m": True}), "not a message"),
        (line(9, {"e": "trade", "s": "BTCUSDT", "t": 1, "p": "1"}), "a trade has t, p, q and m"),
        (line(9, {"u": 5, "s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"} | {"b": []}), "a bookTicker has"),
        (line(9, {"e": "depthUpdate", "s": "BTCUSDT", "U": 9, "u": 8, "b": [], "a": []}), "from 9 back to 8"),
        (line(9, {"e": "depthUpdate", "s": "BTCUSDT", "U": 9, "u": 12}), "a depth update has U, u, b and a"),
        (depth(9, 11, 12, {"0": "1"}, {}), "a bid at a price of zero"),
        (depth(9, 11, 12, {"105": "1"}, {"104": "1"}), "of one message cross"),
        (touch(9, 12, "5", "5"), "a bookTicker that is crossed"),
    ],
)
def test_a_damaged_line_ends_the_import_with_its_number(wrong: str, complaint: str, tmp_path: Path) -> None:
    """And leaves no file behind."""
    with pytest.raises(CaptureDamaged) as caught:
        imported(tmp_path, *OPENING, wrong)

    assert (caught.value.line, complaint in caught.value.reason) == (3, True)
    assert not (tmp_path / "made.tgr.gz").exists()


def test_a_price_off_the_increments_ends_the_import_with_its_line(tmp_path: Path) -> None:
    """The product's terms are not this market's, and no order on them could have been at that price."""
    with pytest.raises(CaptureDamaged, match=r"line 2: price 99\.005 is no whole number of increments of 0\.01"):
        imported(tmp_path, touch(0, 1, "99", "101"), trade(1, 1, "99.005"))
    with pytest.raises(CaptureDamaged, match=r"line 1: price 101\.001 is no whole number"):
        imported(tmp_path, touch(0, 1, "99", "101.001"))


def test_a_size_finer_than_the_increment_stands_as_it_was_told_and_is_counted(tmp_path: Path) -> None:
    """Orders that rest since before a venue made its increments coarser keep their sizes."""
    made, rows = imported(tmp_path, touch(0, 1, "99", "101", "0.000001"), trade(1, 1, "99", "0.000001"))

    (print_,) = [row for row in rows if isinstance(row, TradePrinted)]
    assert print_.size == Decimal("0.000001")
    assert any(note.startswith("3 sizes are finer than the product's base_increment") for note in made.notes)


def test_damaged_lines_are_counted_where_that_is_asked_for(tmp_path: Path) -> None:
    """What they would have said shows as a gap or as missing trades, never as nothing."""
    made, _ = imported(tmp_path, *OPENING, "junk", f"{START_NS} [", trade(5, 1, "99"), skip_damaged=True)

    assert made.dropped["damaged lines"] == 2
    assert "the first damaged line is line 3" in made.notes
    assert made.trades == 1


def test_a_compressed_capture_that_breaks_off_is_kept_up_to_there_where_that_is_asked_for(tmp_path: Path) -> None:
    """Without it the import ends with the line."""
    text = "\n".join((*OPENING, *(trade(number, number, "99") for number in range(2, 3_000))))
    source = tmp_path / "cut.gz"
    source.write_bytes(gzip.compress(text.encode())[:-2_000])

    with pytest.raises(CaptureDamaged, match="truncated"):
        import_binance(source, tmp_path / "made.tgr.gz", PRODUCT)
    made = import_binance(source, tmp_path / "made.tgr.gz", PRODUCT, skip_damaged=True)

    assert 0 < made.trades < 3_000
    assert made.dropped["damaged lines"] == 1


def test_messages_of_other_markets_and_kinds_are_counted(tmp_path: Path) -> None:
    """They are no damage."""
    kline = line(5, {"e": "kline", "s": "BTCUSDT", "k": {"t": 1}})
    other_kind = line(6, {"e": "forceOrder", "E": 1, "s": "BTCUSDT", "a": {"x": 1}})

    made, _ = imported(tmp_path, *OPENING, touch(4, 12, "1", "2", symbol="ETHUSDT"), kline, other_kind)

    assert made.dropped["of another symbol"] == 1
    assert made.dropped["of no use here: kline"] == 1
    assert made.dropped["of no use here: forceOrder"] == 1


def test_a_capture_of_another_market_is_refused(tmp_path: Path) -> None:
    """With the symbols that it has."""
    with pytest.raises(SourceRejected, match="no bookTicker of BTCUSDT bounds the book; its symbols are ETHUSDT"):
        imported(tmp_path, touch(4, 12, "1", "2", symbol="ETHUSDT"))
    with pytest.raises(SourceRejected, match="there is no message in it"):
        imported(tmp_path)


def test_receive_times_that_go_back_stand_at_the_time_reached(tmp_path: Path) -> None:
    """Counted; a recording's time never goes back."""
    made, rows = imported(tmp_path, *OPENING, trade(500, 1, "99"), trade(400, 2, "99"))

    assert rows[-1].at_us == rows[-2].at_us
    assert made.dropped["receive times that went back, kept at the time reached"] == 1


@pytest.mark.skipif(not SHARED.exists(), reason="the capture of Binance's streams is not on this machine")
@pytest.mark.no_cover
def test_the_real_capture_has_a_book_that_is_never_crossed_and_every_trade(tmp_path: Path) -> None:
    """304.5 seconds of BTCUSDT: 10,147 trades, no id missing, the spread positive after every row."""
    made = import_binance(SHARED, tmp_path / "made.tgr.gz", PRODUCT)

    rows = list(open_recording(made.destination).rows())
    book_of(rows)
    assert sum(isinstance(row, TradePrinted) for row in rows) == 10_147
    assert (made.trades, made.figures["trades missing"], made.gaps) == (10_147, 0, 0)
    assert made.smallest_spread == Decimal("0.01")
    assert made.figures["largest spread"] == "12.26"
    assert made.figures["venue stamps ahead of receive times, ms"] == "1258 to 1276"
