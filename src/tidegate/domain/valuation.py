"""Valuation: equity and worst-case exposure of an account in its reporting currency, never with an invented price."""

from collections.abc import Callable
from decimal import Decimal

from tidegate.domain.amounts import ONE, ZERO, exact, plain
from tidegate.domain.commitments import margin_rate
from tidegate.domain.ledger import ACCOUNT, Ledger
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import AccountReading, ExposureReading

PriceOf = Callable[[str], Decimal | None]
"""The mark of a symbol, or None where it cannot be seen."""


_UNPRICED = "exposure cannot be computed: a price is missing"


class Valuation:
    """Prices an account by marks; a missing rate makes a figure None instead of making it up.

    What depends on the products alone is worked out once; nothing that depends on prices is kept, since they move.
    """

    def __init__(self, products: tuple[Product, ...], reporting_currency: str, price_of: PriceOf) -> None:
        self.products = products
        self.reporting_currency = reporting_currency
        self._price_of = price_of
        self._derivatives = tuple(product for product in products if not product.is_spot)
        # What is traded can be external; what everything is reckoned in is money, whoever trades it.
        self._bases = frozenset(product.base_currency for product in products if product.is_spot) - {reporting_currency}
        self._symbols = frozenset(product.symbol for product in products)
        self._others = {
            product.symbol: tuple(other for other in products if other.symbol != product.symbol) for product in products
        }
        self._spot_into_reporting = {
            product.base_currency: product.symbol
            for product in products
            if product.is_spot and product.quote_currency == reporting_currency
        }

    def rate(self, currency: str) -> Decimal | None:
        """Reporting currency per unit of a currency: the mark of its spot market (USDC is not USD by fiat), or None."""
        if currency == self.reporting_currency:
            return ONE
        symbol = self._spot_into_reporting.get(currency)
        return self._price_of(symbol) if symbol is not None else None

    @exact
    def equity(self, ledger: Ledger) -> Decimal | None:
        """Own money at current rates with unrealised profit of derivatives; external holdings are left out.

        None when a balance or a position cannot be priced, because a mark is missing or the product is gone.
        """
        return self._equity(ledger)

    def _equity(self, ledger: Ledger) -> Decimal | None:
        total = ZERO
        opening, bases = ledger.opening_balances, self._bases
        for currency, amount in ledger.balances.items():
            own = amount - opening.get(currency, ZERO) if currency in bases else amount
            if not own:
                continue
            rate = self.rate(currency)
            if rate is None:
                return None
            total += own if rate is ONE else own * rate
        for product in self._derivatives:
            position = _position(ledger, product.symbol)
            if position is None:
                continue
            mark, rate = self._price_of(product.symbol), self.rate(product.settlement_currency)
            if mark is None or rate is None:
                return None
            total += position.unrealized_pnl(product, mark) * rate
        for (symbol, owner), history in ledger.positions.items():
            if symbol not in self._symbols and owner == ACCOUNT and history.position.quantity:
                return None
        return total

    def _external(self, ledger: Ledger, product: Product) -> Decimal:
        return ledger.external_quantity(product) if product.base_currency in self._bases else ZERO

    @exact
    def exposure(self, ledger: Ledger, product: Product) -> ExposureReading | None:
        """What stands beside an order on `product`; None when another symbol's exposure cannot be priced."""
        underlying, total = ZERO, ZERO
        for other in self._others[product.symbol]:
            worst = self._worst_case(ledger, other)
            if worst is None:
                return None
            if worst:
                total += worst
                if other.underlying == product.underlying:
                    underlying += worst
        sums = ledger.commitments.by_symbol.get(product.symbol)
        external = self._external(ledger, product)
        if sums is None:
            return ExposureReading(external_quantity=external, underlying_other=underlying, total_other=total)
        return ExposureReading(
            buy_quantity=sums.buy_quantity,
            sell_quantity=sums.sell_quantity,
            buy_notional=sums.buy_notional,
            sell_notional=sums.sell_notional,
            external_quantity=external,
            underlying_other=underlying,
            total_other=total,
        )

    def _worst_case(self, ledger: Ledger, product: Product) -> Decimal | None:
        """The larger of long and short notional if all orders on one side filled, plus external holdings.

        In reporting currency; the caller works in the domain's decimal context.
        """
        position = _position(ledger, product.symbol)
        sums = ledger.commitments.by_symbol.get(product.symbol)
        external = self._external(ledger, product)
        if position is None and not external and (sums is None or not sums.orders):
            return ZERO
        price, rate = self._price_of(product.symbol), self.rate(product.quote_currency)
        if price is None or rate is None:
            return None
        unit = price if product.multiplier is ONE else price * product.multiplier
        value = position.quantity * unit if position is not None else ZERO
        long, short = (sums.buy_notional + value, sums.sell_notional - value) if sums is not None else (value, -value)
        worst = long if long > short else short
        worst = worst if worst > ZERO else ZERO
        if external:
            worst += external * unit
        return worst if rate is ONE else worst * rate

    @exact
    def gross(self, ledger: Ledger) -> Decimal | None:
        """Worst-case gross notional of the whole account; None when a part of it cannot be priced."""
        total = ZERO
        for product in self.products:
            worst = self._worst_case(ledger, product)
            if worst is None:
                return None
            total += worst
        return total

    @exact
    def breaches(self, ledger: Ledger, product: Product, limits: RiskLimits) -> str | None:
        """Which exposure limit the account stands above, with all that is reserved; None while it is within all."""
        equity = self._equity(ledger)
        total = of_underlying = ZERO
        if equity is None:
            return _UNPRICED
        for one in self.products:
            worst = self._worst_case(ledger, one)
            if worst is None:
                return _UNPRICED
            total += worst
            if one.underlying == product.underlying:
                of_underlying += worst
        if of_underlying > equity * limits.max_position_pct_per_symbol:
            return f"{product.underlying} {plain(of_underlying)} of equity {plain(equity)}"
        if total > equity * limits.max_exposure_pct:
            return f"total {plain(total)} of equity {plain(equity)}"
        return None

    @exact
    def account(self, ledger: Ledger) -> AccountReading:
        """The money a review judges by: equity, what is free by currency, and margin in use."""
        margin = ZERO
        available = dict(ledger.balances)
        for currency, held in ledger.commitments.held.items():
            if held:
                available[currency] = available.get(currency, ZERO) - held
        for product in self._derivatives:
            position = _position(ledger, product.symbol)
            if position is None:
                continue
            mark = self._price_of(product.symbol) or position.entry_price or ZERO
            needed = abs(product.notional(position.quantity, mark)) * margin_rate(product, None)
            gain = position.unrealized_pnl(product, mark)
            margin += needed
            currency = product.settlement_currency
            available[currency] = available.get(currency, ZERO) - needed + min(gain, ZERO)
        for currency, external in ledger.opening_balances.items():
            if currency in self._bases:
                available[currency] = available.get(currency, ZERO) - external
        return AccountReading(
            reporting_currency=self.reporting_currency,
            equity=self._equity(ledger),
            available=available,
            margin_used=margin,
        )


def _position(ledger: Ledger, symbol: str) -> Position | None:
    """The account's position on a symbol, None where it is flat."""
    history = ledger.positions.get((symbol, ACCOUNT))
    return history.position if history is not None and history.position.quantity else None
