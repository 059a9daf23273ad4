"""Truth: the simulated venue's own ledger, which the application cannot see and every judgement is held against.

Written apart from the application's code on purpose: small, in its own words, with nothing borrowed that could be wrong
on both sides.
"""

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from tidegate.domain.vocabulary import OrderSide, TimeInForce
from tidegate.testing.simulation.market import BY_SYMBOL, OPENING_USD


class TrueOrder(Struct, kw_only=True, eq=False):
    """One order that the venue took."""

    venue_order_id: str
    client_order_id: str
    symbol: str
    side: OrderSide
    quantity: Decimal
    limit_price: Decimal | None
    time_in_force: TimeInForce
    reduce_only: bool
    arrived_at: float
    asked_quantity: Decimal
    filled: Decimal = Decimal(0)
    state: str = "open"
    is_external: bool = False
    changed_at: float = 0.0
    reduced_reason: str = ""
    post_only: bool = False
    is_altered: bool = False

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def left(self) -> Decimal:
        return self.quantity - self.filled


class TrueFill(Struct, kw_only=True, frozen=True):
    """One execution; a position on paper and money both follow from it."""

    trade_id: str
    order: TrueOrder
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: float
    is_taker: bool
    is_reversal: bool = False

    @property
    def sign(self) -> int:
        """Which way it moves the position: a reversal (S9) moves it back."""
        return -self.order.side.sign if self.is_reversal else self.order.side.sign


class TrueReject(Struct, kw_only=True, frozen=True):
    """A request that the venue turned down."""

    client_order_id: str
    code: str
    reason: str
    at: float


class Truth:
    """Every order, fill and reject in the order in which they happened, and the money that follows from them."""

    def __init__(self) -> None:
        self.orders: list[TrueOrder] = []
        self.by_client_id: dict[str, list[TrueOrder]] = {}
        self.rejects: list[TrueReject] = []
        self.fills: list[TrueFill] = []
        self.busted: list[TrueFill] = []
        self._begin()

    def _begin(self) -> None:
        self.balances: dict[str, Decimal] = {"USD": OPENING_USD}
        self.positions: dict[str, Decimal] = {}
        self._costs: dict[str, Fraction] = {}
        self.realized: Fraction = Fraction(0)

    def take(self, order: TrueOrder) -> TrueOrder:
        """Work an order from now on."""
        self.orders.append(order)
        self.by_client_id.setdefault(order.client_order_id, []).append(order)
        return order

    def first(self, client_order_id: str) -> TrueOrder | None:
        found = self.by_client_id.get(client_order_id)
        return found[0] if found else None

    def open_orders(self) -> list[TrueOrder]:
        return [order for order in self.orders if order.is_open]

    def fill(self, order: TrueOrder, quantity: Decimal, price: Decimal, at: float, *, is_taker: bool) -> TrueFill:
        """One execution, with its fee in dollars."""
        product = BY_SYMBOL[order.symbol]
        rate = product.taker_fee_rate if is_taker else product.maker_fee_rate
        value = quantity * price * product.multiplier
        fill = TrueFill(
            trade_id=f"T{len(self.fills) - len(self.busted) + 1:05d}",
            order=order,
            quantity=quantity,
            price=price,
            fee=value * rate,
            at=at,
            is_taker=is_taker,
        )
        self.fills.append(fill)
        order.filled += quantity
        order.changed_at = at
        if order.filled >= order.quantity:
            order.state = "filled"
        self._settle(fill)
        return fill

    def bust(self, fill: TrueFill) -> None:
        """S9: take an execution back by one that reverses it at its own moment; what followed is settled anew."""
        reversal = replace(fill, trade_id=f"{fill.trade_id}:bust", fee=-fill.fee, is_reversal=True)
        self.busted.append(fill)
        self.fills.append(reversal)
        self.fills.sort(key=lambda one: (one.at, len(one.trade_id), one.trade_id))
        self._begin()
        for one in self.fills:
            self._settle(one)

    def _settle(self, fill: TrueFill) -> None:
        symbol, sign = fill.order.symbol, fill.sign
        signed = fill.quantity * sign
        held = self.positions.get(symbol, Decimal(0))
        self.positions[symbol] = held + signed
        self._pay("USD", -fill.fee)
        product = BY_SYMBOL[symbol]
        if product.is_spot:
            self._pay(product.base_currency, signed)
            self._pay("USD", -signed * fill.price)
            return
        # A derivative pays only its profit, on what a fill closes, against the average of what was open.
        cost = self._costs.get(symbol, Fraction(0))
        closes = min(abs(held), fill.quantity) if held * signed < 0 else Decimal(0)
        if closes:
            share = cost * Fraction(closes) / Fraction(abs(held))
            gain = Fraction(closes * fill.price * product.multiplier) * (1 if held > 0 else -1) - share
            self.realized += gain
            cost -= share
        opens = fill.quantity - closes
        self._costs[symbol] = cost + Fraction(opens * fill.price * product.multiplier) * sign

    def _pay(self, currency: str, amount: Decimal) -> None:
        self.balances[currency] = self.balances.get(currency, Decimal(0)) + amount

    def balance(self, currency: str) -> Decimal:
        """A balance as the venue tells it: what was paid, and profits to the eighteenth decimal."""
        paid = self.balances.get(currency, Decimal(0))
        if currency != "USD" or not self.realized:
            return paid
        return paid + Decimal(round(self.realized * 10**18)).scaleb(-18)
