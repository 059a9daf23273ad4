"""Messages become rows in the order of their arrival: the book, the trades, and a gap where an update was lost."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from tidegate.adapters.recordings.binance.book import BoundedBook
from tidegate.adapters.recordings.binance.messages import DepthUpdate, Other, Print, RawLine, Snapshot, Touch
from tidegate.adapters.recordings.format import BookSnapshotRow, Gap, LevelUpdated, PriceAndSize, Row, TradePrinted
from tidegate.adapters.recordings.gaps import GapTally
from tidegate.adapters.recordings.grid import Grid
from tidegate.domain.amounts import plain
from tidegate.domain.vocabulary import OrderSide

_PRODUCT = 0
_NS_IN_MS = 1_000_000
_KINDS = {DepthUpdate: "depth", Touch: "bookTicker", Snapshot: "snapshot", Print: "trade"}


class MessageReplay:
    """Takes lines in order and hands rows to `write`; the counters tell what became of each.

    A book is written from the first moment on at which a touch or a snapshot bounds it.
    """

    def __init__(self, venue_symbol: str, grid: Grid, write: Callable[[Row], None]) -> None:
        self.read: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.others: set[str] = set()
        self.gaps = GapTally()
        self.trades = 0
        self.trades_missing = 0
        self.finer_sizes = 0
        self.smallest_spread: Decimal | None = None
        self.largest_spread: Decimal | None = None
        self.has_book = False
        self.at_us = 0
        self._row_us = 0
        self._symbol = venue_symbol
        self._grid = grid
        self._sink = write
        self._book = BoundedBook()
        self._is_shown = False  # whether the recording's book is this one, or void
        self._last_id: int | None = None
        self._is_after_snapshot = False
        self._trade_id: int | None = None
        self._ahead_ms: tuple[int, int] | None = None

    def take(self, line: RawLine) -> None:
        """Write what one line says.

        Raises:
            CrossedMessage: a message contradicts itself.
            OffGrid: a price is not on the product's increments.
        """
        message = line.message
        if line.venue_symbol not in ("", self._symbol):
            self.others.add(line.venue_symbol)
            self.dropped["of another symbol"] += 1
            return
        at_us = line.at_ns // 1_000
        if at_us < self.at_us:
            self.dropped["receive times that went back, kept at the time reached"] += 1
        self.at_us = max(at_us, self.at_us)
        if line.venue_ms is not None:
            self._measure(line.venue_ms * _NS_IN_MS - line.at_ns)
        if isinstance(message, Other):
            self.read["other"] += 1
            self.dropped[f"of no use here: {message.kind}"] += 1
            return
        self.read[_KINDS[type(message)]] += 1
        match message:
            case Print():
                self._print(message)
            case DepthUpdate():
                self._update(message)
            case Touch():
                self._book.touch(message)
            case Snapshot():
                self._replace(message)
        self._show()

    def end(self) -> None:
        """There is no further message."""
        self.gaps.end_at(self.at_us)
        self.dropped.update(self._book.dropped)

    def figures(self) -> dict[str, int | str]:
        """What the header says beside the counts."""
        least, most = self._ahead_ms or (0, 0)
        low, high = self._book.low, self._book.high
        figures: dict[str, int | str] = {
            "trades missing": self.trades_missing,
            "smallest spread": _text(self.smallest_spread),
            "largest spread": _text(self.largest_spread),
            "band seen at the end": f"{_text(low)} to {_text(high)}",
        }
        if self._ahead_ms is not None:
            figures["venue stamps ahead of receive times, ms"] = f"{least} to {most}"
        return figures

    def _write(self, row: Row) -> None:
        self._row_us = row.at_us
        self.gaps.take(row)
        self._sink(row)

    def _measure(self, ahead_ns: int) -> None:
        ahead_ms = ahead_ns // _NS_IN_MS
        least, most = self._ahead_ms or (ahead_ms, ahead_ms)
        self._ahead_ms = min(least, ahead_ms), max(most, ahead_ms)

    def _print(self, trade: Print) -> None:
        if not (trade.price and trade.size):
            self.dropped["trades without a price or a size"] += 1
            return
        if self._trade_id is not None and trade.trade_id <= self._trade_id:
            self.dropped["trades that came twice or late"] += 1
            return
        if self._trade_id is not None:
            self.trades_missing += trade.trade_id - self._trade_id - 1
        self._trade_id = trade.trade_id
        self.trades += 1
        self._write(
            TradePrinted(
                at_us=self.at_us,
                product=_PRODUCT,
                trade_id=str(trade.trade_id),
                aggressor=trade.aggressor,
                price=self._grid.price(trade.price),
                size=self._size(trade.size),
            )
        )

    def _update(self, update: DepthUpdate) -> None:
        last = self._last_id
        if last is not None and update.last_id <= last:
            self.dropped["depth updates that came twice or late"] += 1
            return
        if last is not None and not self._follows(update, last):
            self._interrupt(f"updates {last + 1} to {update.first_id - 1} are missing")
        self._last_id, self._is_after_snapshot = update.last_id, False
        self._book.update(update)

    def _follows(self, update: DepthUpdate, last: int) -> bool:
        """Whether nothing is missing between: the futures name the one before, the spot market counts through."""
        if update.previous_id is not None and not self._is_after_snapshot:
            return update.previous_id == last
        return update.first_id <= last + 1

    def _interrupt(self, reason: str) -> None:
        """The book has been wrong for an unknown time: void from the last row on, as far as is known."""
        if self._is_shown:
            self._write(Gap(at_us=self._row_us, product=_PRODUCT, reason=reason))
        self._book.clear()
        self._is_shown = False

    def _replace(self, snapshot: Snapshot) -> None:
        if self._last_id is not None and snapshot.last_id < self._last_id:
            self.dropped["snapshots older than the book"] += 1
            return
        self._book.replace(snapshot)
        self._last_id, self._is_after_snapshot = snapshot.last_id, True
        self._is_shown = False  # whatever was known is replaced by the whole book

    def _show(self) -> None:
        """Write what the message changed; a book that was void is written whole once it has both sides."""
        changes = self._book.changes()
        spread = self._book.spread
        if spread is not None and self._book.is_bounded:
            if self.smallest_spread is None or spread < self.smallest_spread:
                self.smallest_spread = spread
            if self.largest_spread is None or spread > self.largest_spread:
                self.largest_spread = spread
        if not self._book.is_bounded:
            return
        if self._is_shown:
            for side, told_price, told_size in changes:
                price, size = self._level(told_price, told_size)
                self._write(LevelUpdated(at_us=self.at_us, product=_PRODUCT, side=side, price=price, size=size))
        elif spread is not None:
            self._is_shown = self.has_book = True
            bids, asks = (
                tuple(self._level(*level) for level in self._book.levels(side))
                for side in (OrderSide.BUY, OrderSide.SELL)
            )
            self._write(BookSnapshotRow(at_us=self.at_us, product=_PRODUCT, bids=bids, asks=asks))

    def _level(self, price: Decimal, size: Decimal) -> PriceAndSize:
        return self._grid.price(price), self._size(size)

    def _size(self, size: Decimal) -> Decimal:
        """As it is: orders that rest since before a venue made its increments coarser keep their sizes."""
        self.finer_sizes += not self._grid.has_size(size)
        return size


def _text(value: Decimal | None) -> str:
    return "none" if value is None else plain(value)
