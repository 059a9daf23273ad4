"""What a decoder finds wrong with somebody's table, told by its key and by what it must be."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tidegate.adapters.shapes import flaw_of


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """One of a list."""

    size: Decimal
    at: datetime | None = None


class Whole(msgspec.Struct, forbid_unknown_fields=True):
    """A table with every kind of value."""

    name: str = ""
    count: int = 0
    rate: float = 0.0
    is_on: bool = False
    limit: int | str | None = None
    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if self.count > 3:
            raise ValueError("count is more than three")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"name": 1}, "name must be text"),
        ({"count": 1.5}, "count must be a whole number"),
        ({"rate": "fast"}, "rate must be a number"),
        ({"is_on": 1}, "is_on must be true or false"),
        ({"limit": True}, "limit must be a whole number or text"),
        ({"parts": 1}, "parts must be a list"),
        ({"parts": [1]}, "parts 1 must be a table"),
        ({"parts": [{"size": "1"}, {"size": True}]}, "parts 2, size must be a number"),
        ({"parts": [{"size": "much"}]}, "parts 1, size must be a number"),
        ({"parts": [{}]}, "parts 1, the key size is missing"),
        ({"parts": [{"size": "1", "at": 5}]}, "parts 1, at must be a moment such as 2026-05-02T02:40:00Z"),
        ({"parts": [{"siez": "1"}]}, "parts 1, unknown key siez; did you mean size?"),
        ({"nam\ne": 1}, "unknown key nam\\ne; did you mean name?"),
        ({"count": 4}, "count is more than three"),
        ([], "the file must be a table"),
    ],
)
def test_a_flaw_is_told_by_its_key_and_by_what_the_value_must_be(table: Any, told: str) -> None:
    """In the words of whoever wrote the table; entries of a list count from one."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(table, Whole)

    assert flaw_of(caught.value, ("name", "count", "size")) == told
