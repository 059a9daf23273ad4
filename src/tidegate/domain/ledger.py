"""The ledger: one account's orders, positions, money and reservations as a fold of events."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.booking import ACCOUNT, book
from tidegate.domain.commitments import Commitments
from tidegate.domain.equity_history import EquityEvent, EquityHistory, opening_after
from tidegate.domain.events import (
    AccountMoved,
    ExternalFlow,
    FillBusted,
    JournalEvent,
    OrderFilled,
    OrderNews,
    OrderSending,
    TradingStateChanged,
    external_after,
)
from tidegate.domain.first_answer import Answer
from tidegate.domain.folding import AccountFact, Fold, own_fill
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.lifecycle import sending, settled, with_facts
from tidegate.domain.movements import FLOWS, Movement, as_fill, book_movement
from tidegate.domain.orders import TERMINAL, OrderRecord
from tidegate.domain.positions import Position, PositionHistory
from tidegate.domain.products import Product
from tidegate.domain.records import Step, StoredAccount
from tidegate.domain.states import TradingStates
from tidegate.domain.vocabulary import OrderStatus

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than adding two decimals.
_FILLED = OrderStatus.FILLED

_POSITION = attrgetter("position")
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
        self.movements: dict[str, datetime] = {}
        """What the venue moved by no order of ours, by its ids."""
        self.fill_count = 0
        self.is_summed = False
        self.opened_at: datetime | None = None
        self.day_opened_at: datetime | None = None
        self.day_opening_equity: Decimal | None = None
        self.equity_history = EquityHistory()

    def load(self, stored: StoredAccount) -> None:
        """Take up where the store left off."""
        self.balances = dict(stored.balances)
        self.opening_balances = dict(stored.opening_balances)
        self.opened_at, self.equity_history = stored.opened_at, stored.equity_history
        self.day_opened_at, self.day_opening_equity = stored.day_opened_at, stored.day_opening_equity
        for position in stored.positions:
            self.positions[position.symbol, position.strategy_id] = PositionHistory(position, stored.last_fill_at)
        self.is_summed = bool(stored.positions)
        self.movements = dict(stored.movements)
        for record in stored.open_orders:
            self.recall(record)

    @exact
    def recall(self, record: OrderRecord) -> None:
        """Hold an order again, because news of it may come; unreserved, if it has ended or its product is gone."""
        product = self._product_of(record.order.symbol)
        if product is not None and record.status not in TERMINAL:
            self.commitments.update_in_context(record, product)
        self.orders[record.order.client_order_id] = record

    def misses_history(self, news: Iterable[OrderNews]) -> bool:
        """Whether a fill among the news belongs before others that are known only as the sum that a store kept."""
        if not self.is_summed:
            return False
        fills = (one.fill for one in news if isinstance(one, OrderFilled | FillBusted))
        return any(
            (history := self.positions.get((fill.symbol, ACCOUNT))) is not None and not history.can_place(fill)
            for fill in fills
        )

    def misses_movement(self, movement: Movement) -> bool:
        """Whether it belongs before fills that are known only as the sum that a store kept."""
        history = self.positions.get((movement.symbol, ACCOUNT))
        return history is not None and not history.can_place(as_fill(movement, movement.quantity, ZERO))

    def restore(self, whole: Mapping[tuple[str, str], PositionHistory]) -> None:
        """Take over the positions' histories as folded from the journal's beginning to where this ledger stands."""
        for key, history in whole.items():
            self.positions[key].become(history)
        self.is_summed = False

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
        """Coins that were there at the first start, or came later by no order of ours: counted, never sold."""
        return self.opening_balances.get(product.base_currency, ZERO) if product.is_spot else ZERO

    @exact
    def apply(self, at: datetime, events: Iterable[JournalEvent]) -> Step | None:
        """Fold events that happened together; the step to be stored, or None if they said nothing new.

        All of them or none: what raises leaves the ledger as it was.

        Raises:
            UnknownProductError: an order that is not held, or a fill, of a symbol without a product.
            LookupError: news of an order that is not held; `recall` it first.
            ValueError: a fill that names an order of another symbol.
        """
        fold = Fold(self.orders, self.movements)
        for event in events:
            fold.take(event)
        if not fold.events:
            return None
        orders, fills = tuple(fold.orders.values()), tuple(fold.fills)
        products = [self._product_if_held(record) for record in orders]
        fill_products = [self.product(fill.symbol) for fill in fills]
        moved = [one.movement for one in fold.facts if type(one) is AccountMoved]
        moved_products = [self.product(one.symbol) if one.quantity else None for one in moved]
        # From here on nothing raises, and everything counts.
        for fact in fold.facts:
            self._learn(fact)
        touched: dict[PositionHistory, None] = {}
        for movement, product in zip(moved, moved_products, strict=True):
            touched.update(dict.fromkeys(book_movement(self.positions, self.balances, movement, product)))
        for fill, of_fill in zip(fills, fill_products, strict=True):
            strategy_id = fold.orders[fill.client_order_id].order.strategy_id
            book(self.positions, self.balances, fill, of_fill, strategy_id)
            for owner in (strategy_id, ACCOUNT):
                touched[self.positions[fill.symbol, owner]] = None
        self.fill_count += len(fills) + len(moved)
        for record, known in zip(orders, products, strict=True):
            self._hold(record, known)
        return Step(
            at=at,
            events=tuple(fold.events),
            orders=orders,
            positions=tuple(map(_POSITION, touched)),
            balances=tuple(self.balances.items()) if fills or fold.facts else (),
            fills=fills,
        )

    @exact
    def begin(self, event: OrderSending) -> Step | None:
        """`apply` for an attempt alone, the shortest way: reserve for it; None if it is known already."""
        return self.begin_in_context(event, self.product(event.order.symbol))

    def begin_in_context(self, event: OrderSending, product: Product) -> Step | None:
        """`begin` for callers that have the order's product and work in the domain's decimal context already."""
        order_id = event.order.client_order_id
        before = self.orders.get(order_id)
        record = sending(event, before)
        if before is None:
            self.commitments.begin(record, product)
            self.orders[order_id] = record
        elif record is before:
            return None
        else:
            self._hold(record, product)
        return Step(at=event.at, events=(event,), orders=(record,))

    @exact
    def learn(self, at: datetime, held: OrderRecord, news: Sequence[OrderNews]) -> Step | None:
        """`apply` for news of one order that is held, the shortest way."""
        record, events, fills, latest = held, [], [], None
        for one in news:
            after = with_facts(record, one)
            if after is not record:
                record = after
                events.append(one)
                if latest is None or one.at > latest:
                    latest = one.at
                if type(one) is OrderFilled or type(one) is FillBusted:
                    fills.append(own_fill(one.fill, record))
        if latest is None:
            return None
        record, symbol = settled(record, latest), held.order.symbol
        if fills:
            return self.answered_in_context(at, (record, tuple(events), tuple(fills)), self.product(symbol))
        self._hold(record, self._product_of(symbol))
        return Step(at=at, events=tuple(events), orders=(record,))

    def answered_in_context(self, at: datetime, answer: Answer, product: Product) -> Step:
        """Fold what one order has come to; for callers that work in the domain's decimal context already."""
        record, events, fills = answer
        if not fills:
            self._hold(record, product)
            return Step(at=at, events=events, orders=(record,))
        positions, balances, strategy_id = self.positions, self.balances, record.order.strategy_id
        # Fills of one order all move the same two histories.
        own, account = book(positions, balances, fills[0], product, strategy_id)
        if len(fills) > 1:
            for fill in fills[1:]:
                book(positions, balances, fill, product, strategy_id)
        self.fill_count += len(fills)
        if record.status is _FILLED:
            order_id = record.order.client_order_id
            self.commitments.drop_in_context(order_id)
            self.orders.pop(order_id, None)
        else:
            self._hold(record, product)
        return Step(
            at=at,
            events=events,
            orders=(record,),
            positions=(own.position, account.position),
            balances=tuple(balances.items()),
            fills=fills,
        )

    def _product_if_held(self, record: OrderRecord) -> Product | None:
        product = self._product_of(record.order.symbol)
        if product is None and record.order.client_order_id not in self.orders:
            raise UnknownProductError(record.order.symbol)
        return product

    def _hold(self, record: OrderRecord, product: Product | None) -> None:
        """Reserve for an order as it now stands; one that has ended reserves nothing and leaves."""
        order_id = record.order.client_order_id
        if record.status not in TERMINAL:
            if product is not None:
                self.commitments.update_in_context(record, product)
            self.orders[order_id] = record
        else:
            self.commitments.drop_in_context(order_id)
            self.orders.pop(order_id, None)

    def withdraw(self, client_order_id: ClientOrderId) -> None:
        """Forget an order that was never recorded, and free what it reserved."""
        if self.orders.pop(client_order_id, None) is not None:
            self.commitments.drop(client_order_id)

    def _external(self, currency: str, amount: Decimal) -> None:
        # A new object, by which whoever has read the old one sees that it is old.
        external = self.opening_balances
        self.opening_balances = {**external, currency: external_after(external.get(currency, ZERO), amount)}

    def _learn(self, fact: AccountFact) -> None:
        if isinstance(fact, TradingStateChanged):
            self.states.apply(fact)
        elif isinstance(fact, EquityEvent):
            self.equity_history = self.equity_history.after(fact)
            day = self.day_opened_at, self.day_opening_equity
            self.day_opened_at, self.day_opening_equity = opening_after(fact, *day)
        elif isinstance(fact, ExternalFlow):
            self.balances[fact.currency] = self.balances.get(fact.currency, ZERO) + fact.amount
            self._external(fact.currency, fact.amount)
        elif isinstance(fact, AccountMoved):
            movement = fact.movement
            self.movements[movement.movement_id] = movement.at
            if movement.kind in FLOWS:
                self._external(movement.currency, movement.amount)
        elif self.opened_at is None:
            self.opened_at = fact.at
            self.opening_balances = dict(fact.balances)
            for currency, amount in fact.balances.items():
                self.balances[currency] = self.balances.get(currency, ZERO) + amount
