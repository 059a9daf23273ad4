"""Trials: one plan lived and judged, and what is counted of it."""

import gc
import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from tidegate.testing.simulation.accounting import fired_in
from tidegate.testing.simulation.judging.verdict import Violation, judge
from tidegate.testing.simulation.lives import Life
from tidegate.testing.simulation.mutants import planted
from tidegate.testing.simulation.parts import SIMULATED, Parts
from tidegate.testing.simulation.plans import Plan

_MEMORY = Path("/dev/shm")  # noqa: S108 -- a life's own private folder, in memory: only a process is killed here


class Trial(Struct, frozen=True, kw_only=True):
    """What one life came to.

    `points` are how many crash points each of its processes passed, `recoveries` how many until it was open.
    """

    plan: Plan
    violations: tuple[Violation, ...]
    trace_hash: str
    decisions: int
    kills: int
    points: tuple[int, ...]
    recoveries: tuple[int, ...]
    simulated_seconds: float
    fired: dict[str, int]


@contextmanager
def life_folder() -> Iterator[Path]:
    """A private folder for one store, in memory where the system has such a place."""
    with TemporaryDirectory(prefix="tidegate-life-", dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield Path(folder)


_KNOTS_KEPT = 10
"""To look for what lives have left behind costs a fifth of a life: it is done after every tenth of a process."""
_LIVED = itertools.count(1)


def live(plan: Plan, parts: Parts = SIMULATED) -> Trial:
    """Live a plan through, with its mutant where it has one, and judge it."""
    with planted(plan.mutant), life_folder() as folder:
        life = Life(plan, folder, parts)
        life.run()
        trial = trial_of(life, judge(life))
    # A life is one knot of references: without this, thousands of them in one process would fill its memory.
    del life
    if next(_LIVED) % _KNOTS_KEPT == 0:
        with warnings.catch_warnings():
            # What a killed process was about to wait for is nobody's mistake.
            warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
            gc.collect()
    return trial


def trial_of(life: Life, violations: tuple[Violation, ...]) -> Trial:
    """What a life that has been lived and judged came to."""
    return Trial(
        plan=life.plan,
        violations=violations,
        trace_hash=life.world.trace.hash,
        decisions=len(life.outside.heard),
        kills=len(life.keeper.kills),
        points=tuple(one.gate.passed if one.gate is not None else 0 for one in life.keeper.inhabitants),
        recoveries=tuple(one.recovery_points for one in life.keeper.inhabitants),
        simulated_seconds=life.loop.time(),
        fired=dict(fired_in(life)),
    )


def live_twice(plan: Plan, parts: Parts = SIMULATED) -> Trial:
    """Live it a second time too: the same seed is the same life (invariant 25)."""
    first, second = live(plan, parts), live(plan, parts)
    if first.trace_hash == second.trace_hash:
        return first
    found = Violation(invariant=25, evidence=f"two traces of one seed: {first.trace_hash} and {second.trace_hash}")
    return replace(first, violations=(*first.violations, found))
