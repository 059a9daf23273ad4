"""A pretended venue's accounts: ours, the counterparty's and the fees', between which money moves and is never lost."""

from decimal import Decimal

from msgspec import Struct

from tidegate.adapters.brokers.words import SELL, SPOT
from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE, ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.movements import FLOWS, Movement, as_fill
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
    """What is kept of the accounts in the world's file. `positions` are those of derivatives.

    `outside` is where deposits come from and withdrawals go to; `margins` is what each position has put up where margin
    is isolated, in settlement currency: it stays part of the balance.
    """

    balances: dict[str, Decimal]
    counterparty: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    outside: dict[str, Decimal] = {}
    positions: dict[str, Position] = {}
    margins: dict[str, Decimal] = {}


class Accounts:
    """Every balance by currency, and the derivative positions. Callers work in the domain's decimal context."""

    def __init__(self, state: AccountsState, *, is_isolated: bool = False) -> None:
        """`is_isolated` has each derivative position put up a margin of its own."""
        self.state = state
        self.is_isolated = is_isolated
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
            self._trade(product, fill)
        if fee:
            balances, fees, currency = state.balances, state.fees, fill.fee_currency
            balances[currency] = balances.get(currency, ZERO) - fee
            fees[currency] = fees.get(currency, ZERO) + fee

    def move(self, movement: Movement, product: Product | None) -> None:
        """What the venue does by no order: a flow from or to the outside, anything else between it and us."""
        state = self.state
        if movement.amount:
            theirs = state.outside if movement.kind in FLOWS else state.counterparty
            self._between(theirs, movement.currency, movement.amount)
        if movement.fee:
            self._between(state.fees, movement.fee_currency, -movement.fee)
        if product is not None and movement.quantity:
            self._trade(product, as_fill(movement, movement.quantity, ZERO))

    def _trade(self, product: Product, fill: Fill) -> None:
        """A derivative's position with one more execution; what it realises is settled."""
        state, symbol = self.state, fill.symbol
        before = self.position(symbol)
        after = apply_fill(before, fill, product)
        state.positions[symbol] = after
        if self.is_isolated:
            self._put_up(product, before.quantity, after.quantity, fill.price)
        gain = after.realized_pnl - before.realized_pnl
        if gain:
            self._between(state.counterparty, product.settlement_currency, credit(gain))

    def _put_up(self, product: Product, before: Decimal, after: Decimal, price: Decimal) -> None:
        """Initial margin for what is new of a position; what is closed sets its share free."""
        margins, symbol = self.state.margins, product.symbol
        margin = margins.get(symbol, ZERO)
        turned = before and (after > ZERO) is not (before > ZERO)
        if not after:
            margins.pop(symbol, None)
            return
        if turned:
            before, margin = ZERO, ZERO
        if abs(after) > abs(before):
            margin += credit(product.notional(abs(after) - abs(before), price) * product.initial_margin_rate)
        else:
            margin = credit(margin * abs(after) / abs(before))
        margins[symbol] = margin

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
        books = (state.balances, state.counterparty, state.fees, state.outside)
        return sum((book.get(currency, ZERO) for book in books), ZERO)

    def _between(self, theirs: dict[str, Decimal], currency: str, amount: Decimal) -> None:
        """Money to us, negative from us, and the other way round on their side."""
        ours = self.state.balances
        ours[currency] = ours.get(currency, ZERO) + amount
        theirs[currency] = theirs.get(currency, ZERO) - amount
