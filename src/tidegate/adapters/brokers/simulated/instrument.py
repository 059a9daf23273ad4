"""One tradable product at the venue: what takers have used up of its book, and our own orders that rest in it."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from tidegate.adapters.brokers.simulated.book import LiveLevel
from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.brokers.simulated.orders import WorkingOrder
from tidegate.adapters.brokers.simulated.resting import RestingSide
from tidegate.adapters.brokers.simulated.triggers import Triggers
from tidegate.adapters.brokers.words import BUY, SELL
from tidegate.adapters.recordings.format import TradePrinted
from tidegate.domain.amounts import DOMAIN_CONTEXT, ONE, ZERO
from tidegate.domain.products import OPEN_FOR_TRADING, Product, TradingFlags, floor_to
from tidegate.domain.vocabulary import OrderSide

WHOLE_LEVEL = ""
"""Under this name a level's use is counted where the recording has no order ids."""


Take = tuple[LiveLevel, Decimal]
"""So much of one level."""


class TakePlan(Struct, frozen=True, gc=False):
    """What a taker would get. `ran_out` says that the recorded levels ended before its limit or quantity was met."""

    takes: list[Take]
    filled: Decimal
    ran_out: bool


class Instrument:
    """The matching state of one product. Several may share one recorded book; each has its own levels and queues.

    `feed_index` is the place of its feed among the exchange's. `pays_fees_in_coins` has a buyer pay the fee out of what
    is bought, as some spot venues do. `used` is what was taken of each level and stands until
    the next update: by recorded order, or of the whole level. `with_fee` is what a unit of value costs with the larger
    of the two fees; None where that is itself.
    """

    def __init__(
        self, product: Product, feed: MarketFeed, feed_index: int, *, pays_fees_in_coins: bool = False
    ) -> None:
        self.product = product
        self.feed = feed
        self.feed_index = feed_index
        self.book = feed.book
        self.bid_levels, self.ask_levels = feed.book.bids.ordered, feed.book.asks.ordered
        self.first_flags = OPEN_FOR_TRADING if product.flags == OPEN_FOR_TRADING else product.flags
        self.is_spot = product.is_spot
        self.fee_currency = product.quote_currency if product.is_spot else product.settlement_currency
        self.pays_fees_in_coins = pays_fees_in_coins and product.is_spot
        rate = ZERO if self.pays_fees_in_coins else max(product.maker_fee_rate, product.taker_fee_rate)
        self.with_fee = DOMAIN_CONTEXT.add(ONE, rate) if rate > ZERO else None
        is_always_open = product.opens_at is None and product.expires_at is None
        is_plain = product.is_spot and product.multiplier is ONE and self.first_flags is OPEN_FOR_TRADING
        self.is_plain = is_plain and is_always_open and not self.pays_fees_in_coins
        self.is_expired = False
        self.used: dict[LiveLevel, dict[str, Decimal]] = {}
        self.bids = RestingSide(is_bid=True)
        self.asks = RestingSide(is_bid=False)
        self.triggers = Triggers()

    @property
    def is_watching(self) -> bool:
        """Whether rows of the book matter here beyond the book itself."""
        return bool(self.used) or self.has_orders

    @property
    def has_orders(self) -> bool:
        """Whether orders of ours rest or wait here."""
        return bool(self.bids.keys or self.asks.keys or self.triggers.count)

    @property
    def flags(self) -> TradingFlags:
        """What the venue lets happen: as the product began, or as its market was last restricted."""
        heard = self.feed.flags
        return self.first_flags if heard is None else heard

    def resting(self, side: OrderSide) -> RestingSide:
        """Our own orders on a side."""
        return self.bids if side is BUY else self.asks

    def plan(self, side: OrderSide, quantity: Decimal, limit: Decimal | None) -> TakePlan:
        """Walk the levels, best first, for what they show of the quantity within the limit; nothing is used up yet.

        Executions are in whole increments of the product, also where the recorded market trades in finer ones.
        """
        is_buy = side is BUY
        takes: list[Take] = []
        left, used = quantity, self.used
        for level in reversed((self.book.asks if is_buy else self.book.bids).ordered):
            if limit is not None and (level.price > limit if is_buy else level.price < limit):
                return TakePlan(takes, quantity - left, False)
            available = level.total
            if level in used:
                available -= sum(used[level].values())
            if left <= available:
                takes.append((level, left))
                return TakePlan(takes, quantity, False)
            if available <= ZERO:
                continue
            taken = available
            if taken % self.product.base_increment:
                taken = floor_to(taken, self.product.base_increment)
                if not taken:
                    continue
            takes.append((level, taken))
            left -= taken
        return TakePlan(takes, quantity - left, True)

    def use_up(self, level: LiveLevel, quantity: Decimal) -> None:
        """What was taken is gone until the next update: of the orders in front first, where they are known."""
        queue = level.queue
        if not queue:
            self.use(level, WHOLE_LEVEL, quantity)
            return
        left, taken = quantity, self.used.get(level)
        if taken is None:
            first = next(iter(queue))
            if quantity < queue[first]:
                self.used[level] = {first: quantity}
                return
            taken = self.used[level] = {}
        for order_id, size in queue.items():
            before = taken.get(order_id)
            available = size if before is None else size - before
            if available > ZERO:
                share = left if left < available else available
                taken[order_id] = share if before is None else before + share
                left -= share
                if not left:
                    return

    def use(self, level: LiveLevel, order_id: str, quantity: Decimal) -> None:
        """So much of one recorded order, or of the level, has been taken."""
        taken = self.used.get(level)
        if taken is None:
            self.used[level] = {order_id: quantity}
        else:
            taken[order_id] = taken.get(order_id, ZERO) + quantity

    def refresh(self, level: LiveLevel, order_id: str) -> None:
        """A level, or one order in it, was updated: what was taken of it no longer counts."""
        taken = self.used.get(level)
        if taken is None:
            return
        taken.pop(order_id, None)
        if not taken:
            del self.used[level]

    def forget(self) -> None:
        """The book was replaced: nothing of it has been taken."""
        self.used.clear()

    def spot_need(self, side: OrderSide, quantity: Decimal, price: Decimal) -> tuple[str, Decimal]:
        """What a spot order must find: base to deliver, or quote to pay with the larger of the two fees."""
        product = self.product
        if side is SELL:
            return product.base_currency, quantity
        value = quantity * price * product.multiplier
        return product.quote_currency, value if self.with_fee is None else value * self.with_fee

    def printed(self, row: TradePrinted) -> None:
        """The volume of a trade is gone, though the book still shows it: its own rows follow at the same moment."""
        side = self.book.bids if row.aggressor is SELL else self.book.asks
        level = side.levels.get(row.price)
        if level is None:
            return
        maker, queue, taken = row.maker_order_id, level.queue, self.used.get(level, {})
        if maker is None or not queue:
            gone = min(row.size, level.total - sum(taken.values(), ZERO))
            if gone > ZERO:
                self.use_up(level, gone)
        elif maker in queue:
            gone = min(row.size, queue[maker] - taken.get(maker, ZERO))
            if gone > ZERO:
                self.use(level, maker, gone)

    def would_cross(self, side: OrderSide, limit: Decimal) -> bool:
        """Whether an order at this limit reaches the other side of the recorded book."""
        if side is BUY:
            asks = self.book.asks.ordered
            return bool(asks) and asks[-1].price <= limit
        bids = self.book.bids.ordered
        return bool(bids) and bids[-1].price >= limit

    def own_in_reach(self, side: OrderSide, limit: Decimal | None) -> WorkingOrder | None:
        """Our own resting order that an order on this side would trade with."""
        best = (self.asks if side is BUY else self.bids).best
        if best is None or limit is None or best.limit_price is None:
            return best
        is_in_reach = best.limit_price <= limit if side is BUY else best.limit_price >= limit
        return best if is_in_reach else None

    def all_resting(self) -> Iterator[WorkingOrder]:
        yield from self.bids
        yield from self.asks

    def all_orders(self) -> Iterator[WorkingOrder]:
        """Those that rest, and those that wait for a trigger."""
        yield from self.all_resting()
        yield from self.triggers
