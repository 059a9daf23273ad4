"""Lives: one plan lived through, from the first start of an account to its last, with all that was seen of it."""

import asyncio
import gc
from pathlib import Path

from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord
from tidegate.domain.vocabulary import TradingState
from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.judging.evidence import Records, read_records
from tidegate.testing.simulation.judging.instants import Instants, is_unresolved
from tidegate.testing.simulation.keeper import Keeper
from tidegate.testing.simulation.loop import SimulatedLoop, SimulationStuck
from tidegate.testing.simulation.outside import Outside
from tidegate.testing.simulation.parts import SIMULATED, Parts
from tidegate.testing.simulation.plans import Plan
from tidegate.testing.simulation.setting import (
    ACCOUNT,
    PASS_SECONDS,
    POLL_SECONDS,
    QUIET_SECONDS,
    SETTINGS,
)
from tidegate.testing.simulation.world import World


class Life:
    """Runs one plan. `run` may be called once; afterwards everything that was seen is there to be judged.

    `records` is what the store holds at the end, `before_restart` what it held before one more start that was asked for
    nothing; `unresolved` and `unanswered` what had no outcome in time, `stuck` why the life could not be lived out.
    """

    def __init__(self, plan: Plan, folder: Path, parts: Parts = SIMULATED) -> None:
        self.plan = plan
        self.path = folder / "orders.sqlite"
        self.loop = SimulatedLoop(Dice("schedule", plan.seed))
        self.world = World(plan, self.loop)
        self.outside = Outside(self.world)
        self.instants = Instants(SETTINGS.limits())
        self.keeper = Keeper(plan, self.path, self.world, parts, self.instants, self.outside.on_open)
        self.outside.keeper = self.keeper
        self.instants.time, self.instants.turn = self.loop.time, lambda: self.world.trace.calls
        self.instants.market_of = self.keeper.market_of
        self.instants.held_by = self.keeper.held_by
        self.instants.set_aside_by = self._set_aside_by
        self.instants.blindness_of = self.world.sight.blindness
        self.unresolved: dict[str, str] = {}
        self.unanswered: list[str] = []
        self.states_at_end: dict[str, TradingState] = {}
        self.stuck = ""
        self.records: Records | None = None
        self.before_restart: Records | None = None
        self._parts = parts

    def run(self) -> None:
        """Live through the plan, through quiescence and one more restart."""
        was_collecting = gc.isenabled()
        gc.disable()
        try:
            self.loop.run_until_complete(self._live())
        except SimulationStuck as stuck:
            self.stuck = str(stuck)
        finally:
            self.keeper.let_go_of_all()
            self.loop.run_until_complete(self.loop.unwind())
            self.loop.close()
            if was_collecting:
                gc.enable()

    async def _live(self) -> None:
        keeper, world = self.keeper, self.world
        world.start()
        self.outside.begin(self.plan.acts)
        keeper.start_next()
        await asyncio.sleep(self.plan.seconds)
        world.board.is_quiet = True
        keeper.quieten()
        await keeper.until_open()
        await asyncio.sleep(QUIET_SECONDS)
        self.unresolved = self._without_outcome()
        await asyncio.sleep(self.plan.passes * PASS_SECONDS)
        self.unanswered = self.outside.unanswered
        await keeper.leave()
        await self._restart()

    async def _restart(self) -> None:
        """One more start, with the market standing still and nothing asked (invariant 19)."""
        self.world.is_still = True
        self.before_restart = await self._read()
        self.keeper.start_next()
        await self.keeper.until_open()
        await asyncio.sleep(PASS_SECONDS + POLL_SECONDS)
        await self.keeper.leave()
        states = self.keeper.current.container.desk().ledger.states
        self.states_at_end = {"": states.account.state} | {of: entry.state for of, entry in states.symbols.items()}
        self.records = await self._read()

    def _set_aside_by(self, process: str) -> dict[ClientOrderId, OrderRecord]:
        """What a process keeps reserved although it is not live there."""
        container = self.keeper.container_of(process)
        return {} if container is None else dict(container.desk().set_aside)

    def _without_outcome(self) -> dict[str, str]:
        application = self.keeper.current.application
        found = () if application is None else application.open_orders()
        return {record.client_order_id: record.status.value for record in found if is_unresolved(record)}

    async def _read(self) -> Records:
        """Everything that the store holds, once nobody writes it."""
        store = self._parts.open_store(self.path, ACCOUNT, self.world.clock, "judge")
        try:
            return await read_records(store)
        finally:
            self._parts.abandon_store(store)
