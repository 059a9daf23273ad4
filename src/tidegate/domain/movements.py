"""Movements: what a venue does to an account by no order of ours, each with the venue's own word for it.

Deposits, withdrawals, transfers, conversions, rewards, funding, settlement, liquidation and deleveraging are typed
facts, never mismatches to be explained away.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tidegate.domain.amounts import ZERO
from tidegate.domain.booking import ACCOUNT, Histories
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId
from tidegate.domain.positions import Position, PositionHistory
from tidegate.domain.products import Product
from tidegate.domain.vocabulary import OrderSide


class MovementKind(StrEnum):
    """Why the venue moved money or a position."""

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    TRANSFER = "TRANSFER"
    CONVERSION = "CONVERSION"
    REWARD = "REWARD"
    FUNDING = "FUNDING"
    SETTLEMENT = "SETTLEMENT"
    LIQUIDATION = "LIQUIDATION"
    DELEVERAGING = "DELEVERAGING"
    INSURANCE = "INSURANCE"
    ADJUSTMENT = "ADJUSTMENT"
    """A derivative position that changed by nothing known: taken up because an operator says so."""


FLOWS = frozenset(
    {
        MovementKind.DEPOSIT,
        MovementKind.WITHDRAWAL,
        MovementKind.TRANSFER,
        MovementKind.CONVERSION,
        MovementKind.REWARD,
    }
)
"""What is no profit and no loss: the day's opening equity moves along with it."""

FORCED = frozenset({MovementKind.LIQUIDATION, MovementKind.DELEVERAGING})
"""What the venue does against our will: the symbol takes no entries until an operator has looked."""


class Movement(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One movement, known by the venue's own id.

    `amount` is money in `currency`, signed. `quantity` is the signed change of the position of `symbol`, a derivative,
    in base units (contracts), at `price` in quote currency: its profit is reckoned from the position's cost, and is not
    in `amount`.
    `fee` in `fee_currency` comes on top.
    """

    movement_id: str
    kind: MovementKind
    at: datetime
    currency: str = ""
    amount: Decimal = ZERO
    symbol: str = ""
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    fee: Decimal = ZERO
    fee_currency: str = ""
    reason: str = ""


def book_movement(
    positions: Histories, balances: dict[str, Decimal], movement: Movement, product: Product | None
) -> tuple[PositionHistory, ...]:
    """Move positions and money, in the domain's decimal context; the histories that it moved.

    A change of position is taken from the strategies that hold the same side, the largest first, and of equals the
    first by name; what is left over after them is the account's alone, under no strategy's name.
    """
    if movement.amount:
        balances[movement.currency] = balances.get(movement.currency, ZERO) + movement.amount
    if movement.fee:
        balances[movement.fee_currency] = balances.get(movement.fee_currency, ZERO) - movement.fee
    if product is None or not movement.quantity:
        return ()
    symbol = movement.symbol
    account = positions.get((symbol, ACCOUNT))
    if account is None:
        account = positions[symbol, ACCOUNT] = PositionHistory(Position(symbol=symbol, strategy_id=ACCOUNT))
    account.part()
    realized = account.position.realized_pnl
    moved, fee = [account], movement.fee
    for strategy_id, quantity in _shares(positions, movement).items():
        own = positions.get((symbol, strategy_id))
        if own is None:
            own = positions[symbol, strategy_id] = PositionHistory(Position(symbol=symbol, strategy_id=strategy_id))
        own.add_in_context(as_fill(movement, quantity, fee), product)
        moved.append(own)
        fee = ZERO  # the first of them bears it, so that the strategies' sum is the account's
    account.add_in_context(as_fill(movement, movement.quantity, movement.fee), product)
    if gain := account.position.realized_pnl - realized:
        settlement = product.settlement_currency
        balances[settlement] = balances.get(settlement, ZERO) + gain
    return tuple(moved)


def _shares(positions: Mapping[tuple[str, str], PositionHistory], movement: Movement) -> dict[str, Decimal]:
    """How much of the change each strategy takes, by its id."""
    left, shares = movement.quantity, dict[str, Decimal]()
    held = [
        (history.position.quantity, owner)
        for (symbol, owner), history in positions.items()
        if symbol == movement.symbol and owner != ACCOUNT and history.position.quantity * movement.quantity < ZERO
    ]
    for quantity, owner in sorted(held, key=lambda one: (-abs(one[0]), one[1])):
        share = max(-quantity, left) if left < ZERO else min(-quantity, left)
        shares[owner] = share
        left -= share
        if not left:
            return shares
    shares[""] = shares.get("", ZERO) + left
    return shares


def as_fill(movement: Movement, quantity: Decimal, fee: Decimal) -> Fill:
    """The change of position as an execution, since it moves cost and profit as one does."""
    return Fill(
        trade_id=TradeId(movement.movement_id),
        client_order_id=ClientOrderId(""),
        symbol=movement.symbol,
        side=OrderSide.BUY if quantity > ZERO else OrderSide.SELL,
        quantity=abs(quantity),
        price=movement.price,
        at=movement.at,
        fee=fee,
        fee_currency=movement.fee_currency,
    )


def movement_flaw(movement: Movement, products: Mapping[str, Product]) -> str:
    """Why it cannot be booked; empty where it can."""
    figures = (movement.amount, movement.quantity, movement.price, movement.fee)
    if not movement.movement_id or not all(figure.is_finite() for figure in figures):
        return "it has no id, or a figure that is no number"
    if movement.amount and not movement.currency:
        return "it moves money of no currency"
    if movement.fee and not movement.fee_currency:
        return "it has a fee in no currency"
    if not movement.quantity:
        return ""
    product = products.get(movement.symbol)
    if product is None:
        return f"it moves a position of {movement.symbol}, which is not traded here"
    if product.is_spot:
        # A spot position is what our fills made it: booked as one, it would realise a profit that nobody was paid.
        return f"it moves a position of {movement.symbol}, and coins are told as money, by their currency"
    return "it moves a position at no price" if movement.price <= ZERO else ""
