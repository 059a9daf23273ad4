"""The application: one account, wired and recovered, as a driving adapter or an integrator holds it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from decimal import Decimal
from functools import partial
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct
from returns.result import Result

from tidegate.application.audit import InvariantAudit
from tidegate.application.children import RESTARTS, Children, Loop, first_of
from tidegate.application.coordinator import ExecutionCoordinator, Running
from tidegate.application.desk import AccountDesk
from tidegate.application.inbox import LANES, InboxServer
from tidegate.application.intake import IntakeConsumer
from tidegate.application.operations import Operations, StateReceipt
from tidegate.application.placement import PlacementResult
from tidegate.application.pulse import Pulse
from tidegate.application.readings import AccountReadings
from tidegate.application.recovery import Recovery
from tidegate.application.reports import ReportReader
from tidegate.application.summary import RunSummary
from tidegate.application.supervisor import GUARDS, RECONCILIATION
from tidegate.application.taking_up import OpeningError
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.guards import LOOPS
from tidegate.domain.orders import OrderRecord
from tidegate.domain.ports import DecisionIntakePort, EventSubscriberPort
from tidegate.domain.reconciliation import ReconciliationReport
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.requests import SettleRequest
from tidegate.domain.states import lowered
from tidegate.domain.vocabulary import TradingState

_AT_REST_SECONDS = 5.0
_RESYNC, _BY = "resync", f"guard {LOOPS}"
_WATCH_SECONDS = 1.0


class Session(Protocol):
    """What drives the market and the clock of a paper or replay run; a live one has none."""

    async def run(self) -> None:
        """Drive both until cancelled; once the recording has ended the feed is silent and the clock goes on."""
        ...

    async def finished(self) -> None:
        """Return when the session has ended."""
        ...


class Intervals(Struct, frozen=True, kw_only=True):
    """Periods of the background loops, and how long leaving waits for placements, in seconds of its clock."""

    reconciliation: float = 45.0
    inbox: float = 0.5
    drain: float = 5.0


class Application(AccountReadings):
    """One account's coordinator, readings and operations, with its loops running while it is open.

    Made by a container and opened by `open_application`; entering recovers from the store and starts the loops, leaving
    takes no decision any more, waits a while for those under way, stops the loops and makes durable what was appended.
    """

    def __init__(
        self,
        *,
        desk: AccountDesk,
        coordinator: ExecutionCoordinator,
        operations: Operations,
        recovery: Recovery,
        reports: ReportReader,
        inbox: InboxServer,
        audit: InvariantAudit,
        running: Running,
        session: Session | None = None,
        pulse: Pulse | None = None,
        intervals: Intervals | None = None,
        is_read_only: bool = False,
    ) -> None:
        super().__init__(desk)
        self.coordinator = coordinator
        self.operations = operations
        self.recovered: ReconciliationReport | None = None
        self._recovery = recovery
        self._reports = reports
        self._inbox = inbox
        self._audit = audit
        self._running = running
        self._session = session
        self._is_read_only = is_read_only
        self._intervals = intervals if intervals is not None else Intervals()
        self._children = Children(self._loop_died, desk.clock)
        self._pulse = pulse if pulse is not None else Pulse(desk.clock)
        self._is_entered = False

    async def __aenter__(self) -> Self:
        if self._is_entered:
            raise OpeningError("an application opens once: make a new container for the next")
        self._is_entered = True
        self.coordinator.init_execution()
        await self._children.__aenter__()
        if self._is_read_only:
            await self._recovery.read()
            return self
        try:
            await self._start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def _start(self) -> None:
        """The market first, since a venue's answers take its time, and the watch; after recovery the other loops."""
        if self._session is not None:
            self._children.start("market session", self._session.run)
        self._children.start("venue reports", self._reports.run, restarts=RESTARTS)
        self._children.start("watch", self._watch, restarts=RESTARTS)
        # They have their turn before the first question, so that nothing is said that nobody listens to.
        await asyncio.sleep(0)
        self.recovered = await self._recovery.run()
        loops: dict[str, Loop] = {GUARDS: self.coordinator.run_runtime_guards, RECONCILIATION: self._reconcile}
        loops[_RESYNC] = self._resync
        loops |= {name: partial(self._serve_inbox, name) for name in LANES}
        for name, loop in loops.items():
            self._children.start(name, loop, restarts=RESTARTS)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._children.leave()
            self.coordinator.close()
            await self.coordinator.drain(self._desk.clock, self._intervals.drain)
        finally:
            self._running.stop()
            await self._children.__aexit__(None, None, None)
            if self._session is not None and self.recovered is not None:
                await self._reconcile_at_rest()
            if not self._is_read_only:
                await self.coordinator.supervisor.guard_watch.leave()

    async def _reconcile_at_rest(self) -> None:
        """The session's time stands still, so what is learnt of the venue now is how it stays until the next start.

        A venue that waits for that time would wait for ever: it is given a few real seconds.
        """
        try:
            async with asyncio.timeout(_AT_REST_SECONDS):
                await self.coordinator.supervisor.reconcile_once()
        except TimeoutError:
            reason = "the venue gave no answer after its session had been stopped: the next start will ask it"
            self._desk.incident(self._desk.clock.now(), "UNRECONCILED_END", reason)

    async def _reconcile(self) -> None:
        await self.coordinator.run_order_reconciliation(self._intervals.reconciliation)

    async def _serve_inbox(self, name: str) -> None:
        beat = partial(self._pulse.beat, name, self._intervals.inbox)
        while self._running.running:
            await self._inbox.serve_once(LANES[name], beat)
            await self._desk.clock.sleep(self._intervals.inbox)

    async def _resync(self) -> None:
        """After a gap in the reports everything is asked for at once; what fails is tried again by reconciliation."""
        while self._running.running:
            self._pulse.beat(_RESYNC, self._intervals.inbox)
            if self._reports.is_gap:
                self._reports.is_gap = False
                await self.operations.reconcile()
            await self._desk.clock.sleep(self._intervals.inbox)

    async def _watch(self) -> None:
        """Miss the loops that hang, cut off requests past their deadline, and notice a store that has failed.

        What died too often begins anew once an operator has resumed. This one waits for nothing but clock and store.
        """
        transmissions = self._desk.transmissions
        while self._running.running:
            transmissions.cut_off_overdue()
            if self._desk.ledger.states.account.state is TradingState.ACTIVE:
                # Every death has lowered it: whoever raised it has looked, and nothing trades without its guards.
                self._children.revive()
            for name in self._pulse.silent(lambda loop: transmissions.waits_since(self._children.task(loop))):
                if name not in self._children.dead:
                    await self._stop_entries("LOOP_SILENT", f"the loop {name!r} has not come round for too long")
                    self._children.interrupt(name)
            await self._desk.store_watch.look()
            await self._desk.clock.sleep(_WATCH_SECONDS)

    async def _loop_died(self, name: str, failure: BaseException | None) -> None:
        """P15: without one of its loops the account takes no entries until an operator has looked."""
        if not self._running.running:
            return
        reason = f"the loop {name!r} ended: {failure!r}" if failure is not None else f"the loop {name!r} ended"
        await self._stop_entries("LOOP_DIED", reason)

    async def _stop_entries(self, kind: str, reason: str) -> None:
        """No venue is asked here: what hangs or fails in its adapter must not keep the state from being lowered."""
        at = self._desk.clock.now()
        self._desk.incident(at, kind, reason)
        account = self._desk.ledger.states.account
        if account.state is TradingState.ACTIVE or not account.is_latched:
            change = TradingStateChanged(state=lowered(account), reason=reason, by=_BY, is_latched=True, at=at)
            await self._desk.change_state(change)

    @property
    def dead_loops(self) -> dict[str, BaseException | None]:
        """Background loops that have ended while they should run, with what ended them."""
        return dict(self._children.dead)

    # Operations

    async def cancel(self, client_order_id: str, reason: str = "") -> Result[OrderRecord, AnyRefusal]:
        return await self.operations.cancel(client_order_id, reason)

    async def amend(
        self, client_order_id: str, quantity: Decimal, limit_price: Decimal | None = None
    ) -> Result[OrderRecord, AnyRefusal]:
        """Another *total* quantity, and another price where one is given, for an order that rests."""
        return await self.operations.amend(client_order_id, quantity, limit_price)

    async def settle(self, request: SettleRequest) -> Result[OrderRecord, AnyRefusal]:
        """Say what became of an order that no question can settle, because somebody has looked at the venue.

        The order as it then stands, or a refusal that says why the word was not taken (yet).
        """
        return await self.operations.settle(request)

    async def cancel_all(self, *, include_protection: bool = False, reason: str = "") -> tuple[OrderRecord, ...]:
        """Cancel every live order, protection only when told to. Raises ApplicationClosed once this is closed."""
        return await self.operations.cancel_all(include_protection=include_protection, reason=reason)

    async def close(self, symbol: str, reason: str = "", *, override_unknown: bool = False) -> PlacementResult:
        """An operator's close of the account's position; of what unknown reductions may take, only if told to."""
        return await self.operations.close(symbol, reason, override_unknown=override_unknown)

    async def halt(self, reason: str, symbol: str = "") -> StateReceipt:
        """HALTED: no order of a strategy is sent from here on; protection and an operator's closes still work."""
        return await self.operations.change_state(TradingState.HALTED, reason, symbol)

    async def reduce(self, reason: str, symbol: str = "") -> StateReceipt:
        """REDUCING: only cancels and orders that shrink a position."""
        return await self.operations.change_state(TradingState.REDUCING, reason, symbol)

    async def resume(self, reason: str, symbol: str = "") -> StateReceipt:
        """ACTIVE again, latched trips included: an operator has looked."""
        return await self.operations.change_state(TradingState.ACTIVE, reason, symbol)

    async def reconcile(
        self, *, report_only: bool = False, adopt: bool = False, reason: str = ""
    ) -> ReconciliationReport:
        """One pass now; `adopt` takes up balances and derivative positions confirmed to differ: an operator's word."""
        return await self.operations.reconcile(report_only=report_only, adopt=adopt, reason=reason)

    def subscribe(self, subscriber: EventSubscriberPort) -> Callable[[], None]:
        """Tell a subscriber of every event from now on; the returned call ends it."""
        return self._desk.publisher.subscribe(subscriber)

    async def run_until(
        self, intake: DecisionIntakePort | None = None, *, stop: asyncio.Event | None = None
    ) -> RunSummary:
        """Take decisions from an intake until it ends, the session ends or `stop` is set; then what came of them.

        An intake that ends before the session ends the run, once its last decision has its outcome.

        Raises:
            StoreLost: the store takes nothing more, so nothing could be sent.
        """
        started = self._desk.clock.monotonic()
        consumer = IntakeConsumer(self.coordinator)
        ends: list[Coroutine[None, None, object]] = []
        if intake is not None:
            ends.append(consumer.run(intake))
        if self._session is not None:
            ends.append(self._session_over(self._session))
        if stop is not None:
            ends.append(stop.wait())
        if not ends:
            raise ValueError("run_until needs an intake, a session or a stop: otherwise it would never end")
        ends.append(self._desk.store_watch.lost())
        await first_of(ends, before_cancel=consumer.stop)
        return await self.summary(self._desk.clock.monotonic() - started, consumer.unreadable)

    async def _session_over(self, session: Session) -> None:
        await session.finished()
        self.coordinator.supervisor.rest_guards()

    async def summary(self, seconds: float, unreadable: Sequence[AnyRefusal] = ()) -> RunSummary:
        """What came of the decisions since the application was opened, after one last reconciliation."""
        report = await self.operations.reconcile()
        broken = await self._audit.run(report.at if report.is_complete else None)
        if broken:
            await self._audit.leave(self.coordinator.supervisor.guard_watch.run_account)
        return RunSummary.of(self._desk.tally, self._desk, broken, seconds, unreadable)
