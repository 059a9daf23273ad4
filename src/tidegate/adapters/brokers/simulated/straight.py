"""The straight way: an order that one level of the book fills whole, and that nothing else concerns, in one go.

Most orders are so: immediate, priced, of a spot market that is open, smaller than the best level that is not used up,
and paid for. What is anything else, or would be refused, is left to the long way, which judges it as if nobody had
looked. Where this fills, the long way would have made the very same fill and left the very same world: that is what the
tests hold it to.
"""

from datetime import datetime

from tidegate.adapters.brokers.accounts import credit
from tidegate.adapters.brokers.simulated.exchange import Exchange
from tidegate.adapters.brokers.simulated.floor import LARGE_FILL_DIVISOR
from tidegate.adapters.brokers.simulated.orders import FILLED, Terms, WorkingOrder
from tidegate.adapters.brokers.words import BUY, IOC, LIMIT, MARKET, TAKER
from tidegate.domain.amounts import ZERO
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import TradeId, VenueOrderId
from tidegate.domain.orders import Order
from tidegate.domain.products import OPEN_FOR_TRADING
from tidegate.domain.submissions import OrderAcknowledged


class StraightWay:
    """Immediate orders in one step of the world, written before it returns."""

    def __init__(self, exchange: Exchange) -> None:
        self._instruments, self._funds = exchange.instruments, exchange.funds
        self._floor, self._accounts, self._watched = exchange.floor, exchange.accounts, exchange.watched
        self._archive, self._state = exchange.world.archive, exchange.world.state
        self._order_prefix = f"V{self._state.generation}-"
        self._trade_prefix = f"{self._state.generation}-"

    def filled(self, order: Order, at: datetime) -> OrderAcknowledged | None:  # noqa: C901 -- one way, few functions
        """The order filled whole by the best level not used up, or None and nothing done; in the domain's context."""
        instrument, limit = self._instruments.get(order.symbol), order.limit_price
        if (
            instrument is None
            or limit is None
            or order.time_in_force is not IOC
            or not instrument.is_plain
            or order.reduce_only
            or order.post_only
            or order.expire_at is not None
            or order.trigger_direction is not None
        ):
            return None
        order_id, kind, side, quantity = order.client_order_id, order.order_type, order.side, order.quantity
        floor, product, flags = self._floor, instrument.product, instrument.feed.flags
        bids, asks = instrument.bid_levels, instrument.ask_levels
        if (
            (kind is not MARKET and kind is not LIMIT)
            or not (bids and asks)
            or (flags is not None and flags is not OPEN_FOR_TRADING)
            or floor.reducers
            or not (quantity.is_finite() and limit.is_finite())
        ):
            return None
        if bids[-1].price >= asks[-1].price or (instrument.asks if side is BUY else instrument.bids).keys:
            return None
        left, used = ZERO, instrument.used
        for level in reversed(asks if side is BUY else bids):
            left = level.total - sum(used[level].values()) if level in used else level.total
            if left > ZERO:
                break
        price, most, notional = level.price, product.maximum_quantity, quantity * limit
        if (
            quantity <= ZERO
            or limit <= ZERO
            or quantity % product.base_increment
            or limit % product.price_increment
            or quantity < product.minimum_quantity
            or (most is not None and quantity > most)
            or notional < product.minimum_notional
            or (price > limit if side is BUY else price < limit)
            or quantity > left
        ):
            return None
        if side is BUY:
            need = notional if instrument.with_fee is None else notional * instrument.with_fee
            free = self._funds.free(product.quote_currency)
        else:
            need, free = quantity, self._funds.free(product.base_currency)
        if need > free or self._archive.find(order_id) is not None:
            return None

        state = self._state
        count = state.order_count = state.order_count + 1
        trade = state.trade_count = state.trade_count + 1
        venue_order_id = VenueOrderId(f"{self._order_prefix}{count}")
        value = quantity * price
        fee = credit(value * product.taker_fee_rate)
        is_large = quantity * LARGE_FILL_DIVISOR > level.total
        fill = Fill(
            trade_id=TradeId(f"{self._trade_prefix}{trade:012}"),
            client_order_id=order_id,
            symbol=product.symbol,
            side=side,
            quantity=quantity,
            price=price,
            at=at,
            fee=fee,
            fee_currency=product.quote_currency,
            liquidity=TAKER,
            venue_order_id=venue_order_id,
            is_large=is_large,
        )
        if side is BUY:
            self._accounts.swap(product, quantity, value, fee)
        else:
            self._accounts.swap(product, -quantity, -value, fee)
        if is_large:
            state.large_fill_count += 1
        instrument.use_up(level, quantity)
        self._watched.add(instrument.feed_index)
        # What the tape has touched since the last step is written with this one.
        touched, floor.touched = floor.touched, {}
        touched[order_id] = WorkingOrder(
            terms=Terms(order_id, product.symbol, side, kind, IOC, quantity, limit, False, False, None),
            venue_order_id=venue_order_id,
            quantity=quantity,
            limit_price=limit,
            at=at,
            filled=ZERO + quantity,
            state=FILLED,
        )
        self._archive.write(state, touched, (fill,))
        return OrderAcknowledged(venue_order_id=venue_order_id, at=at, fills=(fill,))
