"""Reducible: an exit takes no more than is there and not yet being taken (REDUCIBLE)."""

from decimal import Decimal

from tidegate.domain.amounts import ZERO, plain
from tidegate.domain.checks.draft import Draft, change
from tidegate.domain.refusals import ReducibleRefused, Remedy


def reducible_quantity(draft: Draft) -> Decimal:
    """What the order's side may still take: the lesser of |position| and the account's on that side.

    Each is taken less the leaves of live reductions: of the strategy's own from its position, of all strategies' on
    this side from the account's, which two of them together must not open the other way. The wallet caps what is sold
    of a spot position: coins that fees or a withdrawal have taken are not there.
    """
    view = draft.view
    held = view.position.quantity
    if draft.is_buy:
        held, account = -held, -view.account_position.quantity
    else:
        account = view.account_position.quantity
    left = held - view.own_orders.reducing_leaves
    account -= view.own_orders.account_reducing_leaves
    left = account if account < left else left
    if draft.is_spot and not draft.is_buy:
        free = view.account.available.get(draft.product.base_currency, ZERO)
        left = free if free < left else left
    return left if left > ZERO else ZERO


def reducible(draft: Draft) -> ReducibleRefused | None:
    """Clamp a reduce-only order to what is reducible; refuse what has nothing to reduce, or would do more than that."""
    left = reducible_quantity(draft)
    if draft.quantity <= left:
        return None
    if left and draft.order.reduce_only:
        change(draft, "quantity", plain(draft.quantity), plain(left), "reduce-only: no more than is reducible")
        draft.quantity = left
        return None
    symbol = draft.order.symbol
    if not left:
        message = f"nothing of {symbol} is left to reduce"
        remedy = None
    else:
        message = f"{plain(draft.quantity)} {symbol} is more than the {plain(left)} that can be reduced"
        remedy = Remedy("send it reduce-only", {"reduce_only": True})
    return ReducibleRefused(
        message=message,
        figures={"quantity": draft.quantity, "reducible": left, "position": draft.view.position.quantity},
        remedy=remedy,
    )
