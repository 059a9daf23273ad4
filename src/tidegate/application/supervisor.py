"""The runtime supervisor: the loops that run beside the orders, each with a name and a parent."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from tidegate.application.adoption import Adoption
from tidegate.application.canceling import Canceler
from tidegate.application.configuration import BadArgument, require
from tidegate.application.engine import ExecutionEngine
from tidegate.application.guard_watch import GuardWatch
from tidegate.application.pulse import Pulse
from tidegate.application.reconciler import OrderReconciler
from tidegate.application.refused_watch import RefusedWatch
from tidegate.application.resending import OrderResender
from tidegate.application.resolving import OrderResolver
from tidegate.application.state_keeper import StateKeeper
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.ports import ClockPort
from tidegate.domain.reconciliation import ReconciliationReport

GUARDS, RECONCILIATION = "runtime guards", "order reconciliation"
_INSTANT = 0.001
"""What sums of floating seconds may be short of."""
_AGAIN_SECONDS = 5.0
"""How soon a pass that left something open is followed by the next: two reads of a mismatch are that far apart."""


class RunningFlag(Protocol):
    """Anything that says whether to go on."""

    @property
    def running(self) -> bool: ...


class SupervisorIntervals(Struct, frozen=True, kw_only=True):
    """Periods in seconds of the clock in force; from `in_flight_age` on an unanswered order is asked for."""

    guards: float = 60.0
    feed: float = 1.0
    in_flight: float = 2.0
    in_flight_age: float = 5.0


class ExecutionRuntimeSupervisor:
    """Runtime guards and order reconciliation while a flag says so.

    A loop ends within one interval of its flag; a bug in it ends it with its exception, which the task group it runs in
    answers by stopping entries. `order_reconciler_factory` is called on first use and after `reset_order_reconciler`.
    """

    def __init__(
        self,
        *,
        exec_engine: ExecutionEngine,
        order_reconciler_factory: Callable[[], OrderReconciler],
        guard_watch: GuardWatch | None = None,
        resolver: OrderResolver | None = None,
        canceler: Canceler | None = None,
        refused_watch: RefusedWatch | None = None,
        resender: OrderResender | None = None,
        pulse: Pulse | None = None,
        clock: ClockPort | None = None,
        intervals: SupervisorIntervals | None = None,
    ) -> None:
        require("exec_engine", exec_engine, "an execution engine", "review", "assess")
        require("order_reconciler_factory", order_reconciler_factory, "a call without arguments", "__call__")
        self.exec_engine = exec_engine
        self._factory = order_reconciler_factory
        self._watch = guard_watch
        self._resolver = resolver
        self._canceler = canceler
        self._refused_watch = refused_watch
        self._own_clock = clock
        self._pulse = pulse
        self._resender = resender
        self._reconciler: OrderReconciler | None = None
        self._every = intervals if intervals is not None else SupervisorIntervals()
        self._wake = asyncio.Event()
        self._guards_rest = False

    @property
    def reconciler(self) -> OrderReconciler:
        """The current reconciler, made on first use."""
        if self._reconciler is None:
            self._reconciler = self._factory()
        return self._reconciler

    def reset_order_reconciler(self) -> None:
        """Forget the reconciler with its watermark and suspicions; the next pass makes a new one."""
        self._reconciler = None

    def wake_guards(self) -> None:
        """Have the guards evaluated now rather than at their next interval."""
        self._wake.set()

    def rest_guards(self) -> None:
        """Judge no more: the market session is over, and its silence says nothing."""
        self._guards_rest = True

    async def run_runtime_guards(self, running_flag: RunningFlag) -> None:
        """All guards every 60 s and when woken or something broke, the feed every second."""
        _require_flag(running_flag)
        due = self._clock.monotonic()
        while running_flag.running:
            self._beat(GUARDS, self._every.feed)
            if not self._guards_rest:
                due = await self._judge(due)
            await self._clock.sleep(self._every.feed)

    async def _judge(self, due: float) -> float:
        """All guards where they are due, else the feed's; when all of them are due next, on the monotonic clock."""
        watch, now = self.guard_watch, self._clock.monotonic()
        if now < due - _INSTANT and not self._wake.is_set() and not watch.is_urgent:
            await watch.run_feed()
            return due
        self._wake.clear()
        await watch.run_all()
        return now + self._every.guards

    async def run_order_reconciliation(self, running_flag: RunningFlag, interval_seconds: float = 45) -> None:
        """A full pass every `interval_seconds`; what is unanswered for longer than 5 s is asked for every 2 s.

        Raises:
            ValueError: an interval that is not above zero.
            BadArgument: a flag or an interval that is none.
        """
        _require_flag(running_flag)
        if not isinstance(interval_seconds, int | float):
            raise BadArgument("interval_seconds", interval_seconds, "a number of seconds")
        if not interval_seconds > 0:
            raise ValueError(f"interval_seconds must be above zero, not {interval_seconds!r}")
        last_pass = self._clock.monotonic()
        while running_flag.running:
            step = min(self._every.in_flight, interval_seconds)
            self._beat(RECONCILIATION, step)
            await self._clock.sleep(step)
            now = self._clock.monotonic()
            # By the clock, and not by the steps: a venue that is slow to answer may make a long one of each.
            every = min(_AGAIN_SECONDS, interval_seconds) if self._is_unsettled else interval_seconds
            if now - last_pass >= every - _INSTANT:
                last_pass = now
                await self.reconcile_once()
            else:
                await self.check_in_flight(self._every.in_flight_age)
            await self.send_prepared()

    def _beat(self, name: str, period_seconds: float) -> None:
        if self._pulse is not None:
            self._pulse.beat(name, period_seconds)

    @property
    def _is_unsettled(self) -> bool:
        """Whether the last pass left something to be looked at again: a suspicion, or what it could not see."""
        report, sight = self.reconciler.snapshot(), self.reconciler.desk.sight
        return bool(sight.reason or sight.blind_since) or (report is not None and bool(report.suspected))

    async def check_in_flight(self, age_seconds: float) -> None:
        """Ask for what has been without an answer for that long, for what was refused lately, and for cancels again."""
        await self.resolver.resolve_overdue(age_seconds)
        if self._resender is not None:
            await self._resender.send_lost()
        await self.canceler.repeat_overdue(age_seconds)
        await self.refused_watch.look()
        await self.reconciler.desk.ended.leave_to_store()

    async def send_prepared(self, *order_ids: ClientOrderId) -> None:
        """Check again what was only prepared when its process ended, and send it or end it; all, or these."""
        if self._resender is not None:
            live = order_ids or [record.client_order_id for record in self.reconciler.desk.live_orders()]
            await self._resender.send_prepared(live)

    async def reconcile_once(
        self, *, report_only: bool = False, adoption: Adoption | None = None
    ) -> ReconciliationReport:
        """One pass now. What it finds wrong wakes the guards, and so does what an operator took up."""
        report = await self.reconciler.reconcile_once(report_only=report_only, adoption=adoption)
        if report.adopted or (not report_only and not report.agrees):
            self.wake_guards()
        return report

    @property
    def guard_watch(self) -> GuardWatch:
        """The guards in use; a supervisor made by itself watches over its reconciler's account."""
        if self._watch is None:
            desk = self.reconciler.desk
            states = StateKeeper(desk, self.canceler)
            self._watch = GuardWatch(desk, states)
        return self._watch

    @property
    def canceler(self) -> Canceler:
        """Repeats cancels; one over the reconciler's account unless another was given."""
        if self._canceler is None:
            reconciler = self.reconciler
            self._canceler = Canceler(reconciler.desk, reconciler.venue, reconciler.resolver)
        return self._canceler

    @property
    def refused_watch(self) -> RefusedWatch:
        """Watches refused orders; one over the reconciler's account unless another was given."""
        if self._refused_watch is None:
            horizon = float(self.reconciler.venue.capabilities.horizon_seconds)
            self._refused_watch = RefusedWatch(self.reconciler.desk, self.canceler, horizon)
        return self._refused_watch

    @property
    def resolver(self) -> OrderResolver:
        """Asks for what is unanswered; the reconciler's own unless another was given."""
        return self._resolver if self._resolver is not None else self.reconciler.resolver

    @property
    def _clock(self) -> ClockPort:
        return self._own_clock if self._own_clock is not None else self.reconciler.desk.clock


def _require_flag(flag: object) -> None:
    if not hasattr(flag, "running"):
        raise BadArgument("running_flag", flag, "anything with .running")
