"""The ledger: one account's orders, positions, money and reservations as a fold of events."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args

from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.commitments import Commitments
from tidegate.domain.events import (
    AccountOpened,
    DayOpened,
    JournalEvent,
    OrderFilled,
    OrderNews,
    OrderPrepared,
    OrderSending,
    TradingStateChanged,
)
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.lifecycle import apply_news, prepared, sending
from tidegate.domain.orders import OrderRecord
from tidegate.domain.positions import Position, PositionHistory
from tidegate.domain.products import Product
from tidegate.domain.records import Step, StoredAccount
from tidegate.domain.states import TradingStates

ACCOUNT = "*"
"""The owner under which a symbol's position over all strategies is kept; no strategy may have that id."""

ProductOf = Callable[[str], Product | None]


class UnknownProductError(LookupError):
    """A fold met a symbol that has no product: without its multiplier and currencies no amount is known."""


class Ledger:
    """What is known of one account now.

    Only live orders are held; a terminal one leaves with the step that ended it and is handed back by `recall` if late
    news of it comes. `apply` is deterministic and free of effects but on the ledger itself.
    """

    def __init__(self, product_of: ProductOf, states: TradingStates) -> None:
        self._product_of = product_of
        self.states = states
        self.orders: dict[ClientOrderId, OrderRecord] = {}
        self.positions: dict[tuple[str, str], PositionHistory] = {}
        self.balances: dict[str, Decimal] = {}
        self.opening_balances: dict[str, Decimal] = {}
        self.commitments = Commitments()
        self.fill_count = 0
        self.opened_at: datetime | None = None
        self.opening_equity: Decimal | None = None
        self.day_opened_at: datetime | None = None
        self.day_opening_equity: Decimal | None = None

    def load(self, stored: StoredAccount) -> None:
        """Take up where the store left off."""
        self.balances = dict(stored.balances)
        self.opening_balances = dict(stored.opening_balances)
        self.opened_at, self.opening_equity = stored.opened_at, stored.opening_equity
        self.day_opened_at, self.day_opening_equity = stored.day_opened_at, stored.day_opening_equity
        for position in stored.positions:
            self.positions[position.symbol, position.strategy_id] = PositionHistory(position)
        for record in stored.open_orders:
            self.recall(record)

    def recall(self, record: OrderRecord) -> None:
        """Hold an order again, because news of it may come."""
        self.orders[record.order.client_order_id] = record
        self.commitments.update(record, self.product(record.order.symbol))

    def product(self, symbol: str) -> Product:
        product = self._product_of(symbol)
        if product is None:
            raise UnknownProductError(symbol)
        return product

    def position(self, symbol: str, strategy_id: str) -> Position:
        """One strategy's position; flat where there is none."""
        history = self.positions.get((symbol, strategy_id))
        return history.position if history is not None else Position(symbol=symbol, strategy_id=strategy_id)

    def account_position(self, symbol: str) -> Position:
        """The account's position on a symbol over all strategies."""
        return self.position(symbol, ACCOUNT)

    @property
    def open_positions(self) -> tuple[Position, ...]:
        """Every strategy's position, flat ones that have a history included."""
        return tuple(history.position for key, history in self.positions.items() if key[1] != ACCOUNT)

    def external_quantity(self, product: Product) -> Decimal:
        """Coins that were there at the first start and are none of ours: counted, never sold."""
        return self.opening_balances.get(product.base_currency, ZERO) if product.is_spot else ZERO

    @exact
    def apply(self, at: datetime, events: Iterable[JournalEvent]) -> Step | None:
        """Fold events that happened together; the step to be stored, or None if they said nothing new.

        News of an order that the ledger does not hold must be preceded by `recall`; otherwise a LookupError says so.

        Raises:
            UnknownProductError: an order or fill of a symbol without a product.
            LookupError: news of an order that is not held.
        """
        fold = _Fold(self)
        for event in events:
            fold.one(event)
        return fold.step(at)

    def put(self, record: OrderRecord) -> None:
        """Store what became of an order: reservations follow, a terminal one is let go by the caller's step."""
        order_id = record.order.client_order_id
        self.orders[order_id] = record
        self.commitments.update(record, self.product(record.order.symbol))

    def withdraw(self, client_order_id: ClientOrderId) -> None:
        """Forget an order that was never recorded, and free what it reserved."""
        if self.orders.pop(client_order_id, None) is not None:
            self.commitments.drop(client_order_id)

    def book_fill(self, fill: Fill, strategy_id: str) -> None:
        """Move money and positions by one fill that has not been seen before."""
        product = self.product(fill.symbol)
        self.fill_count += 1
        gain = ZERO
        for owner in (strategy_id, ACCOUNT):
            history = self.positions.get((fill.symbol, owner))
            if history is None:
                history = PositionHistory(Position(symbol=fill.symbol, strategy_id=owner))
                self.positions[fill.symbol, owner] = history
            before = history.position.realized_pnl
            history.add(fill, product)
            gain = history.position.realized_pnl - before
        if product.is_spot:
            value = product.notional(fill.quantity, fill.price)
            signed = fill.quantity if fill.side.sign > 0 else -fill.quantity
            self._move(product.base_currency, signed)
            self._move(product.quote_currency, -value if fill.side.sign > 0 else value)
        elif gain:
            self._move(product.settlement_currency, gain)
        if fill.fee:
            self._move(fill.fee_currency or product.quote_currency, -fill.fee)

    def _move(self, currency: str, amount: Decimal) -> None:
        self.balances[currency] = self.balances.get(currency, ZERO) + amount


class _Fold:
    """One step in the making: what has changed since it began."""

    __slots__ = ("events", "fills", "ledger", "moved_money", "orders")

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.events: list[JournalEvent] = []
        self.orders: dict[ClientOrderId, OrderRecord] = {}
        self.fills: list[Fill] = []
        self.moved_money = False

    def one(self, event: JournalEvent) -> None:
        _FOLDS.get(type(event), _Fold.remembered)(self, event)

    def remembered(self, event: JournalEvent) -> None:
        """An event that changes nothing here and is kept for the journal."""
        self.events.append(event)

    def sending(self, event: OrderSending) -> None:
        before = self.ledger.orders.get(event.order.client_order_id)
        after = sending(event, before)
        # An attempt that is under way already says nothing new, and must not be recorded as if it began again.
        if after is not before:
            self._begun(after, event)

    def prepared(self, event: OrderPrepared) -> None:
        self._begun(prepared(event), event)

    def _begun(self, record: OrderRecord, event: OrderSending | OrderPrepared) -> None:
        self.ledger.put(record)
        self.orders[record.order.client_order_id] = record
        self.events.append(event)

    def news(self, event: OrderNews) -> bool:
        order_id = event.client_order_id
        before = self.ledger.orders.get(order_id)
        if before is None:
            raise LookupError(f"news of order {order_id}, which the ledger does not hold")
        after = apply_news(before, event)
        if after is before:
            return False
        self.ledger.put(after)
        self.orders[order_id] = after
        self.events.append(event)
        return True

    def filled(self, event: OrderFilled) -> None:
        if self.news(event):
            self.ledger.book_fill(event.fill, self.orders[event.client_order_id].order.strategy_id)
            self.fills.append(event.fill)
            self.moved_money = True

    def account_opened(self, event: AccountOpened) -> None:
        ledger = self.ledger
        ledger.balances = dict(event.balances)
        ledger.opening_balances = dict(event.balances)
        ledger.opened_at, ledger.opening_equity = event.at, event.equity
        self.moved_money = True
        self.events.append(event)

    def day_opened(self, event: DayOpened) -> None:
        self.ledger.day_opened_at, self.ledger.day_opening_equity = event.at, event.equity
        self.events.append(event)

    def state_changed(self, event: TradingStateChanged) -> None:
        self.ledger.states.apply(event)
        self.events.append(event)

    def step(self, at: datetime) -> Step | None:
        if not self.events:
            return None
        ledger = self.ledger
        for order_id, record in self.orders.items():
            if record.is_terminal:
                ledger.orders.pop(order_id, None)
        touched: dict[tuple[str, str], None] = {}
        for fill in self.fills:
            touched[fill.symbol, self.orders[fill.client_order_id].order.strategy_id] = None
            touched[fill.symbol, ACCOUNT] = None
        return Step(
            at=at,
            events=tuple(self.events),
            orders=tuple(self.orders.values()),
            positions=tuple(ledger.position(symbol, owner) for symbol, owner in touched),
            balances=tuple(ledger.balances.items()) if self.moved_money else (),
            fills=tuple(self.fills),
        )


_FOLDS: dict[type, Callable[[_Fold, Any], object]] = {
    OrderFilled: _Fold.filled,
    OrderSending: _Fold.sending,
    OrderPrepared: _Fold.prepared,
    AccountOpened: _Fold.account_opened,
    DayOpened: _Fold.day_opened,
    TradingStateChanged: _Fold.state_changed,
    **{kind: _Fold.news for kind in get_args(OrderNews) if kind is not OrderFilled},
}
"""What each event does here; one that is not listed is only remembered."""
