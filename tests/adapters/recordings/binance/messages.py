"""Small captures of raw stream messages, written by hand, and what the importer makes of them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from sortedcontainers import SortedDict

from tidegate.adapters.recordings.binance import import_binance
from tidegate.adapters.recordings.format import BookSnapshotRow, LevelUpdated, Row
from tidegate.adapters.recordings.header import ProductEntry
from tidegate.adapters.recordings.made import RecordingMade
from tidegate.adapters.recordings.reader import open_recording
from tidegate.domain.vocabulary import OrderSide, ProductKind

START_NS = 1_723_161_600_000_000_000
AHEAD_MS = 1_270

PRODUCT = ProductEntry(
    symbol="BTC-USDT",
    kind=ProductKind.SPOT,
    base_currency="BTC",
    quote_currency="USDT",
    settlement_currency="USDT",
    underlying="BTC",
    price_increment=Decimal("0.01"),
    base_increment=Decimal("0.00001"),
    maker_fee_rate=Decimal("0.001"),
    taker_fee_rate=Decimal("0.001"),
)


def line(after_ms: int, message: dict[str, Any], stream: str | None = None) -> str:
    """A line as a collector writes it; wrapped where a stream is named."""
    whole = message if stream is None else {"stream": stream, "data": message}
    return f"{START_NS + after_ms * 1_000_000} {json.dumps(whole)}"


def touch(after_ms: int, update: int, bid: str, ask: str, size: str = "1", symbol: str = "BTCUSDT") -> str:
    """A bookTicker of the spot market, which has neither a name nor a time of its own."""
    message = {"u": update, "s": symbol, "b": bid, "B": size, "a": ask, "A": size}
    return line(after_ms, message, "btcusdt@bookTicker")


def depth(
    after_ms: int, first: int, last: int, bids: dict[str, str], asks: dict[str, str], previous: int | None = None
) -> str:
    """A depth update, bare."""
    message = {"e": "depthUpdate", "E": START_NS // 1_000_000 + after_ms + AHEAD_MS, "s": "BTCUSDT"}
    message |= {"U": first, "u": last, "b": list(bids.items()), "a": list(asks.items())}
    return line(after_ms, message if previous is None else message | {"pu": previous})


def trade(after_ms: int, trade_id: int, price: str, size: str = "0.5", *, is_buyer_maker: bool = True) -> str:
    """A trade."""
    message = {"e": "trade", "E": START_NS // 1_000_000 + after_ms + AHEAD_MS, "s": "BTCUSDT", "t": trade_id}
    return line(after_ms, message | {"p": price, "q": size, "m": is_buyer_maker})


def imported(folder: Path, *lines: str, skip_damaged: bool = False) -> tuple[RecordingMade, list[Row]]:
    """What these lines become."""
    source = folder / "capture.txt"
    source.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
    made = import_binance(source, folder / "made.tgr.gz", PRODUCT, skip_damaged=skip_damaged)
    return made, list(open_recording(made.destination).rows())


class Book:
    """A book as a plain reader of rows has it, checked after every one of them."""

    def __init__(self) -> None:
        self.bids: SortedDict[Decimal, Decimal] = SortedDict()
        self.asks: SortedDict[Decimal, Decimal] = SortedDict()

    def take(self, row: Row) -> None:
        if isinstance(row, BookSnapshotRow):
            self.bids, self.asks = SortedDict(row.bids), SortedDict(row.asks)
        elif isinstance(row, LevelUpdated):
            side = self.bids if row.side is OrderSide.BUY else self.asks
            side[row.price] = row.size
            if not row.size:
                del side[row.price]

    @property
    def is_crossed(self) -> bool:
        return bool(self.bids and self.asks) and self.bids.peekitem(-1)[0] >= self.asks.peekitem(0)[0]


def book_of(rows: list[Row]) -> Book:
    """The book that rows end with; never crossed on the way."""
    book = Book()
    for row in rows:
        book.take(row)
        assert not book.is_crossed
    return book
