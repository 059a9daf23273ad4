"""Funds: whether the account can pay for an order, and what a resting one holds."""

from collections.abc import Mapping
from decimal import Decimal

from tidegate.adapters.brokers.accounts import Accounts
from tidegate.adapters.brokers.simulated.admission import Reject
from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.resting import RestingSide
from tidegate.adapters.brokers.words import BUY
from tidegate.domain.amounts import ONE, ZERO, plain
from tidegate.domain.products import Product
from tidegate.domain.vocabulary import OrderSide


class Funds:
    """What is free to use. Spot pays in full; derivatives keep margin on the worst case of position and open orders.

    Where margin is isolated a position keeps what it has put up, whatever its value is now, and open orders what they
    would put up; its losses are its own, and take nothing from what is free.
    """

    def __init__(self, accounts: Accounts, instruments: Mapping[str, Instrument]) -> None:
        self._accounts = accounts
        self._settled_in: dict[str, list[Instrument]] = {}
        for one in instruments.values():
            if not one.product.is_spot:
                self._settled_in.setdefault(one.product.settlement_currency, []).append(one)

    def reject(
        self, instrument: Instrument, side: OrderSide, quantity: Decimal, price: Decimal, freed: Decimal = ZERO
    ) -> Reject | None:
        """Whether the funds do not cover an order at its worst price; `freed` is what it holds already (an amend)."""
        if not instrument.is_spot:
            return self._margin_reject(instrument, side, quantity, price)
        currency, need = instrument.spot_need(side, quantity, price)
        free = self.free(currency)
        if freed:
            free += freed
        return None if need <= free else _short(currency, need, free)

    def free(self, currency: str) -> Decimal:
        """A balance less holds, margin and unrealised losses."""
        accounts = self._accounts
        free = accounts.unheld(currency) if accounts.held else accounts.state.balances.get(currency, ZERO)
        for instrument in self._settled_in.get(currency, ()):
            if instrument.bids.keys or instrument.asks.keys or instrument.product.symbol in accounts.state.positions:
                free += min(self._unrealized(instrument), ZERO) - self._margin(instrument)
        return free

    def _margin_reject(
        self, instrument: Instrument, side: OrderSide, quantity: Decimal, price: Decimal
    ) -> Reject | None:
        product = instrument.product
        value = product.notional(quantity, price)
        before = self._margin(instrument)
        after = self._margin(instrument, **{"buying" if side is BUY else "selling": value})
        if after <= before:
            return None  # It only shrinks the worst case: never refused for want of money.
        fee = value * max(product.taker_fee_rate, ZERO)
        free = self._accounts.unheld(product.settlement_currency)
        for one in self._settled_in[product.settlement_currency]:
            free += self._unrealized(one) - (before if one is instrument else self._margin(one))
        need = after - before + fee
        if need <= free:
            return None
        return _short(product.settlement_currency, need, free)

    def _margin(self, instrument: Instrument, buying: Decimal = ZERO, selling: Decimal = ZERO) -> Decimal:
        """Initial margin of the larger of long and short, if every order of one side filled."""
        value, rate = self._position_value(instrument), instrument.product.initial_margin_rate
        buys = buying + _open_value(instrument.product, instrument.bids)
        sells = selling + _open_value(instrument.product, instrument.asks)
        worst = max(abs(value + buys), abs(value - sells))
        if not self._accounts.is_isolated:
            return worst * rate
        put_up = self._accounts.state.margins.get(instrument.product.symbol, ZERO)
        return put_up + max(worst - abs(value), ZERO) * rate

    def _position_value(self, instrument: Instrument) -> Decimal:
        position = self._accounts.state.positions.get(instrument.product.symbol)
        if position is None or position.entry_price is None:
            return ZERO
        return instrument.product.notional(position.quantity, instrument.feed.mark() or position.entry_price)

    def _unrealized(self, instrument: Instrument) -> Decimal:
        position = self._accounts.state.positions.get(instrument.product.symbol)
        mark = instrument.feed.mark()
        if position is None or mark is None or self._accounts.is_isolated:
            return ZERO
        return position.unrealized_pnl(instrument.product, mark)


def _open_value(product: Product, side: RestingSide) -> Decimal:
    return product.notional(side.value, ONE)


def _short(currency: str, need: Decimal, free: Decimal) -> Reject:
    return Reject("VENUE_INSUFFICIENT_FUNDS", f"it needs {plain(need)} {currency}, {plain(free)} are free")
