"""The kinds of value that settings hold: exact decimals in bounds, seconds, names, and tables of them."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tidegate.domain.amounts import flaw
from tidegate.domain.identifiers import is_identifier, is_symbol

_CURRENCY = re.compile(r"[A-Z0-9]{2,12}")


class Section(BaseModel):
    """One table of the file: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _number_only(value: object) -> object:
    # pydantic would read `true` as 1, which is never what was meant by a number.
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


def _sound(value: Decimal) -> Decimal:
    reason = flaw(value)
    if reason is not None:
        raise ValueError(reason)
    return value


def _sound_either_way(value: Decimal) -> Decimal:
    _sound(abs(value) if value < 0 else value)
    return value


def _identifier(value: str) -> str:
    if not is_identifier(value):
        raise ValueError("must be 1 to 64 of A-Z a-z 0-9 . _ : - and begin with a letter or digit")
    return value


def _symbol(value: str) -> str:
    if not is_symbol(value):
        raise ValueError("must be a symbol: 1 to 40 of A-Z 0-9 . _ : / - in upper case")
    return value


def _currency(value: str) -> str:
    if not _CURRENCY.fullmatch(value):
        raise ValueError("must be 2 to 12 upper-case letters and digits")
    return value


def _table_from_text(value: object) -> object:
    """`BTC-USD:1.5,ETH-USD:2.0` as a table; anything but text as it is.

    The last colon parts name from number, since a symbol may hold one.
    """
    if not isinstance(value, str):
        return value
    table: dict[str, str] = {}
    for number, entry in enumerate((part.strip() for part in value.split(",")), start=1):
        name, colon, amount = (part.strip() for part in entry.rpartition(":"))
        if not colon or not name or not amount:
            raise ValueError(f"entry {number} must be written NAME:NUMBER, as in BTC-USD:1.5")
        if name in table:
            raise ValueError(f"entry {number} repeats the name of an earlier one")
        table[name] = amount
    return table


Whole = Annotated[int, BeforeValidator(_number_only)]
Seconds = Annotated[float, BeforeValidator(_number_only), Field(ge=0.001, le=86_400, allow_inf_nan=False)]
"""A period of the clock in force, from a millisecond up to a day: with less, a loop leaves the others no time."""
Patience = Annotated[float, BeforeValidator(_number_only), Field(ge=0, le=3_600, allow_inf_nan=False)]
"""How long something is waited for, in seconds of the clock in force; nothing at all with 0."""
Milliseconds = Annotated[float, BeforeValidator(_number_only), Field(ge=0, le=60_000, allow_inf_nan=False)]

Exact = Annotated[Decimal, BeforeValidator(_number_only), AfterValidator(_sound)]
"""A decimal from text or a number without a detour through binary; at most 18 digits on either side of the point."""
Signed = Annotated[Decimal, BeforeValidator(_number_only), AfterValidator(_sound_either_way)]
"""The same, below nothing too."""
Positive = Annotated[Exact, Field(gt=0)]
Age = Annotated[Exact, Field(gt=0, le=366 * 86_400)]
"""Seconds that a limit allows, up to a year: what is longer is no limit, and no span that a clock could count."""
Skew = Annotated[Exact, Field(gt=0, le=3_600_000)]
"""Milliseconds between two clocks, up to an hour."""
Fraction = Annotated[Exact, Field(gt=0, le=1)]
"""0.8 is 80 %."""
OfEquity = Annotated[Exact, Field(gt=0, le=10)]
"""A fraction of equity that leverage may carry past 1: 1.5 is 150 %."""
Bps = Annotated[Exact, Field(gt=0, le=10_000)]
"""Basis points."""
Multiplier = Annotated[Exact, Field(gt=0, le=1_000)]
LatencyJitter = Annotated[float, BeforeValidator(_number_only), Field(ge=0, le=1, allow_inf_nan=False)]
"""A fraction of a latency, by which it varies either way."""
FeeRate = Annotated[Exact, Field(ge=0, le=Decimal("0.1"))]
"""0.004 is 40 basis points."""

Identifier = Annotated[str, AfterValidator(_identifier)]
Symbol = Annotated[str, AfterValidator(_symbol)]
Currency = Annotated[str, AfterValidator(_currency)]
SymbolTable = Annotated[Mapping[Symbol, Multiplier], BeforeValidator(_table_from_text)]
CurrencyTable = Annotated[Mapping[Currency, Exact], BeforeValidator(_table_from_text)]
Parameters = Mapping[str, Any]
"""What belongs to a strategy or to an adapter and is handed on to it as it is, by name."""
