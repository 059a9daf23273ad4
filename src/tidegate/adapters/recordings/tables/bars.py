"""A table of bars: a path through each, worst first, and a gap wherever there is none."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from tidegate.adapters.recordings.grid import Grid
from tidegate.adapters.recordings.header import ProductEntry, moment_of
from tidegate.adapters.recordings.tables.columns import Table
from tidegate.adapters.recordings.tables.tape import AssumedBook, TableTape, book_assumption
from tidegate.domain.amounts import DOMAIN_CONTEXT, plain
from tidegate.domain.products import floor_to
from tidegate.domain.vocabulary import OrderSide

NEEDED = ("time", "open", "high", "low", "close", "volume")

_US = 1_000_000
_STEPS = 4
_FOUR = Decimal(_STEPS)


class BarOptions(Struct, frozen=True, kw_only=True):
    """What the user says of the file: how long a bar lasts (None: the shortest step between two), what its time is."""

    interval_seconds: int | None = None
    stamped: Literal["open", "close"] = "open"
    book: AssumedBook | None = None
    skip_damaged: bool = False

    def assumptions(self, product: ProductEntry) -> Iterator[str]:
        """What no row of the file has told."""
        symbol = product.symbol
        yield (
            f"{symbol}: inside a bar the price goes from open to low, high and close where it rose, and to "
            "high, low and close where it fell (the worst first), a quarter of the volume at each"
        )
        if self.book is not None:
            yield book_assumption(symbol, self.book, product.price_increment)


class Bar(Struct, frozen=True, gc=False):
    """One row; `at_us` as the file stamps it."""

    at_us: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    @property
    def path(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Open to close by way of the extremes: first the one against the way that the bar went."""
        if self.close >= self.open:
            return self.open, self.low, self.high, self.close
        return self.open, self.high, self.low, self.close

    def on(self, grid: Grid) -> "Bar":
        """The same on a grid.

        Raises:
            OffGrid: a number of it is not.
        """
        return Bar(
            self.at_us,
            grid.price(self.open, "open"),
            grid.price(self.high, "high"),
            grid.price(self.low, "low"),
            grid.price(self.close, "close"),
            grid.size(self.volume, "volume"),
        )


class BarReader:
    """Rows as bars, in order of time; `shortest_us` is the smallest step between two so far."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._reached_us: int | None = None
        self.shortest_us: int | None = None

    def parse(self, row: list[str]) -> Bar:
        """A row.

        Raises:
            ValueError: it is no bar, or not later than the one before.
        """
        table = self._table
        bar = Bar(
            table.moment_us(row),
            table.positive(row, "open"),
            table.positive(row, "high"),
            table.positive(row, "low"),
            table.positive(row, "close"),
            table.amount(row, "volume"),
        )
        if not bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high:
            raise ValueError(f"open {bar.open} and close {bar.close} are not within low {bar.low} and high {bar.high}")
        if self._reached_us is not None:
            step_us = bar.at_us - self._reached_us
            if step_us <= 0:
                raise ValueError("its time is not after the row above: sort the file by time, each bar once")
            self.shortest_us = min(step_us, self.shortest_us or step_us)
        self._reached_us = bar.at_us
        return bar


class BarPlay:
    """Hands bars to a tape; `empty` counts those in which nothing was traded, which are gaps."""

    def __init__(self, tape: TableTape, interval_us: int, stamped: Literal["open", "close"], grid: Grid) -> None:
        self._tape = tape
        self._interval_us = interval_us
        self._shift_us = interval_us if stamped == "close" else 0
        self._grid = grid
        self._ended_us: int | None = None
        self._last_price: Decimal | None = None
        self._side = OrderSide.BUY
        self._count = 0
        self.empty = 0

    def take(self, bar: Bar) -> None:
        """Play a bar.

        Raises:
            ValueError: it begins before the last one ended, a number of it is off the grid, or its assumed book cannot
                be.
        """
        bar = bar.on(self._grid)
        begins_us = bar.at_us - self._shift_us
        if self._ended_us is not None and begins_us < self._ended_us:
            begun, seconds = f"{moment_of(bar.at_us):%Y-%m-%d %H:%M:%S}", self._interval_us / _US
            raise ValueError(f"a bar at {begun} begins before the one above it ended: bars last {seconds:g} s")
        if self._ended_us is not None and begins_us > self._ended_us:
            self._tape.interrupt(self._ended_us, "there is no bar")
        self._ended_us = begins_us + self._interval_us
        if not bar.volume:
            self.empty += 1
            self._tape.interrupt(begins_us, "nothing was traded in the bar")
            return
        for place, (price, size) in enumerate(zip(bar.path, self._sizes(bar.volume), strict=True)):
            self._print(begins_us + (self._interval_us - 1) * place // (_STEPS - 1), price, size)

    def end(self) -> None:
        if self._ended_us is not None:
            self._tape.end(self._ended_us)

    def _print(self, at_us: int, price: Decimal, size: Decimal) -> None:
        if self._last_price is not None and price != self._last_price:
            self._side = OrderSide.BUY if price > self._last_price else OrderSide.SELL
        self._last_price = price
        self._count += 1
        self._tape.trade(at_us, str(self._count), self._side, price, size)

    def _sizes(self, volume: Decimal) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """A quarter each in whole increments, what is left over at the close."""
        quarter = floor_to(DOMAIN_CONTEXT.divide(volume, _FOUR), self._grid.base_increment)
        rest = DOMAIN_CONTEXT.subtract(volume, DOMAIN_CONTEXT.multiply(quarter, _FOUR - 1))
        size = Decimal(plain(quarter))
        return size, size, size, Decimal(plain(rest))
