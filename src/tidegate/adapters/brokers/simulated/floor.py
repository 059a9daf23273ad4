"""The floor: where orders are filled, held for, rested and ended; what changed is remembered until it is written."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from heapq import heappop, heappush

from tidegate.adapters.brokers.accounts import Accounts, credit
from tidegate.adapters.brokers.simulated.instrument import Instrument
from tidegate.adapters.brokers.simulated.orders import FILLED, WorkingOrder, WorkingState
from tidegate.adapters.brokers.simulated.queues import join
from tidegate.adapters.brokers.simulated.world import World
from tidegate.adapters.brokers.words import SELL, TAKER
from tidegate.adapters.recordings.header import microseconds_of
from tidegate.domain.amounts import ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId
from tidegate.domain.movements import Movement
from tidegate.domain.vocabulary import Liquidity, OrderSide

LARGE_FILL_DIVISOR = 10
"""A fill of more than a tenth of what was there would have moved a real market: it is marked, counted, and stated."""


class Floor:
    """Every change to an order, a balance or a position of the venue happens here, in the domain's decimal context."""

    def __init__(self, world: World, accounts: Accounts, instruments: Mapping[str, Instrument]) -> None:
        self._archive, self._state = world.archive, world.state
        self._trade_prefix = f"{world.state.generation}-"
        self._accounts = accounts
        self._instruments = instruments
        self.open: dict[ClientOrderId, WorkingOrder] = {}
        self.reducers: dict[tuple[str, OrderSide], dict[ClientOrderId, WorkingOrder]] = {}
        self.touched: dict[ClientOrderId, WorkingOrder] = {}
        self.fills: list[Fill] = []
        self.movements: list[Movement] = []
        self.margined: dict[int, set[str]] = {}
        """Feeds at whose marks derivative positions stand, with their symbols."""
        for instrument in instruments.values():
            if not instrument.is_spot:
                self._note_position(instrument)
        self.dated: list[tuple[int, ClientOrderId]] = []

    def fill(
        self,
        order: WorkingOrder,
        instrument: Instrument,
        quantity: Decimal,
        price: Decimal,
        at: datetime,
        liquidity: Liquidity,
        *,
        of: Decimal,
    ) -> Fill:
        """One execution: the order, the money and the position, all at once. `of` is the volume that was there."""
        terms, state, product = order.terms, self._state, instrument.product
        rate = product.taker_fee_rate if liquidity is TAKER else product.maker_fee_rate
        value = quantity * price * product.multiplier
        is_coins = instrument.pays_fees_in_coins and terms.side is not SELL
        count = state.trade_count = state.trade_count + 1
        fill = Fill(
            # Padded, so that the trades of one moment sort as they happened.
            trade_id=TradeId(self._trade_prefix + str(count).zfill(12)),
            client_order_id=terms.client_order_id,
            symbol=terms.symbol,
            side=terms.side,
            quantity=quantity,
            price=price,
            at=at,
            fee=credit((quantity if is_coins else value) * rate),
            fee_currency=product.base_currency if is_coins else instrument.fee_currency,
            liquidity=liquidity,
            venue_order_id=order.venue_order_id,
            is_large=quantity * LARGE_FILL_DIVISOR > of,
        )
        if fill.is_large:
            state.large_fill_count += 1
        filled = order.filled = order.filled + quantity
        order.at = at
        self._accounts.book(product, fill, value)
        if not instrument.is_spot:
            self._note_position(instrument)
        self.fills.append(fill)
        self.touched[terms.client_order_id] = order
        if filled >= order.quantity:
            if order.rests:
                self.end(order, FILLED, at)
            else:
                order.state = FILLED
        return fill

    def rest(self, order: WorkingOrder) -> None:
        """Let the order wait in its queue, and hold what may have to be paid for it."""
        self._rank(order)
        join(self._instruments[order.terms.symbol], order)
        self.hold(order)
        self.keep(order)

    def wait(self, order: WorkingOrder) -> None:
        """Let the order wait for its trigger, outside of the book."""
        self._rank(order)
        order.waits = True
        order.since_row = self._state.rows
        self._instruments[order.terms.symbol].triggers.add(order)
        self.hold(order)
        self.keep(order)

    def _rank(self, order: WorkingOrder) -> None:
        state = self._state
        state.rank_count += 1
        order.rank = state.rank_count

    def keep(self, order: WorkingOrder) -> None:
        """Know an order as open, and when it expires."""
        order_id = order.terms.client_order_id
        order.rests = True
        self.open[order_id] = order
        self.touched[order_id] = order
        if order.terms.reduce_only:
            self.reducers.setdefault((order.terms.symbol, order.terms.side), {})[order_id] = order
        until = order.terms.expire_at
        if until is not None:
            heappush(self.dated, (microseconds_of(until), order_id))

    def adopt(self, order: WorkingOrder) -> None:
        """Know an order as open that the world has brought along, in its place in the queue or at its trigger."""
        # What it holds is reckoned anew: another run may have been given other fee rates.
        order.held = ZERO
        instrument = self._instruments[order.terms.symbol]
        if not order.waits:
            instrument.resting(order.terms.side).add(order)
        elif order.terms.trail is None:
            instrument.triggers.add(order)
        self.keep(order)
        self.hold(order)

    def has_expiry(self, at_us: int) -> bool:
        """Whether an order may have lived until now."""
        return bool(self.dated) and self.dated[0][0] <= at_us

    def expired(self, at_us: int) -> Iterator[WorkingOrder]:
        """Open orders whose `expire_at` has come."""
        while self.dated and self.dated[0][0] <= at_us:
            order = self.open.get(heappop(self.dated)[1])
            if order is not None:
                yield order

    def end(self, order: WorkingOrder, state: WorkingState, at: datetime, reason: str = "") -> None:
        """Work the order no more, and free what it held."""
        order_id = order.terms.client_order_id
        order.end(state, at, reason)
        self.touched[order_id] = order
        if order.rests:
            order.rests = False
            instrument = self._instruments[order.terms.symbol]
            if order.waits:
                instrument.triggers.remove(order)
                order.waits = False
            else:
                instrument.resting(order.terms.side).remove(order)
            self.hold(order)
            self.open.pop(order_id, None)
            if order.terms.reduce_only:
                self._forget_reducer(order)

    def _forget_reducer(self, order: WorkingOrder) -> None:
        key = (order.terms.symbol, order.terms.side)
        own = self.reducers.get(key)
        if own is not None:
            own.pop(order.terms.client_order_id, None)
            if not own:
                del self.reducers[key]

    def hold(self, order: WorkingOrder) -> None:
        """Hold for a spot order what its leaves may still cost; derivatives keep margin instead."""
        instrument, price = self._instruments[order.terms.symbol], order.worst_price
        if order.rests and not order.waits:
            instrument.resting(order.terms.side).recount(order)
        if not instrument.is_spot or price is None:
            return
        leaves = order.leaves if order.is_open else ZERO
        currency, need = instrument.spot_need(order.terms.side, leaves, price)
        if need != order.held:
            self._accounts.hold(currency, need - order.held)
            order.held = need

    def reducible(self, symbol: str, side: OrderSide) -> Decimal:
        """How much an order on this side can take off the position before it turns."""
        product = self._instruments[symbol].product
        if product.is_spot:
            held = self._accounts.state.balances.get(product.base_currency, ZERO)
            return max(ZERO, held) if side is SELL else ZERO
        position = self._accounts.position(symbol).quantity
        return max(ZERO, position if side is SELL else -position)

    def idle_reducers(self) -> Iterator[WorkingOrder]:
        """Open reduce-only orders that have nothing left to reduce."""
        for (symbol, side), own in list(self.reducers.items()):
            if self.reducible(symbol, side) <= ZERO:
                yield from list(own.values())

    def move(self, movement: Movement) -> None:
        """What the venue does to the account by no order of ours."""
        instrument = self._instruments.get(movement.symbol)
        self._accounts.move(movement, None if instrument is None else instrument.product)
        if instrument is not None and movement.quantity:
            self._note_position(instrument)
        self.movements.append(movement)

    def _note_position(self, instrument: Instrument) -> None:
        symbol, index = instrument.product.symbol, instrument.feed_index
        if self._accounts.position(symbol).is_flat:
            symbols = self.margined.get(index, set())
            symbols.discard(symbol)
            if not symbols:
                self.margined.pop(index, None)
        else:
            self.margined.setdefault(index, set()).add(symbol)

    def movement_id(self) -> str:
        """The next movement's id."""
        count = self._state.movement_count = self._state.movement_count + 1
        return f"M{self._trade_prefix}{str(count).zfill(6)}"

    def write(self) -> None:
        """Write what has changed as one step."""
        orders, fills, movements = self.touched, self.fills, self.movements
        self.touched, self.fills, self.movements = {}, [], []
        self._archive.write(self._state, orders, fills, movements)
