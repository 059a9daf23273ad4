"""Shapes: what a decoder finds wrong with a table of somebody's, in words that name the key and what it must be."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from tidegate.adapters.spelling import nearest, shown

_KIND = re.compile(r"Expected `([^`]+)`, got `[^`]+`")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_AT = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$", re.DOTALL)
_PLACE = re.compile(r"\[(\d+)\]")
_KINDS: Mapping[str, str] = {
    "float": "a number",
    "decimal": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "datetime": "a moment such as 2026-05-02T02:40:00Z",
}


def flaw_of(error: msgspec.ValidationError, keys: Iterable[str]) -> str:
    """The error as a person reads it; `keys` are the right ones, of which an unknown one may have been meant."""
    text = str(error)
    at = _AT.search(text)
    where = _PLACE.sub(lambda place: f" {int(place[1]) + 1}", at[1]).replace(".", ", ") if at is not None else ""
    what = text[: at.start()] if at is not None else text
    beside = f"{where}, " if where else ""
    if (unknown := _UNKNOWN.fullmatch(what)) is not None:
        return f"{beside}unknown key {shown(unknown[1])}; did you mean {nearest(unknown[1], keys)}?"
    if (missing := _MISSING.fullmatch(what)) is not None:
        return f"{beside}the key {missing[1]} is missing"
    if (kind := _KIND.fullmatch(what)) is not None:
        names = (_KINDS.get(one, one) for one in kind[1].split(" | ") if one != "null")
        return f"{where or 'the file'} must be {' or '.join(dict.fromkeys(names))}"
    if what == "Invalid decimal string":
        return f"{where} must be a number"
    return f"{where}: {what}" if where else what
