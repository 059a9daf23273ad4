"""The synthetic market: orders that come, take and go by chance, as the rows of a recording."""

from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from itertools import accumulate

from tidegate.adapters.recordings.format import (
    Gap,
    Heartbeat,
    OrderAdded,
    OrderDeleted,
    OrderResized,
    Restriction,
    Row,
    StatusChanged,
    TradePrinted,
)
from tidegate.adapters.recordings.synthetic.book import FlowBook, FlowOrder
from tidegate.adapters.recordings.synthetic.draws import Draws
from tidegate.adapters.recordings.synthetic.episodes import Episode, Schedule, Turn
from tidegate.adapters.recordings.synthetic.parameters import MarketParameters
from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.vocabulary import OrderSide

_SECOND_US = 1_000_000
_HEARTBEAT_US = _SECOND_US
_OPENING_ORDERS = 120
_FOLLOWERS = 24
_LEAST_ORDERS = 6
"""A side with fewer orders takes none off: an empty book is a halt, not a market."""
_PRODUCT = 0


class SyntheticMarket:
    """Writes the opening book, then whatever happens to it until the end."""

    def __init__(self, parameters: MarketParameters, draws: Draws, start_us: int, write: Callable[[Row], None]) -> None:
        self._parameters = parameters
        self._draws = draws
        self._write = write
        self._at_us = self._heard_us = start_us
        self._schedule = Schedule(parameters, draws, start_us)
        self._book = FlowBook()
        self._order_count = self._trade_count = 0
        self._last = int(parameters.start_price / parameters.price_increment)
        weights = (
            1.0 / (distance + parameters.placement_offset) for distance in range(1, parameters.placement_depth + 1)
        )
        self._placements = list(accumulate(weights))
        self._prices: dict[int, Decimal] = {}
        self._ghost: FlowOrder | None = None
        self._is_buying = True
        self._is_thin = self._is_halted = self._is_silent = False
        self.episodes: dict[str, int] = {}

    def open(self) -> None:
        """The opening book, placed as later orders are."""
        for _ in range(_OPENING_ORDERS):
            self._place(is_bid=True)
            self._place(is_bid=False)

    def run_until(self, end_us: int) -> None:
        """Let orders come and go until a moment, in microseconds since the epoch."""
        exponential, parameters = self._draws.exponential, self._parameters
        limits, takers = 2 * parameters.limit_rate, 2 * parameters.market_rate
        while True:
            regime = self._schedule.regime
            rate_of_limits = limits * (parameters.thin_share if self._is_thin else 1.0)
            rate_of_takers = takers * regime.taking
            total = rate_of_limits + rate_of_takers + parameters.cancel_rate * len(self._book)
            at_us = self._at_us + 1 + int(exponential() * _SECOND_US / (total * regime.activity))
            turn_us = self._schedule.next_us
            if turn_us <= min(at_us, end_us - 1):
                # What comes by a Poisson process has no memory: after the turn it is drawn anew, at the new rates.
                self._move_to(turn_us)
                for turn in self._schedule.due(turn_us):
                    self._turn(turn)
                continue
            if at_us >= end_us:
                self._move_to(end_us)
                return
            self._move_to(at_us)
            if not self._is_halted:
                self._happen(self._draws.uniform() * total, rate_of_limits, rate_of_takers)

    def _happen(self, lot: float, rate_of_limits: float, rate_of_takers: float) -> None:
        if lot < rate_of_limits:
            self._place(is_bid=lot < rate_of_limits / 2)
        elif lot < rate_of_limits + rate_of_takers:
            # A large order comes in pieces, so that the sides of those who take follow each other.
            if self._draws.uniform() >= self._parameters.persistence:
                self._is_buying = lot < rate_of_limits + rate_of_takers / 2
            self._take(is_buy=self._is_buying, steps=self._draws.skewed(self._parameters.taking_size_max))
        else:
            self._cancel()

    def _move_to(self, at_us: int) -> None:
        """Time passes; a feed that has nothing to tell says at least that it is there."""
        if not self._is_silent:
            while at_us - self._heard_us > _HEARTBEAT_US:
                self._heard_us += _HEARTBEAT_US
                self._write(Heartbeat(at_us=self._heard_us, product=_PRODUCT))
        self._at_us = at_us

    def _tell(self, row: Row) -> None:
        if not self._is_silent:
            self._heard_us = row.at_us
            self._write(row)

    def _place(self, *, is_bid: bool) -> None:
        """A limit order at a distance from the other side's best, the less likely the further."""
        lot = self._draws.uniform() * self._placements[-1]
        distance = 1 + bisect_left(self._placements, lot)
        best = self._book.side(not is_bid).best
        if best is None:
            best = self._last
        self._rest(is_bid, best - distance if is_bid else best + distance)

    def _rest(self, is_bid: bool, price: int) -> FlowOrder:
        self._order_count += 1
        order = self._book.add(
            str(self._order_count), is_bid, price, self._draws.skewed(self._parameters.resting_size_max)
        )
        self._tell_added(order)
        return order

    def _tell_added(self, order: FlowOrder) -> None:
        self._tell(
            OrderAdded(
                at_us=self._at_us,
                product=_PRODUCT,
                order_id=order.order_id,
                side=OrderSide.BUY if order.is_bid else OrderSide.SELL,
                price=self._price(order.price),
                size=self._size(order.size),
            )
        )

    def _cancel(self) -> None:
        order = self._book.by_lot(self._draws.below(len(self._book)))
        if order is not self._ghost and self._book.side(order.is_bid).count > _LEAST_ORDERS:
            self._delete(order)

    def _delete(self, order: FlowOrder) -> None:
        self._book.remove(order)
        self._tell(OrderDeleted(at_us=self._at_us, product=_PRODUCT, order_id=order.order_id))

    def _take(self, *, is_buy: bool, steps: int, limit: int | None = None) -> None:
        """A market order: the other side's orders, best price first, at a price the older first."""
        if self._ghost is not None:
            return  # a crossed book is one in which nothing trades
        side = self._book.side(not is_buy)
        while steps and side.count > _LEAST_ORDERS:
            maker = side.front()
            if limit is not None and (maker.price > limit if is_buy else maker.price < limit):
                return
            taken = min(steps, maker.size)
            steps -= taken
            self._print(is_buy, maker, taken)
            maker.size -= taken
            if maker.size:
                self._tell(
                    OrderResized(
                        at_us=self._at_us, product=_PRODUCT, order_id=maker.order_id, size=self._size(maker.size)
                    )
                )
            else:
                self._delete(maker)

    def _print(self, is_buy: bool, maker: FlowOrder, taken: int) -> None:
        self._trade_count += 1
        self._last = maker.price
        self._tell(
            TradePrinted(
                at_us=self._at_us,
                product=_PRODUCT,
                trade_id=str(self._trade_count),
                aggressor=OrderSide.BUY if is_buy else OrderSide.SELL,
                price=self._price(maker.price),
                size=self._size(taken),
                maker_order_id=maker.order_id,
            )
        )

    def _turn(self, turn: Turn) -> None:
        if turn.begins:
            name = turn.episode.name.lower()
            self.episodes[name] = self.episodes.get(name, 0) + 1
        match turn.episode:
            case Episode.JUMP:
                self._jump()
            case Episode.THIN:
                self._is_thin = turn.begins
            case Episode.CROSSED:
                self._cross(begins=turn.begins)
            case Episode.HALT:
                self._is_halted = turn.begins
                self._tell_status()
            case Episode.GAP:
                self._gap(begins=turn.begins)
            case Episode.REGIME:
                pass  # the schedule has it

    def _jump(self) -> None:
        """Someone sweeps the book, and others follow: bids behind a jump up, asks behind one down."""
        size = self._draws.normal() * self._parameters.jump_ticks
        is_up, ticks = size > 0, int(abs(size)) + 1
        best = self._book.side(not is_up).best
        if best is None or self._is_halted or self._ghost is not None:
            return
        self._take(is_buy=is_up, steps=1 << 60, limit=best + (ticks if is_up else -ticks))
        for _ in range(_FOLLOWERS):
            self._place(is_bid=is_up)

    def _cross(self, *, begins: bool) -> None:
        """An order on the wrong side of the other's best, which nobody trades with; it goes as it came."""
        if self._ghost is not None and not begins:
            ghost, self._ghost = self._ghost, None
            self._delete(ghost)
            return
        best = self._book.asks.best
        if begins and best is not None and not self._is_halted:
            self._ghost = self._rest(is_bid=True, price=best + 1 + self._draws.below(3))

    def _tell_status(self) -> None:
        restrictions: tuple[Restriction, ...] = ("trading_disabled",) if self._is_halted else ()
        self._tell(StatusChanged(at_us=self._at_us, product=_PRODUCT, restrictions=restrictions))

    def _gap(self, *, begins: bool) -> None:
        """The feed tells nothing for a while, and then the book as it has become."""
        if begins:
            self._tell(Gap(at_us=self._at_us, product=_PRODUCT, reason="the feed was interrupted"))
            self._is_silent = True
            return
        self._is_silent, self._heard_us = False, self._at_us
        for side in (self._book.bids, self._book.asks):
            for order in side:
                self._tell_added(order)
        self._tell_status()

    def _price(self, ticks: int) -> Decimal:
        price = self._prices.get(ticks)
        if price is None:
            price = self._prices[ticks] = DOMAIN_CONTEXT.multiply(self._parameters.price_increment, Decimal(ticks))
        return price

    def _size(self, steps: int) -> Decimal:
        return DOMAIN_CONTEXT.multiply(self._parameters.size_step, Decimal(steps))
