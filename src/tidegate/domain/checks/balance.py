"""Balance: the currency that pays, with fees, less what live orders reserve; and no short on spot (BALANCE)."""

from decimal import Decimal

from tidegate.domain.amounts import ONE, ZERO, plain
from tidegate.domain.checks.draft import Draft, at_most, figure
from tidegate.domain.checks.reducible import reducible_quantity
from tidegate.domain.commitments import margin_rate
from tidegate.domain.products import fee_rate
from tidegate.domain.refusals import BalanceRefused, Remedy


def balance(draft: Draft) -> BalanceRefused | None:
    """A spot buy pays notional and fee, a spot sell its coins, a derivative entry its margin and fee."""
    if draft.is_spot and draft.is_buy:
        return _spot_buy(draft)
    if draft.is_exit:
        return None  # what an exit takes is bounded by position and wallet already, and needs no margin
    return _uncovered(draft) if draft.is_spot else _margin(draft)


def _spot_buy(draft: Draft) -> BalanceRefused | None:
    product = draft.product
    available = draft.view.account.available.get(product.quote_currency, ZERO)
    share = ONE + fee_rate(product)
    needed = draft.notional * share
    if needed <= available:
        return None
    price = draft.worst_price
    remedy = None if price is None else at_most(draft, available / (price * product.multiplier * share))
    return _short_of(needed, available, product.quote_currency, remedy)


def _uncovered(draft: Draft) -> BalanceRefused:
    """A spot sell that is no reduction would sell what is not there, or coins that were never bought here."""
    left, symbol = reducible_quantity(draft), draft.order.symbol
    return BalanceRefused(
        message=f"no short on spot: {plain(left)} {symbol} can be sold, and the order wants {plain(draft.quantity)}",
        figures={"quantity": draft.quantity, "available": left},
        facts={"currency": draft.product.base_currency},
        remedy=at_most(draft, left) if left else None,
    )


def _margin(draft: Draft) -> BalanceRefused | None:
    """Margin for what would open, and the fee of all of it: what opens is the part beyond an opposite position.

    What live reductions may take of that position is none of it: they have reserved no margin.
    """
    product, quantity, price = draft.product, draft.quantity, draft.worst_price
    currency = product.settlement_currency
    available = draft.view.account.available.get(currency, ZERO)
    if currency != product.quote_currency:
        return _no_rate(draft, currency)
    if price is None:
        raise LookupError("margin was asked for without a price")
    held = draft.view.account_position.quantity
    against = (-held if draft.is_buy else held) - draft.view.own_orders.account_reducing_leaves
    opposite = against if against > ZERO else ZERO
    opening = quantity - opposite if quantity > opposite else ZERO
    unit = price * product.multiplier
    rate, fee = margin_rate(product, draft.order.leverage), fee_rate(product)
    needed = (opening * rate + quantity * fee) * unit
    if needed <= available:
        return None
    room = (available + opposite * rate * unit) / ((rate + fee) * unit)
    return _short_of(needed, available, currency, at_most(draft, room))


def _no_rate(draft: Draft, currency: str) -> BalanceRefused:
    return BalanceRefused(
        message=f"margin is paid in {currency}, the price is in {draft.product.quote_currency}: no rate between them",
        facts={"currency": currency},
    )


def _short_of(needed: Decimal, available: Decimal, currency: str, remedy: Remedy | None) -> BalanceRefused:
    return BalanceRefused(
        message=f"it needs {figure(needed)} {currency} with fees, and {figure(available)} is available",
        figures={"needed": round(needed, 8), "available": available},
        facts={"currency": currency},
        remedy=remedy,
    )
