"""The services by the calls that are stable: made by hand, outside a container or inside an open application."""

import asyncio
from collections.abc import Awaitable
from decimal import Decimal

import pytest
from returns.result import Success

from tests.application.rig import SPOT, Rig, buy, close, needless, offer_to_buy, placed, refused
from tidegate import (
    ExecutionEngineFactory,
    ExecutionRuntimeSupervisor,
    OrderPlacementService,
    OrderReconciler,
    OrderStats,
    OrderStatus,
    RiskManager,
    TradingState,
)
from tidegate.adapters.clocks import ManualClock, settle
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.application.clock_binding import NoClockBoundError
from tidegate.application.taking_up import OpeningError
from tidegate.containers import open_application
from tidegate.domain.events import AccountOpened
from tidegate.domain.risk import RiskLimits


class Flag:
    """Anything with `.running`."""

    def __init__(self) -> None:
        self.running = True


def service(rig: Rig, clock: ManualClock | None = None, *, dry_run: bool = False) -> OrderPlacementService:
    """Placement by the public contract's arguments, and a clock where there is no application."""
    return OrderPlacementService(
        orders_store=rig.store, order_stats=OrderStats(), broker=rig.venue, dry_run=dry_run, clock=clock
    )


async def test_a_placement_service_made_by_hand_places_an_order() -> None:
    """It opens the account on first use, and takes up what the store has."""
    rig = Rig()
    engine = ExecutionEngineFactory.create_engine(broker=rig.venue, risk_manager=RiskManager(RiskLimits()))
    placement = service(rig, rig.clock)
    first, second = await asyncio.gather(
        placement.execute_decision(symbol=SPOT, decision=buy(decision_id="mine"), exec_engine=engine),
        placement.execute_decision(symbol=SPOT, decision=buy("0.02"), exec_engine=engine),
    )
    assert placed(first).status is placed(second).status is OrderStatus.FILLED
    again = service(rig, rig.clock)
    stats = OrderStats()
    assert dict(stats)["attempted"] == 0
    repeated = await again.execute_decision(symbol=SPOT, decision=buy(decision_id="mine"), exec_engine=engine)
    assert placed(repeated) == placed(first)
    closed = placed(await again.execute_decision(symbol=SPOT, decision=close(), exec_engine=engine))
    assert closed.quantity == Decimal("0.03")
    assert len(await rig.stored(AccountOpened)) == 1


async def test_a_placement_service_made_by_hand_takes_the_clock_of_the_open_application() -> None:
    """Bound for as long as the application is open; outside, the error says what to do."""
    rig = Rig()
    engine = ExecutionEngineFactory.create_engine(broker=rig.venue, risk_manager=RiskManager(RiskLimits()))
    with pytest.raises(NoClockBoundError, match="clock="):
        await service(rig).execute_decision(symbol=SPOT, decision=buy(), exec_engine=engine)
    async with rig.open():
        placement = service(rig)
        order = placed(await placement.execute_decision(symbol=SPOT, decision=buy(), exec_engine=engine))
        assert order.sent_at == rig.clock.now()
        plan = (await placement.plan(symbol=SPOT, decision=buy("0.02"), exec_engine=engine)).unwrap()
        assert plan.position_after == Decimal("0.03")


async def test_a_dry_run_by_hand_places_nothing() -> None:
    """It says what would be done."""
    rig = Rig()
    engine = ExecutionEngineFactory.create_engine(broker=rig.venue, risk_manager=RiskManager(RiskLimits()))
    dry = service(rig, rig.clock, dry_run=True)
    outcome = needless(await dry.execute_decision(symbol=SPOT, decision=buy(), exec_engine=engine))
    assert outcome.plan is not None
    assert outcome.plan.order is not None
    assert rig.venue.truth.sent == []


async def test_reduce_only_mode_by_hand_lets_no_entry_through() -> None:
    """As the settings' own mode does."""
    rig = Rig()
    engine = ExecutionEngineFactory.create_engine(broker=rig.venue, risk_manager=RiskManager(RiskLimits()))
    placement = service(rig, rig.clock)
    refusal = refused(
        await placement.execute_decision(symbol=SPOT, decision=buy(), exec_engine=engine, reduce_only_mode=True)
    )
    assert refusal.code == "TRADING_STATE"


async def test_an_account_that_cannot_be_opened_is_a_named_error() -> None:
    """No balances, no judgement, no order."""
    rig = Rig()
    rig.venue.unreachable()
    engine = ExecutionEngineFactory.create_engine(broker=rig.venue, risk_manager=RiskManager(RiskLimits()))
    with pytest.raises(OpeningError):
        await service(rig, rig.clock).execute_decision(symbol=SPOT, decision=buy(), exec_engine=engine)


async def turned(loop: Awaitable[None], clock: ManualClock, flag: Flag, seconds: float) -> None:
    """Run a loop for that long, lower its flag, and see it end."""
    task = asyncio.ensure_future(loop)
    await settle()
    await clock.advance(seconds)
    assert not task.done()
    flag.running = False
    await clock.advance(10)
    assert task.done()
    await task


async def test_a_supervisor_made_by_hand_runs_guards_and_reconciliation_until_its_flag_is_lowered() -> None:
    """By the two arguments of the contract: it watches over its reconciler's account."""
    rig = Rig()
    container = rig.container()
    made: list[OrderReconciler] = []

    def factory() -> OrderReconciler:
        made.append(container.reconciler())
        return made[-1]

    async with open_application(container=container) as app:
        supervisor = ExecutionRuntimeSupervisor(exec_engine=container.engine(), order_reconciler_factory=factory)
        app.coordinator.running_flag.running = False  # type: ignore[misc]  # the application's own loops rest
        await rig.clock.advance(60)
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        rig.venue.fill(order.client_order_id, is_told=False)
        flag = Flag()
        await turned(supervisor.run_order_reconciliation(flag, interval_seconds=20), rig.clock, flag, 25)
        assert app.position(SPOT).quantity == Decimal("0.01")
        rig.venue.silence()
        flag = Flag()
        await turned(supervisor.run_runtime_guards(flag), rig.clock, flag, 20)
        assert app.state(SPOT) is TradingState.REDUCING
        supervisor.reset_order_reconciler()
        await supervisor.reconcile_once()

    assert len(made) == 2


async def test_the_coordinators_loops_end_when_its_flag_is_lowered() -> None:
    """Within one interval; init_execution is harmless twice."""
    rig = Rig()
    async with rig.open() as app:
        coordinator = app.coordinator
        engine = coordinator.engine
        coordinator.init_execution()
        assert coordinator.engine is engine
        guards = asyncio.ensure_future(coordinator.run_runtime_guards())
        passes = asyncio.ensure_future(coordinator.run_order_reconciliation())
        await rig.clock.advance(50)
        coordinator.running_flag.running = False  # type: ignore[misc]  # a flag that can be lowered
        await rig.clock.advance(5)
        assert guards.done()
        assert passes.done()


@pytest.mark.parametrize("interval", [0, -1, float("nan")])
async def test_an_interval_that_is_none_is_an_error(interval: float) -> None:
    """A loop without a pause would be no loop."""
    rig = Rig()
    async with rig.open() as app:
        with pytest.raises(ValueError, match="interval_seconds"):
            await app.coordinator.run_order_reconciliation(interval)


async def test_the_engine_is_made_on_first_use() -> None:
    """Without a call of init_execution."""
    rig = Rig()
    container = rig.container()
    assert container.coordinator().engine is container.engine()


async def test_a_store_of_another_account_is_named_by_its_orders() -> None:
    """The client order id follows from account and decision, so that two accounts never share one."""
    rig = Rig()
    other = MemoryOrderStore("other", rig.clock)
    engine = ExecutionEngineFactory.create_engine(broker=rig.venue, risk_manager=RiskManager(RiskLimits()))
    ids = set()
    for store in (rig.store, other):
        placement = OrderPlacementService(
            orders_store=store, order_stats=OrderStats(), broker=rig.venue, clock=rig.clock
        )
        order = placed(
            await placement.execute_decision(symbol=SPOT, decision=buy(decision_id="mine"), exec_engine=engine)
        )
        ids.add(order.client_order_id)

    assert len(ids) == 2


async def test_what_is_given_back_for_an_order_is_the_success_that_the_library_makes() -> None:
    """It is put together without the library's constructors, and nobody can tell."""
    rig = Rig()
    async with rig.open() as application:
        given = await application.coordinator.execute_decision(SPOT, buy("0.01"))
    made = Success(given.unwrap())
    assert given == made
    assert type(given) is type(made)
    assert repr(given) == repr(made)
    assert given.map(str) == made.map(str)
    assert not hasattr(given, "__dict__") or vars(given) == vars(made)
