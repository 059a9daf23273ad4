"""Contradiction: what a caller says of mark, product and position, held against what market data and ledger say."""

from datetime import datetime
from decimal import Decimal

from tidegate.domain.amounts import ONE, exact, flaw, plain
from tidegate.domain.marks import Mark
from tidegate.domain.positions import Position
from tidegate.domain.products import Product, round_limit_price
from tidegate.domain.refusals import AnyRefusal, CollarRefused, InvalidRefused, Remedy
from tidegate.domain.risk import RiskLimits
from tidegate.domain.timeliness import premature
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import OrderSide


def as_mark(given: Mark | Decimal | None, at: datetime) -> Mark | None:
    """A bare decimal counts as seen now.

    Raises:
        TypeError: neither a mark of a Decimal, nor a Decimal, nor None (a float is no Decimal).
    """
    if given is None:
        return None
    mark = given if isinstance(given, Mark) else Mark(given, at)
    if not isinstance(mark.price, Decimal):
        raise TypeError(f"mark must be a Mark, a Decimal or None, not {type(mark.price).__name__}")
    return mark


@exact
def contradiction(
    *,
    product: Product,
    market: MarketReading,
    held: Position,
    limits: RiskLimits,
    mark: Mark | None,
    given_product: Product | None,
    given_position: Position | None,
    at: datetime,
    is_exit: bool = False,
) -> AnyRefusal | None:
    """The refusal of a mark, product or position that the venue's market or our ledger contradicts; None if they agree.

    A mark may differ by the collar, a position by one increment; a product must be the same symbol, kind and
    increments. A mark of a decision that is no exit must not be from the future either.

    Raises:
        TypeError: a product or position that is none, or a position whose quantity is no Decimal.
    """
    if given_product is not None:
        if not isinstance(given_product, Product):
            raise TypeError(f"product must be a Product or None, not {type(given_product).__name__}")
        if not _same_product(given_product, product):
            words = f"the product given for {product.symbol} is not the venue's"
            return _invalid("product", words, given_product.symbol)
    refusal = _position_contradiction(product, held, given_position) if given_position is not None else None
    if refusal is not None:
        return refusal
    if mark is None:
        return None
    return (None if is_exit else premature(mark, at, limits)) or _mark_contradiction(product, market, limits, mark)


def _position_contradiction(product: Product, held: Position, given: Position) -> AnyRefusal | None:
    if not isinstance(given, Position):
        raise TypeError(f"position_state must be a Position or None, not {type(given).__name__}")
    if not isinstance(given.quantity, Decimal):
        raise TypeError(f"position_state.quantity must be a Decimal, not {type(given.quantity).__name__}")
    if given.symbol != product.symbol:
        return _invalid("position_state", f"the position given is of {given.symbol}", product.symbol)
    reason = flaw(given.quantity.copy_abs())
    if reason is not None:
        return _invalid("position_state", f"the quantity of the position given {reason}", product.symbol)
    if abs(given.quantity - held.quantity) <= product.base_increment:
        return None
    words = f"the position given is {plain(given.quantity)}, the ledger holds {plain(held.quantity)}"
    return _invalid("position_state", words, product.symbol)


def _mark_contradiction(product: Product, market: MarketReading, limits: RiskLimits, mark: Mark) -> AnyRefusal | None:
    reason = flaw(mark.price) or (None if mark.price else "must be above zero")
    if reason is not None:
        return _invalid("mark", f"the mark {reason}", product.symbol)
    if market.mark is None:
        return None
    seen = market.mark.price
    if abs(mark.price - seen) <= seen * limits.collar_pct:
        return None
    low, high = seen * (ONE - limits.collar_pct), seen * (ONE + limits.collar_pct)
    return CollarRefused(
        message=f"the mark given, {plain(mark.price)}, contradicts the market's {plain(seen)}",
        figures={"given": mark.price, "market": seen, "low": low, "high": high},
        remedy=Remedy(
            f"give a mark between {plain(round_limit_price(product, OrderSide.SELL, low))}"
            f" and {plain(round_limit_price(product, OrderSide.BUY, high))}, or none"
        ),
    )


def _same_product(one: Product, other: Product) -> bool:
    return (
        one.symbol == other.symbol
        and one.kind is other.kind
        and one.price_increment == other.price_increment
        and one.base_increment == other.base_increment
        and one.multiplier == other.multiplier
    )


def _invalid(argument: str, message: str, subject: str) -> InvalidRefused:
    return InvalidRefused(
        message=message,
        facts={"argument": argument, "subject": subject},
        remedy=Remedy(f"leave {argument} out: it is then read from the venue and the ledger"),
    )
