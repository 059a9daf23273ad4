"""Sizing: a fixed fraction of equity as the most that one entry may be worth; it shrinks, and never grows."""

from decimal import Decimal

from tidegate.domain.amounts import plain
from tidegate.domain.checks.draft import Draft, change, percent, unit_value
from tidegate.domain.products import round_quantity


def fixed_fraction(draft: Draft) -> None:
    """Cut an entry to `position_fraction` of equity at its worst price, and record the cut.

    An exit is never touched. Without an equity or a rate nothing is cut, because ORDER_SIZE then refuses the order
    anyway.
    """
    limits, equity = draft.limits, draft.view.account.equity
    if not limits.enable_dynamic_position_sizing or draft.is_exit:
        return
    if equity is None or draft.view.reporting_rate is None or draft.worst_price is None:
        return
    unit, allowed = unit_value(draft), equity * limits.position_fraction
    if draft.quantity * unit > allowed:
        _shrink(draft, allowed / unit)


def _shrink(draft: Draft, largest: Decimal) -> None:
    rounded = round_quantity(draft.product, largest if largest > 0 else Decimal(0))
    why = f"sizing: {percent(draft.limits.position_fraction)} of equity"
    change(draft, "quantity", plain(draft.quantity), plain(rounded), why)
    draft.quantity = rounded
