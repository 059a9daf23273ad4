"""The draft: one order on its way through review, with the figures that several checks need, each worked out once."""

from decimal import ROUND_FLOOR, Decimal

from msgspec import Struct

from tidegate.domain.amounts import BPS, ZERO, plain
from tidegate.domain.books import BookSnapshot, Walk, walk
from tidegate.domain.orders import Order, TermsChange, Warned
from tidegate.domain.products import Product
from tidegate.domain.refusals import Remedy
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import ReviewView
from tidegate.domain.vocabulary import OrderSide, OrderType, ProductKind, Purpose, TimeInForce

# Bound once: in Python 3.11 looking a member up on its enumeration costs more than a decimal addition.
_BUY, _ENTRY, _SPOT = OrderSide.BUY, Purpose.ENTRY, ProductKind.SPOT
_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT


class Draft(Struct, gc=False):
    """The worksheet of one review: shaping stages write it, checks only read it, and it never leaves the review.

    `quantity`, `limit_price`, `trigger_price` and `time_in_force` are the terms as they stand so far. `book` is there
    only while it can be used (synchronised and not crossed); `touch` is the price that the order would trade against,
    `mid` is half-way, `valuation` the price that a position is worth, `allowance` how far from mid a taker may pay.
    `worst_price` is the price at which the order is reserved, `notional` its value there in quote currency and
    `value` in the reporting currency (None: no rate). `is_triggered` says that it waits for a price before it is an
    order in the book.
    """

    order: Order
    view: ReviewView
    product: Product
    limits: RiskLimits
    is_buy: bool
    is_exit: bool
    is_spot: bool
    is_market: bool
    is_triggered: bool
    quantity: Decimal
    limit_price: Decimal | None
    trigger_price: Decimal | None
    time_in_force: TimeInForce
    book: BookSnapshot | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    touch: Decimal | None = None
    mid: Decimal | None = None
    valuation: Decimal | None = None
    allowance: Decimal = ZERO
    is_stale: bool = False
    worst_price: Decimal | None = None
    notional: Decimal = ZERO
    value: Decimal | None = None
    worst_case: Decimal | None = None
    taking: Walk | None = None
    changes: list[TermsChange] = []
    warnings: list[Warned] = []


def draft_of(order: Order, view: ReviewView) -> Draft:
    """The draft an order begins its review with."""
    product, kind = view.product, order.order_type
    is_market = kind is _MARKET
    return Draft(
        order,
        view,
        product,
        view.limits,
        order.side is _BUY,
        order.purpose is not _ENTRY,
        product.kind is _SPOT,
        is_market,
        not is_market and kind is not _LIMIT,
        order.quantity,
        order.limit_price,
        order.trigger_price,
        order.time_in_force,
    )


def takes_nothing(draft: Draft) -> bool:
    """Whether it would only rest in the book or wait outside it: post-only, triggered, or priced short of the touch."""
    touch, limit = draft.touch, draft.limit_price
    if draft.order.post_only or draft.is_triggered:
        return True
    if draft.is_market or touch is None or limit is None:
        return False
    return limit < touch if draft.is_buy else limit > touch


def walked(draft: Draft) -> Walk | None:
    """What the order would take from the book at once, worked out once; None where it takes nothing or sees no book.

    A market order is walked whole, whatever its protection, since what it would cost is the question; a limit order
    takes no worse than its limit.
    """
    if draft.taking is None and draft.book is not None and draft.touch is not None and not takes_nothing(draft):
        limit = None if draft.is_market else draft.limit_price
        draft.taking = walk(draft.book, draft.order.side, draft.quantity, limit)
    return draft.taking


def change(draft: Draft, term: str, before: str, after: str, why: str) -> None:
    """Record that review changed a term."""
    draft.changes.append(TermsChange(term, before, after, why))


def at_most(draft: Draft, quantity: Decimal) -> Remedy | None:
    """The remedy of a smaller size, rounded down to the increment; None where nothing tradable is left."""
    product = draft.product
    if quantity <= ZERO:
        return None
    rounded = (quantity / product.base_increment).to_integral_value(rounding=ROUND_FLOOR) * product.base_increment
    if not rounded or rounded < product.minimum_quantity or rounded >= draft.order.quantity:
        return None
    return Remedy(f"quantity at most {plain(rounded)}", {"quantity": rounded, "target_notional": None})


def affordable(draft: Draft, room: Decimal) -> Remedy | None:
    """The remedy of a size worth at most `room` in the reporting currency."""
    return at_most(draft, room / unit_value(draft))


def unit_value(draft: Draft) -> Decimal:
    """Reporting currency per unit of quantity at the worst price; asked for only where rate and price are known."""
    rate, price = draft.view.reporting_rate, draft.worst_price
    if rate is None or price is None:
        raise LookupError("a value was asked for without a rate or a price")
    return price * draft.product.multiplier * rate


def figure(value: Decimal) -> str:
    """A figure for a message: at most eight decimals, no exponent."""
    return plain(round(value, 8))


def percent(fraction: Decimal) -> str:
    """A fraction for a message, as in 12.5 %; a tiny one keeps two digits, since "0 %" would be another bound."""
    share = fraction * 100
    return f"{plain(round(share, max(2, 1 - share.adjusted())))} %"


def bps(fraction: Decimal) -> Decimal:
    """A fraction in basis points, to two decimals, for figures and messages."""
    return round(fraction * BPS, 2)


def reporting(draft: Draft) -> str:
    """The name of the reporting currency."""
    return draft.view.account.reporting_currency
