"""Drilling: many lives on every core, what came of all of them, and a plan for each that broke."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter  # noqa: TID251 -- how long a drill takes is real time

import msgspec
from msgspec.structs import replace

from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.cli.opener import DrillOrder, DrillReport
from tidegate.testing.simulation.crashpoints import count_points, try_point
from tidegate.testing.simulation.killing import kill_for_real, plan_of_kill
from tidegate.testing.simulation.mutants import planted
from tidegate.testing.simulation.plans import Plan, read_plan, write_plan
from tidegate.testing.simulation.seeds import plan_of_seed
from tidegate.testing.simulation.shrinking import shrink
from tidegate.testing.simulation.trials import Trial, live, live_twice

_BATCH = 10
_TWICE_EACH = 50
"""Every so many seeds one is lived twice (invariant 25)."""
_PLANS_MAX = 3
"""So many broken lives are shrunk and written down; the others are counted."""
_SHRINKING_TRIALS_MAX = 120

Work = Callable[[Sequence[int], str], list[Trial]]
Progress = Callable[[str], None]


def drill(order: DrillOrder, progress: Progress) -> DrillReport:
    """Run what was ordered; `progress` is told a line now and then.

    Raises:
        UsageError: the order names a bug that nobody can plant, or a file that is no plan.
    """
    began = perf_counter()
    tally = _Tally(order, progress)
    if order.plan is not None:
        tally.take(live(_plan_of(order.plan)))
    else:
        seeds = range(order.first_seed, order.first_seed + order.seeds)
        kills = range(order.first_seed, order.first_seed + order.kills)
        points = range(order.points and count_points(order.first_seed, order.mutant))
        trials = chain(
            _on_every_core(_batch, seeds, order.mutant),
            # A death waits for the disk: twice as many at a time as there are cores.
            _on_every_core(_kills, kills, order.mutant, 2),
            _on_every_core(partial(_points, order.first_seed), points, order.mutant),
        )
        for trial in trials:
            is_due = not order.mutant or _is_found(trial)
            tally.take(trial if is_due else replace(trial, violations=()))
            if order.mutant and trial.violations and is_due:
                break
    return tally.report(perf_counter() - began)


def _is_found(trial: Trial) -> bool:
    """Whether something broke that does not break without the planted bug."""
    if not trial.violations:
        return False
    clean = live(replace(trial.plan, mutant=""))
    return {one.invariant for one in trial.violations} > {one.invariant for one in clean.violations}


def _plan_of(path: Path) -> Plan:
    try:
        return read_plan(path)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path} is no plan: {error}") from None


class _Tally:
    """Adds up trials, and writes a plan for the first of those that broke."""

    def __init__(self, order: DrillOrder, progress: Progress) -> None:
        self._order = order
        self._progress = progress
        self._began = perf_counter()
        self._lives = self._kills = self._decisions = self._broken = 0
        self._seconds = 0.0
        self._faults: Counter[str] = Counter()
        self._found: list[str] = []
        self._plans: list[str] = []

    def take(self, trial: Trial) -> None:
        self._lives += 1
        self._kills += trial.kills
        self._decisions += trial.decisions
        self._seconds += trial.simulated_seconds
        self._faults.update(trial.fired)
        if trial.violations:
            self._broken += len(trial.violations)
            self._keep(trial)
        if self._lives % 100 == 0:
            rate = self._lives / (perf_counter() - self._began) * 60
            self._progress(f"{self._lives} lives, {rate:,.0f} a minute, {self._broken} violations")

    def _keep(self, trial: Trial) -> None:
        first = trial.violations[0]
        seed = trial.plan.seed
        self._found += [f"seed {seed}: invariant {one.invariant}: {one.evidence}" for one in trial.violations]
        folder = self._order.folder
        if folder is None or self._order.plan is not None or len(self._plans) >= _PLANS_MAX:
            return
        self._progress(f"seed {trial.plan.seed} broke invariant {first.invariant}; shrinking its plan")
        plan = shrink(trial.plan, lambda smaller: _breaks(smaller, first.invariant), _SHRINKING_TRIALS_MAX)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"plan-{plan.mutant or 'seed'}-{plan.seed}.json"
        write_plan(plan, path)
        self._plans.append(str(path))
        self._progress(f"{plan.elements} elements are left of it in {path}")

    def report(self, seconds: float) -> DrillReport:
        return DrillReport(
            seeds=self._lives,
            kills=self._kills,
            decisions=self._decisions,
            violations=self._broken,
            faults=dict(sorted(self._faults.items())),
            simulated_hours=round(self._seconds / 3_600, 2),
            seconds=round(seconds, 2),
            found=tuple(self._found),
            plans=tuple(self._plans),
        )


def _breaks(plan: Plan, invariant: int) -> bool:
    trial = live_twice(plan) if invariant == 25 else live(plan)
    return any(one.invariant == invariant for one in trial.violations)


def _batch(seeds: Sequence[int], mutant: str) -> list[Trial]:
    """Some lives in one worker."""
    trials = []
    for seed in seeds:
        plan = plan_of_seed(seed, mutant)
        trials.append(live_twice(plan) if seed % _TWICE_EACH == 0 else live(plan))
    return trials


def _kills(numbers: Sequence[int], mutant: str) -> list[Trial]:
    """Some real deaths in one worker; more than asked for, where a life ended before its point came."""
    with planted(mutant):
        return [kill_for_real(plan_of_kill(number)) for number in numbers]


def _points(seed: int, points: Sequence[int], mutant: str) -> list[Trial]:
    """Every crash point of a short life that is in this worker's share, and each pair that begins with it."""
    return [trial for point in points for trial in try_point(seed, point + 1, mutant)]


def _on_every_core(work: Work, numbers: range, mutant: str, each: int = 1) -> Iterator[Trial]:
    """Trials on every core, as they end."""
    batches = [numbers[start : start + _BATCH] for start in range(0, len(numbers), _BATCH)]
    workers = min((os.cpu_count() or 1) * each, len(batches))
    if workers <= 1:
        for batch in batches:
            yield from work(batch, mutant)
        return
    # Forked, so that no worker has to import all of it anew.
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        pending: set[Future[list[Trial]]] = {pool.submit(work, batch, mutant) for batch in batches}
        try:
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
