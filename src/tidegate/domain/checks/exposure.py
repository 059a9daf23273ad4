"""Exposure: worst-case gross notional, of the underlying and in total, over everything open and unknown (EXPOSURE)."""

from decimal import Decimal

from tidegate.domain.amounts import ONE, ZERO
from tidegate.domain.checks.draft import Draft, affordable, figure, percent, reporting
from tidegate.domain.refusals import ExposureRefused


def worst_case(draft: Draft) -> Decimal | None:
    """The symbol's worst-case gross notional with this order, in the reporting currency; None without a price or rate.

    The larger of long and short if every live, sending or unknown order on one side filled at its worst price and none
    on the other, plus what was held without our doing.
    """
    if draft.worst_case is not None:
        return draft.worst_case
    view, product = draft.view, draft.product
    reading, rate = view.exposure, view.reporting_rate
    if rate is None:
        return None
    held, external = view.account_position.quantity, reading.external_quantity
    long, short = reading.buy_notional, reading.sell_notional
    if held or external:
        price = draft.valuation
        if price is None:
            return None
        value = held * price
        if product.multiplier is not ONE:
            value *= product.multiplier
        long, short = long + value, short - value
    if draft.is_buy:
        long += draft.notional
    else:
        short += draft.notional
    worst = long if long > short else short
    if worst < ZERO:
        worst = ZERO
    if external and draft.valuation is not None:
        worst += external * draft.valuation * product.multiplier
    draft.worst_case = worst if rate is ONE else worst * rate
    return draft.worst_case


def exposure(draft: Draft) -> ExposureRefused | None:
    """The underlying (spot, aliases and derivatives together) and all positions, each against its share of equity."""
    own, equity, limits = worst_case(draft), draft.view.account.equity, draft.limits
    if own is None or equity is None:
        return _blind(draft)
    reading = draft.view.exposure
    underlying = own + reading.underlying_other
    if underlying > equity * limits.max_position_pct_per_symbol:
        name = draft.product.underlying
        return _exceeded(draft, name, underlying, equity, limits.max_position_pct_per_symbol)
    total = own + reading.total_other
    if total > equity * limits.max_exposure_pct:
        return _exceeded(draft, "all positions", total, equity, limits.max_exposure_pct)
    return None


def _blind(draft: Draft) -> ExposureRefused:
    what = "equity" if draft.view.account.equity is None else f"exposure to {draft.product.underlying}"
    message = f"the {what} cannot be computed: a price or a rate is missing"
    return ExposureRefused(message=message, facts={"cause": "blind"})


def _exceeded(draft: Draft, name: str, after: Decimal, equity: Decimal, share: Decimal) -> ExposureRefused:
    limit = equity * share
    # What is left below the limit once the other side of the book, and everything else, has been counted.
    value = draft.value if draft.value is not None else ZERO
    remedy = affordable(draft, value - (after - limit)) if draft.value is not None else None
    return ExposureRefused(
        message=f"{name} could come to {figure(after)} {reporting(draft)}, more than {figure(limit)}, "
        f"{percent(share)} of the equity {figure(equity)}",
        figures={"exposure": after, "limit": limit, "equity": equity, "order_value": value},
        remedy=remedy,
    )
