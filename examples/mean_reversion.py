"""Mean reversion: an example to run, to read and to replace; it is no advice, and after fees it loses money.

Once a second it compares the price with its average of the last minute. Below it, it buys spot in small clips at the
market, and sells all of them when the price is back; on the perpetual it offers the other way with limit orders that
rest and expire. It trades the first spot product that it finds and the perpetual beside it, unless it is told which.
Everything is a parameter: `[intake.parameters]` in paper.toml sets them by name.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from tidegate import Action, Decision, OrderType, Position, Product, TimeInForce, TradingState
from tidegate.application.strategy import StrategyView

BASIS_POINTS = Decimal(10_000)


class MeanReversion:
    """Buys spot low, offers the perpetual on both sides, and closes either when the price is back at its average."""

    def __init__(
        self,
        spot: str,
        perpetual: str,
        window: int,
        band_bps: Decimal,
        clip: Decimal,
        clips: int,
        quote: Decimal,
        rest: timedelta,
    ) -> None:
        self._spot, self._perpetual = spot, perpetual
        self._mids: deque[Decimal] = deque(maxlen=window)
        self._band_bps, self._clip, self._clips, self._quote, self._rest = band_bps, clip, clips, quote, rest
        self._acted: dict[str, datetime] = {}

    def decide(self, view: StrategyView) -> Iterator[tuple[str, Decision]]:
        self._spot = self._spot or first(view.products, "SPOT")
        beside = view.product(self._spot)
        self._perpetual = self._perpetual or first(view.products, "PERPETUAL", beside.underlying if beside else "")
        book = view.market(self._spot or self._perpetual).book
        if book is None or book.mid is None:
            return
        self._mids.append(book.mid)
        if len(self._mids) < (self._mids.maxlen or 0):
            return
        average = sum(self._mids, Decimal(0)) / len(self._mids)
        away_bps = (book.mid / average - 1) * BASIS_POINTS
        purchase = self._buy_low(view, book.mid, away_bps) if self._spot else None
        offer = self._offer(view, away_bps) if self._perpetual else None
        for symbol, decision in ((self._spot, purchase), (self._perpetual, offer)):
            if decision is not None:
                self._acted[symbol] = view.now
                yield symbol, decision

    def _buy_low(self, view: StrategyView, mid: Decimal, away_bps: Decimal) -> Decision | None:
        held = view.position(self._spot)
        if self._can_close(view, held) and away_bps >= 0:
            return Decision(action=Action.CLOSE, reason="the price is back at its average")
        is_full = held.quantity * mid > self._clip * (self._clips - 1)
        if away_bps > -self._band_bps or is_full or not self._may_enter(view, self._spot):
            return None
        reason = f"{-away_bps:.1f} bps below the average"
        return Decision(action=Action.BUY, target_notional=self._clip, reference_price=mid, reason=reason)

    def _offer(self, view: StrategyView, away_bps: Decimal) -> Decision | None:
        held, book = view.position(self._perpetual), view.market(self._perpetual).book
        if self._can_close(view, held):
            is_back = away_bps >= 0 if held.quantity > 0 else away_bps <= 0
            return Decision(action=Action.CLOSE, reason="the price is back at its average") if is_back else None
        if book is None or abs(away_bps) < self._band_bps or not self._may_enter(view, self._perpetual):
            return None
        is_high = away_bps > 0
        return Decision(
            action=Action.SELL if is_high else Action.BUY,
            target_notional=self._quote,
            order_type=OrderType.LIMIT,
            limit_price=book.best_ask if is_high else book.best_bid,
            post_only=True,
            time_in_force=TimeInForce.GTD,
            expire_at=view.now + self._rest,
            reason=f"{abs(away_bps):.1f} bps {'above' if is_high else 'below'} the average",
        )

    def _can_close(self, view: StrategyView, held: Position) -> bool:
        """Whether there is a position that is more than dust: what is below the product's minimum cannot be sold."""
        product = view.product(held.symbol)
        return product is not None and abs(held.quantity) >= product.minimum_quantity and not held.is_flat

    def _may_enter(self, view: StrategyView, symbol: str) -> bool:
        """Nothing is working, the gate is open, and the last decision is long enough ago."""
        is_idle = not view.open_orders(symbol) and view.state(symbol) is TradingState.ACTIVE
        return is_idle and (symbol not in self._acted or view.now - self._acted[symbol] >= self._rest)


def first(products: tuple[Product, ...], kind: str, underlying: str = "") -> str:
    """The symbol of the first product of this kind, on this underlying if one is given; empty where there is none."""
    return next((one.symbol for one in products if one.kind == kind and underlying in ("", one.underlying)), "")


def create(
    spot: str = "",
    perpetual: str = "",
    window: int = 60,
    band_bps: Decimal = Decimal(1),
    clip: Decimal = Decimal(2_000),
    clips: int = 4,
    quote: Decimal = Decimal(1_000),
    rest_seconds: int = 20,
) -> MeanReversion:
    """`window` in seconds, `clip` and `quote` in the quote currency, `rest_seconds` an offer's life and pause."""
    return MeanReversion(spot, perpetual, window, band_bps, clip, clips, quote, timedelta(seconds=rest_seconds))
