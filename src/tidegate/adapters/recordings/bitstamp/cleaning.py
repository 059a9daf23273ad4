"""The second pass over a capture: order events become the rows of a book that is never crossed.

Three rules make it so, and each row they drop is counted under its reason:

- a ghost (see `survey`) never rests; and an order leaves the book once three others have rested through it for a
  second without a fill, which no market allows either;
- an order that would trade as it arrives never rests while it does: it is *held* until its fills are in, and what is
  then left of it joins the book at its limit, behind what rests there;
- an order without a price (zero, or 999999999) never rests.

The result is checked as it is written: after every row the best bid is below the best ask, or the import ends.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NoReturn

import msgspec

from tidegate.adapters.recordings.bitstamp.report import ImportRejected
from tidegate.adapters.recordings.bitstamp.rows import Moment, OrderRow, TradeRow
from tidegate.adapters.recordings.bitstamp.survey import has_price
from tidegate.adapters.recordings.book import OrderBook, Resting
from tidegate.adapters.recordings.format import OrderAdded, OrderDeleted, OrderResized, Row, TradePrinted
from tidegate.adapters.recordings.header import moment_of
from tidegate.domain.amounts import ZERO
from tidegate.domain.vocabulary import OrderSide

_PATIENCE_MS = 1_000
"""How long an aggressive order may wait for its fills; matching took 10 ms at most in the capture this was made for."""

_WITNESSES = 3
"""How many orders must have rested through another one to show that it is gone."""

_CONTRADICTION_MS = 10_000
"""How long an order may cross the book unexplained until the capture is refused."""

_PRODUCT = 0


class _Held(msgspec.Struct, gc=False):
    """An aggressive order off the book: its limit, what is left of it, and when it was last heard of."""

    order_id: str
    side: OrderSide
    price: Decimal
    size: Decimal
    heard_at_ms: int


class Cleaning:
    """Takes moments and trades in order of time and hands rows to `write`; the counters tell what became of each."""

    def __init__(self, ghost_ids: Iterable[str], write: Callable[[Row], None]) -> None:
        self.dropped: Counter[str] = Counter()
        self.kept = 0
        self.trades_kept = 0
        self.rested_later = 0
        self.passed_ghost_ids: list[str] = []
        self.long_waits = 0
        self.trades_out_of_turn = 0
        self.late_count = 0
        self.smallest_spread: Decimal | None = None
        self._unrested = dict.fromkeys(ghost_ids, "ghost")  # order ids that never rest, with the reason
        self._write = write
        self._book = OrderBook()
        self._held: dict[str, _Held] = {}
        self._has_opened = False
        self._at_ms = 0
        self._fills: dict[str, deque[TradeRow]] = {}

    def take(self, moment: Moment, trades: list[TradeRow]) -> None:
        """Write what one millisecond of the capture says.

        Raises:
            ImportRejected: the book that comes of it is crossed, or an order stays aggressive without a fill.
        """
        self._at_ms = moment.at_ms
        self.late_count += moment.late_count
        self._fills = defaultdict(deque)
        for trade in trades:
            self._fills[trade.maker_order_id].append(trade)
        for row in moment.rows:
            self._take_row(row)
        for maker_order_id, fills in self._fills.items():
            while fills:
                self._print(fills.popleft(), maker_order_id)
        self._settle()
        if not self._has_opened:
            self._check_opening()

    def _take_row(self, row: OrderRow) -> None:
        held = self._held.get(row.order_id)
        if row.order_id in self._unrested:
            self.dropped[self._unrested[row.order_id]] += 1
        elif row.action == "created":
            self._created(row)
        elif held is not None:
            self.dropped["aggressive"] += 1
            self.long_waits += self._waits(held)
            held.size, held.heard_at_ms = row.size, self._at_ms
            if row.action == "deleted":
                del self._held[row.order_id]
        elif row.order_id not in self._book.orders:
            self.dropped["of an order that does not rest"] += 1
        elif row.action == "deleted":
            self._print_fills(row.order_id, every=True)
            self.kept += 1
            self._delete(row.order_id)
        else:
            self._changed(row)

    def _created(self, row: OrderRow) -> None:
        if row.order_id in self._book.orders or row.order_id in self._held:
            self.dropped["created again"] += 1
        elif self._book.crosses(row.side, row.price):
            self.dropped["aggressive"] += 1
            self._held[row.order_id] = _Held(row.order_id, row.side, row.price, row.size, self._at_ms)
        elif not has_price(row.price):
            self._unrested[row.order_id] = "without a price"
            self.dropped["without a price"] += 1
        elif not row.size:
            self._unrested[row.order_id] = "without a size"
            self.dropped["without a size"] += 1
        else:
            self.kept += 1
            self._add(Resting(row.order_id, row.side, row.price, row.size))

    def _changed(self, row: OrderRow) -> None:
        """A resting order was filled in part, or resized, or moved to another price, where it queues anew."""
        order = self._book.orders[row.order_id]
        was_filled = self._print_fills(row.order_id, every=False)
        if not row.size:
            self.kept += 1
            self._delete(row.order_id)
        elif row.price != order.price and not was_filled and has_price(row.price):
            self.kept += 1
            self._delete(row.order_id)
            self._held[row.order_id] = _Held(row.order_id, row.side, row.price, row.size, self._at_ms)
        elif row.size != order.size:
            self.kept += 1
            self._resize(order, row.size)
        else:
            self.dropped["without a change"] += 1

    def _print_fills(self, maker_order_id: str, *, every: bool) -> bool:
        """Print the trades that the coming change of a maker's order is about, and say whether there were any."""
        fills = self._fills.get(maker_order_id)
        has_fills = bool(fills)
        while fills:
            self._print(fills.popleft(), maker_order_id)
            if not every:
                break
        return has_fills

    def _print(self, trade: TradeRow, maker_order_id: str) -> None:
        maker = self._book.orders.get(maker_order_id)
        if maker is None or maker.price != trade.price or not self._book.is_first(maker):
            self.trades_out_of_turn += 1
        self.trades_kept += 1
        self._write(
            TradePrinted(
                at_us=self._at_us,
                product=_PRODUCT,
                trade_id=trade.trade_id,
                aggressor=trade.aggressor,
                price=trade.price,
                size=trade.size,
                maker_order_id=maker_order_id if maker is not None else None,
            )
        )

    def _settle(self) -> None:
        """Let the held orders rest that no longer cross anything; those that wait too long contradict the book."""
        for held in list(self._held.values()):
            if not (held.size and has_price(held.price)):
                continue
            if self._book.crosses(held.side, held.price) and self._waits(held):
                self._remove_what_was_passed(held.side)
            if not self._book.crosses(held.side, held.price):
                del self._held[held.order_id]
                self.rested_later += 1
                self._add(Resting(held.order_id, held.side, held.price, held.size))
            elif self._at_ms - held.heard_at_ms > _CONTRADICTION_MS:
                against = next(self._book.crossed_by(held.side, held.price))
                self._reject(
                    f"the book is crossed for {self._at_ms - held.heard_at_ms} ms: "
                    f"order {held.order_id} ({held.side} at {held.price}) against "
                    f"order {against.order_id} ({against.side} at {against.price}), "
                    "and no trade shows which of them had left"
                )

    def _waits(self, held: _Held) -> bool:
        """Whether an order that should have traded at once has gone without a fill for longer than matching takes."""
        return bool(held.size) and has_price(held.price) and self._at_ms - held.heard_at_ms > _PATIENCE_MS

    def _remove_what_was_passed(self, side: OrderSide) -> None:
        """Drop as ghosts what several orders have rested through; a single one may be the ghost itself."""
        waiting = [held.price for held in self._held.values() if held.side is side and self._waits(held)]
        waiting.sort(reverse=side is OrderSide.BUY)
        if len(waiting) < _WITNESSES:
            return
        for order in list(self._book.crossed_by(side, waiting[_WITNESSES - 1])):
            self._unrested[order.order_id] = "ghost"
            self.passed_ghost_ids.append(order.order_id)
            self._delete(order.order_id)

    def _check_opening(self) -> None:
        """The first moment is the opening book; whatever crosses in it cannot be waiting for a fill."""
        for held in self._held.values():
            if held.size and has_price(held.price):
                self._reject(f"the opening book is crossed by order {held.order_id}, {held.side} at {held.price}")
        if self._book.spread is None:
            self._reject("the opening book lacks a side; a capture begins with a snapshot of the whole book")
        self._has_opened = True

    def _add(self, order: Resting) -> None:
        self._book.add(order)
        self._write_checked(
            OrderAdded(
                at_us=self._at_us,
                product=_PRODUCT,
                order_id=order.order_id,
                side=order.side,
                price=order.price,
                size=order.size,
            )
        )

    def _resize(self, order: Resting, size: Decimal) -> None:
        order.size = size
        self._write_checked(OrderResized(at_us=self._at_us, product=_PRODUCT, order_id=order.order_id, size=size))

    def _delete(self, order_id: str) -> None:
        self._book.remove(order_id)
        self._write_checked(OrderDeleted(at_us=self._at_us, product=_PRODUCT, order_id=order_id))

    def _write_checked(self, row: Row) -> None:
        spread = self._book.spread
        if spread is not None:
            if spread <= ZERO:
                self._reject(f"the book is crossed: bid {self._book.best_bid}, ask {self._book.best_ask}")
            if self.smallest_spread is None or spread < self.smallest_spread:
                self.smallest_spread = spread
        self._write(row)

    @property
    def _at_us(self) -> int:
        return self._at_ms * 1_000

    def _reject(self, reason: str) -> NoReturn:
        raise ImportRejected(moment_of(self._at_us), reason)
