"""Quantities: how much a decision asks for in units of the product, whichever way it says so."""

from datetime import datetime
from decimal import Decimal

from tidegate.domain.ages import is_older, seconds_between
from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE, ONE, flaw, plain
from tidegate.domain.decisions import Decision
from tidegate.domain.marks import Mark
from tidegate.domain.outcomes import NoOrderNeeded
from tidegate.domain.products import Product, floor_to
from tidegate.domain.protection import protected_price, slippage_allowance, stale_exit_price
from tidegate.domain.refusals import AmbiguousSizeRefused, InvalidRefused, Remedy, StaleMarkRefused
from tidegate.domain.risk import RiskLimits
from tidegate.domain.timeliness import premature
from tidegate.domain.touch import Touch
from tidegate.domain.validity import invalid
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide, OrderType

SizeRefused = AmbiguousSizeRefused | InvalidRefused | StaleMarkRefused
_ONE_PER_CENT = Decimal("0.01")
_HUGE = Decimal(10) ** MAX_DIGITS_EACH_SIDE
_BUY = OrderSide.BUY


def quantity_asked(
    decision: Decision,
    side: OrderSide,
    kind: OrderType,
    product: Product,
    market: MarketReading,
    touch: Touch,
    limits: RiskLimits,
    mark: Mark | Decimal | None,
    at: datetime,
) -> Decimal | NoOrderNeeded | SizeRefused:
    """The size in units of the product.

    A quantity is taken as it stands (review rounds it and says so); a notional is divided by the worst price that a buy
    may pay, by the bid for a sell, and rounded down to the increment. Both together must agree within 1 %, and the
    smaller counts.
    """
    notional, quantity = decision.target_notional, decision.quantity
    if not notional:
        if quantity:
            return quantity
        if quantity is None and notional is None:
            return invalid("target_notional", "or quantity must say how much")
        return NoOrderNeeded(decision_id=decision.decision_id, reason="the size is zero")
    price = _sizing_price(decision, side, kind, product, market, touch, limits, mark, at)
    if type(price) is not Decimal:
        return price
    size = notional / (price if product.multiplier is ONE else price * product.multiplier)
    if size >= _HUGE:
        return invalid("target_notional", f"comes to more than {MAX_DIGITS_EACH_SIDE} digits of quantity")
    from_notional = floor_to(size, product.base_increment)
    if quantity is None:
        return from_notional
    stated = quantity * price * product.multiplier
    if abs(stated - notional) > _ONE_PER_CENT * max(stated, notional):
        return _ambiguous(quantity, notional, price, stated)
    return quantity if quantity < from_notional else from_notional


def _ambiguous(quantity: Decimal, notional: Decimal, price: Decimal, stated: Decimal) -> AmbiguousSizeRefused:
    return AmbiguousSizeRefused(
        message=f"quantity {plain(quantity)} is worth {plain(round(stated, 8))} at {plain(price)}, "
        f"more than 1 % from the notional {plain(notional)}",
        figures={"quantity": quantity, "target_notional": notional, "price": price, "stated_notional": stated},
        remedy=Remedy("give one of the two", {"target_notional": None}),
    )


def _sizing_price(
    decision: Decision,
    side: OrderSide,
    kind: OrderType,
    product: Product,
    market: MarketReading,
    touch: Touch,
    limits: RiskLimits,
    mark: Mark | Decimal | None,
    at: datetime,
) -> Decimal | InvalidRefused | StaleMarkRefused:
    """What a notional is divided by."""
    bid, ask, mid = touch
    is_buy = side is _BUY
    if is_buy:
        if decision.limit_price is not None:
            return decision.limit_price
        if decision.stop_trigger is not None:
            return decision.stop_trigger * (ONE + limits.collar_pct)
    price = ask if is_buy else bid
    if mark is not None:
        if isinstance(mark, Mark) and not decision.reduce_only and (early := premature(mark, at, limits)) is not None:
            return early
        seen = _seen_price(mark, at, limits)
        if not isinstance(seen, Decimal):
            return seen
        # The caller's price may only make the order smaller, so the higher of the two divides.
        price = seen if price is None or seen > price else price
    if price is None:
        return _price_without_touch(decision, side, product, market, limits)
    if not is_buy:
        return price
    if kind is OrderType.TRAILING_STOP and decision.trail is not None:
        return (price + decision.trail) * (ONE + limits.collar_pct)
    return protected_price(product, side, price, slippage_allowance(price, mid, limits), limits)


def _seen_price(mark: Mark | Decimal, at: datetime, limits: RiskLimits) -> Decimal | InvalidRefused | StaleMarkRefused:
    price = mark if isinstance(mark, Decimal) else mark.price
    reason = flaw(price)
    if reason is not None or not price:
        return invalid("mark", reason or "must be above zero")
    if isinstance(mark, Mark) and is_older(at, mark.at, limits.max_feed_age_seconds):
        age = seconds_between(mark.at, at)
        return StaleMarkRefused(
            message=f"the mark given is {plain(age)} s old, more than {plain(limits.max_feed_age_seconds)} s",
            figures={"age_seconds": age, "limit_seconds": limits.max_feed_age_seconds},
        )
    return price


def _price_without_touch(
    decision: Decision, side: OrderSide, product: Product, market: MarketReading, limits: RiskLimits
) -> Decimal | StaleMarkRefused:
    """A resting sell has its own price; an exit takes the last known one and its band; an entry has none."""
    last = last_known_price(market)
    if decision.reduce_only and last is not None:
        return last if side is OrderSide.SELL else stale_exit_price(product, side, last, limits)
    if decision.limit_price is not None:
        return decision.limit_price
    return no_price(product.symbol, side)


def last_known_price(market: MarketReading) -> Decimal | None:
    """The best of what was last known where no touch can be read: last trade, mark, median mid, index."""
    if market.last_price is not None:
        return market.last_price
    if market.mark is not None:
        return market.mark.price
    return market.reference_mid if market.reference_mid is not None else market.index_price


def no_price(symbol: str, side: OrderSide) -> StaleMarkRefused:
    """No price is invented: without one to trade against there is no order."""
    word = "ask" if side is OrderSide.BUY else "bid"
    message = f"{symbol} has no {word} to trade against"
    return StaleMarkRefused(message=message, facts={"symbol": symbol, "side": side.value})
