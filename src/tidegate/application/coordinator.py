"""The execution coordinator: the one object in front of engine, placement and supervisor."""

from asyncio import Event
from collections.abc import Callable
from decimal import Decimal

from returns.result import Failure, Result

from tidegate.application.children import first_of
from tidegate.application.configuration import require
from tidegate.application.engine import ExecutionEngine
from tidegate.application.placement import OrderPlacementService, PlacementResult
from tidegate.application.preparing import Execution
from tidegate.application.supervisor import ExecutionRuntimeSupervisor, RunningFlag
from tidegate.domain.decisions import Decision
from tidegate.domain.marks import Mark
from tidegate.domain.outcomes import Plan
from tidegate.domain.ports import ClockPort
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.refusals import AnyRefusal, StoreRefused
from tidegate.domain.vocabulary import TimeInForce

CLOSED = StoreRefused(message="the application is closed: nothing is sent, and no loop would watch over it")


class ApplicationClosed(Exception):
    """A call that can answer with no refusal was made of an application that is closed."""


class Running:
    """A flag that can be lowered."""

    __slots__ = ("running",)

    def __init__(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False


class ExecutionCoordinator:
    """Takes decisions, plans them, and runs the loops beside them."""

    def __init__(
        self,
        *,
        placement: OrderPlacementService,
        engine_factory: Callable[[], ExecutionEngine],
        supervisor_factory: Callable[[], ExecutionRuntimeSupervisor],
        reduce_only_mode: bool = False,
        default_time_in_force: TimeInForce | None = None,
        running_flag: RunningFlag | None = None,
    ) -> None:
        require("placement", placement, "an OrderPlacementService", "execute", "plan")
        require("engine_factory", engine_factory, "a call without arguments", "__call__")
        require("supervisor_factory", supervisor_factory, "a call without arguments", "__call__")
        self._placement = placement
        self._engine_factory = engine_factory
        self._supervisor_factory = supervisor_factory
        self._reduce_only_mode = reduce_only_mode
        self._default_time_in_force = default_time_in_force
        self.running_flag: RunningFlag = running_flag if running_flag is not None else Running()
        self._is_closed = False
        self._under_way = 0
        self._idle: Event | None = None
        self._engine: ExecutionEngine | None = None
        self._supervisor: ExecutionRuntimeSupervisor | None = None

    def init_execution(self) -> None:
        """Make the engine from the container's parts if there is none; harmless twice."""
        if self._engine is None:
            self._engine = self._engine_factory()

    def close(self) -> None:
        """Take no decision any more: the application is being left, and nothing would watch over what it sent."""
        self._is_closed = True

    @property
    def is_over(self) -> bool:
        """Whether the application has been left, with its loops: nothing would watch over what is sent."""
        return not self.running_flag.running

    @property
    def engine(self) -> ExecutionEngine:
        """The execution engine in use."""
        if self._engine is None:
            self._engine = self._engine_factory()
        return self._engine

    @property
    def supervisor(self) -> ExecutionRuntimeSupervisor:
        """The runtime supervisor in use, made on first use."""
        if self._supervisor is None:
            self._supervisor = self._supervisor_factory()
        return self._supervisor

    async def execute_decision(
        self,
        symbol: str,
        decision: Decision,
        mark: Mark | Decimal | None = None,
        product: Product | None = None,
        position_state: Position | None = None,
    ) -> PlacementResult:
        """Exactly one order, no order needed, or one typed refusal; see `OrderPlacementService.execute_decision`."""
        if self._is_closed:
            return Failure(CLOSED)
        self._under_way += 1
        try:
            engine = self._engine if self._engine is not None else self.engine
            return await self._placement.execute(
                Execution(
                    symbol,
                    decision,
                    engine,
                    mark,
                    product,
                    position_state,
                    self._reduce_only_mode,
                    self._default_time_in_force,
                )
            )
        finally:
            self._under_way -= 1
            if self._idle is not None:
                self._tell_idle(self._idle)

    async def close_as_operator(
        self, symbol: str, decision: Decision, *, override_unknown: bool = False
    ) -> PlacementResult:
        """A person's close: permitted while HALTED, and never blocked by a limit.

        With `override_unknown` it also takes what reductions of unknown outcome may be taking: both may fill.
        """
        if self._is_closed:
            return Failure(CLOSED)
        self._under_way += 1
        try:
            return await self._placement.execute(
                Execution(symbol, decision, self.engine, by_operator=True, override_unknown=override_unknown)
            )
        finally:
            self._under_way -= 1
            if self._idle is not None:
                self._tell_idle(self._idle)

    def _tell_idle(self, idle: Event) -> None:
        if not self._under_way:
            idle.set()

    async def drain(self, clock: ClockPort, seconds: float) -> None:
        """Wait for the executions under way, at most that long; what is left over the next start asks about (X5)."""
        if self._under_way:
            self._idle = Event()
            await first_of([self._idle.wait(), clock.sleep(seconds)])

    async def plan(self, symbol: str, decision: Decision) -> Result[Plan, AnyRefusal]:
        """The exact order and every verdict, by the same code path, without side effects."""
        return await self._placement.plan(
            symbol=symbol,
            decision=decision,
            exec_engine=self.engine,
            default_time_in_force=self._default_time_in_force,
            reduce_only_mode=self._reduce_only_mode,
        )

    async def run_runtime_guards(self) -> None:
        """Runs until the running flag is lowered."""
        await self.supervisor.run_runtime_guards(self.running_flag)

    async def run_order_reconciliation(self, interval_seconds: float = 45) -> None:
        """Runs until the running flag is lowered."""
        await self.supervisor.run_order_reconciliation(self.running_flag, interval_seconds)

    def reset_order_reconciler(self) -> None:
        """The next reconciliation starts afresh."""
        self.supervisor.reset_order_reconciler()
