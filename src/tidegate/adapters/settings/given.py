"""Given values: single settings with where each was given, laid over each other from defaults to arguments."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from tidegate.adapters.settings.keys import FREE_TABLES, Key
from tidegate.application.configuration import ConfigurationError


@dataclass(frozen=True, slots=True, repr=False)
class Given:
    """One value with its key and the name under which it was given; never printed, since it may be a secret."""

    path: Key
    value: Any
    origin: str


def spread(tree: Mapping[str, Any], origin: str, above: Key = ()) -> Iterator[Given]:
    """Every value of nested tables; an empty table gives nothing, unless its keys are the reader's own."""
    for name, value in tree.items():
        inner = value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value
        path = (*above, str(name))
        if isinstance(inner, Mapping) and (inner or path not in FREE_TABLES):
            yield from spread(inner, origin, path)
        else:
            yield Given(path, inner, origin)


def _overlap(one: Key, other: Key) -> bool:
    """Whether one key is the other, or a table that holds it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def once(layer: Iterable[Given]) -> list[Given]:
    """A layer in which no key is given twice; the same value under two names is one.

    Raises:
        ConfigurationError: two names of one layer give a key different values; the message has both names.
    """
    kept: list[Given] = []
    for given in layer:
        clash = next((earlier for earlier in kept if _overlap(earlier.path, given.path)), None)
        if clash is None:
            kept.append(given)
        elif clash.path != given.path or str(clash.value).strip() != str(given.value).strip():
            names = (clash.origin, given.origin)
            raise ConfigurationError(
                f"{names[0]} and {names[1]} set the same thing differently: keep one of them", names
            )
    return kept


def lay_over(layers: Iterable[Iterable[Given]]) -> dict[Key, Given]:
    """Later layers over earlier ones, key by key; a whole table replaces the keys in it, and the other way round."""
    standing: dict[Key, Given] = {}
    for layer in layers:
        above = list(layer)
        covered = [path for path in standing if any(_overlap(path, given.path) for given in above)]
        for path in covered:
            del standing[path]
        standing.update((given.path, given) for given in above)
    return standing


def tree_of(standing: Mapping[Key, Given]) -> dict[str, Any]:
    """The values as nested tables."""
    tree: dict[str, Any] = {}
    for path, given in standing.items():
        table = tree
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = given.value
    return tree
