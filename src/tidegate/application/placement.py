"""Order placement: the one way from a decision to a venue, each step a proof for the next."""

from asyncio import Lock
from decimal import Decimal, getcontext, setcontext

from returns.result import Failure, Result, Success

from tidegate.application.arguments import flawed_call, flawed_engine, flawed_readings, flawed_symbol
from tidegate.application.clock_binding import bound_clock
from tidegate.application.closing import Closer
from tidegate.application.configuration import require, require_kind
from tidegate.application.desk import AccountDesk
from tidegate.application.desk_binding import BOUND_DESK
from tidegate.application.engine import ExecutionEngine
from tidegate.application.executing import DecisionWork
from tidegate.application.preparing import Execution
from tidegate.application.sending import OrderSender
from tidegate.application.taking_up import open_account, take_up
from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.decisions import Decision
from tidegate.domain.marks import Mark
from tidegate.domain.order_stats import OrderStats
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced, Plan
from tidegate.domain.ports import Broker, ClockPort, EnginePort, OrderStorePort
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal, IdConflictRefused, InvalidRefused, StoreRefused
from tidegate.domain.vocabulary import TimeInForce

_new, _set = object.__new__, object.__setattr__
_HOLDS_ONE_VALUE = hasattr(Success, "_inner_value")
"""Another version of the library may keep it elsewhere: that must not come out after an order was sent."""
PlacementResult = Result[OrderPlaced | NoOrderNeeded, AnyRefusal]


class OrderPlacementService:
    """Translates, has the order reviewed, reserves, records, submits and counts; nothing else starts an order.

    One instance writes one account; it is not for several threads or event loops. `desk` is the account's shared ledger
    in the containers; without one the service makes its own from `orders_store` on first use, by the bound clock.
    A part that is none raises BadArgument, which names it.
    """

    def __init__(
        self,
        *,
        orders_store: OrderStorePort,
        order_stats: OrderStats,
        broker: Broker,
        dry_run: bool = False,
        clock: ClockPort | None = None,
        desk: AccountDesk | None = None,
        engine_port: EnginePort | None = None,
        sender: OrderSender | None = None,
        closer: Closer | None = None,
    ) -> None:
        require("orders_store", orders_store, "an OrderStorePort", "record_sending", "commit", "load")
        require("broker", broker, "a Broker", "submit", "product", "reading")
        require_kind("order_stats", order_stats, OrderStats, "an OrderStats")
        require_kind("dry_run", dry_run, bool, "a bool")
        self._store = orders_store
        self._stats = order_stats
        self._broker = broker
        self._venue: EnginePort = engine_port if engine_port is not None else broker
        self._dry_run = dry_run
        self._clock = clock
        self._opening = Lock()
        self._engine: object = object()  # none that could be given
        self._symbol: object = object()
        self._work = DecisionWork(desk, self._venue, sender, closer) if desk is not None else None

    async def execute_decision(
        self,
        *,
        symbol: str,
        decision: Decision,
        mark: Mark | Decimal | None = None,
        product: Product | None = None,
        position_state: Position | None = None,
        exec_engine: ExecutionEngine,
        reduce_only_mode: bool = False,
        default_time_in_force: TimeInForce | None = None,
        by_operator: bool = False,
        override_unknown: bool = False,
    ) -> PlacementResult:
        """Turn one decision into one order or one refusal.

        A refusal and a NoOrderNeeded are durable when returned; an order's intent was durable before it was sent. An
        outcome that is not known is an OrderPlaced whose order is UNKNOWN. The same decision id again gives the order
        as it stands. `mark`, `product` and `position_state` serve translation and are refused where market or ledger
        contradict them.

        Raises:
            OpeningError: a service used by itself found an account that was never opened, and no balances to open it.
            NoClockBoundError: a service used by itself, outside any application, was given no clock.
        """
        return await self.execute(
            Execution(
                symbol,
                decision,
                exec_engine,
                mark,
                product,
                position_state,
                reduce_only_mode,
                default_time_in_force,
                by_operator,
                by_operator and override_unknown,
            )
        )

    async def execute(self, one: Execution) -> PlacementResult:
        """`execute_decision` with its arguments as one thing; they have not been looked at."""
        flawed, work = self._flawed(one), self._work
        if flawed is not None:
            self._stats.refused += 1
            if work is not None:
                work.desk.unrecorded[flawed.code] += 1
            return Failure(flawed)
        if work is None:
            work = await self._own_work(one.engine)
        if self._dry_run:
            return _rehearsed(work.planner.plan(one), one.decision)
        # A task has a decimal context of its own: entered once, every step of this execution finds itself inside.
        host = getcontext()
        setcontext(DOMAIN_CONTEXT)
        try:
            outcome = await work.once(one)
            # One after the other: a union of types is made anew each time it is asked for.
            if isinstance(outcome, OrderPlaced):
                return _success(outcome)
            if isinstance(outcome, NoOrderNeeded):
                return Success(outcome)
            if isinstance(outcome, IdConflictRefused | StoreRefused):
                work.desk.unrecorded[outcome.code] += 1
                self._stats.refused += isinstance(outcome, IdConflictRefused)
            return Failure(outcome)
        finally:
            setcontext(host)

    async def plan(
        self,
        *,
        symbol: str,
        decision: Decision,
        exec_engine: ExecutionEngine,
        default_time_in_force: TimeInForce | None = None,
        reduce_only_mode: bool = False,
    ) -> Result[Plan, AnyRefusal]:
        """What executing the decision now would do: the same path, without reserving, writing or asking anything."""
        one = Execution(
            symbol,
            decision,
            exec_engine,
            reduce_only_mode=reduce_only_mode,
            default_time_in_force=default_time_in_force,
        )
        flawed = self._flawed(one)
        if flawed is not None:
            return Failure(flawed)
        work = self._work if self._work is not None else await self._own_work(exec_engine)
        return work.planner.plan(one)

    def _flawed(self, one: Execution) -> InvalidRefused | None:
        """The first argument that nothing can be decided by, or None; engine and symbol are not looked at twice."""
        if one.engine is not self._engine or one.symbol is not self._symbol:
            flawed = flawed_engine(one.engine) or flawed_symbol(one.symbol)
            if flawed is not None:
                return flawed
            self._engine, self._symbol = one.engine, one.symbol
        flawed = flawed_call(one.decision, one.default_time_in_force, one.reduce_only_mode)
        if flawed is not None or (one.mark is None and one.product is None and one.position is None):
            return flawed
        return flawed_readings(one.mark, one.product, one.position)

    async def _own_work(self, engine: ExecutionEngine) -> DecisionWork:
        """The service used by itself: a desk of its own over the store it was given, or the open application's."""
        async with self._opening:
            bound = BOUND_DESK.get(None)
            if self._work is None and bound is not None and bound.store is self._store:
                self._work = DecisionWork(bound, self._venue, None, None)
            if self._work is None:
                desk = AccountDesk(
                    store=self._store,
                    market_data=self._broker,
                    clock=self._clock if self._clock is not None else bound_clock(),
                    risk_manager=engine.risk_manager,
                    order_stats=self._stats,
                )
                stored = await take_up(desk)
                if stored.opened_at is None:
                    await open_account(desk, self._broker)
                self._work = DecisionWork(desk, self._venue, None, None)
        return self._work


def _success(placed: OrderPlaced) -> Success[OrderPlaced]:
    """`Success(placed)`, without the two constructors in Python that would cost a thirtieth of an order."""
    if not _HOLDS_ONE_VALUE:
        return Success(placed)
    success = _new(Success)
    _set(success, "_inner_value", placed)
    return success


def _rehearsed(planned: Result[Plan, AnyRefusal], decision: Decision) -> PlacementResult:
    """A dry run: what would be done, and no use of the decision's id."""
    if isinstance(planned, Failure):
        return Failure(planned.failure())
    plan = planned.unwrap()
    reason = "dry run: nothing was sent" if plan.order is not None else plan.reason
    return Success(NoOrderNeeded(decision_id=decision.decision_id, reason=reason, plan=plan))
