"""Crash points: every one of a short life tried, alone and with each one of the recovery that follows it.

Between ports nothing durable changes, so trying each point is exhaustive for the deaths of a process in that life, and
trying each pair for a second death while the first is being recovered from.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from tidegate.testing.simulation.plans import Ending, Plan
from tidegate.testing.simulation.seeds import short_plan
from tidegate.testing.simulation.trials import Trial, live

_PAUSE = 1.0


def killed_at(plan: Plan, *points: int) -> Plan:
    """The life whose first process dies at the first point, the next one at the second, and so on."""
    return replace(plan, endings=tuple(Ending(point=point, pause=_PAUSE) for point in points))


def count_points(seed: int, mutant: str = "") -> int:
    """How many crash points the one process of an undisturbed short life passes before it is told to stop."""
    return live(replace(short_plan(seed), mutant=mutant)).points[0]


def try_point(seed: int, point: int, mutant: str = "", pairs: bool = True) -> Iterator[Trial]:
    """The life that ends there, and those that end there and once more at each point of the recovery from it."""
    plan = replace(short_plan(seed), mutant=mutant)
    alone = live(killed_at(plan, point))
    yield alone
    if pairs and alone.kills:
        for second in range(1, alone.recoveries[1] + 1):
            yield live(killed_at(plan, point, second))
