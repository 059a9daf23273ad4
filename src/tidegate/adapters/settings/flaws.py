"""Flaws: what the model finds wrong with a value, as one line that names the key and never the value."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import ErrorDetails

from tidegate.adapters.settings.keys import Key, dotted, nearest_key
from tidegate.application.configuration import ConfigurationError

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
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "finite_number": "must be a finite number",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be 2 to 12 upper-case letters and digits",
}


def configuration_error(errors: Sequence[ErrorDetails]) -> ConfigurationError:
    """The first of the model's errors, with how many more there are."""
    first = errors[0]
    path = _path(first["loc"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if first["type"] == "extra_forbidden":
        return unknown_key(path)
    key = dotted(path)
    return ConfigurationError(f"{key} {_words(first)}{more}", (key,))


def unknown_key(path: Key, where: str = "") -> ConfigurationError:
    """A key that does not exist, with the nearest that does; `where` is the file's name."""
    key, right = dotted(path), dotted(nearest_key(path))
    place = f" in {where}" if where else ""
    return ConfigurationError(f"unknown key {key}{place}; did you mean {right}?", (key, right))


def _path(location: tuple[Any, ...]) -> Key:
    return tuple(str(part) for part in location if part != _KEY_OF_TABLE)


def _words(error: ErrorDetails) -> str:
    known = _IN_OUR_WORDS.get(error["type"])
    if known is not None:
        return known
    return error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
