"""Planting: how a bug is put into the running program under a name, and taken out again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

Planting = Callable[[], AbstractContextManager[None]]


def instead_of(owner: object, name: Any, make: Callable[[Any], Any]) -> Planting:
    """Plant what `make` makes of the original in its place: an attribute of a module or class, or an item of a dict.

    A name that is no longer there is an error, so that no bug is thought to be planted that is not.
    """

    @contextmanager
    def planting() -> Iterator[None]:
        original = owner[name] if isinstance(owner, dict) else vars(owner)[name]
        _put(owner, name, make(original))
        try:
            yield
        finally:
            _put(owner, name, original)

    return planting


def _put(owner: object, name: Any, value: object) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)
