"""Keys: the names that settings may have, walked from the model, and the right one nearest to a wrong one."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel

from tidegate.adapters.settings.risk import SymbolRisk
from tidegate.adapters.spelling import nearest, shown

Key = tuple[str, ...]
"""A key as the tables that lead to it, and its own name."""

FREE_TABLES: frozenset[Key] = frozenset(
    {("engine", "slippage_multipliers"), ("paper", "opening_balances"), ("intake", "parameters"), ("venue", "options")}
)
"""Tables whose keys are the reader's own."""
SYMBOLS: Key = ("risk", "symbols")
SYMBOL_PLACE = "SYMBOL"
SECRETS: frozenset[Key] = frozenset({("venue", "api_key"), ("venue", "api_secret"), ("venue", "api_passphrase")})


def dotted(path: Key) -> str:
    """A key as it is written in a file: `risk.symbols."BTC-USD".max_leverage`."""
    return ".".join(part if part.replace("_", "").isalnum() and part.isascii() else f'"{shown(part)}"' for part in path)


def _section_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return None


def _walk(model: type[BaseModel], above: Key) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        path = (*above, name)
        section = _section_of(field.annotation)
        if section is not None:
            yield from _walk(section, path)
        elif path == SYMBOLS:
            yield from ((*path, SYMBOL_PLACE, key) for key in SymbolRisk.model_fields)
        else:
            yield path


@cache
def known_keys() -> tuple[Key, ...]:
    """Every key that has a value; a symbol's stands under the place holder SYMBOL."""
    from tidegate.adapters.settings.model import Settings  # the model's own errors are made of this module

    return tuple(_walk(Settings, ()))


def is_known(path: Key) -> bool:
    """Whether a value may stand under this key."""
    if path[:2] in FREE_TABLES:
        return len(path) == 2 or (len(path) >= 3 and all(path[2:]))
    if path[:2] == SYMBOLS and len(path) == 4:
        path = (*SYMBOLS, SYMBOL_PLACE, path[3])
    return path in known_keys()


def is_table(path: Key) -> bool:
    """Whether other keys may stand below this one."""
    if path[:2] in FREE_TABLES or path == SYMBOLS or (path[:2] == SYMBOLS and len(path) == 3):
        return True
    return any(key[: len(path)] == path and len(key) > len(path) for key in known_keys())


def nearest_key(path: Key) -> Key:
    """The right key most like a wrong one: first of its own table, else by its last name anywhere, else as a whole."""
    symbol = path[2] if path[:2] == SYMBOLS and len(path) >= 3 else SYMBOL_PLACE
    candidates = {tuple(symbol if part == SYMBOL_PLACE else part for part in key): key for key in known_keys()}
    if is_table(path):
        candidates = {key: known for key, known in candidates.items() if key[: len(path)] == path}
    by_text = {dotted(key): key for key in candidates}
    same_name = [text for text, key in by_text.items() if key[-1] == path[-1]]
    same_table = [text for text, key in by_text.items() if key[:-1] == path[:-1]]
    return by_text[nearest(dotted(path), same_name or same_table or by_text)]
