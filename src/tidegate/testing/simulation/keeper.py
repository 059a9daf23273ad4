"""The keeper: starts the processes of a life, has each end as the plan says, and starts the next one."""

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from dependency_injector import providers
from msgspec import Struct

from tidegate.adapters.chance import SeededChance
from tidegate.adapters.stores.sqlite import StoreError
from tidegate.adapters.stores.sqlite.lock import lock_path
from tidegate.application.application import Application
from tidegate.application.taking_up import OpeningError
from tidegate.containers.opened import open_application
from tidegate.containers.testing import TestingContainer
from tidegate.domain.ports import Broker, OrderStorePort
from tidegate.testing.simulation.broker import IntentPoisoned
from tidegate.testing.simulation.gate import Gate
from tidegate.testing.simulation.judging.entries import Heard
from tidegate.testing.simulation.loop import SimulationStuck
from tidegate.testing.simulation.parts import Parts
from tidegate.testing.simulation.plans import Ending, Plan
from tidegate.testing.simulation.processes import Process
from tidegate.testing.simulation.setting import ACCOUNT, SETTINGS
from tidegate.testing.simulation.store import SimulatedStore, StoreHooks, StoreWatch
from tidegate.testing.simulation.stream import StreamBroken
from tidegate.testing.simulation.world import World

STARTING_SECONDS = 300.0
"""How long it may take until a process is open, with nothing wrong any more."""

TAKEN_OVER_SECONDS = 40.0
"""How long a process goes on that has been taken over without knowing it."""

RETURN_SECONDS = 5.0
"""How long whoever watches over the processes needs to start one again that could not go on."""


class Death(Struct, frozen=True, kw_only=True):
    """At which point a process died, and in the middle of what."""

    label: str
    is_recovering: bool
    is_stopping: bool
    is_sending: bool


class Inhabitant:
    """One process of the life with what it holds open."""

    def __init__(self, number: int, ending: Ending | None) -> None:
        self.process = Process(f"p{number}")
        self.ending = ending
        self.stop = asyncio.Event()
        self.application: Application | None = None
        self.container: Any = None
        self.store: SimulatedStore | None = None
        self.gate: Gate | None = None
        self.is_over = False
        self.recovery_points = 0

    @property
    def is_open(self) -> bool:
        """Whether it takes decisions."""
        return self.application is not None and not self.is_over and not self.stop.is_set()


class Keeper:
    """Watches over the processes, as the system and an operator do.

    `on_open` is called when a process has recovered. `kills` are the crash points at which one died, `dead` the
    background loops that ended by themselves.
    """

    def __init__(
        self, plan: Plan, path: Path, world: World, parts: Parts, watch: StoreWatch, on_open: Callable[[], None]
    ) -> None:
        self.inhabitants: list[Inhabitant] = []
        self.kills: list[str] = []
        self.deaths: list[Death] = []
        self.on_kill: Callable[[str], bool] | None = None
        self.dead: list[str] = []
        self._plan = plan
        self.path = path
        self._world = world
        self._parts = parts
        self._watch = watch
        self._on_open = on_open
        self.poisoned_starts = self.poisoned_starts_max = 0
        self._why_not = ""
        self._is_quiet = False
        self._is_leaving = False

    @property
    def current(self) -> Inhabitant:
        return self.inhabitants[-1]

    def market_of(self, process: str) -> Heard | None:
        """What a process hears of the market."""
        container = self.container_of(process)
        return None if container is None else container.market_data().heard

    def held_by(self, process: str) -> Mapping[str, Decimal] | None:
        """What a process keeps free for its live orders, by currency."""
        container = self.container_of(process)
        return None if container is None else container.desk().ledger.commitments.held

    def container_of(self, process: str) -> Any:
        """The one that wires a process, while it lives and has got that far."""
        return next((one.container for one in self.inhabitants if one.process.name == process), None)

    def start_next(self) -> None:
        """Start a process, whatever the others do."""
        number, endings = len(self.inhabitants), self._plan.endings
        ending = endings[number] if number < len(endings) and not self._is_quiet else None
        one = Inhabitant(number, ending)
        gate = one.gate = Gate(one.process, ending, self._world.trace, partial(self._killed, one))
        self.inhabitants.append(one)
        self._is_leaving = False
        self._world.trace.note("world", f"start {one.process.name}")
        one.process.start(self._run(one, gate), "main")
        if ending is not None and ending.at:
            self._world.wire.later(max(0.0, ending.at - self._world.loop.time()), partial(self._end, one, ending))

    def quieten(self) -> None:
        """From now on nobody is killed, and what is paused goes on."""
        self._is_quiet = True
        for one in self.inhabitants:
            if one.gate is not None:
                one.gate.disarm()
            self._go_on(one)

    async def until_open(self) -> None:
        """Wait until a process takes decisions.

        Raises:
            SimulationStuck: none comes to it.
        """
        given_up_at = self._world.loop.time() + STARTING_SECONDS
        while not self.current.is_open:
            if self._world.loop.time() > given_up_at:
                raise SimulationStuck(f"no process could start for {STARTING_SECONDS} s: {self._why_not}")
            await asyncio.sleep(1.0)

    async def leave(self) -> None:
        """Tell the last process to stop, and wait until it has gone."""
        self._is_leaving = True
        self.current.stop.set()
        given_up_at = self._world.loop.time() + STARTING_SECONDS
        while not self.current.is_over:
            if self._world.loop.time() > given_up_at:
                raise SimulationStuck(f"{self.current.process.name} did not stop within {STARTING_SECONDS} s")
            await asyncio.sleep(0.5)

    def let_go_of_all(self) -> None:
        """The life is over: nothing is held open, and the frames of the dead may be cleared away."""
        for one in self.inhabitants:
            self._let_go(one)
            self.dead += one.process.failures
            one.process.unwind()

    async def _run(self, one: Inhabitant, gate: Gate) -> None:
        """What a process does from its start to its end."""
        world, parts = self._world, self._parts
        try:
            inner = parts.open_store(self.path, ACCOUNT, world.clock, one.process.name)
        except StoreError as error:
            self._could_not(one, str(error))
            return
        hooks = StoreHooks(pause=partial(self._pause, one), is_down=partial(self._down, one))
        one.store = store = SimulatedStore(inner, world, gate, self._watch, hooks)
        one.container = _container(parts.make_broker(world, gate, ACCOUNT), store, world, self._plan.seed)
        try:
            async with open_application(container=one.container) as application:
                one.application, one.recovery_points = application, gate.passed
                one.process.is_open, self.poisoned_starts = True, 0
                one.process.settle_in()
                world.loop.call_soon(self._on_open, context=world.context)
                await one.stop.wait()
                gate.arm()
        except OpeningError as error:
            self._could_not(one, str(error))
            return
        except IntentPoisoned as error:
            # P11: the exception ends the process, and whoever watches starts another.
            self.poisoned_starts += 1
            self.poisoned_starts_max = max(self.poisoned_starts, self.poisoned_starts_max)
            self._could_not(one, repr(error))
            return
        self._let_go(one, is_killed=False)
        # The process ends with its main task: what else it was doing is over.
        one.process.kill()
        self._again(one)

    def _could_not(self, one: Inhabitant, why: str) -> None:
        self._world.trace.note(one.process.name, f"could not go on: {why}")
        self._why_not = why
        self._let_go(one)
        self._later(RETURN_SECONDS)

    def _killed(self, one: Inhabitant, label: str) -> bool:
        """The process has died at a crash point, unless somebody has another death for it."""
        if self.on_kill is not None and not self.on_kill(label):
            return False
        self.kills.append(label)
        names = [name for name, _ in self._world.in_flight]
        self.deaths.append(
            Death(
                label=label.split(" ")[0],
                is_recovering=one.application is None,
                is_stopping=one.stop.is_set(),
                is_sending=one.process.name in names,
            )
        )
        self._world.trace.note("world", f"kill {one.process.name} at {label}")
        self._world.loop.call_soon(self._bury, one, context=self._world.context)
        return True

    def _bury(self, one: Inhabitant) -> None:
        self._let_go(one)
        self._again(one)

    def _let_go(self, one: Inhabitant, *, is_killed: bool = True) -> None:
        if one.is_over:
            return
        one.is_over = True
        if one.application is not None:
            ends = one.application.dead_loops.items()
            self.dead += [f"{name} ended: {why!r}" for name, why in ends if not isinstance(why, StreamBroken)]
        if is_killed:
            one.process.kill()
        if one.store is not None:
            if is_killed:
                self._parts.abandon_store(one.store.inner)
            elif callable(close := getattr(one.store.inner, "close", None)):
                close()

    def _again(self, one: Inhabitant) -> None:
        if one is self.current:
            self._later(one.ending.pause if one.ending is not None else RETURN_SECONDS)

    def _later(self, seconds: float) -> None:
        if not self._is_leaving:
            self._world.wire.later(seconds, self._start_again)

    def _start_again(self) -> None:
        """Unless somebody has taken over meanwhile."""
        if self.current.is_over and not self._is_leaving:
            self.start_next()

    def _end(self, one: Inhabitant, ending: Ending) -> None:
        """The time of an ending that has one has come."""
        if one.is_over or self._is_quiet:
            return
        if ending.is_taken_over:
            # Somebody has removed the file that the lock is on: the next process takes another one.
            lock_path(self.path).unlink(missing_ok=True)
            self._world.board.fired["X1"] += 1
            self.start_next()
            self._world.wire.later(TAKEN_OVER_SECONDS, partial(self._let_go, one))
        elif ending.is_stop and one.application is not None:
            if any(name == one.process.name for name, _ in self._world.in_flight):
                self._world.board.fired["X5"] += 1
            one.stop.set()
        else:
            self._killed(one, f"at {ending.at} s")
            one.process.kill()

    def _down(self, one: Inhabitant, why: str) -> None:
        """The store takes nothing any more: whoever watches has the process stopped, and starts another."""
        self._world.trace.note(one.process.name, f"store is down: {why}")
        self._world.wire.later(RETURN_SECONDS, one.stop.set)

    def _pause(self, one: Inhabitant, seconds: float) -> None:
        """P13: nothing of the process runs for so long."""
        one.process.pause(self._world.loop.time(), seconds)
        self._world.wire.later(seconds, partial(self._go_on, one))

    def _go_on(self, one: Inhabitant) -> None:
        if one.process.is_paused:
            one.process.resume(self._world.loop.time())
            self._world.loop.resume_paused()


def _container(broker: Broker, store: OrderStorePort, world: World, seed: int) -> TestingContainer:
    ports = {
        "settings": SETTINGS,
        "clock": world.clock,
        "chance": SeededChance(seed),
        "engine_port": broker,
        "market_data": broker,
        "account": broker,
        "order_store": store,
    }
    return TestingContainer(**{name: providers.Object(port) for name, port in ports.items()})
