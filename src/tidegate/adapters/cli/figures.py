"""Figures as people read them: money with thousands, quantities without tails of zeros, moments and spans."""

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from tidegate.domain.amounts import plain

_CONTEXT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_CENT = Decimal("0.01")
_PRICE_DIGITS = 8
_MINUTE_SECONDS = 60
UNKNOWN = "–"


def money(value: Decimal | None, currency: str = "") -> str:
    """Two decimals and thousands; `–` where it is not known.

    >>> money(Decimal("99998.765"), "USD")
    '99,998.76 USD'
    """
    if value is None:
        return UNKNOWN
    rounded = value.quantize(_CENT, context=_CONTEXT) if value.is_finite() else value
    text = f"{rounded if rounded else abs(rounded):,f}"
    return f"{text} {currency}" if currency else text


def fee(value: Decimal, currency: str) -> str:
    """Money, but four significant digits where cents would be off by more than a hundredth, as they are of coins.

    >>> fee(Decimal("0.002456"), "BTC")
    '0.002456 BTC'
    """
    in_cents = value.quantize(_CENT, context=_CONTEXT)
    if abs(in_cents - value) * 100 <= abs(value):
        return money(value, currency)
    return f"{plain(round(value, 3 - value.adjusted()))} {currency}"


def signed(value: Decimal | None, currency: str = "") -> str:
    """Money with its sign in front, plus included.

    >>> signed(Decimal("12"))
    '+12.00'
    """
    text = money(value, currency)
    return f"+{text}" if value is not None and value >= _CENT / 2 else text


def price(value: Decimal | None) -> str:
    """Thousands, and up to eight significant digits past which an average has nothing to say.

    >>> price(Decimal("78350.123456789"))
    '78,350.123'
    """
    if value is None:
        return UNKNOWN
    shortened = _significant(value, _PRICE_DIGITS)
    whole, point, decimals = plain(shortened).partition(".")
    return f"{int(whole):,}{point}{decimals}" if whole.lstrip("-").isdigit() else plain(shortened)


def quantity(value: Decimal | None) -> str:
    """Without exponent and without tails of zeros."""
    return UNKNOWN if value is None else plain(value)


def moment(value: datetime | None) -> str:
    """Day and second in UTC."""
    return UNKNOWN if value is None else value.strftime("%Y-%m-%d %H:%M:%S")


def time_of_day(value: datetime | None) -> str:
    """The second in UTC, without the day."""
    return UNKNOWN if value is None else value.strftime("%H:%M:%S")


def span(seconds: float) -> str:
    """A duration in the two units that matter.

    >>> span(1799.6)
    '30 min'
    >>> span(95)
    '1 min 35 s'
    >>> span(2.25)
    '2.2 s'
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"


def clean(text: str) -> str:
    """Words from outside, without what would move the cursor or change colours: unprintable characters escaped.

    >>> clean("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "order"), counted(2, "order"), counted(0, "entry", "entries")
    ('1 order', '2 orders', '0 entries')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _significant(value: Decimal, digits: int) -> Decimal:
    """At most so many significant digits, without touching those before the point."""
    decimals = max(0, digits - (value.adjusted() + 1))
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= decimals:
        return value
    return value.quantize(Decimal(1).scaleb(-decimals), context=_CONTEXT)


def gaps(count: int, seconds: Decimal) -> str:
    """How often a feed was interrupted, and for how long nothing was known.

    >>> gaps(1, Decimal("12.5"))
    '1 gap, 12.5 s without a book; nothing is filled forward'
    >>> gaps(3, Decimal("12418.333999"))
    '3 gaps, 3 h 26 min without a book; nothing is filled forward'
    """
    if not count:
        return "no gaps"
    lasted = f"{plain(seconds)} s" if seconds < _MINUTE_SECONDS else span(float(seconds))
    return f"{counted(count, 'gap')}, {lasted} without a book; nothing is filled forward"
