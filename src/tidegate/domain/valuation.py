"""Valuation: equity and worst-case exposure of an account in its reporting currency, never with an invented price."""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import ONE, ZERO, exact, plain
from tidegate.domain.commitments import margin_rate
from tidegate.domain.ledger import ACCOUNT, Ledger
from tidegate.domain.positions import Position, PositionHistory
from tidegate.domain.products import Product
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import AccountReading, ExposureReading, ReviewView

PriceOf = Callable[[str], Decimal | None]
"""The mark of a symbol, or None where it cannot be seen."""


_UNPRICED = "exposure cannot be computed: a price is missing"


class _Line(Struct, frozen=True, gc=False):
    """One product with what is looked up for it: where its account position is kept, and the coins that it sells.

    `external_in` is the currency of which an opening balance is a holding of none of our making; empty where there is
    none: derivatives, and what everything is reckoned in, which is money, whoever trades it.
    """

    product: Product
    symbol: str
    key: tuple[str, str]
    external_in: str


class Valuation:
    """Prices an account by marks; a missing rate makes a figure None instead of making it up.

    What depends on the products alone is worked out once; nothing that depends on prices is kept, since they move.
    """

    def __init__(self, products: tuple[Product, ...], reporting_currency: str, price_of: PriceOf) -> None:
        self.products = products
        self.reporting_currency = reporting_currency
        self._price_of = price_of
        self._lines = {
            product.symbol: _Line(
                product,
                product.symbol,
                (product.symbol, ACCOUNT),
                product.base_currency if product.is_spot and product.base_currency != reporting_currency else "",
            )
            for product in products
        }
        self._derivatives = tuple(line for line in self._lines.values() if not line.product.is_spot)
        self._bases = frozenset(line.external_in for line in self._lines.values() if line.external_in)
        self._others = {
            symbol: tuple(line for line in self._lines.values() if line.symbol != symbol) for symbol in self._lines
        }
        self._spot_into_reporting = {
            product.base_currency: product.symbol
            for product in products
            if product.is_spot and product.quote_currency == reporting_currency
        }
        self._history_count = 0
        self._gone: tuple[PositionHistory, ...] = ()

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
        for line in self._derivatives:
            position = _position(ledger, line)
            if position is not None:
                mark, rate = self._price_of(line.symbol), self.rate(line.product.settlement_currency)
                if mark is None or rate is None:
                    return None
                total += position.unrealized_pnl(line.product, mark) * rate
        return None if self._holds_what_is_gone(ledger) else total

    def _holds_what_is_gone(self, ledger: Ledger) -> bool:
        """Whether the account holds something of which there is no product any more."""
        positions = ledger.positions
        if len(positions) != self._history_count:
            # A history once begun stays, so that only new ones are looked at.
            self._history_count = len(positions)
            gone = [symbol for symbol, owner in positions if owner == ACCOUNT and symbol not in self._lines]
            self._gone = tuple(positions[symbol, ACCOUNT] for symbol in gone)
        return bool(self._gone) and any(history.position.quantity for history in self._gone)

    @exact
    def flow_value(self, ledger: Ledger, currency: str, amount: Decimal) -> Decimal | None:
        """What a flow from outside adds to equity, signed; external coins are no part of it. None: no rate is known."""
        if currency in self._bases:
            amount = min(amount + ledger.opening_balances.get(currency, ZERO), ZERO)
        rate = self.rate(currency) if amount else ZERO
        return None if rate is None else amount * rate

    @exact
    def readings(
        self, ledger: Ledger, product: Product
    ) -> tuple[ExposureReading | None, AccountReading, Decimal | None]:
        """`exposure`, `account` and the `rate` of the product's quote currency, read together."""
        return self._exposure(ledger, product), self._account(ledger), self.rate(product.quote_currency)

    @exact
    def exposure(self, ledger: Ledger, product: Product) -> ExposureReading | None:
        """What stands beside an order on `product`; None when another symbol's exposure cannot be priced."""
        return self._exposure(ledger, product)

    def _exposure(self, ledger: Ledger, product: Product) -> ExposureReading | None:
        symbol, underlying, total = product.symbol, ZERO, ZERO
        positions, by_symbol = ledger.positions, ledger.commitments.by_symbol
        for other in self._others[symbol]:
            if not other.external_in and other.symbol not in by_symbol and other.key not in positions:
                continue
            worst = self._worst_case(ledger, other)
            if worst is None:
                return None
            if worst:
                total += worst
                if other.product.underlying == product.underlying:
                    underlying += worst
        sums = by_symbol.get(symbol)
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

    def _worst_case(self, ledger: Ledger, line: _Line) -> Decimal | None:
        """The larger of long and short notional if all orders on one side filled, plus external holdings.

        In reporting currency; the caller works in the domain's decimal context.
        """
        product, position, symbol = line.product, _position(ledger, line), line.symbol
        sums = ledger.commitments.by_symbol.get(symbol)
        external = ledger.opening_balances.get(line.external_in, ZERO) if line.external_in else ZERO
        if position is None and not external and (sums is None or not sums.orders):
            return ZERO
        price, rate = self._price_of(symbol), self.rate(product.quote_currency)
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
        for line in self._lines.values():
            worst = self._worst_case(ledger, line)
            if worst is None:
                return None
            total += worst
        return total

    @exact
    def breaches(
        self, ledger: Ledger, product: Product, limits: RiskLimits, view: ReviewView | None = None
    ) -> str | None:
        """Which exposure limit the account stands above, with all that is reserved; None while it is within all.

        A `view` made in this very step, before the product's own reservations changed, spares reading the rest again.
        """
        if view is None:
            beside, equity = self._exposure(ledger, product), self._equity(ledger)
        else:
            beside, equity = view.exposure, view.account.equity
        own = self._worst_case(ledger, self._lines[product.symbol])
        if beside is None or equity is None or own is None:
            return _UNPRICED
        of_underlying, total = own + beside.underlying_other, own + beside.total_other
        if of_underlying > equity * limits.max_position_pct_per_symbol:
            return f"{product.underlying} {plain(of_underlying)} of equity {plain(equity)}"
        if total > equity * limits.max_exposure_pct:
            return f"total {plain(total)} of equity {plain(equity)}"
        return None

    @exact
    def account(self, ledger: Ledger) -> AccountReading:
        """The money a review judges by: equity, what is free by currency, and margin in use."""
        return self._account(ledger)

    def _account(self, ledger: Ledger) -> AccountReading:
        margin, available = ZERO, dict(ledger.balances)
        for currency, held in ledger.commitments.held.items():
            if held:
                available[currency] = available.get(currency, ZERO) - held
        for line in self._derivatives:
            position = _position(ledger, line)
            if position is not None:
                margin += self._margin(line.product, position, available)
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


def _position(ledger: Ledger, line: _Line) -> Position | None:
    """The account's position on a product, None where it is flat."""
    history = ledger.positions.get(line.key)
    return history.position if history is not None and history.position.quantity else None
