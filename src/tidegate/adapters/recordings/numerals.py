"""Numerals: amounts as captures write them, read strictly and kept as they are."""

import re
from decimal import Context, Decimal
from functools import lru_cache

from tidegate.domain.amounts import flaw, plain

_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,24})?(?:[eE][+-]?[0-9]{1,2})?")
_LONG = re.compile(r"[0-9]{19}")
_SHOWN_CHARACTERS = 40
_NO_ROUNDING = Context(prec=60)


@lru_cache(maxsize=1 << 16)
def amount(text: str, name: str) -> Decimal:
    """A decimal of zero or more without trailing zeros; the cache serves because captures repeat prices and sizes.

    Raises:
        ValueError: it is no number, negative, NaN, infinite, or has more than 18 digits on either side of the point.
    """
    if not _NUMBER.fullmatch(text):
        what = "has more than 18 digits before the point" if _LONG.match(text) else "is not a number of zero or more"
        raise ValueError(f"{name} {shown_text(text)} {what}")
    number = Decimal(text)
    reason = flaw(number.normalize(_NO_ROUNDING))
    if reason is not None:
        raise ValueError(f"{name} {shown_text(text)} {reason}")
    return Decimal(plain(number))


def shown_text(text: str) -> str:
    """A field as a message may quote it: cut where it is long."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")
