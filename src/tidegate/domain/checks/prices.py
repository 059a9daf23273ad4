"""Prices: what the order would trade against, and how old that is (STALE_MARK); no price is ever invented."""

from decimal import Decimal

from tidegate.domain.ages import is_older, seconds_between
from tidegate.domain.amounts import ONE, plain
from tidegate.domain.checks.draft import Draft, change
from tidegate.domain.orders import TermsChange
from tidegate.domain.protection import protected_price, stale_exit_price
from tidegate.domain.quantities import last_known_price, no_price
from tidegate.domain.refusals import StaleMarkRefused
from tidegate.domain.vocabulary import OrderType, TimeInForce

_HALF = Decimal("0.5")


def price(draft: Draft) -> StaleMarkRefused | None:
    """Read the market, protect a market order, and find the price at which the order is reserved.

    A crossed or unsynchronised book is as good as none; of a one-sided one only the side that has a price is used. An exit
    without a fresh price goes as an immediate-or-cancel limit in the wider band around the last known one.
    """
    _read_market(draft)
    order = draft.order
    if order.order_type is OrderType.MARKET:
        return _market_order(draft)
    if draft.bid is None and draft.ask is None and draft.valuation is None and not draft.is_exit:
        return no_price(order.symbol, order.side)
    limit = draft.limit_price
    if limit is None:
        # A stop without a limit pays what it finds once it has triggered: the collar from its trigger bounds it.
        base = draft.trigger_price if draft.trigger_price is not None else _trailing_start(draft)
        if base is None:
            return no_price(order.symbol, order.side)
        draft.worst_price = base * (ONE + draft.limits.collar_pct) if draft.is_buy else base
    else:
        draft.worst_price = _reserved_at(draft, limit)
    return None


def _read_market(draft: Draft) -> None:
    market, limits = draft.view.market, draft.limits
    book = market.book
    if book is not None and market.is_synced:
        bids, asks = book.bids, book.asks
        bid = bids[0].price if bids else None
        ask = asks[0].price if asks else None
        if bid is None or ask is None:
            draft.book, draft.bid, draft.ask = book, bid, ask
        elif bid < ask:
            draft.book, draft.bid, draft.ask = book, bid, ask
            draft.mid = (bid + ask) * _HALF
        draft.touch = draft.ask if draft.is_buy else draft.bid
    draft.valuation = market.mark.price if market.mark is not None else draft.mid
    bound = limits.max_polled_mark_age_seconds if market.is_polled else limits.max_feed_age_seconds
    heard_at = market.heard_at
    draft.is_stale = heard_at is None or is_older(draft.view.at, heard_at, bound)


def _reserved_at(draft: Draft, limit: Decimal) -> Decimal:
    """A buy pays at most its limit; a sell may fill above its limit, and its exposure is then the larger."""
    if draft.is_buy or draft.bid is None or draft.bid <= limit:
        return limit
    return draft.bid


def _trailing_start(draft: Draft) -> Decimal | None:
    trail, touch = draft.order.trail, draft.touch
    if trail is None or touch is None:
        return None
    return touch + trail if draft.is_buy else touch


def _market_order(draft: Draft) -> StaleMarkRefused | None:
    order, touch, limits = draft.order, draft.touch, draft.limits
    if draft.is_exit and (touch is None or draft.is_stale):
        return _stale_exit(draft)
    if touch is None:
        return no_price(order.symbol, order.side)
    if limits.unprotected:
        draft.worst_price = touch * (ONE + limits.collar_pct) if draft.is_buy else touch
        return None
    limit = protected_price(draft.product, order.side, touch, draft.mid, limits)
    draft.limit_price = limit
    draft.worst_price = _reserved_at(draft, limit)
    draft.changes.append(TermsChange("limit_price", "none", str(limit), "protection of a market order"))
    return None


def _stale_exit(draft: Draft) -> StaleMarkRefused | None:
    order = draft.order
    last = draft.touch if draft.touch is not None else last_known_price(draft.view.market)
    if last is None:
        return no_price(order.symbol, order.side)
    limit = stale_exit_price(draft.product, order.side, last, draft.limits)
    draft.limit_price = limit
    draft.worst_price = _reserved_at(draft, limit)
    draft.time_in_force = TimeInForce.IOC
    change(draft, "limit_price", "none", plain(limit), "no fresh price: the wider band around the last known one")
    return None


def feed_age(draft: Draft) -> StaleMarkRefused | None:
    """How long the connection has been silent, heartbeats included: a quiet book is not a stale one."""
    if not draft.is_stale:
        return None
    market, limits, symbol = draft.view.market, draft.limits, draft.order.symbol
    bound = limits.max_polled_mark_age_seconds if market.is_polled else limits.max_feed_age_seconds
    if market.heard_at is None:
        return StaleMarkRefused(message=f"nothing has been heard of {symbol}", facts={"symbol": symbol})
    age = seconds_between(market.heard_at, draft.view.at)
    return StaleMarkRefused(
        message=f"the feed of {symbol} has been silent for {plain(age)} s, more than {plain(bound)} s",
        figures={"age_seconds": age, "limit_seconds": bound},
        facts={"symbol": symbol},
    )
