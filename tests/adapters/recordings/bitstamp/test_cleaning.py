"""The book that an import writes: no ghosts, no aggressive orders, never crossed; every row of the capture counted."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.recordings.bitstamp.captures import OPENED_AT_MS, CaptureText, opened
from tidegate.adapters.recordings.bitstamp import ImportRejected, ImportReport, import_bitstamp
from tidegate.adapters.recordings.book import OrderBook, Resting
from tidegate.adapters.recordings.format import OrderAdded, OrderDeleted, OrderResized, Row, TradePrinted
from tidegate.adapters.recordings.header import moment_of
from tidegate.adapters.recordings.reader import open_recording

OPENING = ["0 + 1 BUY 99 1", "0 + 2 BUY 98 1", "0 + 3 SELL 101 1", "0 + 4 SELL 102 1"]


def imported(capture: CaptureText, folder: Path) -> tuple[list[str], ImportReport]:
    """The recording's rows in short, and the report."""
    report = import_bitstamp(capture.save(folder / "capture"), folder / "market.tgr.gz")
    return [short(row) for row in open_recording(folder / "market.tgr.gz").rows()], report


def short(row: Row) -> str:
    """A row as one line, with its milliseconds after the opening."""
    at = row.at_us // 1_000 - OPENED_AT_MS
    match row:
        case OrderAdded():
            return f"{at} + {row.order_id} {row.side} {row.price} {row.size}"
        case OrderResized():
            return f"{at} = {row.order_id} {row.size}"
        case OrderDeleted():
            return f"{at} - {row.order_id}"
        case TradePrinted():
            return f"{at} T {row.aggressor} {row.price} {row.size} by {row.maker_order_id}"
        case _:
            return f"{at} {type(row).__name__}"


def test_resting_orders_come_and_go_as_they_did(tmp_path: Path) -> None:
    """A clean capture is written row by row, with its ids, in plain numbers."""
    capture = opened().bid(10, 5, "99.0", "7.18e-06").order("changed", 20, 5, "bid", "99.0", "5e-06")
    capture.order("deleted", 30, 1, "bid", "99.0", "1.0")

    rows, report = imported(capture, tmp_path)

    assert rows == [*OPENING, "10 + 5 BUY 99 0.00000718", "20 = 5 0.000005", "30 - 1"]
    assert report.order_rows == report.order_rows_kept == report.rows_written == 7
    assert report.order_rows_dropped == {}
    assert report.smallest_spread == 2
    assert report.seconds_crossed_before == 0
    assert report.ended_at == moment_of((OPENED_AT_MS + 30) * 1_000)


def test_a_ghost_that_the_market_traded_through_never_rests(tmp_path: Path) -> None:
    """Its delete was lost before the capture began; rebuilt by id, it crosses the book for the rest of it."""
    capture = opened().ask(0, 9, "100.0").order("deleted", 5, 3, "ask", "101.0", "1.0").bid(2_000, 5, "101.0")
    capture.ask(3_000, 6, "101.0").order("deleted", 3_000, 5, "bid", "101.0", "0.0")
    capture.order("deleted", 3_000, 6, "ask", "101.0", "0.0").trade(3_000, "101.0", "1.0", 5, 6, "sell")
    capture.order("deleted", 9_000, 9, "ask", "100.0", "1.0")

    rows, report = imported(capture, tmp_path)

    assert rows == [*OPENING, "5 - 3", "2000 + 5 BUY 101 1", "3000 T SELL 101 1 by 5", "3000 - 5"]
    [ghost] = report.ghosts
    assert (ghost.order_id, ghost.price, ghost.trade_price) == ("9", Decimal(100), Decimal(101))
    assert report.order_rows_dropped == {"ghost": 2, "aggressive": 2}
    assert report.seconds_crossed_before == 1


def test_a_ghost_bid_is_found_by_a_trade_below_it(tmp_path: Path) -> None:
    """The rule has two sides."""
    capture = opened().bid(0, 9, "100.0").bid(500, 6, "98.0").trade(500, "99.0", "1.0", 1, 6, "sell")
    capture.ask(600, 7, "103.0")

    _, report = imported(capture, tmp_path)

    assert [ghost.order_id for ghost in report.ghosts] == ["9"]


def test_a_trade_at_its_price_or_of_its_moment_makes_no_ghost(tmp_path: Path) -> None:
    """Others may stand before it in the queue, and rows of one moment have no order against trades."""
    capture = opened().ask(0, 8, "101.0").trade(5, "101.0", "0.5", 70, 3, "buy")
    capture.order("changed", 5, 3, "ask", "101.0", "0.5")
    capture.order("deleted", 7, 3, "ask", "101.0", "0.5").order("deleted", 7, 8, "ask", "101.0", "1.0")
    capture.trade(7, "102.0", "0.1", 71, 4, "buy").order("changed", 7, 4, "ask", "102.0", "0.9")

    _, report = imported(capture, tmp_path)

    assert report.ghosts == ()


def test_an_aggressive_order_prints_its_trades_and_never_rests(tmp_path: Path) -> None:
    """It uses up its makers one by one; each trade stands just before what it did to its maker."""
    capture = opened().bid(10, 5, "105.0", "1.5").order("changed", 10, 5, "bid", "101.0", "0.5")
    capture.order("deleted", 10, 3, "ask", "101.0", "0.0").order("deleted", 10, 5, "bid", "102.0", "0.0")
    capture.order("changed", 10, 4, "ask", "102.0", "0.5")
    capture.trade(10, "101.0", "1.0", 5, 3, "buy").trade(10, "102.0", "0.5", 5, 4, "buy")

    rows, report = imported(capture, tmp_path)

    assert rows == [*OPENING, "10 T BUY 101 1 by 3", "10 - 3", "10 T BUY 102 0.5 by 4", "10 = 4 0.5"]
    assert report.order_rows_dropped == {"aggressive": 3}
    assert report.trades_kept == 2
    assert report.notes == ("the capture has no synthetic deletes at its end",)


def test_what_is_left_of_an_aggressive_order_rests_at_its_limit(tmp_path: Path) -> None:
    """Its changes carry the prices of its fills; its limit is that of its creation."""
    capture = opened().ask(10, 5, "98.0", "3.0").order("changed", 10, 5, "ask", "99.0", "2.0")
    capture.order("deleted", 10, 1, "bid", "99.0", "0.0").order("changed", 10, 5, "ask", "98.0", "1.0")
    capture.order("deleted", 10, 2, "bid", "98.0", "0.0").bid(10, 6, "97.0")
    capture.trade(10, "99.0", "1.0", 1, 5, "sell").trade(10, "98.0", "1.0", 2, 5, "sell")
    capture.order("deleted", 20, 5, "ask", "98.0", "1.0")

    rows, report = imported(capture, tmp_path)

    assert rows == [
        *OPENING,
        "10 T SELL 99 1 by 1",
        "10 - 1",
        "10 T SELL 98 1 by 2",
        "10 - 2",
        "10 + 6 BUY 97 1",
        "10 + 5 SELL 98 1",
        "20 - 5",
    ]
    assert report.rested_later == 1


def test_fills_that_come_a_moment_later_are_waited_for(tmp_path: Path) -> None:
    """The venue's clock may tick between an order and its fills; the book is not crossed meanwhile."""
    capture = opened().bid(10, 5, "101.0", "2.0").bid(11, 6, "99.0")
    capture.order("changed", 13, 5, "bid", "101.0", "1.0").order("deleted", 13, 3, "ask", "101.0", "0.0")
    capture.trade(13, "101.0", "1.0", 5, 3, "buy")

    rows, _ = imported(capture, tmp_path)

    assert rows == [*OPENING, "11 + 6 BUY 99 1", "13 T BUY 101 1 by 3", "13 - 3", "13 + 5 BUY 101 1"]


def test_an_order_refused_for_crossing_leaves_no_trace(tmp_path: Path) -> None:
    """A post-only order that would trade is created and deleted in one moment."""
    capture = opened().bid(10, 5, "101.0").order("deleted", 10, 5, "bid", "101.0", "1.0")

    rows, report = imported(capture, tmp_path)

    assert rows == OPENING
    assert report.order_rows_dropped == {"aggressive": 2}


def test_orders_without_a_price_never_rest(tmp_path: Path) -> None:
    """Zero and 999999999 stand for no limit: in the opening book, and on market orders."""
    capture = opened().bid(0, 7, "0.0", "1500.0").ask(0, 8, "999999999.0")
    capture.ask(10, 5, "0.0", "0.5").order("deleted", 10, 5, "ask", "99.0", "0.0")
    capture.order("changed", 10, 1, "bid", "99.0", "0.5").trade(10, "99.0", "0.5", 1, 5, "sell")
    capture.bid(20, 6, "999999999.0", "0.0").order("changed", 20, 6, "bid", "101.0", "1e-08")
    capture.order("deleted", 20, 6, "bid", "101.0", "1e-08")
    capture.order("deleted", 30, 7, "bid", "0.0", "1500.0").bid(40, 9, "98.0", "0.0")

    rows, report = imported(capture, tmp_path)

    assert rows == [*OPENING, "10 T SELL 99 0.5 by 1", "10 = 1 0.5"]
    assert report.order_rows_dropped == {"aggressive": 5, "without a price": 3, "without a size": 1}


def test_a_market_order_that_is_never_heard_of_again_contradicts_nothing(tmp_path: Path) -> None:
    """It has no price at which it could cross the book."""
    rows, _ = imported(opened().ask(10, 5, "0.0", "0.5").bid(5_000, 6, "97.0"), tmp_path)

    assert rows == [*OPENING, "5000 + 6 BUY 97 1"]


def test_the_synthetic_deletes_at_the_end_are_cut_off(tmp_path: Path) -> None:
    """The book was full when the collector stopped; the recording ends there, not in an empty market."""
    capture = opened().bid(10, 5, "97.0")
    resting = [
        (1, "bid", "99.0", "1.0"),
        (2, "bid", "98.0", "1.0"),
        (3, "ask", "101.0", "1.0"),
        (4, "ask", "102.0", "1.0"),
    ]

    rows, report = imported(capture.synthetic_end(60_000, *resting, (5, "bid", "97.0", "1.0")), tmp_path)

    assert rows == [*OPENING, "10 + 5 BUY 97 1"]
    assert report.order_rows_dropped == {"synthetic end": 5}
    assert report.notes == ()
    summary = open_recording(tmp_path / "market.tgr.gz").summary()
    assert summary.ended_at == report.ended_at == moment_of((OPENED_AT_MS + 60_000) * 1_000)


def test_rows_that_fit_nothing_are_counted_by_reason(tmp_path: Path) -> None:
    """An end of an order that was never seen, a creation of one that rests, a change that changes nothing."""
    capture = opened().order("deleted", 10, 77, "bid", "99.0", "1.0").order("changed", 10, 78, "bid", "99.0", "1.0")
    capture.bid(20, 1, "97.0").order("changed", 30, 2, "bid", "98.0", "1.0")
    capture.trade(-5, "99.0", "1.0", 60, 61, "sell").trade(90, "99.0", "1.0", 62, 63, "sell")

    rows, report = imported(capture, tmp_path)

    assert rows == OPENING
    assert report.order_rows_dropped == {
        "created again": 1,
        "of an order that does not rest": 2,
        "without a change": 1,
    }
    assert report.trades_dropped == {"after the last order event": 1, "before the opening book": 1}
    assert (report.trades, report.trades_kept) == (2, 0)


def test_a_trade_without_order_events_is_printed_at_its_time(tmp_path: Path) -> None:
    """Between two moments, at the moment of other rows, and at the very end."""
    capture = (
        opened().bid(10, 5, "97.0").trade(5, "101.0", "0.1", 60, 3, "buy").trade(10, "99.0", "0.2", 61, 62, "sell")
    )
    capture.synthetic_end(20, (5, "bid", "97.0", "1.0")).trade(20, "99.0", "0.3", 1, 63, "sell")

    rows, report = imported(capture, tmp_path)

    assert rows == [
        *OPENING,
        "5 T BUY 101 0.1 by 3",
        "10 + 5 BUY 97 1",
        "10 T SELL 99 0.2 by None",
        "20 T SELL 99 0.3 by 1",
    ]
    assert report.notes == ("1 trades are not with the order that stands first at the best price",)


def test_an_order_that_moves_queues_anew_at_its_new_price(tmp_path: Path) -> None:
    """A change of price without a fill is no fill."""
    capture = opened().order("changed", 10, 2, "bid", "99.0", "1.0").order("changed", 20, 1, "bid", "99.0", "0.0")

    rows, report = imported(capture, tmp_path)

    assert rows == [*OPENING, "10 - 2", "10 + 2 BUY 99 1", "20 - 1"]
    assert (report.order_rows_kept, report.rested_later, report.rows_written) == (6, 1, 7)


def test_an_order_that_three_others_rest_through_is_a_ghost(tmp_path: Path) -> None:
    """Where trades are rare none may prove it; no market lets three bids rest at an ask for a second."""
    capture = opened().bid(10, 5, "101.0").bid(20, 6, "102.0").bid(900, 7, "101.0").bid(1_500, 8, "98.0")
    capture.bid(2_000, 9, "97.0").order("deleted", 2_100, 3, "ask", "101.0", "1.0")
    capture.order("deleted", 2_200, 6, "bid", "102.0", "1.0")

    rows, report = imported(capture, tmp_path)

    assert rows == [
        *OPENING,
        "1500 + 8 BUY 98 1",
        "2000 + 9 BUY 97 1",
        "2000 - 3",
        "2000 + 5 BUY 101 1",
        "2000 + 7 BUY 101 1",
    ]
    assert report.ghosts_passed == ("3",)
    assert report.order_rows_dropped == {"aggressive": 4, "ghost": 1}
    assert report.rows_written == report.order_rows_kept + report.rested_later + len(report.ghosts_passed)
    assert "1 orders crossed the book for a second or more without a fill, and were kept off it" in report.notes


def test_an_order_that_crosses_alone_ends_the_import_with_moment_and_figures(tmp_path: Path) -> None:
    """No trade says which of the two is real, so nothing is made of the capture."""
    capture = opened().ask(10, 5, "100.0").bid(20, 6, "100.0").bid(5_000, 7, "98.0").bid(10_500, 8, "98.0")

    with pytest.raises(ImportRejected) as caught:
        imported(capture, tmp_path)

    assert caught.value.at == moment_of((OPENED_AT_MS + 10_500) * 1_000)
    assert str(caught.value) == (
        "at 2026-05-02T02:36:31.021+00:00: the book is crossed for 10480 ms: order 6 (BUY at 100) against order 5 "
        "(SELL at 100), and no trade shows which of them had left"
    )
    assert not (tmp_path / "market.tgr.gz").exists()


def test_a_trade_after_the_last_order_event_proves_no_ghost(tmp_path: Path) -> None:
    """Of a capture whose orders were cut short, the orders that were open then had not left."""
    capture = opened().bid(10, 5, "97.0").trade(500, "102.0", "1.0", 60, 4, "buy")

    rows, report = imported(capture, tmp_path)

    assert rows == [*OPENING, "10 + 5 BUY 97 1"]
    assert report.ghosts == ()


@pytest.mark.parametrize(
    ("capture", "reason"),
    [
        (CaptureText().bid(0, 1, "99.0").ask(0, 2, "99.0").ask(0, 3, "101.0"), "crossed by order 2, SELL at 99"),
        (CaptureText().bid(0, 1, "99.0").ask(10, 2, "101.0"), "lacks a side"),
    ],
)
def test_an_opening_book_that_is_none_ends_the_import(capture: CaptureText, reason: str, tmp_path: Path) -> None:
    """Crossed, or with one side only: nothing could be priced on it."""
    with pytest.raises(ImportRejected, match=reason):
        imported(capture, tmp_path)


def test_late_rows_stand_where_they_arrived(tmp_path: Path) -> None:
    """Up to a second of disorder is the network's; the report says so."""
    rows, report = imported(opened().bid(900, 5, "97.0").bid(100, 6, "97.0"), tmp_path)

    assert rows == [*OPENING, "900 + 5 BUY 97 1", "900 + 6 BUY 97 1"]
    assert "1 rows were late by up to a second and stand where they arrived" in report.notes


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["created", "created", "changed", "deleted"]),
        st.integers(0, 700),
        st.integers(1, 12),
        st.sampled_from(["bid", "ask"]),
        st.integers(96, 104),
        st.sampled_from(["0.0", "0.5", "1.0"]),
    ),
    max_size=40,
)
TRADES = st.lists(
    st.tuples(st.integers(0, 9_000), st.integers(97, 103), st.integers(1, 12), st.integers(1, 12)), max_size=6
)


@settings(max_examples=150, deadline=None)
@given(events=EVENTS, trades=TRADES)
def test_any_capture_is_rejected_or_becomes_a_book_that_is_never_crossed(
    events: list[tuple[str, int, int, str, int, str]],
    trades: list[tuple[int, int, int, int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """And the report accounts for every row and trade of it."""
    folder = tmp_path_factory.mktemp("any")
    capture, at = opened(), 1
    for action, gap, order_id, direction, price, volume in events:
        at += gap
        capture.order(action, at, order_id, direction, f"{price}.0", volume)
    for moment, price, buyer, seller in trades:
        capture.trade(moment, f"{price}.0", "0.5", buyer, seller, "buy" if buyer > seller else "sell")
    try:
        report = import_bitstamp(capture.save(folder), folder / "market.tgr.gz")
    except ImportRejected:
        assert not (folder / "market.tgr.gz").exists()
        return

    rows = list(open_recording(folder / "market.tgr.gz").rows())
    assert_never_crossed(rows)
    assert report.order_rows == 4 + len(events) == report.order_rows_kept + sum(report.order_rows_dropped.values())
    assert report.trades == len(trades) == report.trades_kept + sum(report.trades_dropped.values())
    assert len(rows) == report.rows_written
    assert report.rows_written == (
        report.order_rows_kept + report.trades_kept + report.rested_later + len(report.ghosts_passed)
    )


def assert_never_crossed(rows: Iterable[Row]) -> None:
    """Rebuild the book from what was written; every row must fit it."""
    book = OrderBook()
    for row in rows:
        match row:
            case OrderAdded():
                assert row.order_id not in book.orders
                book.add(Resting(row.order_id, row.side, row.price, row.size))
            case OrderResized():
                book.orders[row.order_id].size = row.size
            case OrderDeleted():
                book.remove(row.order_id)
            case TradePrinted():
                assert row.maker_order_id is None or row.maker_order_id in book.orders
            case _:
                pytest.fail(f"a capture of orders gives no {type(row).__name__}")
        assert not book.is_crossed
        assert book.spread is None or book.spread > Decimal(0)
