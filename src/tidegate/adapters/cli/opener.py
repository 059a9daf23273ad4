"""What the command line is handed by the composition root: the doors to an application, not how it is wired."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Doors:
    """What the commands need of the layers above: how an application is opened, and what measures it."""

    open_application: ApplicationOpener
    benchmark: Benchmark
