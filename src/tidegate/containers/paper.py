"""The paper container: a simulated venue that plays a recording at a pace, a durable world, and a store on disk."""

from contextlib import ExitStack

from dependency_injector import containers, providers

from tidegate.adapters.brokers.simulated import SessionStart
from tidegate.adapters.chance import SeededChance
from tidegate.adapters.ids import SystemIds
from tidegate.adapters.sessions.choosing import recording_of
from tidegate.adapters.stores.opening import chain_check_of, open_store
from tidegate.containers.core import CoreContainer
from tidegate.containers.parts import Opening, Part, same
from tidegate.containers.sessions import paper_session, process_name, writer_lock


class PaperContainer(containers.DeclarativeContainer):
    """`settings` must be given; `start`, `speed` (session seconds a real second) and `is_read_only` may be."""

    settings = Opening()
    start = Opening(default=providers.Object(SessionStart.AUTO))
    speed = Opening(default=providers.Object(None))
    is_read_only = Opening(default=providers.Object(False))

    resources = Part(ExitStack)
    process = Part(process_name)
    recording = Part(recording_of, settings)
    lock = Part(writer_lock, settings, process, is_read_only, resources)
    session = Part(paper_session, settings, recording, start, speed, is_read_only, resources, lock)
    engine_port = Part(same, session.provided.broker)
    market_data = Part(same, session.provided.broker)
    account = Part(same, session.provided.broker)
    clock = Part(same, session.provided.clock)
    ids = Part(SystemIds)
    chance = Part(SeededChance, settings.provided.paper.seed)
    order_store = Part(open_store, settings, clock, process, is_read_only, resources, lock)
    chain_check = Part(chain_check_of, order_store)

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
