"""Exchange rules: increments, minimums and maximums of the product, applied to every order (MINIMUM, INVALID)."""

from decimal import ROUND_CEILING, Decimal

from msgspec.structs import replace

from tidegate.domain.amounts import ONE, ZERO, plain
from tidegate.domain.checks.draft import Draft, at_most, change
from tidegate.domain.products import round_limit_price, round_quantity, round_trail, round_trigger_price
from tidegate.domain.refusals import InvalidRefused, MinimumRefused, OrderSizeRefused, Remedy
from tidegate.domain.validity import invalid


def exchange_rules(draft: Draft) -> MinimumRefused | InvalidRefused | OrderSizeRefused | None:
    """Round in the order's favour, quantity never up, and refuse what the venue would refuse.

    Minimums are judged after rounding, at the order's own price.
    """
    product, price = draft.product, draft.limit_price
    if draft.quantity % product.base_increment:
        _round_quantity(draft)
    if (price is not None and price % product.price_increment) or draft.is_triggered:
        refusal = _round_trail(draft) or _round_prices(draft)
        if refusal is not None:
            return refusal
    quantity, worst = draft.quantity, draft.worst_price
    if product.maximum_quantity is not None and quantity > product.maximum_quantity:
        too_large = _too_large(draft, product.maximum_quantity)
        if too_large is not None:
            return too_large
        quantity = draft.quantity
    if worst is not None:
        notional = quantity * worst
        if product.multiplier is not ONE:
            notional *= product.multiplier
        draft.notional = notional
        rate = draft.view.reporting_rate
        draft.value = notional if rate is ONE else None if rate is None else notional * rate
    if not draft.notional or quantity < product.minimum_quantity or draft.notional < product.minimum_notional:
        return _below_minimum(draft)
    # A sell is reserved above its own price, so the minimum is looked at again where they differ.
    if not draft.is_buy and product.minimum_notional and _own_notional(draft) < product.minimum_notional:
        return _below_minimum(draft)
    return None


def _own_price(draft: Draft) -> Decimal:
    own = draft.limit_price if draft.limit_price is not None else draft.worst_price
    return own if own is not None else ZERO


def _own_notional(draft: Draft) -> Decimal:
    return draft.quantity * _own_price(draft) * draft.product.multiplier


def _round_quantity(draft: Draft) -> None:
    rounded = round_quantity(draft.product, draft.quantity)
    why = f"down to the increment {plain(draft.product.base_increment)}"
    change(draft, "quantity", plain(draft.quantity), plain(rounded), why)
    draft.quantity = rounded


def _round_prices(draft: Draft) -> InvalidRefused | None:
    product, side, limit, trigger = draft.product, draft.order.side, draft.limit_price, draft.trigger_price
    if trigger is not None:
        rounded = round_trigger_price(product, side, trigger)
        if rounded != trigger:
            refusal = _replace_price(draft, "stop_trigger", trigger, rounded)
            if refusal is not None:
                return refusal
            draft.trigger_price = trigger = rounded
    if limit is not None:
        rounded = round_limit_price(product, side, limit)
        if trigger is not None and (rounded < trigger if draft.is_buy else rounded > trigger):
            rounded = round_limit_price(product, side, trigger)
        if rounded != limit:
            refusal = _replace_price(draft, "limit_price", limit, rounded)
            if refusal is not None:
                return refusal
            draft.limit_price = rounded
            if draft.worst_price == limit:
                draft.worst_price = rounded
    return None


def _round_trail(draft: Draft) -> InvalidRefused | None:
    trail, increment = draft.order.trail, draft.product.price_increment
    if trail is None or not trail % increment:
        return None
    rounded = round_trail(draft.product, trail)
    if not rounded:
        remedy = Remedy(f"trail {plain(increment)}", {"trail": increment})
        return invalid("trail", f"{plain(trail)} is below the increment {plain(increment)}", remedy)
    refusal = _replace_price(draft, "trail", trail, rounded)
    if refusal is None:
        draft.order = replace(draft.order, trail=rounded)
    return refusal


def _replace_price(draft: Draft, field: str, before: Decimal, after: Decimal) -> InvalidRefused | None:
    """Report a rounded price, or refuse it where prices are strict."""
    increment = draft.product.price_increment
    if draft.limits.strict_prices:
        remedy = Remedy(f"{field} {plain(after)}", {field: after})
        return invalid(field, f"{plain(before)} is off the increment {plain(increment)}", remedy)
    change(draft, field, plain(before), plain(after), f"to the increment {plain(increment)}")
    return None


def _too_large(draft: Draft, maximum: Decimal) -> OrderSizeRefused | None:
    """An exit takes what the venue lets it take at once; an entry is told the maximum."""
    if draft.is_exit:
        rounded = round_quantity(draft.product, maximum)
        change(draft, "quantity", plain(draft.quantity), plain(rounded), "the product's maximum")
        draft.quantity = rounded
        return None
    return OrderSizeRefused(
        message=f"quantity {plain(draft.quantity)} is more than the product's maximum {plain(maximum)}",
        figures={"quantity": draft.quantity, "limit": maximum},
        remedy=at_most(draft, maximum),
    )


def _below_minimum(draft: Draft) -> MinimumRefused | InvalidRefused:
    product, price = draft.product, _own_price(draft)
    if price < product.price_increment:
        return invalid("limit_price", f"is below the increment {plain(product.price_increment)}")
    needed = product.minimum_quantity
    if product.minimum_notional:
        by_value = product.minimum_notional / (price * product.multiplier)
        needed = by_value if by_value > needed else needed
    steps = (needed / product.base_increment).to_integral_value(rounding=ROUND_CEILING)
    smallest = steps * product.base_increment or product.base_increment
    asked = draft.order.quantity
    return MinimumRefused(
        message=f"{plain(draft.quantity)} {product.symbol} is below the minimum of {plain(smallest)}"
        + (f" (worth {plain(product.minimum_notional)} {product.quote_currency})" if product.minimum_notional else ""),
        figures={
            "quantity": draft.quantity,
            "asked": asked,
            "minimum_quantity": product.minimum_quantity,
            "minimum_notional": product.minimum_notional,
        },
        remedy=None
        if draft.is_exit
        else Remedy(f"quantity at least {plain(smallest)}", {"quantity": smallest, "target_notional": None}),
    )
