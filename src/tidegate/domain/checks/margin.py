"""Margin: leverage (LEVERAGE) and the distance to liquidation (LIQUIDATION) that a derivative order would leave."""

from decimal import ROUND_FLOOR, Decimal

from tidegate.domain.amounts import ONE, ZERO, plain
from tidegate.domain.checks.draft import Draft, affordable, figure, percent
from tidegate.domain.checks.exposure import worst_case
from tidegate.domain.commitments import margin_rate
from tidegate.domain.refusals import LeverageRefused, LiquidationRefused, Remedy


def leverage(draft: Draft) -> LeverageRefused | None:
    """The margin setting asked for, and gross notional over equity; leverage never multiplies a size.

    The product's initial margin rate binds as well: with an overnight rate of 50 % no more than 2 can be had.
    """
    asked, limits, product = draft.order.leverage, draft.limits, draft.product
    if asked is not None:
        allowed = limits.max_spot_leverage if draft.is_spot else limits.max_leverage
        if not draft.is_spot and product.initial_margin_rate and asked * product.initial_margin_rate > ONE:
            offered = ONE / product.initial_margin_rate
            allowed = offered if offered < allowed else allowed
        if asked > allowed:
            return _too_much(asked, allowed, draft.is_spot)
    return None if draft.is_spot else _gross(draft)


def _too_much(asked: Decimal, allowed: Decimal, is_spot: bool) -> LeverageRefused:
    rounded = allowed.quantize(Decimal("0.01"), rounding=ROUND_FLOOR)
    remedy = Remedy(f"leverage at most {plain(rounded)}", {"leverage": rounded}) if rounded > ZERO else None
    return LeverageRefused(
        message=f"leverage {plain(asked)} is more than {figure(allowed)}" + (" on spot" if is_spot else ""),
        figures={"leverage": asked, "limit": allowed},
        remedy=remedy,
    )


def _gross(draft: Draft) -> LeverageRefused | None:
    """All exposure over equity: what the account is levered by, whatever each position's setting says."""
    own, equity = worst_case(draft), draft.view.account.equity
    if own is None or equity is None:
        return None  # EXPOSURE has said that it cannot be computed
    gross, allowed = own + draft.view.exposure.total_other, draft.limits.max_leverage
    if gross <= equity * allowed:
        return None
    value = draft.value if draft.value is not None else ZERO
    remedy = affordable(draft, value - (gross - equity * allowed)) if draft.value is not None else None
    ratio = f"{figure(gross / equity)} times the equity" if equity > ZERO else "more than an equity of nothing"
    return LeverageRefused(
        message=f"all positions could come to {figure(gross)}, {ratio}, more than {plain(allowed)} times",
        figures={"exposure": gross, "equity": equity, "limit": allowed},
        remedy=remedy,
    )


def liquidation(draft: Draft) -> LiquidationRefused | None:
    """Distance of the projected position from its liquidation price, and the account's margin buffer, as if filled.

    With margin m and maintenance rate k, a position entered at e is liquidated at e·(1 − s·m)/(1 − s·k), s = +1 long,
    −1 short: where what is left of the margin equals the maintenance requirement. A position that this order shrinks
    is judged as it would stand.
    """
    if draft.is_spot:
        return None
    before = draft.view.account_position.quantity
    after = before + draft.quantity if draft.is_buy else before - draft.quantity
    if not after or draft.worst_price is None:
        return None
    mark = draft.valuation if draft.valuation is not None else draft.worst_price
    return _price_distance(draft, after, mark) or _cross_buffer(draft, before, after, mark)


def _price_distance(draft: Draft, after: Decimal, mark: Decimal) -> LiquidationRefused | None:
    product, limit = draft.product, draft.limits.min_liquidation_buffer_pct
    sign = ONE if after > ZERO else -ONE
    entry, keep = _entry_after(draft, after), ONE - sign * product.maintenance_margin_rate
    # price · keep, with keep ≥ 0: compared without dividing, since a maintenance rate of 1 leaves nothing to divide by.
    scaled = entry * (ONE - sign * margin_rate(product, draft.order.leverage))
    if sign * (mark * keep - scaled) >= limit * mark * keep:
        return None
    remedy = _less_leverage(draft, entry, mark, sign)
    if not keep:
        message = f"{product.symbol} must be margined in full, and the order is not"
        return LiquidationRefused(message=message, figures={"mark": mark, "limit": limit}, remedy=remedy)
    price = scaled / keep
    distance = sign * (mark - price) / mark
    return LiquidationRefused(
        message=f"the position after it would be liquidated at {figure(price)}, {percent(distance)} from the "
        f"mark {plain(mark)}, less than {percent(limit)}",
        figures={
            "liquidation_price": round(price, 8),
            "mark": mark,
            "distance": round(distance, 6),
            "limit": limit,
        },
        remedy=remedy,
    )


def _less_leverage(draft: Draft, entry: Decimal, mark: Decimal, sign: Decimal) -> Remedy | None:
    """The leverage 1/m whose m puts the liquidation price just at the limit: the formula above, solved for m."""
    keep, limit = draft.product.maintenance_margin_rate, draft.limits.min_liquidation_buffer_pct
    needed = sign * (ONE - mark * (ONE - sign * limit) * (ONE - sign * keep) / entry)
    allowed = (ONE / needed).quantize(Decimal("0.01"), rounding=ROUND_FLOOR)
    return Remedy(f"leverage at most {plain(allowed)}", {"leverage": allowed}) if allowed >= ONE else None


def _entry_after(draft: Draft, after: Decimal) -> Decimal:
    """The average entry price as if the order filled whole at its worst price."""
    position, price = draft.view.account_position, draft.worst_price
    before, entry = position.quantity, position.entry_price
    if price is None:
        raise LookupError("a projection was asked for without a price")
    if entry is None or not before or (before > ZERO) is not (after > ZERO):
        return price
    if abs(after) <= abs(before):
        return entry
    return (abs(before) * entry + draft.quantity * price) / abs(after)


def _cross_buffer(draft: Draft, before: Decimal, after: Decimal, mark: Decimal) -> LiquidationRefused | None:
    """(equity − maintenance)/equity; other positions' margin in use stands for their maintenance, never less."""
    view, product = draft.view, draft.product
    equity, rate = view.account.equity, view.reporting_rate
    if equity is None or rate is None:
        return None
    unit = mark * product.multiplier * rate
    others = view.account.margin_used - abs(before) * unit * product.initial_margin_rate
    maintenance = abs(after) * unit * product.maintenance_margin_rate + (others if others > ZERO else ZERO)
    limit = draft.limits.min_cross_margin_buffer_pct
    if equity - maintenance >= equity * limit:
        return None
    return LiquidationRefused(
        message=f"maintenance of {figure(maintenance)} would leave less than {percent(limit)} "
        f"of the equity {figure(equity)}",
        figures={"maintenance": round(maintenance, 8), "equity": equity, "limit": limit},
    )
