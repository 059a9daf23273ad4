"""Market state: whether the venue takes such an order now (MARKET_STATE), and whether it is in time (EXPIRED)."""

from datetime import timedelta

from tidegate.domain.checks.draft import Draft
from tidegate.domain.products import OPEN_FOR_TRADING
from tidegate.domain.refusals import ExpiredRefused, MarketStateRefused, Remedy
from tidegate.domain.timeliness import outlived
from tidegate.domain.validity import shown
from tidegate.domain.vocabulary import OrderType, TimeInForce

EXPIRY_MARGIN = timedelta(hours=24)
"""Entries stop this long before a product expires; the figure is ours."""


def market_state(draft: Draft) -> MarketStateRefused | None:
    """Flags, session and expiry of the product; they bind exits as well, since no venue would take them."""
    product = draft.product
    if product.opens_at is not None and draft.view.at < product.opens_at:
        return MarketStateRefused(
            message=f"{product.symbol} is outside its session until {shown(product.opens_at)}",
            facts={"symbol": product.symbol, "state": "closed"},
            remedy=Remedy(f"send it after {shown(product.opens_at)}", not_before=product.opens_at),
        )
    if product.expires_at is not None:
        refusal = _near_expiry(draft)
        if refusal is not None:
            return refusal
    return None if product.flags is OPEN_FOR_TRADING else _flagged(draft)


def _near_expiry(draft: Draft) -> MarketStateRefused | None:
    product, at = draft.product, draft.view.at
    expires_at = product.expires_at
    if expires_at is None or at < expires_at - EXPIRY_MARGIN or (draft.is_exit and at < expires_at):
        return None
    when = "expired at" if at >= expires_at else "takes no entries within 24 h of its expiry at"
    return MarketStateRefused(
        message=f"{product.symbol} {when} {shown(expires_at)}", facts={"symbol": product.symbol, "state": "expiry"}
    )


def _flagged(draft: Draft) -> MarketStateRefused | None:
    flags, order = draft.product.flags, draft.order
    remedy: Remedy | None = None
    # An exit's market order travels as a limit, which a limit-only market takes; an entry has time to be a limit order.
    is_refused_market = draft.is_market and (draft.limits.unprotected or not draft.is_exit)
    if flags.trading_disabled:
        state = "closed for trading"
    elif flags.cancel_only:
        state = "cancel-only"
    elif flags.auction:
        state = "in an auction"
    elif flags.post_only and not order.post_only:
        state = "post-only"
        if order.order_type is OrderType.LIMIT and order.time_in_force in (TimeInForce.GTC, TimeInForce.GTD):
            remedy = Remedy("send it post-only", {"post_only": True})
    elif flags.limit_only and is_refused_market:
        state = "limit-only"
    else:
        return None
    symbol = draft.product.symbol
    return MarketStateRefused(
        message=f"{symbol} is {state} and takes no such order", facts={"symbol": symbol, "state": state}, remedy=remedy
    )


def lifetime(draft: Draft) -> ExpiredRefused | None:
    """Whether the decision's life, or a GTD order's, ended before this review."""
    order, at = draft.order, draft.view.at
    if order.valid_until is not None and (refusal := outlived(order, at)) is not None:
        return refusal
    if order.expire_at is not None and at >= order.expire_at:
        until = shown(order.expire_at)
        message = f"the order was to expire at {until}, and it is {shown(at)}"
        return ExpiredRefused(message=message, facts={"expire_at": until})
    return None
