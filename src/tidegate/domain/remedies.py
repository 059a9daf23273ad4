"""Remedies: what a check says would pass it, tried against all the others before anybody is told."""

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from msgspec.structs import replace

from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE, ZERO, exact, plain
from tidegate.domain.checks.draft import draft_of
from tidegate.domain.checks.reducible import reducible_quantity
from tidegate.domain.decisions import Decision
from tidegate.domain.orders import Order
from tidegate.domain.refusals import AnyRefusal, Remedy
from tidegate.domain.views import ReviewView
from tidegate.domain.vocabulary import OrderSide, Purpose

Trial = Callable[[Order], AnyRefusal | None]
"""Reviews an order without approving it: None where it would pass."""

DecisionTrial = Callable[[Decision], AnyRefusal | None]
"""Translates a decision and reviews its order, without approving it: None where it would pass."""

IN_OTHER_WORDS = "it would pass with "
_ROUNDS = 12
"""How many checks may each add their condition; more than can ever disagree about one order."""


def settled(refusal: AnyRefusal, order: Order, view: ReviewView, trial: Trial) -> AnyRefusal:
    """The refusal with a remedy that passes every check on this view, or with none.

    A smaller order that the next check would refuse as well is no help, so each check's own condition is added until
    all agree. What only waiting cures keeps its moment; what nothing cures loses its remedy.
    """
    return _agreed(refusal, lambda changes: trial(changed(order, changes, view)))


def settled_terms(refusal: AnyRefusal, decision: Decision, trial: DecisionTrial) -> AnyRefusal:
    """The same for the refusal of a decision whose own terms do not fit, so that it never became an order."""
    return _agreed(refusal, lambda changes: trial(replace(decision, **changes)))


def _agreed(refusal: AnyRefusal, trial: Callable[[dict[str, Any]], AnyRefusal | None]) -> AnyRefusal:
    first = refusal.remedy
    if first is None or not first.changes:
        return refusal
    changes = dict(first.changes)
    for _ in range(_ROUNDS):
        breach = trial(changes)
        if breach is None:
            return replace(refusal, remedy=_stated(first, changes, first.not_before))
        further = breach.remedy
        if further is None or (not further.changes and further.not_before is None):
            break
        if not further.changes:
            return replace(refusal, remedy=_stated(first, changes, further.not_before))
        merged = {**changes, **further.changes}
        if merged == changes:
            break
        changes = merged
    return replace(refusal, remedy=None)


def _stated(first: Remedy, changes: dict[str, Any], not_before: datetime | None) -> Remedy:
    if changes == first.changes:
        return Remedy(first.text, changes, not_before)
    return Remedy(IN_OTHER_WORDS + _in_words(changes), changes, not_before)


def _in_words(changes: dict[str, Any]) -> str:
    # A size that is said in one way says by itself that the other one goes.
    left_out = [name for name, value in changes.items() if value is None and name not in _SIZES]
    given = [
        f"{name} {plain(value) if isinstance(value, Decimal) else value}"
        for name, value in changes.items()
        if value is not None
    ]
    return ", ".join([*given, *(f"no {name}" for name in left_out)])


_SIZES = ("quantity", "target_notional")


_TERMS = frozenset(
    {"quantity", "limit_price", "order_type", "time_in_force", "post_only", "leverage", "reference_price", "trail"}
)


def changed(order: Order, changes: dict[str, Any], view: ReviewView) -> Order:
    """The order that the decision with these changes would be translated to."""
    terms = {name: value for name, value in changes.items() if name in _TERMS}
    if "stop_trigger" in changes:
        terms["trigger_price"] = changes["stop_trigger"]
    if changes.get("reduce_only"):
        terms.update(reduce_only=True, purpose=Purpose.REDUCTION)
    result = replace(order, **terms)
    if result.purpose is Purpose.ENTRY and result.side is OrderSide.SELL and view.product.is_spot:
        left = reducible_quantity(draft_of(result, view))
        if ZERO < result.quantity <= left:
            return replace(result, purpose=Purpose.REDUCTION)
    return result


_DECIMALS = 8
"""Of a notional that is told, where they say which size is meant; a finer increment wants more."""


@exact
def in_decision_terms(refusal: AnyRefusal, decision: Decision, order: Order) -> AnyRefusal:
    """The refusal with its remedy in the words of the decision: one sized by notional is told a notional.

    Review sees orders, and an order has only a quantity; `order` is what the decision was translated to.
    """
    remedy, notional = refusal.remedy, decision.target_notional
    if remedy is None or not notional or not order.quantity:
        return refusal
    changes = dict(remedy.changes)
    if order.side is OrderSide.BUY and changes.get("limit_price") is not None:
        # At another price the same notional is another size, so the size is said as well.
        changes.update(quantity=changes.get("quantity", order.quantity), target_notional=None)
        return replace(refusal, remedy=Remedy(IN_OTHER_WORDS + _in_words(changes), changes, remedy.not_before))
    size: Decimal | None = changes.get("quantity")
    if size is None or decision.quantity is not None or size > order.quantity:
        # A decision by both is told the quantity alone: a notional that rounds to it need not be within 1 % of it.
        # So is one that was too small: what rounding lost would be scaled with it, and come to more than was tried.
        return refusal
    unit = notional / order.quantity
    # The translated quantity has the increment's decimals; a hundredth of the last of them tells sizes apart.
    needed = 2 - int(order.quantity.as_tuple().exponent) - unit.adjusted()
    step = Decimal(1).scaleb(-min(max(_DECIMALS, needed), MAX_DIGITS_EACH_SIDE))
    changes["target_notional"] = (size * unit).quantize(step, rounding=ROUND_CEILING)
    del changes["quantity"]
    text = IN_OTHER_WORDS + _in_words(changes) + f" ({plain(size)} {order.symbol})"
    return replace(refusal, remedy=Remedy(text, changes, remedy.not_before))
