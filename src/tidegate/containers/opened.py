"""Opening an application: the container of a profile, its resources, and the clock and ids that its decisions take."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime, timedelta
from decimal import getcontext, setcontext
from math import inf
from typing import Any

from dependency_injector import containers, providers

from tidegate.adapters.brokers.simulated import SessionStart
from tidegate.adapters.sessions import MarketSession
from tidegate.adapters.sessions.session import SessionProgress
from tidegate.adapters.settings import Settings
from tidegate.application.application import Application
from tidegate.application.clock_binding import BOUND_CLOCK
from tidegate.application.configuration import BadArgument, ConfigurationError, require, require_kind
from tidegate.application.desk_binding import BOUND_DESK
from tidegate.containers.leaving import closed_afterwards
from tidegate.containers.live import LiveContainer
from tidegate.containers.paper import PaperContainer
from tidegate.containers.replay import ReplayContainer
from tidegate.containers.testing import TestingContainer
from tidegate.domain.amounts import DOMAIN_CONTEXT
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


def open_application(
    settings: Settings | None = None,
    *,
    container: containers.Container | None = None,
    start: SessionStart = SessionStart.AUTO,
    speed: float | None = None,
    is_read_only: bool = False,
    on_progress: Callable[[SessionProgress], None] | None = None,
) -> AbstractAsyncContextManager[Application]:
    """The application of the settings' profile, or of a container of your own, wired and recovered, its loops running.

    Inside, decisions take their ids and moments from the container's ports. `start` and `speed` concern paper,
    `on_progress` any recorded session; read-only opens without lock, recovery and loops, for readings and plans.

    Raises:
        BadArgument: at once, for an argument that is none; a ConfigurationError that names it.
        ConfigurationError, StoreError, WorldError, RecordingDamaged, OpeningError: with the reason in one line.
    """
    _check(settings, container, start, speed)
    require_kind("is_read_only", is_read_only, bool, "a bool")
    if on_progress is not None and not callable(on_progress):
        raise BadArgument("on_progress", on_progress, "a call with a SessionProgress, or None")
    if container is None:
        container = container_of(
            settings if settings is not None else Settings(), start=start, speed=speed, is_read_only=is_read_only
        )
    return _opened(container, on_progress)


def _check(settings: object, container: object, start: object, speed: object) -> None:
    if settings is not None and not isinstance(settings, Settings):
        raise BadArgument("settings", settings, "a Settings or None")
    if container is not None and not isinstance(container, containers.DynamicContainer):
        raise BadArgument("container", container, "a container that was made, such as PaperContainer(settings=...)")
    if settings is not None and container is not None:
        raise ConfigurationError("give open_application settings or a container, not both", ("settings", "container"))
    require_kind("start", start, SessionStart, "a SessionStart")
    if speed is None:
        return
    if isinstance(speed, bool) or not isinstance(speed, int | float):
        raise BadArgument("speed", speed, "a number of session seconds a second, or None")
    if not 0 < speed < inf:
        raise ConfigurationError("speed must be a finite number above zero", ("speed",))


def _ports_of_the_venue(container: containers.Container) -> tuple[object, object, object]:
    """Its three sides, each looked at for the calls of its port.

    Raises:
        BadArgument: one lacks a call.
    """
    engine_port, market_data, account = container.engine_port(), container.market_data(), container.account()
    require("engine_port", engine_port, "an EnginePort", "submit", "cancel", "amend", "order", "open_orders", "fills")
    require("market_data", market_data, "a MarketDataPort", "product", "reading", "changes")
    require("account", account, "an AccountPort", "balances", "positions", "movements")
    return engine_port, market_data, account


def _require_utc(clock: object) -> None:
    """A clock of one's own must tell the time by which days, ages and lives are counted.

    Raises:
        BadArgument, ConfigurationError: it is none, or its moments are not in UTC.
    """
    require("clock", clock, "a ClockPort", "now", "monotonic", "sleep")
    now: object = clock.now()  # type: ignore[attr-defined]  # it was just looked for
    if not isinstance(now, datetime) or now.utcoffset() != timedelta(0):
        raise ConfigurationError("clock.now() must be an aware datetime in UTC", ("clock",))


@asynccontextmanager
async def _opened(
    container: containers.Container, on_progress: Callable[[SessionProgress], None] | None
) -> AsyncIterator[Application]:
    # Whatever the host's decimal context: parts are made in ours, and the loops that are started here keep it.
    host = getcontext()
    setcontext(DOMAIN_CONTEXT)
    try:
        async with _entered(container, on_progress) as application:
            setcontext(host)
            try:
                yield application
            finally:
                setcontext(DOMAIN_CONTEXT)
    finally:
        setcontext(host)


@asynccontextmanager
async def _entered(
    container: containers.Container, on_progress: Callable[[SessionProgress], None] | None
) -> AsyncIterator[Application]:
    with container.resources():
        clock = container.clock()
        _require_utc(clock)
        if on_progress is not None and isinstance(session := container.session(), MarketSession):
            session.on_progress = on_progress
        venue = _ports_of_the_venue(container)
        require("order_store", container.order_store(), "an OrderStorePort", "load", "record_sending", "commit")
        ids = container.ids()
        require("ids", ids, "an IdPort", "draw")
        source_token = DECISION_SOURCE.set(BoundSource(ids, clock))
        clock_token = BOUND_CLOCK.set(clock)
        desk_token = BOUND_DESK.set(container.desk())
        try:
            async with closed_afterwards(*venue), container.application() as application:
                yield application
        finally:
            # Whoever leaves in another context than it entered in has nothing bound there.
            with suppress(ValueError):
                BOUND_DESK.reset(desk_token)
                BOUND_CLOCK.reset(clock_token)
                DECISION_SOURCE.reset(source_token)
