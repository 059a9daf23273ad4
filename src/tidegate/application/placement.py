"""Order placement: the one way from a decision to a venue, each step a proof for the next."""

from asyncio import CancelledError, Lock
from decimal import Decimal, getcontext, setcontext

from returns.result import Failure, Result, Success

from tidegate.application.arguments import flawed_call, flawed_readings
from tidegate.application.canceling import Canceler
from tidegate.application.clock_binding import bound_clock
from tidegate.application.closing import Closer
from tidegate.application.decided import DecidedOnce, Outcome, placed_or_refused
from tidegate.application.desk import AccountDesk
from tidegate.application.desk_binding import BOUND_DESK
from tidegate.application.engine import ExecutionEngine
from tidegate.application.planning import Planner
from tidegate.application.preparing import Execution, Prepared, prepare, state_refusal, unsettled_close
from tidegate.application.resolving import OrderResolver
from tidegate.application.restraint import restrain
from tidegate.application.sending import OrderSender, Sent
from tidegate.application.taking_up import open_account, take_up
from tidegate.domain.amounts import DOMAIN_CONTEXT
from tidegate.domain.decisions import Decision
from tidegate.domain.events import DecisionRefused, NoOrderDecided
from tidegate.domain.guards import REPETITION
from tidegate.domain.marks import Mark
from tidegate.domain.order_stats import OrderStats
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced, Plan
from tidegate.domain.ports import Broker, ClockPort, EnginePort, OrderStorePort
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.records import AlreadyDecided, StepCommitted, StoreUnavailable, WriterLost
from tidegate.domain.refusals import AnyRefusal, IdConflictRefused, ReducibleRefused, StoreRefused
from tidegate.domain.states import StateEntry, permits
from tidegate.domain.vocabulary import Action, Purpose, TimeInForce, TradingState

PlacementResult = Result[OrderPlaced | NoOrderNeeded, AnyRefusal]

_KILLED = StateEntry(state=TradingState.HALTED, reason="risk.kill_switch_enabled", by="settings")


class OrderPlacementService:
    """Translates, has the order reviewed, reserves, records, submits and counts; nothing else starts an order.

    One instance writes one account; it is not for several threads or event loops. `desk` is the account's shared ledger
    in the containers; without one the service makes its own from `orders_store` on first use, by the bound clock.
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
        self._store = orders_store
        self._stats = order_stats
        self._broker = broker
        self._venue: EnginePort = engine_port if engine_port is not None else broker
        self._dry_run = dry_run
        self._clock = clock
        self._opening = Lock()
        self._work = _Work(desk, self._venue, sender, closer) if desk is not None else None

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
        flawed = flawed_call(symbol, decision, exec_engine, default_time_in_force, reduce_only_mode)
        if flawed is None and not (mark is None and product is None and position_state is None):
            flawed = flawed_readings(mark, product, position_state)
        work = self._work
        if flawed is not None:
            self._stats.refused += 1
            if work is not None:
                work.desk.unrecorded[flawed.code] += 1
            return Failure(flawed)
        if work is None:
            work = await self._own_work(exec_engine)
        one = Execution(
            symbol,
            decision,
            exec_engine,
            mark,
            product,
            position_state,
            reduce_only_mode,
            default_time_in_force,
            by_operator,
        )
        if self._dry_run:
            return _rehearsed(work.planner.plan(one), decision)
        # A task has a decimal context of its own: entered once, every step of this execution finds itself inside.
        host = getcontext()
        setcontext(DOMAIN_CONTEXT)
        try:
            outcome = await work.once(one)
            if isinstance(outcome, IdConflictRefused | StoreRefused):
                work.desk.unrecorded[outcome.code] += 1
                self._stats.refused += isinstance(outcome, IdConflictRefused)
            return _result(outcome)
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
        flawed = flawed_call(symbol, decision, exec_engine, default_time_in_force, reduce_only_mode)
        if flawed is not None:
            return Failure(flawed)
        work = self._work if self._work is not None else await self._own_work(exec_engine)
        return work.planner.plan(
            Execution(
                symbol,
                decision,
                exec_engine,
                reduce_only_mode=reduce_only_mode,
                default_time_in_force=default_time_in_force,
            )
        )

    async def _own_work(self, engine: ExecutionEngine) -> "_Work":
        """The service used by itself: a desk of its own over the store it was given, or the open application's."""
        async with self._opening:
            bound = BOUND_DESK.get(None)
            if self._work is None and bound is not None and bound.store is self._store:
                self._work = _Work(bound, self._venue, None, None)
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
                self._work = _Work(desk, self._venue, None, None)
        return self._work


class _Work:
    """Placement on one desk: prepare, send, and record what ended without an order."""

    def __init__(self, desk: AccountDesk, venue: EnginePort, sender: OrderSender | None, closer: Closer | None) -> None:
        self.desk = desk
        self.decided = DecidedOnce(desk)
        self.planner = Planner(desk, venue)
        self._venue = venue
        canceler = Canceler(desk, venue, OrderResolver(desk, venue))
        self._sender = sender if sender is not None else OrderSender(desk, venue, canceler)
        self._closer = closer if closer is not None else Closer(desk, canceler)

    async def once(self, one: Execution) -> Outcome:
        """The one outcome of a decision's id, however often and from wherever it comes."""
        symbol, decision, decided = one.symbol, one.decision, self.decided
        if decided.is_under_way(decision.decision_id):
            joined = await decided.joined(symbol, decision)
            if joined is not None:
                return joined
        outcome: Outcome | None = None
        is_given_up = False
        decided.begin(symbol, decision)
        try:
            outcome = await decided.stored(symbol, decision)
            if outcome is None:
                outcome = await self._executed(one)
        except CancelledError:
            is_given_up = True
            raise
        finally:
            decided.end(decision.decision_id, outcome)
            if outcome is None and not is_given_up and "" not in self.desk.broken.values():
                # A part that raises where it may not cannot be trusted with entries (P14).
                self.desk.broke("FAILED", f"decision {decision.decision_id} on {symbol} ended in an exception")
        return outcome

    async def _executed(self, one: Execution) -> Outcome:
        return await (self._close(one) if one.decision.action is Action.CLOSE else self._placed(one))

    async def _close(self, one: Execution) -> Outcome:
        """Free the inventory, then close it; a close that is refused in any case must not cost an exit that rests."""
        prepared = prepare(self.desk, self._venue.capabilities, one)
        if not isinstance(prepared, NoOrderNeeded):
            if not isinstance(prepared, Prepared | ReducibleRefused):
                return await self._refused(one, prepared)
            forbidden = self._forbidden(one)
            if forbidden is not None:
                return await self._refused(one, forbidden)
        async with self._closer.closing(one.symbol, one.decision.strategy_id):
            return await self._placed(one)

    def _forbidden(self, one: Execution) -> AnyRefusal | None:
        """The refusal of an exit in the state that is in force, with the settings' kill switch as HALTED."""
        entry = self.desk.ledger.states.entry(one.symbol)
        if self.desk.risk_manager.limits_for(one.symbol).kill_switch_enabled:
            entry = _KILLED
        purpose = Purpose.OPERATOR_CLOSE if one.by_operator else Purpose.REDUCTION
        if permits(entry.state, purpose):
            return None
        return state_refusal(one.symbol, entry.state.value, entry.reason, entry.by)

    async def _placed(self, one: Execution) -> Outcome:
        prepared = prepare(self.desk, self._venue.capabilities, one)
        if not isinstance(prepared, Prepared):
            return await self._unprepared(one, prepared)
        sent = await self._sender.send(prepared.order, prepared.product, one.engine, one.decision)
        if isinstance(sent, Sent):
            return placed_or_refused(sent.record, sent.changes)
        if isinstance(sent, AlreadyDecided):
            stored = await self.decided.stored(one.symbol, one.decision)
            return stored if stored is not None else StoreRefused(message="the decision's id is taken in the store")
        return await self._refused(one, sent)

    async def _unprepared(self, one: Execution, why: NoOrderNeeded | AnyRefusal) -> Outcome:
        if not isinstance(why, NoOrderNeeded):
            return await self._refused(one, why)
        unsettled = unsettled_close(self.desk, one)
        return await self._needless(one, why) if unsettled is None else await self._refused(one, unsettled)

    async def _refused(self, one: Execution, refusal: AnyRefusal) -> Outcome:
        """A refusal of something that never left: durable before it is returned, final for the decision's id."""
        desk = self.desk
        desk.stats.refused += 1
        if refusal.facts.get("cause") == REPETITION:
            await restrain(desk, one.symbol, refusal.message)
        if isinstance(refusal, StoreRefused):
            return refusal
        at = desk.clock.now()
        event = DecisionRefused(symbol=one.symbol, decision=one.decision, refusal=refusal, at=at)
        outcome = await desk.commit(at, event)
        return refusal if isinstance(outcome, StepCommitted) else await self._not_committed(one, outcome)

    async def _needless(self, one: Execution, no_order: NoOrderNeeded) -> Outcome:
        at = self.desk.clock.now()
        event = NoOrderDecided(symbol=one.symbol, decision=one.decision, reason=no_order.reason, at=at)
        outcome = await self.desk.commit(at, event)
        return no_order if isinstance(outcome, StepCommitted) else await self._not_committed(one, outcome)

    async def _not_committed(self, one: Execution, outcome: AlreadyDecided | WriterLost | StoreUnavailable) -> Outcome:
        if isinstance(outcome, AlreadyDecided):
            stored = await self.decided.stored(one.symbol, one.decision)
            if stored is not None:
                return stored
            return StoreRefused(message=f"decision id {one.decision.decision_id} is taken and cannot be read")
        reason = outcome.reason
        return StoreRefused(message=f"the outcome could not be made durable: {reason}", facts={"reason": reason})


def _rehearsed(planned: Result[Plan, AnyRefusal], decision: Decision) -> PlacementResult:
    """A dry run: what would be done, and no use of the decision's id."""
    if isinstance(planned, Failure):
        return Failure(planned.failure())
    plan = planned.unwrap()
    reason = "dry run: nothing was sent" if plan.order is not None else plan.reason
    return Success(NoOrderNeeded(decision_id=decision.decision_id, reason=reason, plan=plan))


def _result(outcome: Outcome) -> PlacementResult:
    if isinstance(outcome, OrderPlaced) or isinstance(outcome, NoOrderNeeded):  # noqa: SIM101 -- a union is made anew each time
        return Success(outcome)
    return Failure(outcome)
