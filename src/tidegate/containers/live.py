"""The live container: a venue from an adapter package, the wall's clock, and a store on disk."""

from contextlib import ExitStack

from dependency_injector import containers, providers

from tidegate.adapters.brokers.registry import live_broker
from tidegate.adapters.chance import SeededChance
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.ids import SystemIds
from tidegate.adapters.stores.opening import chain_check_of, open_store
from tidegate.containers.core import CoreContainer
from tidegate.containers.parts import Opening, Part, same
from tidegate.containers.sessions import process_name


class LiveContainer(containers.DeclarativeContainer):
    """`settings` must be given, with a venue that an installed adapter registers; `is_read_only` may be."""

    settings = Opening()
    is_read_only = Opening(default=providers.Object(False))

    resources = Part(ExitStack)
    process = Part(process_name)
    clock = Part(WallClock)
    ids = Part(SystemIds)
    chance = Part(SeededChance, settings.provided.paper.seed)
    venue = Part(live_broker, settings)
    engine_port = Part(same, venue)
    market_data = Part(same, venue)
    account = Part(same, venue)
    order_store = Part(open_store, settings, clock, process, is_read_only, resources)
    chain_check = Part(chain_check_of, order_store)
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
        is_read_only=is_read_only,
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
