"""Prices: what the order would trade against, and how old that is (STALE_MARK); no price is ever invented."""

from decimal import Decimal

from tidegate.domain.ages import is_silent, seconds_between
from tidegate.domain.amounts import ONE, ZERO, plain
from tidegate.domain.checks.draft import Draft, change
from tidegate.domain.orders import TermsChange
from tidegate.domain.protection import PROTECTED, protected_price, slippage_allowance, stale_exit_price
from tidegate.domain.quantities import last_known_price, no_price
from tidegate.domain.refusals import StaleMarkRefused
from tidegate.domain.touch import touch_of
from tidegate.domain.vocabulary import TimeInForce


def price(draft: Draft) -> StaleMarkRefused | None:
    """Read the market, protect a market order, and find the price at which the order is reserved.

    A crossed or unsynchronised book is as good as none; of a one-sided one only the side that has a price is used. An
    exit without a fresh price goes as an immediate-or-cancel limit in the wider band around the last known one.
    """
    _read_market(draft)
    if draft.is_market:
        return _market_order(draft)
    order, limit = draft.order, draft.limit_price
    if draft.bid is None and draft.ask is None and draft.valuation is None and not draft.is_exit:
        return no_price(order.symbol, order.side)
    if limit is not None:
        draft.worst_price = _reserved_at(draft, limit)
        return None
    # A stop without a limit pays what it finds once it has triggered: the collar from its trigger bounds it.
    start = draft.trigger_price if draft.trigger_price is not None else _trailing_start(draft)
    if start is None:
        return no_price(order.symbol, order.side)
    draft.worst_price = start * (ONE + draft.limits.collar_pct) if draft.is_buy else start
    return None


def _read_market(draft: Draft) -> None:
    market, limits = draft.view.market, draft.limits
    bid, ask, mid = touch_of(market)
    touch = ask if draft.is_buy else bid
    if bid is not None or ask is not None:
        draft.book, draft.bid, draft.ask, draft.mid, draft.touch = market.book, bid, ask, mid, touch
        if touch is not None:
            draft.allowance = slippage_allowance(touch, mid, limits)
    mark, heard_at = market.mark, market.heard_at
    draft.valuation = mid if mark is None else mark.price
    bound = limits.max_polled_mark_age_seconds if market.is_polled else limits.max_feed_age_seconds
    draft.is_stale = is_silent(draft.view.at, heard_at, bound)


def _reserved_at(draft: Draft, limit: Decimal) -> Decimal:
    """A buy pays at most its limit; a sell may fill above its limit, and its exposure is then the larger."""
    bid = draft.bid
    return limit if draft.is_buy or bid is None or bid <= limit else bid


def _trailing_start(draft: Draft) -> Decimal | None:
    trail, touch = draft.order.trail, draft.touch
    if trail is None or touch is None:
        return None
    return touch + trail if draft.is_buy else touch


def _market_order(draft: Draft) -> StaleMarkRefused | None:
    order, touch, limits = draft.order, draft.touch, draft.limits
    if draft.is_exit and (draft.is_stale or touch is None):
        return _stale_exit(draft)
    if touch is None:
        return no_price(order.symbol, order.side)
    if limits.unprotected:
        draft.worst_price = touch + touch * limits.collar_pct if draft.is_buy else touch
        return None
    limit = protected_price(draft.product, order.side, touch, draft.allowance, limits)
    draft.limit_price = limit
    draft.worst_price = _reserved_at(draft, limit)
    draft.changes.append(TermsChange("limit_price", "none", str(limit), PROTECTED))
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
    if age < ZERO:
        return StaleMarkRefused(
            message=f"the feed of {symbol} was last heard {plain(-age)} s ahead of our clock: its age is unknown",
            figures={"age_seconds": age, "limit_seconds": bound},
            facts={"symbol": symbol},
        )
    return StaleMarkRefused(
        message=f"the feed of {symbol} has been silent for {plain(age)} s, more than {plain(bound)} s",
        figures={"age_seconds": age, "limit_seconds": bound},
        facts={"symbol": symbol},
    )
