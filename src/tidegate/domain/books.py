"""Order books as immutable snapshots: the touch, the mid, and what walking the levels would cost."""

from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO, exact
from tidegate.domain.vocabulary import OrderSide

_TWO = Decimal(2)


class Level(Struct, frozen=True, gc=False):
    """One price with the quantity displayed at it."""

    price: Decimal
    quantity: Decimal


class BookSnapshot(Struct, frozen=True, gc=False, kw_only=True):
    """Both sides of a book at one instant, best first.

    `is_complete` says that what lies past the last level is known to be nothing; otherwise the depth beyond it was not
    recorded, and a walk that needs it must answer blind.
    """

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    version: int = 0
    is_complete: bool = False

    @property
    def best_bid(self) -> Decimal | None:
        return self.bids[0].price if self.bids else None

    @property
    def best_ask(self) -> Decimal | None:
        return self.asks[0].price if self.asks else None

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is at or above the best ask: no working market shows that, so nothing is read off it."""
        return bool(self.bids and self.asks and self.bids[0].price >= self.asks[0].price)

    @property
    def mid(self) -> Decimal | None:
        """Half-way between the touches; None when a side is empty or the book is crossed."""
        if not self.bids or not self.asks:
            return None
        bid, ask = self.bids[0].price, self.asks[0].price
        return DOMAIN_CONTEXT.divide(DOMAIN_CONTEXT.add(bid, ask), _TWO) if bid < ask else None

    @exact
    def is_within(self, width: Decimal) -> bool:
        """Whether both sides are there, uncrossed, and no further apart than this fraction of their mid."""
        mid = self.mid
        return mid is not None and self.asks[0].price - self.bids[0].price <= mid * width

    def side(self, taker: OrderSide) -> tuple[Level, ...]:
        """The levels that a taker on this side would use up."""
        return self.asks if taker is OrderSide.BUY else self.bids


class Walk(Struct, frozen=True, gc=False, kw_only=True):
    """What taking `filled` from a book would pay.

    `average` and `worst` are prices; `is_blind` says that the wanted quantity reaches past recorded depth.
    """

    wanted: Decimal
    filled: Decimal
    cost: Decimal
    worst: Decimal | None
    is_blind: bool

    @property
    def average(self) -> Decimal | None:
        return DOMAIN_CONTEXT.divide(self.cost, self.filled) if self.filled else None

    @property
    def is_whole(self) -> bool:
        return self.filled >= self.wanted


@exact
def walk(book: BookSnapshot, side: OrderSide, wanted: Decimal, limit: Decimal | None = None) -> Walk:
    """Take `wanted` from the book as a taker on `side`, no worse than `limit`.

    Blind means that the recorded levels ran out (not that the limit was met) and the snapshot is not complete.
    """
    filled, cost, worst = ZERO, ZERO, None
    if not wanted:
        return Walk(wanted=wanted, filled=filled, cost=cost, worst=worst, is_blind=False)
    left = wanted
    is_buy = side is OrderSide.BUY
    for level in book.side(side):
        if limit is not None and (level.price > limit if is_buy else level.price < limit):
            return Walk(wanted=wanted, filled=filled, cost=cost, worst=worst, is_blind=False)
        taken = level.quantity if level.quantity < left else left
        filled += taken
        cost += taken * level.price
        worst = level.price
        left -= taken
        if not left:
            return Walk(wanted=wanted, filled=filled, cost=cost, worst=worst, is_blind=False)
    return Walk(wanted=wanted, filled=filled, cost=cost, worst=worst, is_blind=not book.is_complete)
