"""Outside: whoever decides and operates, handing its acts to whichever process is there until they have an outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from returns.result import Success

from tidegate.adapters.stores.sqlite.errors import StoreError
from tidegate.adapters.stores.sqlite.inbox import open_sqlite_inbox
from tidegate.application.application import Application
from tidegate.application.operations import StateReceipt
from tidegate.domain.decisions import Decision
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.refusals import AnyRefusal, StoreRefused
from tidegate.domain.vocabulary import TradingState
from tidegate.testing.simulation.clock import moment
from tidegate.testing.simulation.keeper import Inhabitant, Keeper
from tidegate.testing.simulation.market import BY_SYMBOL
from tidegate.testing.simulation.plans import Act
from tidegate.testing.simulation.world import World

KEPT_SECONDS = 20.0
"""How often whoever decides looks whether a decision that it handed in has come to an outcome."""


_INBOX_SECONDS = 0.3
"""How long a request may lie in the inbox before the process reads it."""
_STATES = {"halt": TradingState.HALTED, "reduce": TradingState.REDUCING}


class Heard(Struct, frozen=True, kw_only=True):
    """What the caller of a decision was told, and when; `error` is what the call raised."""

    symbol: str
    decision: Decision
    at: float
    result: OrderPlaced | NoOrderNeeded | AnyRefusal | None = None
    error: str = ""


class StateTold(Struct, frozen=True, kw_only=True):
    """A trading state that was answered as done, by which process, and when."""

    state: TradingState
    reason: str
    process: str
    at: float
    turn: int


class Outside:
    """Keeps every decision until its outcome, and hands it in again where a process died with it (N11, N12)."""

    def __init__(self, world: World) -> None:
        self.heard: list[Heard] = []
        self.keeper: Keeper | None = None
        self._world = world
        self.told: list[str] = []
        self.states_told: list[StateTold] = []
        self.resumed: list[tuple[int, str]] = []
        self._waiting: list[Act] = []
        self._deciding: dict[str, asyncio.Task[Any]] = {}

    def begin(self, acts: tuple[Act, ...]) -> None:
        """Each act at its time."""
        for act in acts:
            self._world.wire.later(act.at, partial(self.deliver, act))

    @property
    def unanswered(self) -> list[str]:
        """Decisions that have been handed in and have come to nothing yet."""
        return [name for name, task in self._deciding.items() if not task.done()]

    def on_open(self) -> None:
        """A process is open: what has waited for one is handed to it."""
        waiting, self._waiting = self._waiting, []
        self._world.board.fired["N12"] += sum(act.decision is not None for act in waiting)
        for act in waiting:
            self.deliver(act)

    def deliver(self, act: Act) -> None:
        """Hand an act to every process that believes to write the account: one, or two of them (X1)."""
        able = [one for one in self.keeper.inhabitants if one.is_open] if self.keeper is not None else []
        if not able:
            self._waiting.append(act)
        for one in able:
            self._hand(act, one)

    def _hand(self, act: Act, one: Inhabitant) -> None:
        if one.application is None:
            return
        task = one.process.start(self._perform(one.application, act, one.process.name), act.verb)
        if act.decision is not None:
            self._deciding[act.decision.decision_id] = task
            self._world.wire.later(KEPT_SECONDS, partial(self._look_after, one, act, task))

    def _look_after(self, one: Inhabitant, act: Act, task: "asyncio.Task[Any]") -> None:
        if task.done():
            return
        if one.is_over:
            self._world.board.fired["N11"] += 1
            self.deliver(act)
        else:
            self._world.wire.later(KEPT_SECONDS, partial(self._look_after, one, act, task))

    async def _perform(self, application: Application, act: Act, name: str) -> None:
        if act.decision is not None:
            await self._decide(application, act, act.decision)
        elif act.verb == "give_up":
            self._give_up(act.target)
        elif act.verb == "amend":
            await self._amend(application, act)
        elif act.verb == "cancel":
            for order_id in self._orders_of(act.target):
                await application.cancel(order_id)
        else:
            await self._operate(application, act, name)

    async def _operate(self, application: Application, act: Act, name: str) -> None:
        """An operator's word, half of the states through the store; what is answered is kept for the judge."""
        if act.verb in ("halt", "reduce") and self._world.recording:
            self._world.board.fired["X6"] += 1
        if act.verb in _STATES and int(act.at * 1_000) % 2:
            await self._write_elsewhere(_STATES[act.verb], _reason_of(act))
        if act.verb == "resume":
            self.resumed.append((self._world.trace.calls, _reason_of(act)))
        try:
            answer = await _OPERATIONS[act.verb](application, act)
        except MemoryError as raised:
            # Whoever asked is told, as for a decision; what it left behind is judged like all else (P14).
            self.told.append(f"{act.verb} {act.symbol}: {raised!r}")
            return
        if isinstance(answer, StateReceipt) and not answer.error:
            self._was_told(answer.state, _reason_of(act), name)

    async def _amend(self, application: Application, act: Act) -> None:
        """Another size and price for the order of a decision, on the grid of its product."""
        for order_id in self._orders_of(act.target):
            record = next((one for one in application.open_orders() if one.client_order_id == order_id), None)
            if record is None or record.limit_price is None:
                continue
            product = BY_SYMBOL[record.symbol]
            total = (record.quantity * act.factor // product.base_increment) * product.base_increment
            price = record.limit_price * (10_000 + act.basis_points) / 10_000
            await application.amend(order_id, total, (price // product.price_increment) * product.price_increment)

    def _was_told(self, state: TradingState, reason: str, process: str) -> None:
        at, turn = self._world.loop.time(), self._world.trace.calls
        self.states_told.append(StateTold(state=state, reason=reason, process=process, at=at, turn=turn))

    async def _write_elsewhere(self, state: TradingState, reason: str) -> None:
        """As the command does from another terminal: the state is in the store before the process is asked for it."""
        if self.keeper is None:
            return
        clock = self._world.clock
        change = TradingStateChanged(state=state, reason=reason, by="operator", at=clock.now())
        try:
            with open_sqlite_inbox(self.keeper.path, clock=clock, busy_timeout_ms=1) as inbox:
                await inbox.write_state(change)
            self._was_told(state, reason, "")
        except StoreError:
            return  # another store than SQLite, or one that cannot be written now: then the process is asked at once
        await clock.sleep(_INBOX_SECONDS)

    def _orders_of(self, decision_id: str) -> Sequence[str]:
        results = (one.result for one in self.heard if one.decision.decision_id == decision_id)
        return [result.order.client_order_id for result in results if isinstance(result, OrderPlaced)][:1]

    def _give_up(self, decision_id: str) -> None:
        """P16: whoever waits for a decision goes away."""
        task = self._deciding.get(decision_id)
        if task is not None and not task.done():
            self._world.board.fired["P16"] += 1
            task.cancel()

    async def _decide(self, application: Application, act: Act, decision: Decision) -> None:
        if act.valid_seconds is not None:
            decision = replace(decision, valid_until=moment(act.at + act.valid_seconds))
        value: OrderPlaced | NoOrderNeeded | AnyRefusal | None = None
        error = ""
        try:
            result = await application.coordinator.execute_decision(act.symbol, decision)
            value = result.unwrap() if isinstance(result, Success) else result.failure()
        except MemoryError as raised:
            error = repr(raised)
        at = self._world.loop.time()
        self.heard.append(Heard(symbol=act.symbol, decision=decision, at=at, result=value, error=error))
        if isinstance(value, StoreRefused) or error:
            # Nothing is on record, or nobody knows: it is handed in again, to another process or when one opens.
            inhabitants = self.keeper.inhabitants if self.keeper is not None else []
            others = [one for one in inhabitants if one.is_open and one.application is not application]
            if others:
                self._hand(act, others[-1])
            else:
                self._waiting.append(act)


def _reason_of(act: Act) -> str:
    """A reason that no other act gives, so that each is found again in the journal."""
    return f"{act.verb} as the plan has it at {act.at} s"


_OPERATIONS: dict[str, Callable[[Application, Act], Awaitable[object]]] = {
    "cancel_all": lambda application, act: application.cancel_all(),
    "close": lambda application, act: application.close(act.symbol),
    "halt": lambda application, act: application.halt(_reason_of(act)),
    "reduce": lambda application, act: application.reduce(_reason_of(act)),
    "resume": lambda application, act: application.resume(_reason_of(act)),
    "reconcile": lambda application, act: application.reconcile(),
}
