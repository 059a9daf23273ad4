"""Booking: what one fill does to the positions and the money of an account."""

from decimal import Decimal

from msgspec.structs import replace

from tidegate.domain.amounts import ONE, ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.positions import Position, PositionHistory
from tidegate.domain.products import Product
from tidegate.domain.vocabulary import OrderSide, ProductKind

ACCOUNT = "*"
"""The owner under which a symbol's position over all strategies is kept; no strategy may have that id."""

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than adding two decimals.
_BUY, _SPOT = OrderSide.BUY, ProductKind.SPOT
Histories = dict[tuple[str, str], PositionHistory]
"""Positions with their recent fills, by symbol and owner."""


def book(
    positions: Histories, balances: dict[str, Decimal], fill: Fill, product: Product, strategy_id: str
) -> tuple[PositionHistory, PositionHistory]:
    """Move positions and money by one fill that has not been seen before, in the domain's decimal context.

    Gives the two histories that it moved: the strategy's and the account's.
    """
    symbol = fill.symbol
    own, account = positions.get((symbol, strategy_id)), positions.get((symbol, ACCOUNT))
    if own is None or account is None:
        own, account = _begin_history(positions, symbol, strategy_id, account)
    realized = account.position.realized_pnl
    own.add_in_context(fill, product)
    if account.leader is own:
        account.position = replace(own.position, strategy_id=ACCOUNT)
    else:
        account.add_in_context(fill, product)
    if product.kind is _SPOT:
        base, quote = product.base_currency, product.quote_currency
        quantity = fill.quantity
        paid = quantity * fill.price
        if product.multiplier is not ONE:
            paid *= product.multiplier
        coins, money = balances.get(base, ZERO), balances.get(quote, ZERO)
        if fill.side is _BUY:
            balances[base], balances[quote] = coins + quantity, money - paid
        else:
            balances[base], balances[quote] = coins - quantity, money + paid
    elif gain := account.position.realized_pnl - realized:
        settlement = product.settlement_currency
        balances[settlement] = balances.get(settlement, ZERO) + gain
    if fill.fee:
        currency = fill.fee_currency or product.quote_currency
        balances[currency] = balances.get(currency, ZERO) - fill.fee
    return own, account


def _begin_history(
    positions: Histories, symbol: str, strategy_id: str, account: PositionHistory | None
) -> tuple[PositionHistory, PositionHistory]:
    """The strategy's and the account's; the account follows its first strategy until a second one trades."""
    own = positions[symbol, strategy_id] = PositionHistory(Position(symbol=symbol, strategy_id=strategy_id))
    if account is None:
        account = positions[symbol, ACCOUNT] = PositionHistory(Position(symbol=symbol, strategy_id=ACCOUNT))
        account.leader = own
    else:
        account.part()
    return own, account
