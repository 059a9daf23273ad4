"""Commitments: what live orders reserve, kept as running sums so that nothing grows with the number of orders."""

from decimal import ROUND_CEILING, Decimal

from msgspec import Struct
from sortedcontainers import SortedList

from tidegate.domain.amounts import DOMAIN_CONTEXT, ONE, ZERO, exact, to_finest
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import TAKER_ONLY, Order, OrderRecord
from tidegate.domain.products import Product, fee_rate
from tidegate.domain.vocabulary import OrderSide, OrderStatus, ProductKind, Purpose

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than adding two decimals.
_BUY, _UNKNOWN, _ENTRY, _SPOT = OrderSide.BUY, OrderStatus.UNKNOWN, Purpose.ENTRY, ProductKind.SPOT


class Reservation(Struct, frozen=True, gc=False):
    """What one live order reserves.

    `quantity` could still fill; `notional` its value at the order's worst price, in quote currency; `held` what is
    kept free for it in `held_currency` (cost and worst fee of a spot buy, the coins of a spot sell, margin and fee of
    a derivative); `resting_price` where it may rest in the book.
    """

    symbol: str
    strategy_id: str
    side: OrderSide
    quantity: Decimal
    notional: Decimal
    held: Decimal
    held_currency: str
    is_reducing: bool
    is_unknown: bool
    resting_price: Decimal | None


@exact
def reservation(record: OrderRecord, product: Product) -> Reservation | None:
    """What an order reserves as it stands; None once it can no longer fill.

    R4: UNKNOWN reserves in full, and so does an unanswered amend, in quantity and in price the larger of old and new.
    """
    return _reservation(record, product)


def _reservation(record: OrderRecord, product: Product) -> Reservation | None:
    quantity = record.reserved_quantity
    if not quantity:
        return None
    is_unknown = record.status is _UNKNOWN
    return _reserved(record.order, quantity, _highest_price(record), _resting_price(record), is_unknown, product)


def _reserved(
    order: Order,
    quantity: Decimal,
    highest_price: Decimal,
    resting_price: Decimal | None,
    is_unknown: bool,
    product: Product,
) -> Reservation:
    """The reservation of so much of an order at so much, in the domain's decimal context."""
    notional = _notional(quantity, highest_price, product)
    is_reducing = order.purpose is not _ENTRY
    side = order.side
    if product.kind is not _SPOT:
        held_currency = product.settlement_currency
        margin = ZERO if is_reducing else notional * margin_rate(product, order.leverage)
        held = to_finest(margin + notional * fee_rate(product), ROUND_CEILING)
    elif side is _BUY:
        held, held_currency = notional + notional * fee_rate(product), product.quote_currency
    else:
        held, held_currency = quantity, product.base_currency
    return Reservation(
        order.symbol,
        order.strategy_id,
        side,
        quantity,
        notional,
        held,
        held_currency,
        is_reducing,
        is_unknown,
        resting_price,
    )


def _notional(quantity: Decimal, price: Decimal, product: Product) -> Decimal:
    """What so much is worth at a price, in quote currency and in the domain's decimal context."""
    return quantity * price if product.multiplier is ONE else quantity * price * product.multiplier


def _highest_price(record: OrderRecord) -> Decimal:
    """What it may trade at: a purchase never above its limit, a sale at the bid where that is better than its limit."""
    highest = record.worst_price
    if record.amended_price is not None and (record.order.side is _BUY or record.amended_price > highest):
        highest = record.amended_price
    asked = record.asked_price
    return asked if asked is not None and asked > highest and record.has_open_amend else highest


def _resting_price(record: OrderRecord) -> Decimal | None:
    """The price at which others would meet it first; None where it cannot rest, or waits for its trigger."""
    order = record.order
    if order.is_taker_only or (order.trigger_price is not None and not record.is_triggered):
        return None
    price, asked = record.limit_price, record.asked_price
    if price is None or asked is None or not record.has_open_amend:
        return price
    return max(price, asked) if order.side is _BUY else min(price, asked)


def margin_rate(product: Product, leverage: Decimal | None) -> Decimal:
    """Initial margin as a fraction of notional: the product's rate, or one over the chosen leverage if that is more."""
    chosen = DOMAIN_CONTEXT.divide(ONE, leverage) if leverage else ZERO
    return chosen if chosen > product.initial_margin_rate else product.initial_margin_rate


class SymbolCommitments:
    """The running sums of one symbol's live orders."""

    __slots__ = (
        "asks",
        "bids",
        "buy_notional",
        "buy_quantity",
        "orders",
        "reducing",
        "reducing_buys",
        "reducing_sells",
        "sell_notional",
        "sell_quantity",
        "unknown",
    )

    def __init__(self) -> None:
        self.orders = 0
        self.buy_quantity = ZERO
        self.sell_quantity = ZERO
        self.buy_notional = ZERO
        self.sell_notional = ZERO
        self.reducing: dict[tuple[str, OrderSide], Decimal] = {}
        """By strategy and by side: what sells a long position takes nothing off a short one."""
        self.reducing_buys = ZERO
        self.reducing_sells = ZERO
        self.unknown: dict[ClientOrderId, None] = {}
        self.bids: SortedList[tuple[Decimal, str]] = SortedList()
        self.asks: SortedList[tuple[Decimal, str]] = SortedList()

    @property
    def reducing_leaves(self) -> Decimal:
        """What live reductions of all strategies may still take."""
        return DOMAIN_CONTEXT.add(self.reducing_buys, self.reducing_sells)


class Commitments:
    """All live orders' reservations, with their sums by symbol and by currency.

    An order that was just sent enters the sums when they are next read: most have filled by then, and left.
    """

    def __init__(self) -> None:
        self._by_order: dict[ClientOrderId, Reservation] = {}
        self._by_symbol: dict[str, SymbolCommitments] = {}
        self._held: dict[str, Decimal] = {}
        self._just_sent: dict[ClientOrderId, tuple[OrderRecord, Product]] = {}

    def __len__(self) -> int:
        return len(self._by_order) + len(self._just_sent)

    @property
    def by_symbol(self) -> dict[str, SymbolCommitments]:
        """The sums of each symbol that has had live orders."""
        if self._just_sent:
            self._enter_just_sent()
        return self._by_symbol

    @property
    def held(self) -> dict[str, Decimal]:
        """What is kept free for live orders, by currency."""
        if self._just_sent:
            self._enter_just_sent()
        return self._held

    def of(self, client_order_id: ClientOrderId) -> Reservation | None:
        if self._just_sent:
            self._enter_just_sent()
        return self._by_order.get(client_order_id)

    def notionals(self, symbol: str) -> tuple[Decimal, Decimal]:
        """What a symbol's live buys and sells are worth at their worst prices; in the domain's decimal context."""
        sums = self._by_symbol.get(symbol)
        buys, sells = (sums.buy_notional, sums.sell_notional) if sums is not None else (ZERO, ZERO)
        for record, product in self._just_sent.values():
            order = record.order
            if order.symbol == symbol:
                notional = _notional(order.quantity, record.worst_price, product)
                if order.side is _BUY:
                    buys += notional
                else:
                    sells += notional
        return buys, sells

    @exact
    def update(self, record: OrderRecord, product: Product) -> None:
        """Replace what the order reserved by what it reserves now."""
        self.update_in_context(record, product)

    def update_in_context(self, record: OrderRecord, product: Product) -> None:
        """`update` for callers that work in the domain's decimal context already."""
        order_id = record.order.client_order_id
        now = _reservation(record, product)
        if self._just_sent:
            self._just_sent.pop(order_id, None)
        if order_id in self._by_order:
            if now == self._by_order[order_id]:
                return
            self.drop_in_context(order_id)
        if now is not None:
            self._add(order_id, now)

    def begin(self, record: OrderRecord, product: Product) -> None:
        """Reserve for an order just sent, of which nothing more is known; in the domain's decimal context."""
        self._just_sent[record.order.client_order_id] = (record, product)

    @exact
    def _enter_just_sent(self) -> None:
        # What raises in between, for want of memory say, may count an order twice and never loses one (R4).
        for order_id, (record, product) in tuple(self._just_sent.items()):
            order = record.order
            may_rest = order.trigger_price is None and order.time_in_force not in TAKER_ONLY
            resting_price = order.limit_price if may_rest else None
            self._add(order_id, _reserved(order, order.quantity, record.worst_price, resting_price, False, product))
            del self._just_sent[order_id]

    @exact
    def drop(self, client_order_id: ClientOrderId) -> None:
        """Free what an order reserved."""
        self.drop_in_context(client_order_id)

    def drop_in_context(self, client_order_id: ClientOrderId) -> None:
        """`drop` for callers that work in the domain's decimal context already."""
        if self._just_sent and self._just_sent.pop(client_order_id, None) is not None:
            return
        one = self._by_order.pop(client_order_id, None)
        if one is None:
            return
        sums = self._by_symbol[one.symbol]
        sums.orders -= 1
        if one.side is _BUY:
            sums.buy_quantity -= one.quantity
            sums.buy_notional -= one.notional
        else:
            sums.sell_quantity -= one.quantity
            sums.sell_notional -= one.notional
        self._held[one.held_currency] -= one.held
        if one.is_reducing:
            _count_reduction(sums, one, -one.quantity)
        if one.is_unknown:
            del sums.unknown[client_order_id]
        if one.resting_price is not None:
            (sums.bids if one.side is _BUY else sums.asks).remove((one.resting_price, client_order_id))

    def _add(self, order_id: ClientOrderId, one: Reservation) -> None:
        self._by_order[order_id] = one
        sums = self._by_symbol.get(one.symbol)
        if sums is None:
            sums = self._by_symbol[one.symbol] = SymbolCommitments()
        sums.orders += 1
        quantity, currency = one.quantity, one.held_currency
        if one.side is _BUY:
            sums.buy_quantity += quantity
            sums.buy_notional += one.notional
        else:
            sums.sell_quantity += quantity
            sums.sell_notional += one.notional
        self._held[currency] = self._held.get(currency, ZERO) + one.held
        if one.is_reducing:
            _count_reduction(sums, one, quantity)
        if one.is_unknown:
            sums.unknown[order_id] = None
        if one.resting_price is not None:
            (sums.bids if one.side is _BUY else sums.asks).add((one.resting_price, order_id))


def _count_reduction(sums: SymbolCommitments, one: Reservation, quantity: Decimal) -> None:
    """Count so much more of a reduction, or less: by its strategy, and by its side for the account's position."""
    key = one.strategy_id, one.side
    left = sums.reducing.get(key, ZERO) + quantity
    if left:
        sums.reducing[key] = left
    else:
        del sums.reducing[key]
    if one.side is _BUY:
        sums.reducing_buys += quantity
    else:
        sums.reducing_sells += quantity
