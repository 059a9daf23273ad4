"""Mutants: bugs that are planted by name, each of which the simulation must find."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext

from tidegate.adapters.cli.failures import UsageError

Planting = Callable[[], AbstractContextManager[None]]

MUTANTS: Mapping[str, Planting] = {}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Run with a bug; without a name, without one.

    Raises:
        UsageError: there is no such bug.
    """
    if name and name not in MUTANTS:
        raise UsageError(f"there is no mutant {name!r}; there are {', '.join(MUTANTS)}")
    with MUTANTS[name]() if name else nullcontext():
        yield
