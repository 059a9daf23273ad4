"""The scripted venue's side of each request: what it does to orders, fills and money."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from tidegate.adapters.brokers.accounts import Accounts, AccountsState, credit
from tidegate.adapters.brokers.scripted.answers import Answer, Effect
from tidegate.adapters.brokers.scripted.truth import Truth, TruthOrder
from tidegate.domain.amounts import exact
from tidegate.domain.fills import Fill
from tidegate.domain.orders import Order
from tidegate.domain.products import Product
from tidegate.domain.submissions import OrderAcknowledged, OrderRejectedByVenue, SubmissionOutcome
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide, OrderType


class ScriptedVenue:
    """Keeps the truth; nothing here waits or is told to anybody."""

    def __init__(
        self,
        product_of: Callable[[str], Product | None],
        reading_of: Callable[[str], MarketReading],
        balances: Mapping[str, Decimal],
    ) -> None:
        self.truth = Truth()
        self.accounts = Accounts(AccountsState(balances=dict(balances)))
        self._product_of = product_of
        self._reading_of = reading_of

    def submit(self, order: Order, answer: Answer, at: datetime) -> tuple[SubmissionOutcome, list[Fill]]:
        """What happens to an order, and the truthful answer with the fills it would carry."""
        known = self.truth.orders.get(order.client_order_id)
        if known is not None:
            return self._known(known, order, at), []
        if answer.effect is Effect.REJECT:
            return self._reject(order, answer.code, answer.reason, at, is_kept=not answer.accepts_late), []
        if answer.effect is Effect.BEHAVE:
            return self._behave(order, at)
        accepted = self.truth.accept(order, at, answer.accepted_quantity)
        fills = []
        if answer.effect is Effect.FILL:
            quantity = accepted.quantity if answer.quantity is None else answer.quantity
            fills.append(self.fill(accepted, quantity, answer.price, at))
        return acknowledged(accepted, fills, at), fills

    @exact
    def fill(self, order: TruthOrder, quantity: Decimal | None, price: Decimal | None, at: datetime) -> Fill:
        """Execute this much of an order, or all that is left: at the price given, the touch, or its limit.

        Raises:
            ValueError: there is no price to be had.
        """
        product = self._product(order.order.symbol)
        chosen = price if price is not None else self._touch(order.order) or order.limit_price
        if chosen is None:
            raise ValueError(f"no price to fill {order.order.client_order_id} at: give one, or set a book")
        amount = order.leaves_quantity if quantity is None else quantity
        value = product.notional(amount, chosen)
        fee = credit(value * product.taker_fee_rate)
        currency = product.quote_currency if product.is_spot else product.settlement_currency
        fill = self.truth.fill(order, amount, chosen, at, fee, currency)
        self.accounts.book(product, fill, value)
        return fill

    def accept_late(self, order: Order, at: datetime) -> TruthOrder:
        """Take an order that was rejected, or lost, before; one that came since by another way is not taken twice."""
        known = self.truth.orders.get(order.client_order_id)
        if known is not None and not known.rejected_code:
            return known
        self.truth.orders.pop(order.client_order_id, None)
        return self.truth.accept(order, at)

    def _behave(self, order: Order, at: datetime) -> tuple[SubmissionOutcome, list[Fill]]:
        touch = self._touch(order)
        is_market = order.order_type is OrderType.MARKET
        if touch is None and is_market:
            return self._reject(order, "MARKET_STATE", "there is no price on that side of the book", at), []
        crosses = touch is not None and (order.limit_price is None or _reaches(order.side, order.limit_price, touch))
        if crosses and order.post_only:
            return self._reject(order, "VENUE_POST_ONLY_WOULD_CROSS", "post-only, and it would have taken", at), []
        accepted = self.truth.accept(order, at)
        fills = [self.fill(accepted, None, touch, at)] if crosses else []
        if not fills and (order.is_taker_only or is_market):
            accepted.is_canceled = True
        return acknowledged(accepted, fills, at), fills

    def _reject(
        self, order: Order, code: str, reason: str, at: datetime, *, is_kept: bool = True
    ) -> OrderRejectedByVenue:
        if is_kept:
            rejected = self.truth.accept(order, at)
            rejected.rejected_code, rejected.rejected_reason = code, reason
        return OrderRejectedByVenue(code=code, reason=reason, at=at)

    def _known(self, known: TruthOrder, order: Order, at: datetime) -> SubmissionOutcome:
        """Class A: the first order answers for a second with its id."""
        if known.rejected_code:
            return OrderRejectedByVenue(code=known.rejected_code, reason=known.rejected_reason, at=at)
        first = known.order
        if (first.symbol, first.side, first.quantity, first.limit_price) != (
            order.symbol,
            order.side,
            order.quantity,
            order.limit_price,
        ):
            reason = f"client order id {order.client_order_id} was used for an order with other terms"
            return OrderRejectedByVenue(code="INVALID", reason=reason, at=at)
        fills = [fill for fill in self.truth.fills if fill.client_order_id == order.client_order_id]
        return acknowledged(known, fills, at)

    def _touch(self, order: Order) -> Decimal | None:
        book = self._reading_of(order.symbol).book
        if book is None or book.is_crossed:
            return None
        return book.best_ask if order.side is OrderSide.BUY else book.best_bid

    def _product(self, symbol: str) -> Product:
        product = self._product_of(symbol)
        if product is None:
            raise ValueError(f"the scripted venue has no product {symbol}")
        return product


def acknowledged(order: TruthOrder, fills: list[Fill], at: datetime) -> OrderAcknowledged:
    """The truthful answer to a submit that was taken."""
    return OrderAcknowledged(
        venue_order_id=order.venue_order_id,
        at=at,
        fills=tuple(fills),
        is_finished=order.is_canceled or order.is_expired,
    )


def _reaches(side: OrderSide, limit: Decimal, touch: Decimal) -> bool:
    return touch <= limit if side is OrderSide.BUY else touch >= limit
