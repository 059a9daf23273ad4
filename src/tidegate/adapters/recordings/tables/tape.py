"""The tape that a table becomes: prints, heartbeats while the market counts as watched, gaps, and an assumed book."""

from collections.abc import Callable
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from tidegate.adapters.recordings.format import BookSnapshotRow, Gap, Heartbeat, Row, TradePrinted
from tidegate.adapters.recordings.gaps import GapTally
from tidegate.domain.amounts import BPS, DOMAIN_CONTEXT, ONE, ZERO, plain
from tidegate.domain.vocabulary import OrderSide

_HEARTBEAT_US = 4_000_000
"""A feed counts as stale after five seconds without a message."""
_PRODUCT = 0


class AssumedBook(Struct, frozen=True, kw_only=True):
    """A book that no market has shown, by the user's own word: a spread around the last print, and so much a side."""

    spread_bps: Decimal
    depth: Decimal


def book_assumption(symbol: str, book: AssumedBook, price_increment: Decimal) -> str:
    """How an assumed book is told with every result."""
    return (
        f"{symbol}: no book was recorded; a spread of {plain(book.spread_bps)} bps beside each print, rounded up to "
        f"whole increments of {plain(price_increment)}, with {plain(book.depth)} at either touch and nothing behind, "
        "is assumed"
    )


class TableTape:
    """Writes what happens, in order of time.

    Between two things that happen the feed counts as alive, and says so every few seconds; where `interrupt` comes
    between, nothing is known any more, and nothing is said.
    """

    def __init__(self, write: Callable[[Row], None], assumed: AssumedBook | None, price_increment: Decimal) -> None:
        self.gaps = GapTally(bookless=frozenset() if assumed is not None else frozenset((_PRODUCT,)))
        self.trades = 0
        self.smallest_spread: Decimal | None = None
        self.at_us = 0
        self._sink = write
        self._assumed = assumed
        self._increment = price_increment
        self._book: tuple[Decimal, Decimal] | None = None
        self._is_void = False

    def reach(self, at_us: int) -> None:
        """Be heard of until then."""
        if self.at_us and not self._is_void:
            beat_us = self.at_us + _HEARTBEAT_US
            while beat_us < at_us:
                self._write(Heartbeat(at_us=beat_us, product=_PRODUCT))
                beat_us += _HEARTBEAT_US
        self.at_us, self._is_void = at_us, False

    def interrupt(self, at_us: int, reason: str) -> None:
        """From then on nothing is known."""
        if not self._is_void:
            self.reach(at_us)
            self._write(Gap(at_us=at_us, product=_PRODUCT, reason=reason))
        self._book, self._is_void = None, True

    def trade(self, at_us: int, trade_id: str, aggressor: OrderSide, price: Decimal, size: Decimal) -> None:
        """A print; without a size only its price is known, which moves an assumed book.

        Raises:
            ValueError: the assumed spread is wider than the price.
        """
        self.reach(at_us)
        if size:
            self.trades += 1
            self._write(
                TradePrinted(
                    at_us=at_us, product=_PRODUCT, trade_id=trade_id, aggressor=aggressor, price=price, size=size
                )
            )
        if self._assumed is not None:
            self._move(at_us, aggressor, price, self._assumed)

    def end(self, at_us: int) -> None:
        """The source is at its end, and told of time up to then."""
        if not self._is_void:
            self.reach(at_us)
        self.at_us = at_us
        self.gaps.end_at(at_us)

    def _move(self, at_us: int, aggressor: OrderSide, price: Decimal, assumed: AssumedBook) -> None:
        """The print's price is the touch that was taken, and the other touch is an assumed spread away."""
        context, step = DOMAIN_CONTEXT, self._increment
        wide = context.divide(context.multiply(price, assumed.spread_bps), BPS)
        steps = context.divide(wide, step).to_integral_value(ROUND_CEILING)
        spread = context.multiply(max(steps, ONE), step)
        is_buy = aggressor is OrderSide.BUY
        book = (context.subtract(price, spread), price) if is_buy else (price, context.add(price, spread))
        if book[0] <= ZERO:
            raise ValueError(f"the assumed spread of {spread} is wider than the price of {price}")
        if self.smallest_spread is None or spread < self.smallest_spread:
            self.smallest_spread = spread
        if book != self._book:
            self._book = book
            bids, asks = ((book[0], assumed.depth),), ((book[1], assumed.depth),)
            self._write(BookSnapshotRow(at_us=at_us, product=_PRODUCT, bids=bids, asks=asks))

    def _write(self, row: Row) -> None:
        self.gaps.take(row)
        self._sink(row)
