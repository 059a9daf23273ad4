"""Arguments of the public calls and constructors: what is none is named at once, with what is wanted."""

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, cast

import pytest
from dependency_injector import providers

from tests.application.rig import Rig
from tidegate import (
    ExecutionCoordinator,
    ExecutionRuntimeSupervisor,
    LiveExecutionEngine,
    OrderPlacementService,
    OrderReconciler,
    OrderStats,
    RiskManager,
    Settings,
    open_application,
)
from tidegate.adapters.clocks import WallClock
from tidegate.application.configuration import BadArgument, ConfigurationError
from tidegate.application.resolving import OrderResolver
from tidegate.containers import PaperContainer, TestingContainer
from tidegate.domain.risk import RiskLimits

OPENINGS: list[tuple[str, dict[str, Any]]] = [
    ("settings must be a Settings or None, not int", {"settings": 5}),
    ("settings must be a Settings or None, not dict", {"settings": {"profile": "paper"}}),
    ("container must be a container that was made", {"container": PaperContainer}),
    ("container must be a container that was made", {"container": "paper"}),
    ("start must be a SessionStart, not str", {"start": "yesterday"}),
    ("speed must be a number", {"speed": "fast"}),
    ("speed must be a number", {"speed": True}),
    ("is_read_only must be a bool, not int", {"is_read_only": 1}),
    ("on_progress must be a call", {"on_progress": 3}),
]


@pytest.mark.parametrize(("told", "given"), OPENINGS)
def test_a_bad_argument_of_open_application_is_named_before_anything_is_opened(
    told: str, given: dict[str, Any]
) -> None:
    """When it is called, not when it is entered."""
    with pytest.raises(BadArgument, match=re.escape(told)):
        open_application(**given)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_at_which_nothing_plays_is_a_configuration_error(speed: float) -> None:
    """It names its argument."""
    with pytest.raises(ConfigurationError, match="speed must be a finite number above zero"):
        open_application(speed=speed)


def test_settings_and_a_container_are_not_given_together() -> None:
    """A container has settings of its own."""
    with pytest.raises(ConfigurationError, match="settings or a container, not both"):
        open_application(Settings(), container=PaperContainer(settings=providers.Object(Settings())))


def test_a_service_without_its_parts_says_which_and_what_it_wants() -> None:
    """Not an AttributeError once the first decision comes."""
    rig = Rig()
    risk, stats = RiskManager(RiskLimits()), OrderStats()
    engine = LiveExecutionEngine(broker=rig.venue, risk_manager=risk)
    calls: list[tuple[str, Any, dict[str, Any]]] = [
        ("broker", LiveExecutionEngine, {"broker": rig.venue, "risk_manager": risk}),
        ("risk_manager", LiveExecutionEngine, {"broker": rig.venue, "risk_manager": risk}),
    ]
    placing = {"orders_store": rig.store, "order_stats": stats, "broker": rig.venue, "dry_run": False}
    calls += [(name, OrderPlacementService, placing) for name in placing]
    supervising = {"exec_engine": engine, "order_reconciler_factory": lambda: None}
    calls += [(name, ExecutionRuntimeSupervisor, supervising) for name in supervising]
    coordinating = {
        "placement": OrderPlacementService(orders_store=rig.store, order_stats=stats, broker=rig.venue),
        "engine_factory": lambda: engine,
        "supervisor_factory": lambda: None,
    }
    calls += [(name, ExecutionCoordinator, coordinating) for name in coordinating]
    desk = rig.container().desk()
    resolver = OrderResolver(desk, rig.venue)
    reconciling = {"desk": desk, "venue": rig.venue, "account": rig.venue, "resolver": resolver}
    calls += [(name, OrderReconciler, reconciling) for name in reconciling]

    for argument, service, good in calls:
        service(**good)
        with pytest.raises(BadArgument, match=f"^{argument} must be .* not NoneType$") as caught:
            service(**{**good, argument: None})
        assert caught.value.argument == argument


def test_a_risk_manager_is_made_of_limits_and_states() -> None:
    """Both are named."""
    nothing: Any = None
    with pytest.raises(TypeError, match="limits must be a RiskLimits, not NoneType"):
        RiskManager(nothing)
    states: Any = {}
    with pytest.raises(TypeError, match="states must be a TradingStates or None, not dict"):
        RiskManager(RiskLimits(), states)
    with pytest.raises(TypeError, match="overrides must be a mapping from symbols or None, not list"):
        RiskManager(RiskLimits(), overrides=cast(Any, [RiskLimits()]))


class Elsewhen(WallClock):
    """A clock whose moments are in another zone, or in none."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone

    def now(self) -> datetime:
        return super().now().astimezone(self._zone) if self._zone is not None else super().now().replace(tzinfo=None)


@pytest.mark.parametrize(
    ("part", "given", "message"),
    [
        ("clock", object(), "clock must be a ClockPort, not object"),
        ("clock", Elsewhen(None), "clock.now() must be an aware datetime in UTC"),
        ("clock", Elsewhen(timezone(timedelta(hours=-5))), "clock.now() must be an aware datetime in UTC"),
        ("engine_port", object(), "engine_port must be an EnginePort, not object"),
        ("market_data", object(), "market_data must be a MarketDataPort, not object"),
        ("account", object(), "account must be an AccountPort, not object"),
        ("order_store", object(), "order_store must be an OrderStorePort, not object"),
        ("ids", object(), "ids must be an IdPort, not object"),
    ],
)
async def test_a_part_that_cannot_take_its_place_is_named_when_the_application_is_opened(
    part: str, given: object, message: str
) -> None:
    """A clock of local time would begin another day at each restart."""
    container = TestingContainer(settings=providers.Object(Settings(profile="testing")))
    getattr(container, part).override(providers.Object(given))
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        async with open_application(container=container):
            raise AssertionError("it opened")
