"""Valuation: equity and worst-case exposure of an account in its reporting currency, never with an invented price."""

from collections.abc import Callable
from decimal import Decimal

from tidegate.domain.amounts import ONE, ZERO, exact, plain
from tidegate.domain.booking import ACCOUNT
from tidegate.domain.commitments import margin_rate
from tidegate.domain.ledger import Ledger
from tidegate.domain.lines_in_use import Line, LinesInUse
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import AccountReading, Beside, ExposureReading

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
        self._spot_into_reporting = {
            product.base_currency: product.symbol
            for product in products
            if product.is_spot and product.quote_currency == reporting_currency
        }
        # Coins are counted once, whatever they can be traded for: where they have a price in the reporting currency.
        counted_at = {product.base_currency: product.symbol for product in reversed(products) if product.is_spot}
        counted_at |= self._spot_into_reporting
        counted_at.pop(reporting_currency, None)
        self._lines = {
            product.symbol: Line(
                product,
                product.symbol,
                (product.symbol, ACCOUNT),
                product.base_currency if counted_at.get(product.base_currency) == product.symbol else "",
            )
            for product in products
        }
        self._bases = frozenset(counted_at)
        self._in_use = LinesInUse(self._lines, reporting_currency, self._spot_into_reporting)

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
        self._in_use.look_up(ledger)
        return self._equity(ledger)

    def _equity(self, ledger: Ledger) -> Decimal | None:
        total, opening, bases = ZERO, ledger.opening_balances, self._bases
        for currency, amount in ledger.balances.items():
            if currency == self.reporting_currency:
                total += amount
                continue
            own = amount - opening[currency] if currency in bases and currency in opening else amount
            if own:
                rate = self.rate(currency)
                if rate is None:
                    return None
                total += own * rate
        for line in self._in_use.margined:
            position = _position(ledger, line)
            if position is not None:
                mark, rate = self._price_of(line.symbol), self.rate(line.product.settlement_currency)
                if mark is None or rate is None:
                    return None
                total += position.unrealized_pnl(line.product, mark) * rate
        return None if self._in_use.gone and self._in_use.holds_what_is_gone else total

    @exact
    def own_of_flow(self, ledger: Ledger, currency: str, amount: Decimal) -> Decimal:
        """How much of a flow from outside is in equity, signed and in its currency; external coins are not."""
        if currency in self._bases:
            return min(amount + ledger.opening_balances.get(currency, ZERO), ZERO)
        return amount

    def has_market(self, currency: str) -> bool:
        """Whether there is a market by which a currency can have a rate."""
        return currency == self.reporting_currency or currency in self._spot_into_reporting

    @exact
    def readings(
        self, ledger: Ledger, product: Product
    ) -> tuple[ExposureReading | None, AccountReading, Decimal | None]:
        """`exposure`, `account` and the `rate` of the product's quote currency, read together."""
        self._in_use.look_up(ledger)
        return self._exposure(ledger, product), self._account(ledger), self.rate(product.quote_currency)

    @exact
    def exposure(self, ledger: Ledger, product: Product) -> ExposureReading | None:
        """What stands beside an order on `product`; None when another symbol's exposure cannot be priced."""
        self._in_use.look_up(ledger)
        return self._exposure(ledger, product)

    def beside(self, ledger: Ledger, product: Product, price: Decimal) -> Beside | None:
        """What stands beside a product whose mark is `price`; None when another symbol's exposure cannot be priced.

        For callers that work in the domain's decimal context already.
        """
        self._in_use.look_up(ledger)
        alone = self._in_use.alone
        if alone is not None and alone.product is product:
            # Most accounts trade one pair: its coins at its mark, and the money that they are paid with.
            balances = ledger.balances
            own, external = balances.get(alone.external_in, ZERO), ledger.opening_balances.get(alone.external_in)
            if external:
                own -= external
            return Beside(ZERO, ZERO, balances.get(self.reporting_currency, ZERO) + own * price)
        others = self._others_than(ledger, product)
        if others is None:
            return None
        underlying, total = others
        has_margin = False
        for line in self._in_use.margined:
            has_margin = has_margin or _position(ledger, line) is not None
        return Beside(underlying, total, self._equity(ledger), has_margin)

    def _others_than(self, ledger: Ledger, product: Product) -> tuple[Decimal, Decimal] | None:
        """The worst cases of the other symbols: those of the same underlying, and all."""
        symbol, underlying, total = product.symbol, ZERO, ZERO
        for other in self._in_use.lines:
            if other.symbol == symbol:
                continue
            worst = self._worst_case(ledger, other)
            if worst is None:
                return None
            if worst:
                total += worst
                if other.product.underlying == product.underlying:
                    underlying += worst
        return underlying, total

    def _exposure(self, ledger: Ledger, product: Product) -> ExposureReading | None:
        others = self._others_than(ledger, product)
        if others is None:
            return None
        symbol, (underlying, total) = product.symbol, others
        sums = ledger.commitments.by_symbol.get(symbol)
        external_in = self._lines[symbol].external_in
        external = ledger.opening_balances.get(external_in, ZERO) if external_in else ZERO
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

    def _worst_case(self, ledger: Ledger, line: Line) -> Decimal | None:
        """The larger of long and short notional if all orders on one side filled, plus external holdings.

        In reporting currency; the caller works in the domain's decimal context.
        """
        product, position, symbol = line.product, _position(ledger, line), line.symbol
        buys, sells = ledger.commitments.notionals(symbol)
        external = ledger.opening_balances.get(line.external_in, ZERO) if line.external_in else ZERO
        if position is None and not external and not buys and not sells:
            return ZERO
        price, rate = self._price_of(symbol), self.rate(product.quote_currency)
        if price is None or rate is None:
            return None
        unit = price if product.multiplier is ONE else price * product.multiplier
        value = position.quantity * unit if position is not None else ZERO
        long, short = buys + value, sells - value
        worst = long if long > short else short
        worst = worst if worst > ZERO else ZERO
        if external:
            worst += external * unit
        return worst if rate is ONE else worst * rate

    @exact
    def gross(self, ledger: Ledger) -> Decimal | None:
        """Worst-case gross notional of the whole account; None when a part of it cannot be priced."""
        self._in_use.look_up(ledger)
        total = ZERO
        for line in self._in_use.lines:
            worst = self._worst_case(ledger, line)
            if worst is None:
                return None
            total += worst
        return total

    @exact
    def breaches(
        self, ledger: Ledger, product: Product, limits: RiskLimits, beside: Beside | None = None
    ) -> str | None:
        """Which exposure limit the account stands above, with all that is reserved; None while it is within all.

        What was read `beside` the product in this very step, before its own reservations changed, is not read again.
        """
        return self.breaches_in_context(ledger, product, limits, beside)

    def breaches_in_context(
        self, ledger: Ledger, product: Product, limits: RiskLimits, beside: Beside | None = None
    ) -> str | None:
        """`breaches` for callers that work in the domain's decimal context already."""
        own = self._worst_case(ledger, self._lines[product.symbol])
        if beside is None:
            self._in_use.look_up(ledger)
            others, equity = self._others_than(ledger, product), self._equity(ledger)
            beside = None if others is None else Beside(*others, equity)
        if beside is None or beside.equity is None or own is None:
            return _UNPRICED
        of_underlying, total, equity = own, own, beside.equity
        if beside.total:
            of_underlying, total = own + beside.underlying, own + beside.total
        if of_underlying > equity * limits.max_position_pct_per_symbol:
            return f"{product.underlying} {plain(of_underlying)} of equity {plain(equity)}"
        if total > equity * limits.max_exposure_pct:
            return f"total {plain(total)} of equity {plain(equity)}"
        return None

    @exact
    def account(self, ledger: Ledger) -> AccountReading:
        """The money a review judges by: equity, what is free by currency, and margin in use."""
        self._in_use.look_up(ledger)
        return self._account(ledger)

    def _account(self, ledger: Ledger) -> AccountReading:
        margin, available = ZERO, dict(ledger.balances)
        for currency, held in ledger.commitments.held.items():
            if held:
                available[currency] = available.get(currency, ZERO) - held
        for line in self._in_use.margined:
            position = _position(ledger, line)
            if position is not None:
                # Without a rate equity is blind already, and every check that reads either.
                rate = self.rate(line.product.settlement_currency) or ZERO
                margin += self._margin(line.product, position, available) * rate
        for currency, external in ledger.opening_balances.items():
            if currency in self._bases:
                available[currency] = available.get(currency, ZERO) - external
        return AccountReading(
            reporting_currency=self.reporting_currency,
            equity=self._equity(ledger),
            available=available,
            margin_used=margin,
        )

    def _margin(self, product: Product, position: Position, available: dict[str, Decimal]) -> Decimal:
        """What a position needs, taken out of what is available, with the loss that it stands at."""
        mark = self._price_of(product.symbol) or position.entry_price or ZERO
        needed = abs(product.notional(position.quantity, mark)) * margin_rate(product, None)
        gain = position.unrealized_pnl(product, mark)
        currency = product.settlement_currency
        available[currency] = available.get(currency, ZERO) - needed + min(gain, ZERO)
        return needed


def _position(ledger: Ledger, line: Line) -> Position | None:
    """The account's position on a product, None where it is flat."""
    history = ledger.positions.get(line.key)
    return history.position if history is not None and history.position.quantity else None
