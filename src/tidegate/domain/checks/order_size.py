"""Order size: one order's value, the day's number of orders, and the same order again and again (ORDER_SIZE)."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from tidegate.domain.ages import after
from tidegate.domain.amounts import plain
from tidegate.domain.checks.draft import Draft, affordable, figure, percent, reporting
from tidegate.domain.guards import REPETITION, REPETITION_COOL_DOWN_SECONDS
from tidegate.domain.refusals import OrderSizeRefused, Remedy
from tidegate.domain.validity import shown


def order_size(draft: Draft) -> OrderSizeRefused | None:
    """Value at the worst price against a share of equity and a fixed limit, then the day's and the window's counts."""
    limits, view = draft.limits, draft.view
    value, equity = draft.value, view.account.equity
    if value is None or equity is None:
        return _blind(draft)
    if value > equity * limits.max_order_pct:
        allowed = equity * limits.max_order_pct
        return _too_large(draft, value, allowed, f"{percent(limits.max_order_pct)} of the equity {figure(equity)}")
    if limits.max_order_notional is not None and value > limits.max_order_notional:
        return _too_large(draft, value, limits.max_order_notional, "the limit of one order")
    if view.pace.orders_today >= limits.max_orders_per_day:
        return _too_many(draft)
    return _repeated(draft) if view.repeats >= limits.repeated_orders_max else None


def _blind(draft: Draft) -> OrderSizeRefused:
    if draft.view.account.equity is None:
        what = f"the equity in {reporting(draft)} cannot be computed: a rate of something held is missing"
    else:
        quote = draft.product.quote_currency
        what = f"the value in {reporting(draft)} cannot be computed: the rate of {quote} is missing"
    return OrderSizeRefused(message=what, facts={"cause": "blind"})


def _too_large(draft: Draft, value: Decimal, allowed: Decimal, what: str) -> OrderSizeRefused:
    return OrderSizeRefused(
        message=f"the order is worth {figure(value)} {reporting(draft)}, more than {figure(allowed)}, {what}",
        figures={"value": value, "limit": allowed},
        facts={"cause": "value"},
        remedy=affordable(draft, allowed),
    )


def _too_many(draft: Draft) -> OrderSizeRefused:
    count, limit = draft.view.pace.orders_today, draft.limits.max_orders_per_day
    tomorrow = datetime.combine(draft.view.at.date() + timedelta(days=1), time(), draft.view.at.tzinfo)
    return OrderSizeRefused(
        message=f"{count} orders have been sent today, and the limit is {limit}",
        figures={"orders_today": Decimal(count), "limit": Decimal(limit)},
        facts={"cause": "count"},
        remedy=Remedy(f"send it after {shown(tomorrow)}", not_before=tomorrow),
    )


def _repeated(draft: Draft) -> OrderSizeRefused:
    limits, repeats = draft.limits, draft.view.repeats
    # The refusal itself makes the symbol REDUCING, so that waiting for the window alone would not do.
    free_at = after(draft.view.at, max(limits.repeated_orders_seconds, REPETITION_COOL_DOWN_SECONDS))
    return OrderSizeRefused(
        message=f"the same order was sent {repeats} times within {plain(limits.repeated_orders_seconds)} s",
        figures={"repeats": Decimal(repeats), "limit": Decimal(limits.repeated_orders_max)},
        facts={"cause": REPETITION},
        remedy=Remedy(f"send it after {shown(free_at)}", not_before=free_at),
    )
