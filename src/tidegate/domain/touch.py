"""The touch: the best prices of a book that can be used, and the mid between them."""

from decimal import Decimal

from tidegate.domain.views import MarketReading

_HALF = Decimal("0.5")
Touch = tuple[Decimal | None, Decimal | None, Decimal | None]
"""Best bid, best ask and mid; each None where it cannot be read."""

NO_TOUCH: Touch = (None, None, None)


def touch_of(market: MarketReading) -> Touch:
    """What the book shows, each side by itself; nothing of a crossed or an unsynchronised book.

    Runs in the caller's decimal context, which in the domain is the exact one.
    """
    book = market.book
    if book is None or not market.is_synced:
        return NO_TOUCH
    bids, asks = book.bids, book.asks
    if not bids or not asks:
        return (bids[0].price if bids else None, asks[0].price if asks else None, None)
    bid, ask = bids[0].price, asks[0].price
    return (bid, ask, (bid + ask) * _HALF) if bid < ask else NO_TOUCH
