"""A table of trades: every row a print, and a silence that is too long a gap."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from tidegate.adapters.recordings.grid import Grid
from tidegate.adapters.recordings.header import ProductEntry
from tidegate.adapters.recordings.tables.columns import Table
from tidegate.adapters.recordings.tables.tape import AssumedBook, TableTape, book_assumption
from tidegate.domain.vocabulary import OrderSide

NEEDED = ("time", "price", "size")
USEFUL = ("id", "side", "is_buyer_maker")

_US = 1_000_000
_ID_LENGTH_MAX = 64


class TradeOptions(Struct, frozen=True, kw_only=True):
    """What the user says of the file: how long a silence is a quiet market, and what is assumed where it says nothing.

    `by_tick_rule` has who took follow from the prices, where no column says it.
    """

    gap_seconds: int = 60
    by_tick_rule: bool = False
    book: AssumedBook | None = None
    skip_damaged: bool = False

    def assumptions(self, product: ProductEntry, table: Table) -> Iterator[str]:
        """What no row of the file has told."""
        symbol = product.symbol
        yield f"{symbol}: a silence of up to {self.gap_seconds} s is a quiet market, and a longer one a gap"
        if not table.tells_side:
            yield f"{symbol}: who took follows from the prices: a price above the last one is a buyer's (tick rule)"
        if self.book is not None:
            yield book_assumption(symbol, self.book, product.price_increment)


class Trade(Struct, frozen=True, gc=False):
    """One row."""

    at_us: int
    trade_id: str | None
    side: OrderSide | None
    price: Decimal
    size: Decimal


class TradeReader:
    """Rows as trades, in order of time."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._reached_us = 0

    def parse(self, row: list[str]) -> Trade:
        """A row.

        Raises:
            ValueError: it is no trade, or earlier than the one before.
        """
        table = self._table
        trade_id = table.text(row, "id") or None
        if trade_id is not None and len(trade_id) > _ID_LENGTH_MAX:
            raise ValueError(f"an id of more than {_ID_LENGTH_MAX} characters")
        trade = Trade(
            table.moment_us(row), trade_id, table.side(row), table.positive(row, "price"), table.positive(row, "size")
        )
        if trade.at_us < self._reached_us:
            raise ValueError("its time is before the row above: sort the file by time")
        self._reached_us = trade.at_us
        return trade


class TradePlay:
    """Hands trades to a tape; `repeated` counts those that came twice, the same id and terms at the same moment."""

    def __init__(self, tape: TableTape, options: TradeOptions, grid: Grid) -> None:
        self._tape = tape
        self._grid = grid
        self._options = options
        self._last: Trade | None = None
        self._side = OrderSide.BUY
        self._count = 0
        self._at_this_moment: set[Trade] = set()
        self.repeated = 0

    def take(self, trade: Trade) -> None:
        """Play a trade.

        Raises:
            ValueError: its price or size is off the grid, or its assumed book cannot be.
        """
        price, size = self._grid.price(trade.price), self._grid.size(trade.size)
        last, self._last = self._last, trade
        if self._is_repeated(trade, last):
            self.repeated += 1
            return
        self._count += 1
        if last is not None:
            if trade.at_us - last.at_us > self._options.gap_seconds * _US:
                self._tape.interrupt(last.at_us, f"no trade for more than {self._options.gap_seconds} s")
            if trade.price != last.price:
                self._side = OrderSide.BUY if trade.price > last.price else OrderSide.SELL
        side = trade.side if trade.side is not None else self._side
        self._tape.trade(trade.at_us, trade.trade_id or str(self._count), side, price, size)

    def _is_repeated(self, trade: Trade, last: Trade | None) -> bool:
        """Files that were fetched in pieces overlap; a moment is enough to look back, since they are in order."""
        if trade.trade_id is None:
            return False
        if last is None or trade.at_us != last.at_us:
            self._at_this_moment.clear()
        is_known = trade in self._at_this_moment
        self._at_this_moment.add(trade)
        return is_known

    def end(self) -> None:
        if self._last is not None:
            self._tape.end(self._last.at_us)
