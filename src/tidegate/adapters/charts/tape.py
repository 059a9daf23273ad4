"""The recording, read once more for a chart: mids of every recorded product, equity and drawdown, and the gaps."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.charts.buckets import Buckets
from tidegate.adapters.recordings.format import Gap, Row
from tidegate.adapters.recordings.header import RecordingHeader, microseconds_of
from tidegate.domain.amounts import ONE, exact
from tidegate.domain.fills import Fill
from tidegate.domain.products import Product

BUCKET_COUNT = 2_400
"""Points of a curve: more than a wide screen has columns."""


class GapSpan(Struct, frozen=True):
    """A stretch in which the recording knows no price, from its G row until there is one again."""

    product: int
    begin_us: int
    end_us: int
    reason: str


class Held(Struct):
    """A position as the chart follows it: what it holds, and the money that its fills moved since the beginning."""

    product: Product
    feed: int
    quantity: float
    cash: float = 0.0


class Tape:
    """Everything a chart draws over time. Equity is the opening one, plus what positions and fills made of it since."""

    def __init__(
        self,
        header: RecordingHeader,
        span_us: tuple[int, int],
        positions: Mapping[str, Decimal],
        equity: Decimal | None,
    ) -> None:
        begin_us, end_us = span_us
        self.begin_us, self.end_us = begin_us, max(end_us, begin_us + 1)
        self.width_us = -(-(self.end_us - begin_us) // BUCKET_COUNT)
        self.mids = [self._buckets() for _ in range(header.recorded_count)]
        self.equity = self._buckets()
        self.drawdown = self._buckets()
        self.gaps: list[GapSpan] = []
        self.last_equity: float | None = None
        self._feeds = [MarketFeed() for _ in self.mids]
        self._seen: list[Decimal | None] = [None] * len(self.mids)
        self._open_gaps: dict[int, Gap] = {}
        self._opening = None if equity is None else float(equity)
        self._worth_at_first: float | None = None
        self._high: float | None = None
        recorded = {product.symbol: at for at, product in enumerate(header.products[: header.recorded_count])}
        self._held = {
            product.symbol: Held(
                product,
                recorded[header.prices_from.get(product.symbol, product.symbol)],
                float(positions.get(product.symbol, 0)),
            )
            for product in header.products
        }

    def _buckets(self) -> Buckets:
        return Buckets(self.begin_us, self.width_us, BUCKET_COUNT)

    @exact
    def read(self, rows: Iterable[Row], fills: Sequence[Fill]) -> None:
        """Go through the rows up to the end, with the fills where they happened.

        Raises:
            RecordingDamaged, OSError: from the rows.
        """
        due = sorted(fills, key=lambda fill: fill.at)
        at, now_us = 0, -1
        for row in rows:
            if row.at_us != now_us:
                self._look(now_us)
                while at < len(due) and microseconds_of(due[at].at) <= row.at_us:
                    self._fill(due[at])
                    at += 1
                now_us = row.at_us
                if now_us > self.end_us:
                    break
            if isinstance(row, Gap):
                self._open_gaps.setdefault(row.product, row)
            self._feeds[row.product].apply(row)
        self._look(min(now_us, self.end_us))
        for fill in due[at:]:
            self._fill(fill)
        for curve in (*self.mids, self.equity, self.drawdown):
            curve.stand_until(self.end_us)
        for number in tuple(self._open_gaps):
            self._close_gap(number, self.end_us)

    def _look(self, at_us: int) -> None:
        """Take down what the rows of a moment have changed; before the beginning, only remember it."""
        is_changed = False
        for number, feed in enumerate(self._feeds):
            mid = feed.mid()
            if mid is self._seen[number]:
                continue
            self._seen[number] = mid
            is_changed = True
            if mid is not None and number in self._open_gaps:
                self._close_gap(number, at_us)
            self.mids[number].put(max(at_us, self.begin_us), None if mid is None else float(mid))
        if is_changed and at_us >= 0:
            self._value(max(at_us, self.begin_us))

    def _fill(self, fill: Fill) -> None:
        held = self._held[fill.symbol]
        signed, price = float(fill.quantity) * fill.side.sign, float(fill.price)
        held.quantity += signed
        held.cash -= signed * price * float(held.product.multiplier)
        if fill.fee_currency == held.product.base_currency:
            held.quantity -= float(fill.fee)
        else:
            held.cash -= float(fill.fee)
        self._value(microseconds_of(fill.at))

    def _value(self, at_us: int) -> None:
        worth = self._worth()
        if worth is None or self._opening is None:
            self.equity.put(at_us, None)
            self.drawdown.put(at_us, None)
            return
        if self._worth_at_first is None:
            self._worth_at_first = worth
        equity = self._opening + worth - self._worth_at_first
        self._high = equity if self._high is None else max(self._high, equity)
        self.last_equity = equity
        self.equity.put(at_us, equity)
        self.drawdown.put(at_us, 100.0 * (equity / self._high - 1.0) if self._high > 0.0 else None)

    def _worth(self) -> float | None:
        """What is held and what fills moved; None while something is held whose price is not known."""
        worth = 0.0
        for held in self._held.values():
            worth += held.cash
            if held.quantity:
                mid = self._seen[held.feed]
                if mid is None:
                    return None
                multiplier = 1.0 if held.product.multiplier == ONE else float(held.product.multiplier)
                worth += held.quantity * float(mid) * multiplier
        return worth

    def _close_gap(self, number: int, at_us: int) -> None:
        gap = self._open_gaps.pop(number)
        if at_us >= self.begin_us:
            self.gaps.append(GapSpan(number, max(gap.at_us, self.begin_us), at_us, gap.reason))
