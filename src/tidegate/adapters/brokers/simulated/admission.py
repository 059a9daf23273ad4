"""Admission: what the venue refuses on arrival, with the code that it gives."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.orders import Terms, first_trigger
from tidegate.adapters.brokers.simulated.triggers import reach_of
from tidegate.adapters.brokers.words import BUY, FOK, GTC, GTD, IOC, LIMIT, MARKET
from tidegate.domain.amounts import ZERO, plain
from tidegate.domain.products import OPEN_FOR_TRADING, Product, TradingFlags
from tidegate.domain.vocabulary import OrderType, TriggerDirection, TriggerSource

_GOOD_TIL = (GTC, GTD)
_NOW_OR_NEVER = (IOC, FOK)


_TRIGGERED = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT, OrderType.TRAILING_STOP)


class Reject(NamedTuple):
    """A code of `tidegate.domain.rejections.VENUE_REFUSALS`, and the venue's words."""

    code: str
    reason: str


def shape_reject(terms: Terms, at: datetime) -> Reject | None:
    """What is wrong with the order whatever the market: its type, its time in force, its life."""
    kind, tif = terms.order_type, terms.time_in_force
    if kind in _TRIGGERED:
        reject = _trigger_shape_reject(terms)
        if reject is not None:
            return reject
    elif terms.trigger_direction is not None:
        return Reject("INVALID", f"a {kind} order has no trigger")
    elif kind is LIMIT:
        if terms.limit_price is None:
            return Reject("INVALID", "a LIMIT order needs a limit price")
        if terms.post_only and tif not in _GOOD_TIL:
            return Reject("INVALID", f"post-only does not go with {tif}")
    elif tif not in _NOW_OR_NEVER or terms.post_only:
        return Reject("INVALID", "a MARKET order is IOC or FOK, and never post-only")
    return _life_reject(terms, at) if tif is GTD else None


def _life_reject(terms: Terms, at: datetime) -> Reject | None:
    if terms.expire_at is None:
        return Reject("INVALID", "a GTD order needs expire_at")
    if terms.expire_at <= at:
        return Reject("EXPIRED", f"expire_at {terms.expire_at.isoformat()} has passed")
    return None


def _trigger_shape_reject(terms: Terms) -> Reject | None:
    """A trigger has a direction, a source that is known here, and a price or a trail."""
    kind = terms.order_type
    if terms.time_in_force not in _GOOD_TIL or terms.post_only:
        return Reject("INVALID", f"a {kind} order is GTC or GTD, and never post-only")
    if terms.trigger_direction is None or terms.trigger_source is None:
        return Reject("INVALID", f"a {kind} order needs a trigger's direction and source")
    if terms.trigger_source is TriggerSource.INDEX:
        return Reject("INVALID", "no index is known here: a trigger watches the last price or the mark")
    if (terms.trail is None) is (kind is OrderType.TRAILING_STOP):
        return Reject("INVALID", "a TRAILING_STOP order needs a trail, and no other has one")
    if (terms.trigger_price is None) is not (kind is OrderType.TRAILING_STOP):
        return Reject("INVALID", f"a {kind} order needs a trigger price" if terms.trail is None else "a trail has none")
    if (terms.limit_price is None) is (kind is OrderType.STOP_LIMIT):
        return Reject("INVALID", "a STOP_LIMIT order needs a limit price, and no other trigger has one")
    return None


def here_of(terms: Terms, instrument: Instrument) -> Decimal:
    """The price that a trailing order begins to follow from; zero where its market is not known."""
    reach = reach_of(instrument.feed, terms.trigger_source or TriggerSource.LAST)
    return (reach.down if terms.trigger_direction is TriggerDirection.AT_OR_ABOVE else reach.up) or ZERO


def trigger_reject(terms: Terms, instrument: Instrument) -> Reject | None:
    """A trigger is judged on arrival: one that the market is past already is refused, and so is one without a market.

    Both prices must be known, the one that a trail follows and the one that reaches the trigger.
    """
    reach = reach_of(instrument.feed, terms.trigger_source or TriggerSource.LAST)
    if reach.up is None or reach.down is None:
        return Reject("MARKET_STATE", f"there is no {terms.trigger_source} price to hold the trigger against")
    trigger = terms.trigger_price
    if trigger is None:
        first = first_trigger(terms, here_of(terms, instrument))
        return Reject("INVALID", "the trail is longer than the price") if first is None or first <= ZERO else None
    if trigger <= reach.up if terms.trigger_direction is TriggerDirection.AT_OR_ABOVE else trigger >= reach.down:
        return Reject("VENUE_WOULD_TRIGGER", f"the market is past the trigger {plain(trigger)} already")
    return None


def size_reject(terms: Terms, product: Product) -> Reject | None:
    """What is wrong with the amounts: increments and minimums. The caller works in the domain's decimal context."""
    quantity, limit = terms.quantity, terms.limit_price
    if not quantity.is_finite() or quantity <= ZERO:
        return Reject("INVALID", f"quantity {quantity} is not above zero")
    if quantity % product.base_increment:
        return Reject("INVALID", f"quantity {plain(quantity)} is off the increment {plain(product.base_increment)}")
    for name, price in (("limit price", limit), ("trigger price", terms.trigger_price), ("trail", terms.trail)):
        if price is None:
            continue
        if not price.is_finite() or price <= ZERO:
            return Reject("INVALID", f"{name} {price} is not above zero")
        if price % product.price_increment:
            return Reject("INVALID", f"{name} {plain(price)} is off the increment {plain(product.price_increment)}")
    if quantity < product.minimum_quantity:
        return Reject("MINIMUM", f"quantity {plain(quantity)} is below the minimum {plain(product.minimum_quantity)}")
    if product.maximum_quantity is not None and quantity > product.maximum_quantity:
        return Reject("INVALID", f"quantity {plain(quantity)} is above the maximum {plain(product.maximum_quantity)}")
    price = limit if limit is not None else terms.trigger_price
    if (
        price is not None
        and product.minimum_notional
        and quantity * price * product.multiplier < product.minimum_notional
    ):
        return Reject("MINIMUM", f"the notional is below the minimum {plain(product.minimum_notional)}")
    return None


def window_reject(terms: Terms, instrument: Instrument, at: datetime) -> Reject | None:
    """Whether the venue takes no such order now: outside of the session, after the expiry, or as restricted."""
    product, flags = instrument.product, instrument.flags
    if product.opens_at is not None and at < product.opens_at:
        return Reject("MARKET_STATE", f"the session begins at {product.opens_at.isoformat()}")
    if instrument.is_expired:
        return Reject("MARKET_STATE", "the contract has expired")
    return None if flags is OPEN_FOR_TRADING else _flags_reject(terms, flags)


def market_reject(terms: Terms, instrument: Instrument, at: datetime) -> Reject | None:
    """What the venue's state and its book do not let through now."""
    reject = window_reject(terms, instrument, at)
    if reject is not None:
        return reject
    side, limit, book = terms.side, terms.limit_price, instrument.book
    bids, asks = book.bids.ordered, book.asks.ordered
    if limit is None and not (asks if side is BUY else bids):
        return Reject("MARKET_STATE", "the book is empty on the side that this order would take")
    is_crossed = bids and asks and bids[-1].price >= asks[-1].price
    if (terms.post_only or is_crossed) and (limit is None or instrument.would_cross(side, limit)):
        if terms.post_only:
            return Reject("VENUE_POST_ONLY_WOULD_CROSS", "post-only, and it would have taken")
        return Reject("MARKET_STATE", "the book is crossed: nothing can be taken from it")
    return None


def own_reject(terms: Terms, instrument: Instrument, *, refuses_newest: bool) -> Reject | None:
    """What an own order in the way refuses: the newer one, where that is the rule, and in any case a post-only one."""
    if not (instrument.asks if terms.side is BUY else instrument.bids).keys:
        return None
    own = instrument.own_in_reach(terms.side, terms.limit_price)
    if own is None:
        return None
    if refuses_newest:
        return Reject("SELF_CROSS", f"it would trade with our own order {own.terms.client_order_id}")
    return Reject("VENUE_POST_ONLY_WOULD_CROSS", "post-only, and it would meet our own") if terms.post_only else None


def _flags_reject(terms: Terms, flags: TradingFlags) -> Reject | None:
    if flags.trading_disabled or flags.cancel_only or flags.auction:
        return Reject("MARKET_STATE", "no new orders are taken now")
    if flags.limit_only and (terms.order_type is MARKET or terms.limit_price is None):
        return Reject("MARKET_STATE", "only limit orders are taken now")
    if flags.post_only and not terms.post_only:
        return Reject("MARKET_STATE", "only post-only orders are taken now")
    return None


def reduce_only_reject(reducible: Decimal) -> Reject | None:
    """A reduce-only order that has nothing to reduce. What is beyond the position is cut off when it fills."""
    if reducible > ZERO:
        return None
    return Reject("VENUE_REDUCE_ONLY", "reduce-only, and there is no position on the other side")
