"""Arrivals: what only the venue judges when an order gets there, told of a plan by the market as it stands now."""

from decimal import Decimal

from tidegate.domain.amounts import plain
from tidegate.domain.orders import Order
from tidegate.domain.outcomes import Answer, CheckVerdict
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide, TriggerDirection, TriggerSource


def arrival_warning(order: Order, market: MarketReading) -> CheckVerdict | None:
    """What a venue would refuse of an order that arrived now; None where nothing, or where the market is not known.

    No refusal of ours: until the order is there the market moves, and venues differ in what they do of it.
    """
    if order.post_only and _would_take(order, market):
        return _warning("VENUE_POST_ONLY_WOULD_CROSS", "post-only, and as the book stands it would take")
    if order.trigger_price is not None and _is_past(order, order.trigger_price, market):
        words = f"the market is past the trigger {plain(order.trigger_price)} already"
        return _warning("VENUE_WOULD_TRIGGER", words)
    return None


def _would_take(order: Order, market: MarketReading) -> bool:
    limit, book = order.limit_price, market.book
    if limit is None or book is None or book.is_crossed:
        return False
    if order.side is OrderSide.BUY:
        return book.best_ask is not None and limit >= book.best_ask
    return book.best_bid is not None and limit <= book.best_bid


def _is_past(order: Order, trigger: Decimal, market: MarketReading) -> bool:
    reached = _watched(order, market)
    if reached is None:
        return False
    return reached >= trigger if order.trigger_direction is TriggerDirection.AT_OR_ABOVE else reached <= trigger


def _watched(order: Order, market: MarketReading) -> Decimal | None:
    """The price that the trigger watches."""
    match order.trigger_source:
        case TriggerSource.MARK:
            return market.mark.price if market.mark is not None else None
        case TriggerSource.INDEX:
            return market.index_price
        case _:
            return market.last_price


def _warning(code: str, message: str) -> CheckVerdict:
    return CheckVerdict(check=code, answer=Answer.WARN, message=message)
