"""The replay container: a recording as fast as it goes, a world in memory, and nothing left to chance."""

from contextlib import ExitStack

from dependency_injector import containers, providers

from tidegate.adapters.chance import SeededChance
from tidegate.adapters.sessions.choosing import recording_of
from tidegate.adapters.stores.opening import chain_check_of
from tidegate.containers.core import CoreContainer
from tidegate.containers.making import seeded_ids
from tidegate.containers.parts import Opening, Part, same
from tidegate.containers.sessions import replay_session, replay_store


class ReplayContainer(containers.DeclarativeContainer):
    """`settings` must be given, `is_read_only` may be.

    The same settings, recording and strategy give the same journal, byte for byte.
    """

    settings = Opening()
    is_read_only = Opening(default=providers.Object(False))

    resources = Part(ExitStack)
    process = Part(str, "replay")
    recording = Part(recording_of, settings)
    session = Part(replay_session, settings, recording, is_read_only, resources)
    engine_port = Part(same, session.provided.broker)
    market_data = Part(same, session.provided.broker)
    account = Part(same, session.provided.broker)
    clock = Part(same, session.provided.clock)
    chance = Part(SeededChance, settings.provided.paper.seed)
    order_store = Part(replay_store, settings, clock, process, is_read_only, resources, session)
    chain_check = Part(chain_check_of, order_store)
    ids = Part(seeded_ids, settings.provided.paper.seed, order_store)

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
