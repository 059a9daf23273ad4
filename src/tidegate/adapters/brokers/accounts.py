"""A pretended venue's accounts: ours, the counterparty's and the fees', between which money moves and is never lost."""

from decimal import Decimal

from msgspec import Struct

from tidegate.adapters.brokers.words import SELL, SPOT
from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE, ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.positions import Position, apply_fill
from tidegate.domain.products import Product

_SMALLEST_CREDIT = Decimal(1).scaleb(-MAX_DIGITS_EACH_SIDE)


def credit(amount: Decimal) -> Decimal:
    """An amount as it is booked: to 18 decimals, half to even. Only a fee or an average cost can have more.

    The caller works in the domain's decimal context: a method of the context would take four times as long.
    """
    rounded = amount.quantize(_SMALLEST_CREDIT)
    return amount if rounded == amount else rounded


class AccountsState(Struct, kw_only=True):
    """What is kept of the accounts in the world's file. `positions` are those of derivatives."""

    balances: dict[str, Decimal]
    counterparty: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    positions: dict[str, Position] = {}


class Accounts:
    """Every balance by currency, and the derivative positions. Callers work in the domain's decimal context."""

    def __init__(self, state: AccountsState) -> None:
        self.state = state
        self.held: dict[str, Decimal] = {}

    def hold(self, currency: str, change: Decimal) -> None:
        """Keep more, or less, of a balance back for resting orders; the total is not touched."""
        self.held[currency] = self.held.get(currency, ZERO) + change

    def unheld(self, currency: str) -> Decimal:
        """A balance less what resting orders hold of it."""
        balance = self.state.balances.get(currency, ZERO)
        held = self.held.get(currency) if self.held else None
        return balance - held if held else balance

    def position(self, symbol: str) -> Position:
        """A derivative's position, flat where there is none."""
        return self.state.positions.get(symbol) or Position(symbol=symbol)

    def book(self, product: Product, fill: Fill, value: Decimal) -> None:
        """Settle one execution: spot against delivery, a derivative's realised profit in its settlement currency.

        `value` is the fill's notional, which whoever reckoned the fee has at hand.
        """
        state, fee = self.state, fill.fee
        if product.kind is SPOT:
            if fill.side is SELL:
                self.swap(product, -fill.quantity, -value, ZERO)
            else:
                self.swap(product, fill.quantity, value, ZERO)
        else:
            before = self.position(fill.symbol)
            after = apply_fill(before, fill, product)
            state.positions[fill.symbol] = after
            gain = after.realized_pnl - before.realized_pnl
            if gain:
                self._receive(product.settlement_currency, credit(gain))
        if fee:
            balances, fees, currency = state.balances, state.fees, fill.fee_currency
            balances[currency] = balances.get(currency, ZERO) - fee
            fees[currency] = fees.get(currency, ZERO) + fee

    def swap(self, product: Product, quantity: Decimal, value: Decimal, fee: Decimal) -> None:
        """Base for quote, negative when it is sold, and a fee in quote."""
        state, base, quote = self.state, product.base_currency, product.quote_currency
        ours, theirs = state.balances, state.counterparty
        ours[base] = ours.get(base, ZERO) + quantity
        theirs[base] = theirs.get(base, ZERO) - quantity
        theirs[quote] = theirs.get(quote, ZERO) + value
        left = ours.get(quote, ZERO) - value
        if fee:
            left -= fee
            state.fees[quote] = state.fees.get(quote, ZERO) + fee
        ours[quote] = left

    def total(self, currency: str) -> Decimal:
        """All there is of a currency, in all accounts; no trade changes it."""
        state = self.state
        return sum((book.get(currency, ZERO) for book in (state.balances, state.counterparty, state.fees)), ZERO)

    def _receive(self, currency: str, amount: Decimal) -> None:
        ours, theirs = self.state.balances, self.state.counterparty
        ours[currency] = ours.get(currency, ZERO) + amount
        theirs[currency] = theirs.get(currency, ZERO) - amount
