"""What the command line is handed by the composition root: the doors to an application, not how it is wired."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from tidegate.adapters.brokers.simulated.world import SessionStart
from tidegate.adapters.sessions.session import SessionProgress
from tidegate.adapters.settings import Settings
from tidegate.application.application import Application


class ApplicationOpener(Protocol):
    """Opens the application of `settings.profile`: wired, recovered, with its loops running until it is left."""

    def __call__(
        self,
        settings: Settings,
        *,
        start: SessionStart = SessionStart.AUTO,
        speed: float | None = None,
        is_read_only: bool = False,
        on_progress: Callable[[SessionProgress], None] | None = None,
    ) -> AbstractAsyncContextManager[Application]:
        """`start`, `speed` and `on_progress` concern paper and replay; `speed` None is the setting's, else 1.

        Read-only opens without lock and recovery: readings and `plan` work, and nothing is written anywhere.
        """
        ...


Benchmark = Callable[[Callable[[str], None]], Awaitable[Mapping[str, float]]]
"""Measures every row of the speed table and gives them by key; it is called with each row's name as that row begins."""


class DrillOrder(Struct, frozen=True, kw_only=True):
    """What a drill is to do: so many lives from a first seed on, so many real kills, a bug planted, or one plan again.

    With `points` every crash point of a short life of the first seed is tried, and every pair of them.

    Plans of lives that broke are made smaller and written into `folder`, where there is one.
    """

    seeds: int = 0
    first_seed: int = 0
    kills: int = 0
    points: bool = False
    mutant: str = ""
    plan: Path | None = None
    folder: Path | None = None


class DrillReport(Struct, frozen=True, kw_only=True):
    """What came of a drill. `found` are its violations in words, `plans` the files by which they can be repeated."""

    seeds: int
    kills: int
    decisions: int
    violations: int
    faults: dict[str, int]
    simulated_hours: float
    seconds: float
    found: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


Drill = Callable[[DrillOrder, Callable[[str], None]], DrillReport]
"""Runs a drill; it is called with whom to tell how far it has come."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the commands need of the layers above: how an application is opened, what measures it and what tries it."""

    open_application: ApplicationOpener
    benchmark: Benchmark
    drill: Drill
