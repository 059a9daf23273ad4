"""Flaws: what the model finds wrong with a value, as one line that names the key and never the value."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic_core import ErrorDetails

from tidegate.adapters.settings.keys import Key, dotted, nearest_key
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.amounts import plain

_KEY_OF_TABLE = "[key]"
_IN_OUR_WORDS = {
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "mapping_type": "must be a table",
    "dict_type": "must be a table",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of fewer digits",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "finite_number": "must be a finite number",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "path_type": "must be a path",
    "time_delta_type": "must be a span of time, in seconds or as HH:MM:SS",
    "time_delta_parsing": "must be a span of time, in seconds or as HH:MM:SS",
    "datetime_type": "must be a moment such as 2026-05-02T02:40:00Z",
    "datetime_parsing": "must be a moment such as 2026-05-02T02:40:00Z",
    "datetime_from_date_parsing": "must be a moment such as 2026-05-02T02:40:00Z",
}
_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SUBJECT = re.compile(r"^(?:Value error, |Assertion failed, )?(?:[A-Z]\w*(?: input)? should )?")


def configuration_error(errors: Sequence[ErrorDetails]) -> ConfigurationError:
    """The first of the model's errors, with how many more there are."""
    first = errors[0]
    path = _path(first["loc"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if first["type"] == "extra_forbidden":
        return unknown_key(path)
    key = dotted(path)
    return ConfigurationError(f"{key} {words(first)}{more}", (key,))


def unknown_key(path: Key, where: str = "") -> ConfigurationError:
    """A key that does not exist, with the nearest that does; `where` is the file's name."""
    key, right = dotted(path), dotted(nearest_key(path))
    place = f" in {where}" if where else ""
    return ConfigurationError(f"unknown key {key}{place}; did you mean {right}?", (key, right))


def _path(location: tuple[Any, ...]) -> Key:
    return tuple(str(part) for part in location if part != _KEY_OF_TABLE)


def words(error: ErrorDetails) -> str:
    """What a value must be, as it follows its key."""
    kind = error["type"]
    if kind in _IN_OUR_WORDS:
        return _IN_OUR_WORDS[kind]
    if kind in _BOUNDS:
        name, how = _BOUNDS[kind]
        return f"must be {how} {_figure(error['ctx'][name])}"
    told = error["msg"]
    subject = _SUBJECT.match(told)
    rest = told[subject.end() :] if subject is not None else told
    return f"must {rest}" if subject is not None and subject.group().endswith("should ") else rest


def _figure(bound: object) -> str:
    """A bound as people write it; that of a checked decimal comes as Python would write it in a program."""
    text = str(bound).removeprefix("Decimal('").removesuffix("')")
    return plain(Decimal(text)) if _NUMBER.fullmatch(text) else text
