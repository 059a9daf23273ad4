"""The plan of a sweep: which settings are tried, as a TOML file names them, and what each run is called."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from msgspec import Struct

from tidegate.adapters.settings.file import placed, read_toml
from tidegate.adapters.settings.given import Given, spread, tree_of
from tidegate.adapters.settings.keys import dotted
from tidegate.adapters.spelling import shown
from tidegate.application.configuration import ConfigurationError

SECTIONS = ("engine", "intake", "paper", "risk", "supervisor")
"""What may be varied: how a session is traded, not where it is kept or who trades it."""

RUNS_MAX = 100_000
"""More runs than anybody waits for are a mistake in the file."""

_TABLES = ("grid", "runs")


class SweepRun(Struct, frozen=True):
    """One run: its name, and the settings that it lays over those of the call, as nested tables and by their keys."""

    name: str
    tree: dict[str, Any]
    changed: dict[str, Any]


def read_plan(path: Path) -> tuple[SweepRun, ...]:
    """Every run of a sweep in the order of its file.

    `[grid]` gives settings a list of values each, of which every combination is tried. `[runs.NAME]` adds its settings
    to each of these, where there are any.

    Raises:
        ConfigurationError: it cannot be read, names what cannot be varied, or makes no run.
    """
    tree = read_toml(path, "--sweep")
    name = shown(path.name)
    for table, value in tree.items():
        if table not in _TABLES or not isinstance(value, Mapping):
            raise ConfigurationError(f"{name}: {shown(table)} is neither the table [grid] nor a [runs.NAME]", (table,))
    named = tree.get("runs", {})
    for run, value in named.items():
        if not isinstance(value, Mapping):
            raise ConfigurationError(f"{name}: runs.{shown(run)} must be a table of settings", (f"runs.{run}",))
    grid = [_alternatives(one, name) for one in _settings(tree.get("grid", {}), path)]
    laid_over = {run: tuple(_settings(value, path)) for run, value in named.items()} or {"": ()}
    varied = {given.path for (given, *_) in grid}
    for run, own in laid_over.items():
        twice = next((dotted(given.path) for given in own if given.path in varied), None)
        if twice is not None:
            raise ConfigurationError(f"{name}: grid.{twice} and runs.{shown(run)}.{twice} both set it", (twice,))
    count = len(laid_over)
    for alternatives in grid:
        count *= len(alternatives)
    if count > RUNS_MAX:
        raise ConfigurationError(f"{name}: makes {count:,} runs, and at most {RUNS_MAX:,} are played", ("grid",))
    if not any((grid, named)):
        raise ConfigurationError(f"{name}: has no [grid] and no [runs.NAME], so nothing to play", ("grid",))
    return tuple(_run(run, own, chosen) for run, own in laid_over.items() for chosen in product(*grid))


def _settings(table: Mapping[str, Any], path: Path) -> Iterator[Given]:
    """A table's settings, where each may be varied."""
    for given in spread(table, shown(path.name)):
        if given.path[0] not in SECTIONS:
            raise ConfigurationError(
                f"{shown(path.name)}: a sweep varies {', '.join(SECTIONS[:-1])} and {SECTIONS[-1]}, not "
                f"{dotted(given.path)}",
                (dotted(given.path),),
            )
        yield given if isinstance(given.value, list) else placed(given, path.parent)


def _alternatives(given: Given, name: str) -> tuple[Given, ...]:
    if not isinstance(given.value, list) or not given.value:
        key = dotted(given.path)
        raise ConfigurationError(f"{name}: grid.{key} must be a list of the values to try", (key,))
    return tuple(Given(given.path, value, given.origin) for value in given.value)


def _run(name: str, own: Iterable[Given], chosen: Iterable[Given]) -> SweepRun:
    varied = tuple(chosen)
    words = [name] if name else []
    words += [f"{given.path[-1]}={shown(str(given.value))}" for given in varied]
    standing = {given.path: given for given in (*varied, *own)}
    return SweepRun(
        name=" ".join(words),
        tree=tree_of(standing),
        changed={dotted(path): given.value for path, given in standing.items()},
    )
