"""Amounts: checked once at the edge, trusted inside, and computed in one decimal context whatever the host set."""

from collections.abc import Callable
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    getcontext,
    setcontext,
)
from functools import wraps
from typing import NewType, ParamSpec, TypeVar

Price = NewType("Price", Decimal)
"""Quote currency per unit of the base asset; positive."""
Quantity = NewType("Quantity", Decimal)
"""Units of the base asset, or contracts where the product counts them; never negative, since the side has the sign."""
Money = NewType("Money", Decimal)
"""An amount of one named currency, of either sign."""

ZERO = Decimal(0)
ONE = Decimal(1)
BPS = Decimal(10_000)
"""Basis points in one."""

MAX_DIGITS_EACH_SIDE = 18
PRECISION = 50
_FINEST = Decimal(1).scaleb(-MAX_DIGITS_EACH_SIDE)

DOMAIN_CONTEXT = Context(
    prec=PRECISION,
    rounding=ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""Precision 50 holds the product of any size and price that a venue quotes, with a fee rate, to the last decimal.

Every field is named, or a host's own defaults would be in it.
"""

P = ParamSpec("P")
R = TypeVar("R")


def exact(function: Callable[P, R]) -> Callable[P, R]:
    """Run a domain entry point in the domain's decimal context and give the host its own back.

    Nested calls see that they are inside already, so only the outermost pays for the switch.
    """

    @wraps(function)
    def in_domain_context(*args: P.args, **kwargs: P.kwargs) -> R:
        host = getcontext()
        if host is DOMAIN_CONTEXT:
            return function(*args, **kwargs)
        setcontext(DOMAIN_CONTEXT)
        try:
            return function(*args, **kwargs)
        finally:
            setcontext(host)

    return in_domain_context


class InvalidAmount(ValueError):
    """An amount that no order, price or balance can have; `reason` names what is wrong with it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def flaw(value: Decimal) -> str | None:
    """What makes a decimal unusable as a non-negative amount, or None.

    Finite, not negative, not minus zero, at most 18 digits on either side of the point.
    """
    if not value.is_finite():
        return "must be a finite number"
    if value.is_signed():
        return "must not be negative (minus zero included)"
    if value.adjusted() >= MAX_DIGITS_EACH_SIDE:
        return f"has more than {MAX_DIGITS_EACH_SIDE} digits before the point"
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MAX_DIGITS_EACH_SIDE:
        return f"has more than {MAX_DIGITS_EACH_SIDE} digits after the point"
    return None


def _decimal(value: str | int | Decimal, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise InvalidAmount(field, f"must be a string, an int or a Decimal, not {type(value).__name__}")
    # Decimal would also read digits of other scripts, and underscores between digits.
    if isinstance(value, str) and ("_" in value or not value.isascii()):
        raise InvalidAmount(field, "is not a number")
    try:
        return Decimal(value, DOMAIN_CONTEXT)
    except InvalidOperation:
        raise InvalidAmount(field, "is not a number") from None


def _checked(value: str | int | Decimal, field: str) -> Decimal:
    number = _decimal(value, field)
    reason = flaw(number)
    if reason is not None:
        raise InvalidAmount(field, reason)
    return number


def quantity(value: str | int | Decimal, field: str = "quantity") -> Quantity:
    """Units of the base asset (contracts on CFM); never negative, because the side carries the sign.

    Raises:
        InvalidAmount: negative, NaN, infinite, or more than 18 digits on either side of the point.
    """
    return Quantity(_checked(value, field))


def price(value: str | int | Decimal, field: str = "price") -> Price:
    """Quote currency per unit of the base asset.

    Raises:
        InvalidAmount: not positive, NaN, infinite, or more than 18 digits on either side of the point.
    """
    number = _checked(value, field)
    if number == ZERO:
        raise InvalidAmount(field, "must be above zero")
    return Price(number)


def money(value: str | int | Decimal, field: str = "amount") -> Money:
    """An amount of one currency, of either sign.

    Raises:
        InvalidAmount: NaN, infinite, or more than 18 digits on either side of the point.
    """
    number = _decimal(value, field)
    reason = flaw(number.copy_abs())
    if reason is not None:
        raise InvalidAmount(field, reason)
    return Money(number)


def to_finest(value: Decimal, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """A quotient to 18 decimals: it has a last one, so that sums of such amounts are exact and come back to zero.

    One too large for that within the precision, above any amount there is, stays as it is.
    """
    if value.adjusted() >= PRECISION - MAX_DIGITS_EACH_SIDE - 1:
        return value
    return value.quantize(_FINEST, rounding, DOMAIN_CONTEXT)


_SPELT_OUT_MAX = 100
"""No amount with its first digit further from its point is written without an exponent."""


def plain(value: Decimal) -> str:
    """A decimal for people and messages: no exponent, no trailing zeros; one past all amounts keeps its exponent.

    >>> plain(Decimal("1.5000"))
    '1.5'
    >>> plain(Decimal("1E+3"))
    '1000'
    >>> plain(Decimal("-0.00"))
    '0'
    """
    if not value:
        return "0"
    if abs(value.adjusted()) > _SPELT_OUT_MAX:
        return str(value)  # Nobody reads, or waits for, a hundred million zeros.
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
