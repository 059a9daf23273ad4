"""Killing: real processes, forked warm and ended by SIGKILL at the crash points of a life, on a real file.

A life is the same whoever lives it. So a child lives it on a real disk until the signal ends it there, and whatever
SQLite, the kernel and the lock make of that is what they really make of it; the parent lives the same life up to the
same point, takes the files that the child has left, recovers on them and goes on to the end, where it is judged.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from typing import NoReturn

from msgspec.structs import replace

from tidegate.adapters.stores.sqlite.files import side_files
from tidegate.adapters.stores.sqlite.lock import lock_path, writer_of
from tidegate.domain.ports import OrderStorePort
from tidegate.testing.bench.places import disk_folder
from tidegate.testing.simulation.dice import Dice
from tidegate.testing.simulation.judging.verdict import Violation, judge
from tidegate.testing.simulation.lives import Life
from tidegate.testing.simulation.parts import SIMULATED
from tidegate.testing.simulation.plans import Ending, Plan
from tidegate.testing.simulation.seeds import short_plan
from tidegate.testing.simulation.store import abandon_file_store, disk_of
from tidegate.testing.simulation.trials import Trial, life_folder, trial_of

_POINTS = 60
"""About how many crash points the first process of a short life passes."""

_COMMITTING = ("record_sending:before", "commit:before", "write_state:before")
"""What surely writes: there the signal may come in the middle of the transaction, with rows written and no COMMIT."""


def plan_of_kill(number: int) -> Plan:
    """A short life that ends, the first time, at some point of it."""
    dice = Dice("kill", number)
    return replace(short_plan(number), endings=(Ending(point=dice.between(1, _POINTS), pause=1.0),))


def kill_for_real(plan: Plan) -> Trial:
    """Have a child die in a life, recover on what it left, and judge the whole."""
    with disk_folder() as real, life_folder() as simulated:
        is_in_transaction = Dice("in transaction", plan.seed).happens(0.5)
        child = os.fork()
        if not child:
            _die(plan, real, is_in_transaction)
        _, status = os.waitpid(child, 0)
        is_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        life = Life(plan, simulated, replace(SIMULATED, abandon_store=_taking_over(real, simulated)))
        life.run()
        violations = judge(life)
        if is_killed != bool(life.keeper.kills):
            what = f"the child ended with status {status}, and the life had the kills {life.keeper.kills}"
            violations = (*violations, Violation(invariant=25, evidence=what))
        return trial_of(life, violations)


def _die(plan: Plan, folder: Path, is_in_transaction: bool) -> NoReturn:
    """Live as a child until the signal comes; a life that has no such point ends by itself."""
    life = Life(plan, folder)

    def die(label: str) -> bool:
        store = life.keeper.current.store
        disk = disk_of(store.inner) if store is not None else None
        if is_in_transaction and disk is not None and label in _COMMITTING:
            disk.on_commit = _kill_self
            return False
        _kill_self()
        return True

    life.keeper.on_kill = die
    status = 1
    try:
        life.run()
        status = 0
    finally:
        # Nothing of the parent's may be flushed or closed twice.
        os._exit(status)


def _kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _taking_over(real: Path, simulated: Path) -> Callable[[OrderStorePort], None]:
    """Let go of a store as a death does, and the first time put what the real death left in its place."""
    waiting = [True]

    def abandon(store: OrderStorePort) -> None:
        abandon_file_store(store)
        source, target = real / "orders.sqlite", simulated / "orders.sqlite"
        if not waiting or not source.exists() or writer_of(source) is not None:
            return
        waiting.clear()
        for left, place in zip(_files(source), _files(target), strict=True):
            place.unlink(missing_ok=True)
            if left.exists():
                copyfile(left, place)

    return abandon


def _files(store: Path) -> tuple[Path, ...]:
    return (store, *side_files(store), lock_path(store))
