"""The first pass over a capture: its ghosts, where its synthetic end begins, its tick, how crossed it is as it is."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import attrgetter

import msgspec

from tidegate.adapters.recordings.bitstamp.rows import Moment, OrderRow, TradeRow
from tidegate.adapters.recordings.book import OrderBook, Resting
from tidegate.domain.amounts import ONE, ZERO
from tidegate.domain.vocabulary import OrderSide

NO_PRICE_ABOVE = Decimal(999_999_999)
"""Bitstamp writes this, and zero, for an order without a limit; no order rests at either."""


class Ghost(msgspec.Struct, frozen=True, kw_only=True):
    """An order that the capture shows resting while the market traded through it: it had left before."""

    order_id: str
    side: OrderSide
    price: Decimal
    trade_id: str
    trade_price: Decimal
    traded_at_ms: int


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of the whole capture before its first row can be written.

    `row_count` counts the order rows read and `cut` those before the synthetic deletes at the end; `crossed_ms` is how
    long the book is crossed when it is rebuilt as the rows stand, of `ended_at_ms - opened_at_ms`.
    """

    row_count: int
    cut: int
    opened_at_ms: int
    ended_at_ms: int
    ghosts: tuple[Ghost, ...]
    price_increment: Decimal
    crossed_ms: int


class Tape:
    """The trades in order of time, asked which of them went through a resting order."""

    def __init__(self, trades: Sequence[TradeRow]) -> None:
        self.trades = sorted(trades, key=attrgetter("at_ms"))
        self._moments = [trade.at_ms for trade in self.trades]

    def through(self, order: OrderRow, until_ms: int) -> TradeRow | None:
        """A trade at a worse price than the order's, strictly between its creation and `until_ms`, and not its own.

        Strictly, because rows and trades of one moment have no order between them.
        """
        first = bisect_right(self._moments, order.at_ms)
        last = bisect_left(self._moments, until_ms)
        for trade in self.trades[first:last]:
            is_through = trade.price < order.price if order.side is OrderSide.BUY else trade.price > order.price
            if is_through and order.order_id not in (trade.buy_order_id, trade.sell_order_id):
                return trade
        return None


def has_price(price: Decimal) -> bool:
    """Whether an order at this price can rest."""
    return ZERO < price < NO_PRICE_ABOVE


def survey(moments: Iterable[Moment], tape: Tape) -> Survey | None:
    """Go once over the order events; None of a capture without any."""
    surveyor = _Surveyor(tape)
    for moment in moments:
        surveyor.pass_over(moment)
    return surveyor.result()


class _Surveyor:
    """The book as the rows stand, and the creation of every order that is still open."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._book = OrderBook()
        self._created: dict[str, OrderRow] = {}
        self._ghosts: list[Ghost] = []
        self._prices: set[Decimal] = set()
        self._row_count = self._cut = self._crossed_ms = 0
        self._opened_at_ms: int | None = None
        self._at_ms = 0

    def pass_over(self, moment: Moment) -> None:
        if self._opened_at_ms is None:
            self._opened_at_ms = moment.at_ms
        elif self._book.is_crossed:
            self._crossed_ms += moment.at_ms - self._at_ms
        self._at_ms = moment.at_ms
        is_synthetic_end = all(row.action == "deleted" and row.seen_ms == row.at_ms for row in moment.rows)
        self._cut = self._row_count if is_synthetic_end else self._row_count + len(moment.rows)
        self._row_count += len(moment.rows)
        for row in moment.rows:
            self._track(row)
            self._rebuild(row)

    def _track(self, row: OrderRow) -> None:
        """Remember an order when it is created, and ask for trades through it when it is deleted."""
        if row.action == "created" and has_price(row.price):
            self._prices.add(row.price)
            self._created.setdefault(row.order_id, row)
        elif row.action == "deleted":
            order = self._created.pop(row.order_id, None)
            if order is not None:
                self._look_for_trades_through(order, row.at_ms)

    def _look_for_trades_through(self, order: OrderRow, until_ms: int) -> None:
        trade = self._tape.through(order, until_ms)
        if trade is not None:
            self._ghosts.append(
                Ghost(
                    order_id=order.order_id,
                    side=order.side,
                    price=order.price,
                    trade_id=trade.trade_id,
                    trade_price=trade.price,
                    traded_at_ms=trade.at_ms,
                )
            )

    def _rebuild(self, row: OrderRow) -> None:
        """The book as a naive reader has it: by id, every row taken at its word."""
        if row.order_id in self._book.orders:
            self._book.remove(row.order_id)
        if row.action != "deleted":
            self._book.add(Resting(row.order_id, row.side, row.price, row.size))

    def result(self) -> Survey | None:
        if self._opened_at_ms is None:
            return None
        for order in self._created.values():
            self._look_for_trades_through(order, self._at_ms)
        finest = max((_decimal_places(price) for price in self._prices), default=0)
        return Survey(
            row_count=self._row_count,
            cut=self._cut,
            opened_at_ms=self._opened_at_ms,
            ended_at_ms=self._at_ms,
            ghosts=tuple(sorted(self._ghosts, key=attrgetter("traded_at_ms", "order_id"))),
            price_increment=ONE.scaleb(-finest),
            crossed_ms=self._crossed_ms,
        )


def _decimal_places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
