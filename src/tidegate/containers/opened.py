"""Opening an application: the container of a profile, its resources, and the clock and ids that its decisions take."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

from dependency_injector import containers, providers

from tidegate.adapters.brokers.simulated import SessionStart
from tidegate.adapters.sessions import MarketSession
from tidegate.adapters.sessions.session import SessionProgress
from tidegate.adapters.settings import Settings
from tidegate.application.application import Application
from tidegate.application.clock_binding import BOUND_CLOCK
from tidegate.application.configuration import ConfigurationError
from tidegate.application.desk_binding import BOUND_DESK
from tidegate.containers.live import LiveContainer
from tidegate.containers.paper import PaperContainer
from tidegate.containers.replay import ReplayContainer
from tidegate.containers.testing import TestingContainer
from tidegate.domain.decisions import DECISION_SOURCE
from tidegate.domain.ports import ClockPort, IdPort


class BoundSource:
    """Decision ids and moments from the container's ports."""

    def __init__(self, ids: IdPort, clock: ClockPort) -> None:
        self._ids = ids
        self._clock = clock

    def draw_id(self) -> str:
        return self._ids.draw()

    def now(self) -> datetime:
        return self._clock.now()


def container_of(
    settings: Settings,
    *,
    start: SessionStart = SessionStart.AUTO,
    speed: float | None = None,
    is_read_only: bool = False,
) -> containers.Container:
    """The container of the settings' profile."""
    given: dict[str, Any] = {"settings": providers.Object(settings)}
    match settings.profile:
        case "paper":
            options = {"start": start, "speed": speed, "is_read_only": is_read_only}
            given.update({name: providers.Object(value) for name, value in options.items()})
            return PaperContainer(**given)
        case "replay":
            return ReplayContainer(is_read_only=providers.Object(is_read_only), **given)
        case "live":
            return LiveContainer(is_read_only=providers.Object(is_read_only), **given)
        case "testing":
            return TestingContainer(**given)


@asynccontextmanager
async def open_application(
    settings: Settings | None = None,
    *,
    container: containers.Container | None = None,
    start: SessionStart = SessionStart.AUTO,
    speed: float | None = None,
    is_read_only: bool = False,
    on_progress: Callable[[SessionProgress], None] | None = None,
) -> AsyncIterator[Application]:
    """The application of the settings' profile, or of a container of your own, wired and recovered, its loops running.

    Inside, decisions take their ids and moments from the container's ports. `start` and `speed` concern paper,
    `on_progress` any recorded session; read-only opens without lock, recovery and loops, for readings and plans.

    Raises:
        ConfigurationError, StoreError, WorldError, RecordingDamaged, OpeningError: with the reason in one line.
    """
    if container is None:
        container = container_of(
            settings if settings is not None else Settings(), start=start, speed=speed, is_read_only=is_read_only
        )
    elif settings is not None:
        raise ConfigurationError("give open_application settings or a container, not both")
    with container.resources():
        clock = container.clock()
        if on_progress is not None and isinstance(session := container.session(), MarketSession):
            session.on_progress = on_progress
        source_token = DECISION_SOURCE.set(BoundSource(container.ids(), clock))
        clock_token = BOUND_CLOCK.set(clock)
        desk_token = BOUND_DESK.set(container.desk())
        try:
            async with container.application() as application:
                yield application
        finally:
            # Whoever leaves in another context than it entered in has nothing bound there.
            with suppress(ValueError):
                BOUND_DESK.reset(desk_token)
                BOUND_CLOCK.reset(clock_token)
                DECISION_SOURCE.reset(source_token)
