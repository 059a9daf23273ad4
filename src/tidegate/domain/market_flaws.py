"""Market flaws: what keeps a product or a reading from being one, whichever adapter brings it; a sentence, or empty."""

from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

from tidegate.domain.amounts import ZERO
from tidegate.domain.answer_flaws import amount_flaw, is_a
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.marks import Mark
from tidegate.domain.products import Product, TradingFlags
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import ProductKind

_LEAST, _MOST = Decimal("1e-20"), Decimal("1e20")
"""Between these one look takes it for a price without counting digits."""
_KINDS = (BookSnapshot, tuple, tuple)
_TOUCH = (Level, Decimal, Decimal, Level, Decimal, Decimal)
_ABOVE_ZERO = ("price_increment", "base_increment", "multiplier")
_NOT_BELOW_ZERO = ("minimum_quantity", "minimum_notional", "initial_margin_rate", "maintenance_margin_rate")
_CURRENCIES = ("base_currency", "quote_currency", "settlement_currency", "underlying")


def product_flaw(product: object) -> str:
    """Of a product: what an order is rounded, priced and paid by."""
    if not isinstance(product, Product):
        return f"{type(product).__name__} is no product"
    flaw = _terms_flaw(product)
    return f"product {product.symbol!r:.50}: {flaw}" if flaw else ""


def _terms_flaw(product: Product) -> str:
    symbol: object = product.symbol
    if not isinstance(symbol, str) or not (symbol and symbol.isascii() and symbol.isprintable()):
        return "its symbol is no symbol"
    if not is_a(product.kind, ProductKind) or not is_a(product.flags, TradingFlags):
        return f"kind {product.kind!r}, flags {product.flags!r}"
    for name in _CURRENCIES:
        word = getattr(product, name)
        if not is_a(word, str) or not word:
            return f"{name} is {word!r}"
    for name in (*_ABOVE_ZERO, *_NOT_BELOW_ZERO, "maker_fee_rate", "taker_fee_rate"):
        amount = getattr(product, name)
        flaw = amount_flaw(amount)
        if flaw or (amount <= ZERO if name in _ABOVE_ZERO else name in _NOT_BELOW_ZERO and amount < ZERO):
            return f"{name} is {amount!r}"
    most = product.maximum_quantity
    if most is not None and (amount_flaw(most) or most <= ZERO):
        return f"maximum_quantity is {most!r}"
    for moment in (product.opens_at, product.expires_at):
        if moment is not None and not _is_moment(moment):
            return f"{moment!r} is no moment"
    return ""


def is_plain(symbol: str, reading: object) -> bool:
    """Whether one look shows a sound reading, as nearly always; of any other the flaws are asked.

    Every change of a market comes by here, so only its moments, its mark and the touch of its book are looked at.
    """
    if type(reading) is not MarketReading or reading.symbol != symbol:
        return False
    told: Any = reading  # nothing in it need be what its annotations say
    heard_at, mark, book = told.heard_at, told.mark, told.book
    if type(heard_at) is not datetime or heard_at.tzinfo is None:
        return False
    try:
        if mark is not None:
            at, price = mark.at, mark.price
            if type(price) is not Decimal or not _LEAST < price < _MOST:
                return False
            if at is not heard_at and (type(at) is not datetime or at.tzinfo is None):
                return False
        if book is None:
            return True
        bids, asks = book.bids, book.asks
        kinds = (type(book), type(bids), type(asks))
        if kinds != _KINDS or book.symbol != symbol:
            return False
        # A side that is empty goes the longer way.
        bid, ask = bids[0], asks[0]
        touch = (type(bid), type(bid.price), type(bid.quantity), type(ask), type(ask.price), type(ask.quantity))
        return (
            touch == _TOUCH
            and _LEAST < bid.price < _MOST
            and _LEAST < ask.price < _MOST
            and bid.quantity > ZERO
            and ask.quantity > ZERO
        )
    except (ArithmeticError, AttributeError, IndexError, TypeError):
        return False  # no book, no level, or no number to compare


def reading_flaw(symbol: str, reading: object) -> str:
    """Of a reading: its kind, its symbol, its moments, its mark, and the touch of its book.

    `depth_flaw` looks at all the rest.
    """
    if not isinstance(reading, MarketReading):
        return f"{type(reading).__name__} is no reading"
    if reading.symbol != symbol:
        return f"a reading of {reading.symbol!r:.50}"
    heard_at, mark, book = reading.heard_at, reading.mark, reading.book
    if heard_at is not None and not _is_moment(heard_at):
        return f"heard at {heard_at!r}"
    if mark is not None and (not is_a(mark, Mark) or not _is_price(mark.price) or not _is_moment(mark.at)):
        return f"the mark {mark!r}"
    if book is None:
        return ""
    if not is_a(book, BookSnapshot) or book.symbol != symbol:
        return f"the book {book!r:.50}"
    for side in (book.bids, book.asks):
        if not is_a(side, tuple) or (side and not _is_level(side[0])):
            return f"a side of the book that begins with {side!r:.50}"
    return ""


def depth_flaw(reading: MarketReading) -> str:
    """Of a reading that has passed at one look: every level of its book, and every other figure."""
    for name in ("last_price", "index_price", "reference_mid"):
        price = getattr(reading, name)
        if price is not None and not _is_price(price):
            return f"{name} is {price!r}"
    for name in ("clock_offset_ms", "daily_volume", "daily_volatility"):
        amount = getattr(reading, name)
        if amount is not None and amount_flaw(amount):
            return f"{name} is {amount!r}"
    if reading.book is None:
        return ""
    bids, asks = reading.book.bids, reading.book.asks
    if wrong := next((level for level in (*bids, *asks) if not _is_level(level)), None):
        return f"the level {wrong!r:.100}"
    is_ordered = all(one.price >= next_one.price for one, next_one in pairwise(bids))
    if not is_ordered or not all(one.price <= next_one.price for one, next_one in pairwise(asks)):
        return "a side of the book that is not best first"
    return ""


def _is_moment(moment: object) -> bool:
    return isinstance(moment, datetime) and moment.tzinfo is not None


def _is_price(price: object) -> bool:
    return isinstance(price, Decimal) and not amount_flaw(price) and price > ZERO


def _is_level(level: object) -> bool:
    if not isinstance(level, Level) or not _is_price(level.price):
        return False
    quantity: object = level.quantity
    return isinstance(quantity, Decimal) and not amount_flaw(quantity) and quantity >= ZERO
