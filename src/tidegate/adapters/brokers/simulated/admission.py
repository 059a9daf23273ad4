"""Admission: what the venue refuses on arrival, with the code that it gives."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.orders import Terms
from tidegate.adapters.brokers.words import BUY, FOK, GTC, GTD, IOC, LIMIT, MARKET
from tidegate.domain.amounts import ZERO, plain
from tidegate.domain.products import OPEN_FOR_TRADING, Product, TradingFlags

_GOOD_TIL = (GTC, GTD)
_NOW_OR_NEVER = (IOC, FOK)


class Reject(NamedTuple):
    """A code of `tidegate.domain.refusals.VENUE_REFUSALS`, and the venue's words."""

    code: str
    reason: str


def shape_reject(terms: Terms, at: datetime) -> Reject | None:
    """What is wrong with the order whatever the market: its type, its time in force, its life."""
    kind, tif = terms.order_type, terms.time_in_force
    if kind is LIMIT:
        if terms.limit_price is None:
            return Reject("INVALID", "a LIMIT order needs a limit price")
        if terms.post_only and tif not in _GOOD_TIL:
            return Reject("INVALID", f"post-only does not go with {tif}")
    elif kind is not MARKET:
        return Reject("INVALID", f"{kind} orders are not worked here")
    elif tif not in _NOW_OR_NEVER or terms.post_only:
        return Reject("INVALID", "a MARKET order is IOC or FOK, and never post-only")
    if tif is GTD:
        if terms.expire_at is None:
            return Reject("INVALID", "a GTD order needs expire_at")
        if terms.expire_at <= at:
            return Reject("EXPIRED", f"expire_at {terms.expire_at.isoformat()} has passed")
    return None


def size_reject(terms: Terms, product: Product) -> Reject | None:
    """What is wrong with the amounts: increments and minimums. The caller works in the domain's decimal context."""
    quantity, limit = terms.quantity, terms.limit_price
    if not quantity.is_finite() or quantity <= ZERO:
        return Reject("INVALID", f"quantity {quantity} is not above zero")
    if quantity % product.base_increment:
        return Reject("INVALID", f"quantity {plain(quantity)} is off the increment {plain(product.base_increment)}")
    if limit is not None:
        if not limit.is_finite() or limit <= ZERO:
            return Reject("INVALID", f"limit price {limit} is not above zero")
        if limit % product.price_increment:
            return Reject(
                "INVALID", f"limit price {plain(limit)} is off the increment {plain(product.price_increment)}"
            )
    if quantity < product.minimum_quantity:
        return Reject("MINIMUM", f"quantity {plain(quantity)} is below the minimum {plain(product.minimum_quantity)}")
    if product.maximum_quantity is not None and quantity > product.maximum_quantity:
        return Reject("INVALID", f"quantity {plain(quantity)} is above the maximum {plain(product.maximum_quantity)}")
    if (
        limit is not None
        and product.minimum_notional
        and quantity * limit * product.multiplier < product.minimum_notional
    ):
        return Reject("MINIMUM", f"the notional is below the minimum {plain(product.minimum_notional)}")
    return None


def market_reject(terms: Terms, instrument: Instrument) -> Reject | None:
    """What the venue's state and its book do not let through now."""
    if instrument.is_expired:
        return Reject("MARKET_STATE", "the contract has expired")
    heard = instrument.feed.flags
    flags = instrument.first_flags if heard is None else heard
    if flags is not OPEN_FOR_TRADING and (reject := _flags_reject(terms, flags)) is not None:
        return reject
    side, limit, book = terms.side, terms.limit_price, instrument.book
    bids, asks = book.bids.ordered, book.asks.ordered
    if terms.order_type is MARKET and not (asks if side is BUY else bids):
        return Reject("MARKET_STATE", "the book is empty on the side that this order would take")
    is_crossed = bids and asks and bids[-1].price >= asks[-1].price
    if (terms.post_only or is_crossed) and (limit is None or instrument.would_cross(side, limit)):
        if terms.post_only:
            return Reject("VENUE_POST_ONLY_WOULD_CROSS", "post-only, and it would have taken")
        return Reject("MARKET_STATE", "the book is crossed: nothing can be taken from it")
    if (instrument.asks if side is BUY else instrument.bids).keys:
        own = instrument.own_in_reach(side, limit)
        if own is not None:
            return Reject("SELF_CROSS", f"it would trade with our own order {own.terms.client_order_id}")
    return None


def _flags_reject(terms: Terms, flags: TradingFlags) -> Reject | None:
    if flags.trading_disabled or flags.cancel_only or flags.auction:
        return Reject("MARKET_STATE", "no new orders are taken now")
    if flags.limit_only and terms.order_type is MARKET:
        return Reject("MARKET_STATE", "only limit orders are taken now")
    if flags.post_only and not terms.post_only:
        return Reject("MARKET_STATE", "only post-only orders are taken now")
    return None


def reduce_only_reject(reducible: Decimal) -> Reject | None:
    """A reduce-only order that has nothing to reduce. What is beyond the position is cut off when it fills."""
    if reducible > ZERO:
        return None
    return Reject("VENUE_REDUCE_ONLY", "reduce-only, and there is no position on the other side")
