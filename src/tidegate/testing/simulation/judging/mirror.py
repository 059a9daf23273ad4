"""Mirror: the orders and positions of one process as it hands them to its store, kept by the judge's own sums."""

from decimal import Decimal

from tidegate.domain.orders import OrderRecord
from tidegate.domain.records import Step
from tidegate.domain.vocabulary import OrderSide, Purpose
from tidegate.testing.simulation.judging.terms import dearest, totals_of
from tidegate.testing.simulation.market import BY_SYMBOL, OPENING_USD

ENDED = frozenset({"REFUSED", "EXPIRED", "CANCELED", "FILLED"})


class Mirror:
    """What one process believes to hold and to have at work."""

    def __init__(self) -> None:
        self.orders: dict[str, OrderRecord] = {}
        self.positions: dict[tuple[str, str], Decimal] = {}
        self.trade_ids: set[str] = set()
        self.cash = OPENING_USD
        self.paid: dict[str, Decimal] = {}
        """What the fills of each derivative have cost: its profit is what they would bring at the mark, less this."""

    def take(self, step: Step) -> None:
        for record in step.orders:
            self.orders[record.client_order_id] = record
        for fill in step.fills:
            if fill.trade_id in self.trade_ids:
                continue
            self.trade_ids.add(fill.trade_id)
            key = (fill.symbol, self.orders[fill.client_order_id].order.strategy_id)
            self.positions[key] = self.positions.get(key, Decimal(0)) + fill.quantity * fill.side.sign
            self.cash -= fill.fee
            value = fill.quantity * fill.price * fill.side.sign * BY_SYMBOL[fill.symbol].multiplier
            if BY_SYMBOL[fill.symbol].is_spot:
                self.cash -= value
            else:
                self.paid[fill.symbol] = self.paid.get(fill.symbol, Decimal(0)) + value

    def live(self, symbol: str) -> list[OrderRecord]:
        return [one for one in self.orders.values() if one.symbol == symbol and one.status.value not in ENDED]

    def held(self, symbol: str) -> Decimal:
        """The account's position."""
        return sum((amount for (of, _), amount in self.positions.items() if of == symbol), Decimal(0))


def held_for(record: OrderRecord) -> tuple[str, Decimal]:
    """What one live order could still cost, fee included, and in which currency."""
    order, product = record.order, BY_SYMBOL[record.symbol]
    left = max(*totals_of(record), record.filled_quantity) - record.filled_quantity
    value = left * dearest(record) * product.multiplier
    fee = value * product.taker_fee_rate
    if product.is_spot:
        return (product.quote_currency, value + fee) if record.side is OrderSide.BUY else (product.base_currency, left)
    if order.purpose is not Purpose.ENTRY:
        return product.settlement_currency, fee
    chosen = 1 / order.leverage if order.leverage else Decimal(0)
    return product.settlement_currency, value * max(chosen, product.initial_margin_rate) + fee
