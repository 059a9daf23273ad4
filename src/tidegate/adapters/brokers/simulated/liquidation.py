"""Liquidation: when losses have eaten what a position may lose, the venue closes it at what the book gives."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from tidegate.adapters.brokers.accounts import credit
from tidegate.adapters.brokers.simulated.exchange import Exchange
from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.orders import CANCELED
from tidegate.adapters.brokers.simulated.settings import VenueSettings
from tidegate.adapters.brokers.words import BUY, SELL
from tidegate.domain.amounts import ZERO
from tidegate.domain.movements import Movement, MovementKind

_WHY = "equity had fallen to the maintenance margin"


class Liquidator:
    """Watches derivative positions at their marks. The caller works in the domain's decimal context.

    Cross margin: the balance of the settlement currency, with all unrealised profits and losses, bears all its
    positions. Isolated: each position bears its own losses with what it has put up, and no more. Where a book is too
    thin to close a position whole, the rest is closed at its next update; what is lost beyond zero, or beyond an
    isolated margin, the venue's insurance pays.
    """

    def __init__(self, exchange: Exchange, settings: VenueSettings) -> None:
        self._exchange = exchange
        self._accounts, self._floor = exchange.accounts, exchange.floor
        self._fee_rate = settings.liquidation_fee_rate
        self._is_isolated = settings.margin == "isolated"
        self._marks: dict[int, Decimal | None] = {}

    def review(self, feed_index: int, at: datetime) -> None:
        """Close what the feed's new mark leaves without margin."""
        mark = self._exchange.feeds[feed_index].mark()
        if mark is None or self._marks.get(feed_index) is mark:
            return
        self._marks[feed_index] = mark
        for currency in {one.product.settlement_currency for one in self._exchange.followers[feed_index]}:
            positions = [
                one
                for one in self._exchange.instruments.values()
                if one.product.settlement_currency == currency and self._quantity(one)
            ]
            due = (
                [one for one in positions if self._is_lost(one)]
                if self._is_isolated
                else self._due(currency, positions)
            )
            if due:
                # The next row looks again, whatever the mark, for as long as something is left to close.
                self._marks[feed_index] = None
                self._close(currency, due, positions, at)

    def _quantity(self, instrument: Instrument) -> Decimal:
        if instrument.is_spot:
            return ZERO
        position = self._accounts.state.positions.get(instrument.product.symbol)
        return ZERO if position is None else position.quantity

    def _standing(self, instrument: Instrument) -> tuple[Decimal, Decimal]:
        """Unrealised profit and maintenance margin, at the mark; at the entry price where there is no mark."""
        product = instrument.product
        position = self._accounts.position(product.symbol)
        mark = instrument.feed.mark() or position.entry_price or ZERO
        value = abs(product.notional(position.quantity, mark))
        return position.unrealized_pnl(product, mark), value * product.maintenance_margin_rate

    def _is_lost(self, instrument: Instrument) -> bool:
        gain, maintenance = self._standing(instrument)
        return self._accounts.state.margins.get(instrument.product.symbol, ZERO) + gain <= maintenance

    def _due(self, currency: str, positions: Sequence[Instrument]) -> list[Instrument]:
        """All of them, the largest first, where their common margin is gone."""
        standing = [self._standing(one) for one in positions]
        equity = self._accounts.state.balances.get(currency, ZERO) + sum((gain for gain, _ in standing), ZERO)
        if not positions or equity > sum((maintenance for _, maintenance in standing), ZERO):
            return []
        return sorted(positions, key=lambda one: (-self._standing(one)[1], one.product.symbol))

    def _close(self, currency: str, due: Sequence[Instrument], positions: Sequence[Instrument], at: datetime) -> None:
        for instrument in due if self._is_isolated else positions:
            for order in list(instrument.all_orders()):
                self._floor.end(order, CANCELED, at, "cancelled by the liquidation of its position")
                self._exchange.tell_order(order)
        for instrument in due:
            self._take(instrument, at)
            if not self._is_isolated and not self._due(currency, [one for one in positions if self._quantity(one)]):
                break
        if not self._is_isolated and not any(map(self._quantity, positions)):
            self._insure(currency, "", -self._accounts.state.balances.get(currency, ZERO), at)
        self._floor.write()

    def _take(self, instrument: Instrument, at: datetime) -> None:
        """What the book gives for the position, level by level."""
        product, quantity = instrument.product, self._quantity(instrument)
        side = SELL if quantity > ZERO else BUY
        margins, balances, currency = (
            self._accounts.state.margins,
            self._accounts.state.balances,
            product.settlement_currency,
        )
        margin, balance = margins.get(product.symbol, ZERO), balances.get(currency, ZERO)
        for level, taken in instrument.plan(side, abs(quantity), None).takes:
            self._move(
                Movement(
                    movement_id=self._floor.movement_id(),
                    kind=MovementKind.LIQUIDATION,
                    at=at,
                    symbol=product.symbol,
                    quantity=-taken if side is SELL else taken,
                    price=level.price,
                    fee=credit(product.notional(taken, level.price) * self._fee_rate),
                    fee_currency=currency,
                    reason=_WHY,
                )
            )
            instrument.use_up(level, taken)
        if self._is_isolated:
            lost = balance - balances.get(currency, ZERO)
            self._insure(currency, product.symbol, lost - (margin - margins.get(product.symbol, ZERO)), at)

    def _insure(self, currency: str, symbol: str, amount: Decimal, at: datetime) -> None:
        """The venue pays what was lost beyond what there was to lose."""
        if amount > ZERO:
            self._move(
                Movement(
                    movement_id=self._floor.movement_id(),
                    kind=MovementKind.INSURANCE,
                    at=at,
                    currency=currency,
                    amount=amount,
                    symbol=symbol,
                    reason="the liquidation lost more than there was",
                )
            )

    def _move(self, movement: Movement) -> None:
        self._floor.move(movement)
        self._exchange.tell_movement(movement)
