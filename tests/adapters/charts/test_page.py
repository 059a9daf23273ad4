"""The page of a chart: whole in itself, nothing of what it was told can act in it, and no curve crosses a gap."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.adapters.recordings.samples import HEADER, START_US, STARTED_AT, write
from tidegate.adapters.charts import ChartFacts, ChartNotes, write_chart
from tidegate.adapters.recordings.format import BookSnapshotRow, Gap, Row
from tidegate.adapters.recordings.header import HeaderLine, Provenance
from tidegate.adapters.recordings.reader import open_recording
from tidegate.domain.events import (
    OrderAmended,
    OrderCanceled,
    OrderFilled,
    OrderRejected,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId
from tidegate.domain.orders import Order
from tidegate.domain.vocabulary import Liquidity, OrderSide, OrderType, Purpose, TimeInForce, TradingState

EVIL = "</script><script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)>"
SECONDS = 2_400
"""As many as a curve has points, so that each point is one second."""


def after(seconds: float) -> datetime:
    return STARTED_AT + timedelta(seconds=seconds)


def snapshot(seconds: float, mid: str) -> BookSnapshotRow:
    one = Decimal(1)
    return BookSnapshotRow(
        at_us=START_US + int(seconds * 1e6),
        product=0,
        bids=((Decimal(mid) - one, one),),
        asks=((Decimal(mid) + one, one),),
    )


def gap(seconds: float, reason: str = "the line fell") -> Gap:
    return Gap(at_us=START_US + int(seconds * 1e6), product=0, reason=reason)


def order(name: str, side: OrderSide = OrderSide.BUY, **given: Any) -> Order:
    terms: dict[str, Any] = {
        "client_order_id": ClientOrderId(name),
        "decision_id": name,
        "symbol": "BTC-USD",
        "side": side,
        "order_type": OrderType.LIMIT,
        "quantity": Decimal(2),
        "time_in_force": TimeInForce.GTC,
        "purpose": Purpose.ENTRY,
        "created_at": STARTED_AT,
        "limit_price": Decimal(99),
        "arrival_mid": Decimal(100),
    }
    return Order(**terms | given)


def sending(seconds: float, made: Order) -> OrderSending:
    return OrderSending(at=after(seconds), order=made, worst_price=Decimal(100), attempt=1, epoch=1)


def filled(seconds: float, made: Order, quantity: str, price: str, fee: str = "0.5") -> OrderFilled:
    fill = Fill(
        trade_id=TradeId(f"{made.client_order_id}-{seconds}"),
        client_order_id=made.client_order_id,
        symbol=made.symbol,
        side=made.side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        at=after(seconds),
        fee=Decimal(fee),
        fee_currency="USD",
        liquidity=Liquidity.MAKER,
    )
    return OrderFilled(at=after(seconds), client_order_id=made.client_order_id, fill=fill)


def charted(
    folder: Path, rows: list[Row], notes: ChartNotes, header: HeaderLine = HEADER, title: str = "a replay"
) -> str:
    recording = open_recording(write(folder / "day.tgr.gz", rows, header))
    facts = ChartFacts(
        title=title,
        begin=STARTED_AT,
        end=after(SECONDS),
        state=TradingState.ACTIVE,
        positions={},
        equity=Decimal(1_000),
        closing_equity=Decimal("1001.5"),
        currency="USD",
        facts=(("Refused", title),),
        assumptions=f"Assumed: {title}",
    )
    write_chart(folder / "day.html", recording, notes, facts)
    return (folder / "day.html").read_text(encoding="utf-8")


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    @property
    def attributes(self) -> Iterator[tuple[str, str | None]]:
        for _, attributes in self.found:
            yield from attributes.items()


def data_of(text: str) -> dict[str, Any]:
    embedded = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert embedded is not None
    return msgspec.json.decode(embedded[1], type=dict[str, Any])


@pytest.fixture
def notes() -> ChartNotes:
    return ChartNotes()


def test_the_page_asks_nothing_of_a_network(tmp_path: Path, notes: ChartNotes) -> None:
    """No attribute names another place, and its policy forbids a browser to load anything."""
    text = charted(tmp_path, [snapshot(0, "100")], notes)
    elements = Elements(text)

    assert {tag for tag, _ in elements.found} & {"link", "img", "iframe", "object", "embed", "base", "form"} == set()
    assert {name for name, _ in elements.attributes} & {"src", "href", "action", "srcset", "data"} == set()
    assert set(re.findall(r"https?://[^\s\"']+", text)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text
    assert re.search(r"fetch|XMLHttp|WebSocket|import\(|@import|innerHTML", text) is None


def test_nothing_that_was_told_can_act_in_the_page(tmp_path: Path, notes: ChartNotes) -> None:
    """Titles, provenance, reasons of gaps, states and refusals are text, whatever is in them."""
    header = msgspec.structs.replace(HEADER, provenance=Provenance(source=EVIL, made_by=EVIL))
    made = order("one")
    notes.notice(sending(1, made))
    notes.notice(OrderRejected(at=after(2), client_order_id=made.client_order_id, code=EVIL, reason=EVIL))
    notes.notice(TradingStateChanged(at=after(3), state=TradingState.HALTED, reason=EVIL, by=EVIL, symbol=EVIL))

    text = charted(tmp_path, [snapshot(0, "100"), gap(5, EVIL), snapshot(9, "100")], notes, header, EVIL)

    assert [tag for tag, _ in Elements(text).found].count("script") == 2
    assert "<img" not in text
    assert data_of(text)["books"][0]["gaps"][0][2] == EVIL
    assert data_of(text)["states"][0][4] == EVIL
    assert data_of(text)["orders"][0][5].endswith(f"refused: {EVIL}")


def test_a_gap_is_shown_and_no_curve_crosses_it(tmp_path: Path, notes: ChartNotes) -> None:
    """From the row that tells of it until there is a price again; equity too, for as long as something is held."""
    made = order("one", time_in_force=TimeInForce.IOC)
    notes.notice(sending(9, made))
    notes.notice(filled(10, made, "2", "101"))

    data = data_of(charted(tmp_path, [snapshot(0, "100"), gap(100), snapshot(200, "105")], notes))

    (book,) = data["books"]
    start = START_US / 1e3
    assert book["gaps"] == [[start + 100_000, start + 200_000, "the line fell"]]
    for curve in (book["curve"], data["equity"], data["drawdown"]):
        assert [at for at, point in enumerate(curve["points"]) if point is None] == list(range(101, 200))
        assert curve["breaks"] == [100]


def test_a_gap_that_lasts_to_the_end_is_shown_to_the_end(tmp_path: Path, notes: ChartNotes) -> None:
    """The price is not drawn on."""
    data = data_of(charted(tmp_path, [snapshot(0, "100"), gap(100)], notes))

    assert data["books"][0]["gaps"] == [[START_US / 1e3 + 100_000, data["end"], "the line fell"]]
    assert data["books"][0]["curve"]["points"][101:] == [None] * (SECONDS - 101)


def test_equity_follows_fills_fees_and_mids(tmp_path: Path, notes: ChartNotes) -> None:
    """Two bought at 101 for a fee of 0.5 and a mid of 100, then 105, then sold at 104 for another 0.5."""
    bought, sold = order("one"), order("two", OrderSide.SELL)
    for event in (sending(9, bought), filled(10, bought, "2", "101"), sending(29, sold), filled(30, sold, "2", "104")):
        notes.notice(event)

    data = data_of(charted(tmp_path, [snapshot(0, "100"), snapshot(20, "105"), snapshot(50, "90")], notes))

    last = [point[3] for point in data["equity"]["points"]]
    assert (last[5], last[15], last[25], last[40], last[60]) == (1000.0, 997.5, 1007.5, 1005.0, 1005.0)
    fall = [point[3] for point in data["drawdown"]["points"]]
    assert fall[15] == pytest.approx(-0.25)
    assert fall[60] == pytest.approx(100 * (1005 / 1007.5 - 1), abs=1e-4)


def test_orders_are_lines_from_sending_to_their_end_at_each_price(tmp_path: Path, notes: ChartNotes) -> None:
    """An amend begins another line; an immediate order is only its fills."""
    resting, immediate = order("one"), order("two", time_in_force=TimeInForce.IOC)
    name = resting.client_order_id
    for event in (
        sending(10, resting),
        sending(11, immediate),
        filled(12, resting, "0.5", "99"),
        OrderAmended(at=after(20), client_order_id=name, request=1, quantity=Decimal(1), limit_price=Decimal(98)),
        OrderCanceled(at=after(30), client_order_id=name),
        sending(40, order("three", OrderSide.SELL)),
    ):
        notes.notice(event)

    data = data_of(charted(tmp_path, [snapshot(0, "100")], notes))

    start = START_US / 1e3
    lines = [[(begin - start) / 1e3, (end - start) / 1e3, price] for begin, end, price, *_ in data["orders"]]
    assert lines == [[10, 20, 99.0], [20, 30, 98.0], [40, SECONDS, 99.0]]
    assert [one[5].rpartition(": ")[2] for one in data["orders"]] == ["amended", "cancelled", "open at the end"]
    assert data["positions"] == {"BTC-USD": [[start, 0.0], [start + 12_000, 0.5]]}


def test_a_filled_order_ends_with_its_last_fill(tmp_path: Path, notes: ChartNotes) -> None:
    """And its fills carry fee and slippage, in the picture and in the table."""
    made = order("one", OrderSide.SELL)
    for event in (sending(1, made), filled(2, made, "1.5", "99"), filled(3, made, "0.5", "101", "-0.1")):
        notes.notice(event)

    text = charted(tmp_path, [snapshot(0, "100")], notes)

    (line,) = data_of(text)["orders"]
    assert line[1] == START_US / 1e3 + 3_000
    assert [fill[4:] for fill in data_of(text)["fills"]] == [
        ["SELL 1.5 BTC-USD at 99", "maker", "0.5 USD", "+100.00"],
        ["SELL 0.5 BTC-USD at 101", "maker", "-0.1 USD", "-100.00"],
    ]
    assert "<td>99</td><td>maker</td><td>0.5 USD</td><td>+100.00</td>" in text
    assert "2 fills" in text


def test_states_are_bands_from_change_to_change(tmp_path: Path, notes: ChartNotes) -> None:
    """Of the account and of each symbol; the last one lasts to the end."""
    for seconds, state, symbol in (
        (10, TradingState.REDUCING, ""),
        (20, TradingState.HALTED, ""),
        (25, TradingState.REDUCING, "BTC-USD"),
        (30, TradingState.ACTIVE, ""),
    ):
        notes.notice(TradingStateChanged(at=after(seconds), state=state, reason="why", by="test", symbol=symbol))

    data = data_of(charted(tmp_path, [snapshot(0, "100")], notes))

    start = START_US / 1e3
    assert sorted(
        [(begin - start) / 1e3, (end - start) / 1e3, state, of] for begin, end, state, of, _ in data["states"]
    ) == [
        [10, 20, "REDUCING", "account"],
        [20, 30, "HALTED", "account"],
        [25, SECONDS, "REDUCING", "BTC-USD"],
    ]


def test_the_page_says_where_its_market_is_from_and_what_was_assumed(tmp_path: Path, notes: ChartNotes) -> None:
    """A synthetic market is called one; the drawn end of the equity stands beside the books'."""
    text = charted(tmp_path, [snapshot(0, "100")], notes)

    assert "SYNTHETIC, no real market: a test" in text
    assert "<p>Assumed: a replay</p>" in text
    assert "<dd>1,001.50 USD by the books, 1,000.00 as drawn</dd>" in text
    assert "<h1>a replay</h1>" in text
