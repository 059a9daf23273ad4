"""Commitments: what live orders reserve, kept as running sums so that nothing grows with the number of orders."""

from decimal import Decimal

from msgspec import Struct
from sortedcontainers import SortedList

from tidegate.domain.amounts import ONE, ZERO
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.products import Product
from tidegate.domain.vocabulary import OrderSide, OrderStatus, Purpose


class Reservation(Struct, frozen=True, gc=False, kw_only=True):
    """What one live order reserves.

    `quantity` could still fill; `notional` its value at the order's worst price, in quote currency; `held` what is
    kept free for it in `held_currency` (cost and taker fee of a spot buy, the coins of a spot sell, margin and fee of
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


def reservation(record: OrderRecord, product: Product) -> Reservation | None:
    """What an order reserves as it stands; None once it can no longer fill.

    R4: UNKNOWN reserves in full. The worst price is the higher of the approved one and a pending amend's for a buy.
    """
    quantity = record.reserved_quantity
    if not quantity:
        return None
    order = record.order
    worst = record.worst_price
    if record.asked_price is not None and record.asked_price > worst:
        worst = record.asked_price
    notional = product.notional(quantity, worst)
    is_reducing = order.purpose is not Purpose.ENTRY
    fee = notional * product.taker_fee_rate
    if not product.is_spot:
        held_currency = product.settlement_currency
        held = fee if is_reducing else notional * margin_rate(product, order.leverage) + fee
    elif order.side is OrderSide.BUY:
        held, held_currency = notional + fee, product.quote_currency
    else:
        held, held_currency = quantity, product.base_currency
    return Reservation(
        symbol=order.symbol,
        strategy_id=order.strategy_id,
        side=order.side,
        quantity=quantity,
        notional=notional,
        held=held,
        held_currency=held_currency,
        is_reducing=is_reducing,
        is_unknown=record.status is OrderStatus.UNKNOWN,
        resting_price=None if order.is_taker_only else record.limit_price,
    )


def margin_rate(product: Product, leverage: Decimal | None) -> Decimal:
    """Initial margin as a fraction of notional: the product's own rate, or one over the chosen leverage where that is more."""
    chosen = ONE / leverage if leverage else ZERO
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
        self.reducing: dict[str, Decimal] = {}
        self.unknown: dict[ClientOrderId, None] = {}
        self.bids: SortedList[tuple[Decimal, str]] = SortedList()
        self.asks: SortedList[tuple[Decimal, str]] = SortedList()

    @property
    def reducing_leaves(self) -> Decimal:
        """What live reductions of all strategies may still take."""
        return sum(self.reducing.values(), ZERO)


class Commitments:
    """All live orders' reservations, with their sums by symbol and by currency."""

    def __init__(self) -> None:
        self._by_order: dict[ClientOrderId, Reservation] = {}
        self.by_symbol: dict[str, SymbolCommitments] = {}
        self.held: dict[str, Decimal] = {}

    def __len__(self) -> int:
        return len(self._by_order)

    def of(self, client_order_id: ClientOrderId) -> Reservation | None:
        return self._by_order.get(client_order_id)

    def update(self, record: OrderRecord, product: Product) -> None:
        """Replace what the order reserved by what it reserves now."""
        order_id = record.order.client_order_id
        now = reservation(record, product)
        before = self._by_order.get(order_id)
        if before is not None:
            self._count(order_id, before, -1)
        if now is not None:
            self._by_order[order_id] = now
            self._count(order_id, now, 1)
        elif before is not None:
            del self._by_order[order_id]

    def drop(self, client_order_id: ClientOrderId) -> None:
        """Free what an order reserved."""
        before = self._by_order.pop(client_order_id, None)
        if before is not None:
            self._count(client_order_id, before, -1)

    def _count(self, order_id: ClientOrderId, one: Reservation, sign: int) -> None:
        sums = self.by_symbol.get(one.symbol)
        if sums is None:
            sums = self.by_symbol[one.symbol] = SymbolCommitments()
        sums.orders += sign
        quantity, notional = (one.quantity, one.notional) if sign > 0 else (-one.quantity, -one.notional)
        if one.side is OrderSide.BUY:
            sums.buy_quantity += quantity
            sums.buy_notional += notional
        else:
            sums.sell_quantity += quantity
            sums.sell_notional += notional
        self.held[one.held_currency] = self.held.get(one.held_currency, ZERO) + (one.held if sign > 0 else -one.held)
        if one.is_reducing:
            left = sums.reducing.get(one.strategy_id, ZERO) + quantity
            if left:
                sums.reducing[one.strategy_id] = left
            else:
                sums.reducing.pop(one.strategy_id, None)
        if one.is_unknown:
            if sign > 0:
                sums.unknown[order_id] = None
            else:
                sums.unknown.pop(order_id, None)
        if one.resting_price is not None:
            side = sums.bids if one.side is OrderSide.BUY else sums.asks
            if sign > 0:
                side.add((one.resting_price, order_id))
            else:
                side.remove((one.resting_price, order_id))
