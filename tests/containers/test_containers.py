"""Containers: every provider can be built, every part can be swapped before it is used, and never after."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import containers, providers

from tests.application.interposing import InterposedStore
from tests.application.rig import SPOT, Rig, buy, offer_to_buy, placed, refused
from tidegate import (
    ExecutionCoordinator,
    LiveExecutionEngine,
    OrderPlacementService,
    OrderReconciler,
    OrderStats,
    RiskManager,
    Settings,
    open_application,
)
from tidegate.adapters.brokers.scripted import Answer, ScriptedBroker
from tidegate.adapters.brokers.scripted.market import ScriptedMarket
from tidegate.adapters.brokers.scripted.products import SCRIPTED_PRODUCTS
from tidegate.adapters.chance import SeededChance
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.ids import SeededIds
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.application.configuration import ConfigurationError
from tidegate.containers import (
    CoreContainer,
    LateOverrideError,
    LiveContainer,
    PaperContainer,
    ReplayContainer,
    TestingContainer,
    container_of,
)
from tidegate.containers.testing import STARTS_AT
from tidegate.domain.orders import Order
from tidegate.domain.ports import Broker
from tidegate.domain.refusals import MarketStateRefused
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import ReviewView

STABLE_NAMES = (
    "settings engine_port market_data account order_store clock ids chance risk_manager order_stats engine placement "
    "reconciler supervisor coordinator"
).split()
ENVIRONMENTS = ("paper", "replay", "live", "testing")


def scripted(clock: ManualClock) -> ScriptedBroker:
    """A venue with a price."""
    venue = ScriptedBroker(SCRIPTED_PRODUCTS, clock, account_id="mine")
    venue.set_book(SPOT, bids=[(99_999, 5)], asks=[(100_001, 5)])
    return venue


def settings_of(profile: str, store: str) -> Settings:
    """Settings as they would be loaded; live has a venue and its secrets."""
    venue = {"name": "elsewhere", "api_key": "key", "api_secret": "secret"} if profile == "live" else {}
    return Settings.load(environ={}, profile=profile, account_id="mine", store={"url": store}, venue=venue)


def container(profile: str, folder: Path) -> containers.Container:
    """The container of a profile, its venue scripted where its own does not exist yet."""
    store = f"sqlite:///{folder / profile}.db" if profile in ("paper", "live") else ""
    made = container_of(settings_of(profile, store))
    if profile == "live":
        clock = ManualClock(STARTS_AT)
        made.clock.override(providers.Object(clock))
        made.venue.override(providers.Object(scripted(clock)))
    return made


def every_provider(of: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each provider of a container, and of the containers in it, by its path."""
    for name, provider in of.providers.items():
        if isinstance(provider, providers.Container):
            yield from every_provider(provider, f"{path}{name}.")
        else:
            yield f"{path}{name}", provider


@pytest.mark.parametrize("profile", ENVIRONMENTS)
async def test_every_provider_of_every_environment_can_be_built(profile: str, tmp_path: Path) -> None:
    """mypy does not check what a provider is given, so each is called."""
    made = container(profile, tmp_path)
    with made.resources():
        built = {path: provider() for path, provider in every_provider(made)}

    assert isinstance(built["coordinator"], ExecutionCoordinator)
    assert built["coordinator"] is built["core.coordinator"]
    assert built["reconciler"] is not built["core.reconciler"]
    assert {path for path, part in built.items() if part is None} <= {"speed", "session", "core.session"} | CHAINLESS
    assert len(built) > 45


CHAINLESS = {"chain_check", "core.chain_check"}
"""A store in memory has no chain that could be damaged."""


async def test_the_core_can_be_built_on_ports_of_ones_own() -> None:
    """Whoever writes an environment fills the ports and has the use cases."""
    clock = ManualClock(STARTS_AT)
    venue = scripted(clock)
    parts = {
        "settings": Settings(profile="testing", account_id="mine"),
        "engine_port": venue,
        "market_data": venue,
        "account": venue,
        "order_store": MemoryOrderStore("mine", clock),
        "clock": clock,
        "ids": SeededIds(1),
        "chance": SeededChance(1),
        "session": None,
        "chain_check": None,
        "process": "mine",
        "is_read_only": False,
    }
    core = CoreContainer(**{name: providers.Object(part) for name, part in parts.items()})
    built = {path: provider() for path, provider in every_provider(core)}
    async with built["application"] as application:
        placed(await application.coordinator.execute_decision(SPOT, buy(decision_id="mine")))

    assert set(STABLE_NAMES) <= set(built)


async def test_a_port_that_was_left_open_is_named() -> None:
    """And not found out by an attribute that None does not have."""
    with pytest.raises(Exception, match="is not defined"):
        CoreContainer(settings=providers.Object(Settings())).coordinator()


@pytest.mark.parametrize("of", [CoreContainer, PaperContainer, ReplayContainer, LiveContainer, TestingContainer])
def test_the_stable_names_are_on_every_public_container(of: type[containers.DeclarativeContainer]) -> None:
    """They are what an integrator overrides, and stay."""
    assert set(STABLE_NAMES) <= set(of.providers)


@pytest.mark.parametrize("profile", ENVIRONMENTS)
@pytest.mark.parametrize("name", STABLE_NAMES)
def test_every_stable_part_can_be_swapped_before_it_is_used(profile: str, name: str, tmp_path: Path) -> None:
    """And what was put there is what comes out."""
    made, swapped = container(profile, tmp_path), object()
    part = getattr(made, name)
    part.reset_override()
    part.override(providers.Object(swapped))

    assert part() is swapped


@pytest.mark.parametrize("name", STABLE_NAMES)
async def test_an_override_after_the_first_use_is_an_error(name: str) -> None:
    """Somebody would go on using what was to be replaced."""
    rig = Rig()
    made = rig.container()
    async with open_application(container=made):
        made.core.chance()
        made.reconciler()
        with pytest.raises(LateOverrideError, match="used already"):
            getattr(made, name).override(providers.Object(object()))


async def executed(made: containers.Container, **fields: Any) -> Any:
    async with open_application(container=made) as app:
        return await app.coordinator.execute_decision(SPOT, buy(**fields))


async def test_another_engine_port_receives_the_orders() -> None:
    """The market and the account stay where they were."""
    rig = Rig()
    other = scripted(rig.clock)
    other.next_submit(Answer.reject("VENUE_OTHER", "from the other one"))
    refusal = refused(await executed(rig.container(engine_port=other)))

    assert refusal.message == "from the other one"
    assert rig.venue.truth.sent == []


@pytest.mark.parametrize("profile", ["paper", "replay", "live"])
async def test_another_engine_port_receives_the_orders_of_every_environment(profile: str, tmp_path: Path) -> None:
    """Composition does not hide an override."""
    made = container(profile, tmp_path)
    other = scripted(ManualClock(STARTS_AT))
    other.every_submit(Answer.reject("VENUE_OTHER", "from the other one"))
    made.engine_port.override(providers.Object(other))

    assert refused(await executed(made, quantity="0.001")).message == "from the other one"


async def test_another_market_sets_the_prices() -> None:
    """Orders are protected around its touch."""
    rig = Rig()
    market = ScriptedMarket(SCRIPTED_PRODUCTS, rig.clock)
    market.set_book(SPOT, bids=[(49_999, 5)], asks=[(50_001, 5)])
    order = placed(await executed(rig.container(market_data=market)))

    assert order.order.limit_price is not None
    assert order.order.limit_price < 51_000


async def test_another_account_has_the_money() -> None:
    """What it has is what may be spent."""
    rig = Rig()
    poor = ScriptedBroker(SCRIPTED_PRODUCTS, rig.clock, balances={"USD": Decimal(100)})
    refusal = refused(await executed(rig.container(account=poor)), "ORDER_SIZE")

    assert refusal.figures["limit"] == 10


async def test_another_store_has_the_last_word() -> None:
    """One whose disk fills up after the start."""
    rig = Rig()
    store = InterposedStore(rig.store)
    async with open_application(container=rig.container(order_store=store)) as app:
        store.disk_is_full = True
        refused(await app.coordinator.execute_decision(SPOT, buy()), "STORE")


async def test_another_clock_and_other_ids_date_and_name_the_orders() -> None:
    """Decisions take both from the container, too."""

    class Named:
        def draw(self) -> str:
            return "drawn"

    rig = Rig()
    clock = ManualClock(STARTS_AT.replace(year=2030))
    venue = scripted(clock)
    made = rig.container(clock=clock, ids=Named(), venue=venue, order_store=MemoryOrderStore("mine", clock))
    order = placed(await executed(made))

    assert (order.decision_id, order.sent_at) == ("drawn", clock.now())


async def test_other_chance_is_handed_to_whoever_asks() -> None:
    """A seed of one's own."""

    class Fixed:
        def uniform(self, low: float, high: float) -> float:
            return low

    assert Rig().container(chance=Fixed()).core.chance().uniform(3, 4) == 3


async def test_other_limits_refuse_and_other_statistics_count() -> None:
    """Both are objects that the integrator may hold on to."""
    rig = Rig()
    stats, limits = OrderStats(), RiskManager(RiskLimits(max_order_notional=Decimal(10)))
    made = rig.container(order_stats=stats, risk_manager=limits)
    refused(await executed(made), "ORDER_SIZE")

    assert stats["refused"] == 1


async def test_another_engine_reviews() -> None:
    """Placement never asks which one it holds."""

    class Closed(LiveExecutionEngine):
        def review(self, order: Order, view: ReviewView) -> MarketStateRefused:
            return MarketStateRefused(message="closed today")

    rig = Rig()
    engine = Closed(broker=rig.venue, risk_manager=RiskManager(RiskLimits()))

    assert refused(await executed(rig.container(engine=engine))).message == "closed today"


async def test_another_placement_places() -> None:
    """The coordinator hands on what it answers."""
    rig = Rig()
    dry = OrderPlacementService(
        orders_store=rig.store, order_stats=OrderStats(), broker=rig.venue, dry_run=True, clock=rig.clock
    )

    assert "dry run" in (await executed(rig.container(placement=dry))).unwrap().reason


async def test_another_reconciler_reconciles() -> None:
    """The supervisor asks the provider for each new one."""
    rig = Rig()
    made = rig.container()
    other = rig.container()
    other.core.desk.override(providers.Object(made.desk()))
    reconciler: OrderReconciler = other.reconciler()
    made.reconciler.override(providers.Object(reconciler))
    async with open_application(container=made) as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await app.reconcile()
        assert reconciler.snapshot() is not None


async def test_another_supervisor_or_coordinator_is_the_applications() -> None:
    """The whole of it may be replaced."""
    rig = Rig()
    made, other = rig.container(), rig.container()
    supervisor, coordinator = other.supervisor(), other.coordinator()
    made.supervisor.override(providers.Object(supervisor))
    assert made.coordinator().supervisor is supervisor
    again = rig.container()
    again.coordinator.override(providers.Object(coordinator))
    async with open_application(container=again) as app:
        assert app.coordinator is coordinator


async def test_the_environments_multipliers_reach_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one place below the composition root that reads the environment, and it counts."""
    rig = Rig()
    monkeypatch.setenv("SLIPPAGE_MULTIPLIERS", "BTC-USD:1000")
    refused(await executed(rig.container()), "SLIPPAGE")
    monkeypatch.delenv("SLIPPAGE_MULTIPLIERS")
    placed(await executed(rig.container()))


def test_a_live_container_without_a_venue_names_the_setting() -> None:
    """Nothing is taken by default where money is at stake."""
    made = container_of(settings_of("live", "memory://"))
    with pytest.raises(ConfigurationError, match=r"venue\.name"):
        made.venue()


def test_a_broker_joined_from_three_ports_is_all_three() -> None:
    """The engine gets one object, whichever ports were swapped."""
    rig = Rig()
    broker: Broker = rig.container().core.broker()

    assert broker.products == rig.venue.products
    assert broker.capabilities == rig.venue.capabilities
