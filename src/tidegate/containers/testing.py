"""The testing container: a venue that does as it is told, a clock moved by hand, and a store in memory."""

from contextlib import ExitStack
from datetime import UTC, datetime

from dependency_injector import containers, providers

from tidegate.adapters.brokers.scripted import ScriptedBroker
from tidegate.adapters.brokers.scripted.products import SCRIPTED_PRODUCTS
from tidegate.adapters.chance import SeededChance
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.adapters.stores.opening import chain_check_of
from tidegate.containers.core import CoreContainer
from tidegate.containers.making import seeded_ids
from tidegate.containers.parts import Opening, Part, same

STARTS_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""When a test's time begins, unless it brings a clock of its own."""


class TestingContainer(containers.DeclarativeContainer):
    """`settings` must be given. `venue().set_book(...)` sets prices, `clock().advance(...)` moves the time."""

    __test__ = False

    settings = Opening()

    resources = Part(ExitStack)
    process = Part(str, "testing")
    clock = Part(ManualClock, STARTS_AT)
    chance = Part(SeededChance, settings.provided.paper.seed)
    venue = Part(
        ScriptedBroker,
        providers.Object(SCRIPTED_PRODUCTS),
        clock,
        balances=settings.provided.paper.opening_balances,
        account_id=settings.provided.account_id,
    )
    engine_port = Part(same, venue)
    market_data = Part(same, venue)
    account = Part(same, venue)
    order_store = Part(MemoryOrderStore, settings.provided.account_id, clock)
    chain_check = Part(chain_check_of, order_store)
    ids = Part(seeded_ids, settings.provided.paper.seed, order_store)
    session = Part(same, providers.Object(None))

    core = providers.Container(
        CoreContainer,
        settings=settings,
        engine_port=engine_port,
        market_data=market_data,
        account=account,
        order_store=order_store,
        clock=clock,
        ids=ids,
        chance=chance,
        session=session,
        chain_check=chain_check,
        process=process,
        is_read_only=providers.Object(False),
    )
    risk_manager = core.risk_manager
    order_stats = core.order_stats
    engine = core.engine
    placement = core.placement
    reconciler = core.reconciler
    supervisor = core.supervisor
    coordinator = core.coordinator
    desk = core.desk
    application = core.application
