"""Valuation: equity and worst-case exposure of an account in its reporting currency, never with an invented price."""

from collections.abc import Callable
from decimal import Decimal

from tidegate.domain.amounts import ONE, ZERO, exact, plain
from tidegate.domain.commitments import margin_rate
from tidegate.domain.ledger import Ledger
from tidegate.domain.products import Product
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import AccountReading, ExposureReading

PriceOf = Callable[[str], Decimal | None]
"""The mark of a symbol, or None where it cannot be seen."""


class Valuation:
    """Prices an account by marks; a missing rate makes a figure None instead of making it up."""

    def __init__(self, products: tuple[Product, ...], reporting_currency: str, price_of: PriceOf) -> None:
        self.products = products
        self.reporting_currency = reporting_currency
        self._price_of = price_of
        self._products = {product.symbol: product for product in products}
        self._spot_into_reporting = {
            product.base_currency: product.symbol
            for product in self._products.values()
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

        None when a balance or a position cannot be priced.
        """
        total = ZERO
        external = self._external_currencies(ledger)
        for currency, amount in ledger.balances.items():
            own = amount - external.get(currency, ZERO)
            if not own:
                continue
            rate = self.rate(currency)
            if rate is None:
                return None
            total += own * rate
        for symbol, product in self._products.items():
            position = None if product.is_spot else ledger.account_position(symbol)
            if position is None or position.is_flat:
                continue
            mark, rate = self._price_of(symbol), self.rate(product.settlement_currency)
            if mark is None or rate is None:
                return None
            total += position.unrealized_pnl(product, mark) * rate
        return total

    def _external_currencies(self, ledger: Ledger) -> dict[str, Decimal]:
        """Opening balances of what is itself traded: coins that the bot did not buy."""
        bases = {product.base_currency for product in self._products.values() if product.is_spot}
        return {currency: amount for currency, amount in ledger.opening_balances.items() if currency in bases}

    @exact
    def exposure(self, ledger: Ledger, product: Product) -> ExposureReading | None:
        """What stands beside an order on `product`; None when another symbol's exposure cannot be priced."""
        underlying, total = ZERO, ZERO
        for other in self._products.values():
            if other.symbol == product.symbol:
                continue
            worst = self.worst_case(ledger, other)
            if worst is None:
                return None
            if worst:
                total += worst
                if other.underlying == product.underlying:
                    underlying += worst
        sums = ledger.commitments.by_symbol.get(product.symbol)
        external = ledger.external_quantity(product)
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

    def worst_case(self, ledger: Ledger, product: Product) -> Decimal | None:
        """The larger of long and short notional if all orders on one side filled, plus external holdings, in reporting currency."""
        held = ledger.account_position(product.symbol).quantity
        external = ledger.external_quantity(product)
        sums = ledger.commitments.by_symbol.get(product.symbol)
        has_orders = sums is not None and sums.orders
        if not held and not external and not has_orders:
            return ZERO
        price, rate = self._price_of(product.symbol), self.rate(product.quote_currency)
        if price is None or rate is None:
            return None
        value = product.notional(held, price)
        long = value + (sums.buy_notional if sums is not None else ZERO)
        short = (sums.sell_notional if sums is not None else ZERO) - value
        return (max(long, short, ZERO) + product.notional(external, price)) * rate

    @exact
    def gross(self, ledger: Ledger) -> Decimal | None:
        """Worst-case gross notional of the whole account; None when a part of it cannot be priced."""
        total = ZERO
        for product in self._products.values():
            worst = self.worst_case(ledger, product)
            if worst is None:
                return None
            total += worst
        return total

    @exact
    def breaches(self, ledger: Ledger, product: Product, limits: RiskLimits) -> str | None:
        """Which exposure limit the account, with all that is reserved, now stands above; None while it is within all."""
        equity = self.equity(ledger)
        worst = {symbol: self.worst_case(ledger, one) for symbol, one in self._products.items()}
        if equity is None or None in worst.values():
            return "exposure cannot be computed: a price is missing"
        total = sum((value for value in worst.values() if value is not None), ZERO)
        of_underlying = sum(
            (worst[symbol] or ZERO for symbol, one in self._products.items() if one.underlying == product.underlying), ZERO
        )
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
        for symbol, product in self._products.items():
            if product.is_spot:
                continue
            position = ledger.account_position(symbol)
            if position.is_flat:
                continue
            mark = self._price_of(symbol) or position.entry_price or ZERO
            needed = abs(product.notional(position.quantity, mark)) * margin_rate(product, None)
            gain = position.unrealized_pnl(product, mark)
            margin += needed
            currency = product.settlement_currency
            available[currency] = available.get(currency, ZERO) - needed + min(gain, ZERO)
        for currency, external in self._external_currencies(ledger).items():
            available[currency] = available.get(currency, ZERO) - external
        return AccountReading(
            reporting_currency=self.reporting_currency,
            equity=self.equity(ledger),
            available=available,
            margin_used=margin,
        )
