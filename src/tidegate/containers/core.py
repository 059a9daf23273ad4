"""The core container: the use cases wired to one another, their ports left open."""

from dependency_injector import containers

from tidegate.adapters.brokers.joined import join
from tidegate.application.application import Application
from tidegate.application.audit import InvariantAudit
from tidegate.application.canceling import Canceler
from tidegate.application.checked_venue import CheckedAccount
from tidegate.application.closing import Closer
from tidegate.application.coordinator import ExecutionCoordinator, Running
from tidegate.application.engine_factory import ExecutionEngineFactory
from tidegate.application.guard_watch import GuardWatch
from tidegate.application.inbox import InboxServer
from tidegate.application.operations import Operations
from tidegate.application.placement import OrderPlacementService
from tidegate.application.reconciler import OrderReconciler
from tidegate.application.recovery import Recovery
from tidegate.application.reports import ReportReader
from tidegate.application.resending import OrderResender
from tidegate.application.resolving import OrderResolver
from tidegate.application.sending import OrderSender
from tidegate.application.state_keeper import StateKeeper
from tidegate.application.supervisor import ExecutionRuntimeSupervisor
from tidegate.containers.making import (
    application_intervals,
    default_time_in_force,
    make_checked_engine,
    make_checked_market,
    make_desk,
    make_pulse,
    make_risk_manager,
    supervisor_intervals,
)
from tidegate.containers.parts import Made, Opening, Part
from tidegate.domain.order_stats import OrderStats


class CoreContainer(containers.DeclarativeContainer):
    """Everything between the ports. An environment fills `settings` and the ports; a test overrides what it swaps."""

    settings = Opening()
    engine_port = Opening()
    market_data = Opening()
    account = Opening()
    order_store = Opening()
    clock = Opening()
    ids = Opening()
    chance = Opening()
    session = Opening()
    chain_check = Opening()
    process = Opening()
    is_read_only = Opening()

    broker = Part(join, engine_port, market_data, account)
    running = Part(Running)
    order_stats = Part(OrderStats)
    checked_market = Part(make_checked_market, market_data)
    risk_manager = Part(make_risk_manager, settings, checked_market)
    pulse = Part(make_pulse, clock)
    desk = Part(make_desk, settings, order_store, checked_market, clock, risk_manager, order_stats, engine_port)
    checked_engine = Part(make_checked_engine, engine_port, desk)
    checked_account = Part(CheckedAccount, account, desk)
    resolver = Part(OrderResolver, desk, checked_engine)
    canceler = Part(Canceler, desk, checked_engine, resolver)
    closer = Part(Closer, desk, canceler)
    sender = Part(OrderSender, desk, checked_engine, canceler)
    state_keeper = Part(StateKeeper, desk, canceler)
    guard_watch = Part(GuardWatch, desk, state_keeper)
    engine = Part(
        ExecutionEngineFactory.create_engine,
        broker=broker,
        risk_manager=risk_manager,
        event_store=order_store,
        bot_id=settings.provided.engine.bot_id,
        enable_preview=settings.provided.engine.enable_preview,
    )
    resender = Part(OrderResender, desk, checked_engine, canceler, engine)
    placement = Part(
        OrderPlacementService,
        orders_store=order_store,
        order_stats=order_stats,
        broker=broker,
        dry_run=settings.provided.engine.dry_run,
        clock=clock,
        desk=desk,
        engine_port=checked_engine,
        sender=sender,
        closer=closer,
    )
    reconciler = Made(OrderReconciler, desk, checked_engine, checked_account, resolver)
    supervisor = Part(
        ExecutionRuntimeSupervisor,
        exec_engine=engine,
        order_reconciler_factory=reconciler.provider,
        guard_watch=guard_watch,
        resolver=resolver,
        canceler=canceler,
        resender=resender,
        pulse=pulse,
        clock=clock,
        intervals=Made(supervisor_intervals, settings),
    )
    coordinator = Part(
        ExecutionCoordinator,
        placement=placement,
        engine_factory=engine.provider,
        supervisor_factory=supervisor.provider,
        reduce_only_mode=settings.provided.risk.reduce_only_mode,
        default_time_in_force=Made(default_time_in_force, settings),
        running_flag=running,
    )
    operations = Part(Operations, desk, coordinator, canceler, state_keeper, process)
    audit = Part(InvariantAudit, desk, checked_engine, chain_check)
    recovery = Part(Recovery, desk, checked_account, supervisor, process, audit)
    reports = Part(ReportReader, desk, checked_engine, resolver)
    inbox = Part(InboxServer, operations, process)
    application = Part(
        Application,
        desk=desk,
        coordinator=coordinator,
        operations=operations,
        recovery=recovery,
        reports=reports,
        inbox=inbox,
        audit=audit,
        running=running,
        session=session,
        pulse=pulse,
        is_read_only=is_read_only,
        intervals=Made(application_intervals, settings),
    )
