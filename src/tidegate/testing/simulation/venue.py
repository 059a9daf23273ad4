"""The venue: takes, matches and ends orders in the truth, and says so; what becomes of its words is not its own."""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.vocabulary import Delivery, OrderSide, OrderType, TimeInForce
from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.market import BY_SYMBOL, Market
from tidegate.testing.simulation.truth import TrueFill, TrueOrder, TrueReject, Truth

TICK_SECONDS = 2.0
"""How often resting orders are matched against the market."""


class Request(Struct, frozen=True, kw_only=True):
    """A submit as it travels."""

    client_order_id: str
    symbol: str
    side: OrderSide
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    limit_price: Decimal | None
    post_only: bool
    reduce_only: bool
    expires_at: float | None = None


class Accepted(Struct, frozen=True):
    """The venue works the order, or has worked it: with what it filled on arrival."""

    order: TrueOrder
    fills: tuple[TrueFill, ...]
    is_finished: bool


class Rejected(Struct, frozen=True):
    """The venue does not work the order."""

    code: str
    reason: str


Said = TrueOrder | TrueFill
"""What the venue tells of its own accord."""


class Venue:
    """An exchange with two products. It never lies, except where a fault of the plan makes it."""

    def __init__(
        self, delivery: Delivery, market: Market, time: Callable[[], float], dice: Dice, say: Callable[[Said], None]
    ) -> None:
        self.truth = Truth()
        self.delivery = delivery
        self.closed: set[str] = set()
        self.received: list[tuple[str, float]] = []
        self.rejected: dict[str, Request] = {}
        self._market = market
        self._time = time
        self._dice = dice
        self._say = say
        self._expiries: dict[str, float] = {}

    def submit(
        self, request: Request, *, rejects: Rejected | None = None, shrinks: bool = False
    ) -> Accepted | Rejected:
        """One request that arrived. `rejects` and `shrinks` are what a fault has the venue do with it."""
        at = self._time()
        self.received.append((request.client_order_id, at))
        known = self.truth.first(request.client_order_id)
        if known is not None and self.delivery is Delivery.A:
            told = tuple(fill for fill in self.truth.fills if fill.order is known and not fill.is_reversal)
            return Accepted(known, told, known.state == "canceled")
        why = rejects or self._why_not(request)
        if why is not None:
            self.truth.rejects.append(
                TrueReject(client_order_id=request.client_order_id, code=why.code, reason=why.reason, at=at)
            )
            self.rejected[request.client_order_id] = request
            return why
        order = self._take(request, at, shrinks)
        if request.expires_at is not None:
            self._expiries[order.venue_order_id] = request.expires_at
        fills = self._cross(order)
        if order.is_open and order.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
            order.state = "canceled"
        self._tell(order, fills)
        return Accepted(order, tuple(fills), order.state == "canceled")

    def _take(self, request: Request, at: float, shrinks: bool) -> TrueOrder:
        quantity = request.quantity / 2 if shrinks else request.quantity
        return self.truth.take(
            TrueOrder(
                venue_order_id=f"V{len(self.truth.orders) + 1:05d}",
                client_order_id=request.client_order_id,
                symbol=request.symbol,
                side=request.side,
                quantity=quantity,
                limit_price=request.limit_price,
                time_in_force=request.time_in_force,
                reduce_only=request.reduce_only,
                arrived_at=at,
                asked_quantity=request.quantity,
                changed_at=at,
                post_only=request.post_only,
                is_altered=shrinks,
            )
        )

    def _why_not(self, request: Request) -> Rejected | None:
        product = BY_SYMBOL[request.symbol]
        if request.symbol in self.closed:
            return Rejected("MARKET_STATE", f"{request.symbol} takes cancels only")
        book = self._market.book(request.symbol, int(self._time()))
        touch = book.best_ask if request.side is OrderSide.BUY else book.best_bid
        if touch is None:
            return Rejected("MARKET_STATE", "no price on that side")
        price = request.limit_price if request.limit_price is not None else touch
        if request.post_only and _reaches(request.side, price, touch):
            return Rejected("VENUE_POST_ONLY_WOULD_CROSS", "it would have taken")
        held = self.truth.positions.get(request.symbol, Decimal(0))
        if request.reduce_only and not product.is_spot and held * request.side.sign >= 0:
            return Rejected("VENUE_REDUCE_ONLY", "there is nothing to reduce")
        if product.is_spot and request.side is OrderSide.SELL and request.quantity > held:
            return Rejected("VENUE_INSUFFICIENT_FUNDS", f"{held} to sell")
        is_spot_buy = product.is_spot and request.side is OrderSide.BUY
        if is_spot_buy and request.quantity * price > self.truth.balance("USD"):
            return Rejected("VENUE_INSUFFICIENT_FUNDS", "not enough dollars")
        return None

    def _cross(self, order: TrueOrder) -> list[TrueFill]:
        """Take what the book shows up to the limit; a fill-or-kill takes all or nothing."""
        at, wanted, takes = self._time(), self._fillable(order), []
        for level in self._market.book(order.symbol, int(at)).side(order.side):
            if wanted <= 0 or (
                order.limit_price is not None and not _reaches(order.side, order.limit_price, level.price)
            ):
                break
            takes.append((min(wanted, level.quantity), level.price))
            wanted -= takes[-1][0]
        if order.time_in_force is TimeInForce.FOK and wanted > 0:
            return []
        return [self.truth.fill(order, quantity, price, at, is_taker=True) for quantity, price in takes]

    def _fillable(self, order: TrueOrder) -> Decimal:
        """What is left of it, and of a reduce-only order no more than what there is to reduce."""
        if not order.reduce_only or BY_SYMBOL[order.symbol].is_spot:
            return order.left
        held = self.truth.positions.get(order.symbol, Decimal(0))
        return min(order.left, abs(held)) if held * order.side.sign < 0 else Decimal(0)

    def cancel(self, client_order_id: str) -> str:
        """Stop working an order: `done`, or why not."""
        orders = self.truth.by_client_id.get(client_order_id, [])
        if not orders:
            return "unknown order"
        open_ones = [order for order in orders if order.is_open]
        for order in open_ones:
            self._end(order, "canceled")
        return "done" if open_ones else f"it is {orders[0].state}"

    def match(self) -> None:
        """Let the market meet what rests; called every tick."""
        at = self._time()
        for order in self.truth.open_orders():
            if self._expiries.get(order.venue_order_id, at + 1) <= at:
                self._end(order, "expired")
                continue
            touch = self._market.touch(order.symbol, int(at), order.side)
            if order.limit_price is None or not _reaches(order.side, order.limit_price, touch):
                continue
            wanted = self._fillable(order)
            if wanted <= 0:
                self._end(order, "canceled")
                continue
            self._tell(order, [self._rest_filled(order, wanted, at)])

    def _rest_filled(self, order: TrueOrder, wanted: Decimal, at: float) -> TrueFill:
        """All of it, or half on the product's grid."""
        step = BY_SYMBOL[order.symbol].base_increment
        half = (wanted / 2 // step) * step
        quantity = half if half > 0 and self._dice.happens(0.5) else wanted
        return self.truth.fill(order, quantity, order.limit_price or Decimal(0), at, is_taker=False)

    def overfill(self, order: TrueOrder, quantity: Decimal) -> None:
        """S8: the venue executes more than it was asked for."""
        price = self._market.mid(order.symbol, int(self._time()))
        self._tell(order, [self.truth.fill(order, quantity, price, self._time(), is_taker=True)])

    def external(self, request: Request) -> TrueOrder:
        """S10: somebody with the same account places an order by hand."""
        order = self._take(request, self._time(), False)
        order.is_external = True
        self._tell(order, self._cross(order))
        if order.is_open and order.time_in_force is TimeInForce.IOC:
            order.state = "canceled"
        return order

    def _end(self, order: TrueOrder, state: str) -> None:
        order.state, order.changed_at = state, self._time()
        self._tell(order, [])

    def _tell(self, order: TrueOrder, fills: list[TrueFill]) -> None:
        for fill in fills:
            self._say(fill)
        self._say(order)


def _reaches(side: OrderSide, limit: Decimal, price: Decimal) -> bool:
    return price <= limit if side is OrderSide.BUY else price >= limit
