"""The calendar: what the venue does at set moments, which are funding, the expiry of contracts, and scripted events."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from tidegate.adapters.brokers.accounts import credit
from tidegate.adapters.brokers.simulated.exchange import Exchange
from tidegate.adapters.brokers.simulated.happenings import ScriptedEvent
from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.orders import EXPIRED
from tidegate.adapters.brokers.simulated.settings import VenueSettings
from tidegate.adapters.recordings.header import microseconds_of, moment_of
from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.fills import reverse
from tidegate.domain.movements import Movement, MovementKind
from tidegate.domain.products import floor_to
from tidegate.domain.submissions import FillBust
from tidegate.domain.vocabulary import ProductKind

_SECOND_US = 1_000_000
_HOUR_US = 3_600 * _SECOND_US
NEVER_US = 1 << 62


class Calendar:
    """Moments in order; each comes once, also over a restart. `next_us` is the first that has not come."""

    def __init__(
        self, exchange: Exchange, settings: VenueSettings, began_us: int, events: Sequence[ScriptedEvent] = ()
    ) -> None:
        self._exchange, self._floor, self._accounts = exchange, exchange.floor, exchange.accounts
        self._state, self._events, self._began_us = exchange.world.state, events, began_us
        self._rate = settings.funding_rate
        instruments = exchange.instruments.values()
        self._perpetuals = [one for one in instruments if one.product.kind is ProductKind.PERPETUAL]
        self._period_us = settings.funding_hours * _HOUR_US if self._rate and self._perpetuals else 0
        if self._period_us:
            # Nothing is paid for the time between two sessions, in which there was no market.
            at_us = self._state.at_us
            self._state.funded_us = max(self._state.funded_us, at_us - at_us % self._period_us)
        self._expiring = [one for one in instruments if one.product.expires_at is not None]
        for one in self._expiring:
            one.is_expired = self._expiry_us(one) <= self._state.at_us
        self.next_us = self._next_us()

    @exact
    def advance(self, now_us: int) -> None:
        """Let everything come that is due by now, in order of time; of one moment funding first, then expiry."""
        while self.next_us <= now_us:
            due_us = self.next_us
            at = moment_of(due_us)
            if due_us == self._funding_us:
                self._fund(at)
            for instrument in self._expiring:
                if not instrument.is_expired and self._expiry_us(instrument) <= due_us:
                    self._expire(instrument, at)
            while self._state.happened < len(self._events) and self._event_us <= due_us:
                self._happen(self._events[self._state.happened], at)
                self._state.happened += 1
            self._floor.write()
            self.next_us = self._next_us()

    def _next_us(self) -> int:
        expiries = [self._expiry_us(one) for one in self._expiring if not one.is_expired]
        return min([self._funding_us, self._event_us, *expiries])

    @property
    def _funding_us(self) -> int:
        return self._state.funded_us + self._period_us if self._period_us else NEVER_US

    @property
    def _event_us(self) -> int:
        happened = self._state.happened
        if happened >= len(self._events):
            return NEVER_US
        return self._began_us + round(self._events[happened].at * _SECOND_US)

    def _expiry_us(self, instrument: Instrument) -> int:
        expires_at = instrument.product.expires_at
        return NEVER_US if expires_at is None else microseconds_of(expires_at)

    def _fund(self, at: datetime) -> None:
        """Longs pay shorts what the rate makes of their value at the mark, or the other way round."""
        self._state.funded_us = self._funding_us
        for instrument in self._perpetuals:
            product, position = instrument.product, self._accounts.position(instrument.product.symbol)
            mark = instrument.feed.mark() or position.entry_price
            if position.is_flat or mark is None:
                continue
            amount = credit(-product.notional(position.quantity, mark) * self._rate)
            if amount:
                currency = product.settlement_currency
                self._pay(MovementKind.FUNDING, at, product.symbol, currency, amount, f"rate {self._rate}")

    def _expire(self, instrument: Instrument, at: datetime) -> None:
        """The contract ends: its orders with it, and its position is settled in cash at the mark."""
        instrument.is_expired = True
        for order in list(instrument.all_orders()):
            self._floor.end(order, EXPIRED, at, "the contract has expired")
            self._exchange.tell_order(order)
        position = self._accounts.position(instrument.product.symbol)
        mark = instrument.feed.mark() or position.entry_price
        if not position.is_flat and mark is not None:
            self._close(MovementKind.SETTLEMENT, at, instrument, position.quantity, mark, "the contract has expired")

    def _happen(self, event: ScriptedEvent, at: datetime) -> None:
        if event.kind == "bust":
            self._bust(event, at)
        elif event.kind == "deleveraging":
            self._deleverage(event, at)
        else:
            amount = max(event.signed, -max(self._exchange.funds.free(event.currency), ZERO))
            if amount:
                self._pay(event.movement_kind, at, "", event.currency, amount, event.reason)

    def _deleverage(self, event: ScriptedEvent, at: datetime) -> None:
        instrument = self._exchange.instruments[event.symbol]
        position = self._accounts.position(event.symbol)
        mark = instrument.feed.mark() or position.entry_price
        part = floor_to(abs(position.quantity) * event.fraction, instrument.product.base_increment)
        if part and mark is not None and not instrument.is_spot:
            quantity = part if position.quantity > ZERO else -part
            self._close(MovementKind.DELEVERAGING, at, instrument, quantity, mark, event.reason or "the venue chose it")

    def _bust(self, event: ScriptedEvent, at: datetime) -> None:
        """The last fill never was: the money goes back, and whoever asks for fills is not told of it."""
        archive = self._exchange.world.archive
        fills = [one for one in archive.fills(moment_of(self._began_us)) if event.symbol in ("", one.symbol)]
        order = archive.find(fills[-1].client_order_id) if fills else None
        if order is None:
            return
        fill = fills[-1]
        order = self._floor.open.get(fill.client_order_id, order)
        product = self._exchange.instruments[fill.symbol].product
        self._accounts.book(product, reverse(fill), product.notional(fill.quantity, fill.price))
        order.filled -= fill.quantity
        if order.is_open:
            # What was filled is not worked again.
            order.quantity -= fill.quantity
        order.at = at
        self._floor.touched[fill.client_order_id] = order
        archive.take_back(fill)
        self._exchange.tell(FillBust(fill=fill, reason=event.reason or "taken back by the venue"))

    def _close(
        self, kind: MovementKind, at: datetime, instrument: Instrument, quantity: Decimal, price: Decimal, reason: str
    ) -> None:
        symbol, movement_id = instrument.product.symbol, self._floor.movement_id()
        self._move(
            Movement(
                movement_id=movement_id, kind=kind, at=at, symbol=symbol, quantity=-quantity, price=price, reason=reason
            )
        )

    def _pay(self, kind: MovementKind, at: datetime, symbol: str, currency: str, amount: Decimal, reason: str) -> None:
        self._move(
            Movement(
                movement_id=self._floor.movement_id(),
                kind=kind,
                at=at,
                symbol=symbol,
                currency=currency,
                amount=amount,
                reason=reason,
            )
        )

    def _move(self, movement: Movement) -> None:
        self._floor.move(movement)
        self._exchange.tell_movement(movement)
