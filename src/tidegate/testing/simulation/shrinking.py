"""Shrinking: a plan made smaller, piece by piece, for as long as the same invariant breaks."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from tidegate.testing.simulation.plans import Plan

T = TypeVar("T")

Breaks = Callable[[Plan], bool]


def shrink(plan: Plan, breaks: Breaks, trials_max: int = 200) -> Plan:
    """The smallest plan found that still breaks, within so many trials; the plan itself where none is smaller."""
    left = [trials_max]

    def still_breaks(smaller: Plan) -> bool:
        left[0] -= 1
        return left[0] >= 0 and breaks(smaller)

    elements = -1
    while plan.elements != elements and left[0] > 0:
        elements = plan.elements
        for part in ("faults", "endings", "acts"):
            plan = _with_fewer(plan, part, still_breaks)
    return plan


def _with_fewer(plan: Plan, part: str, breaks: Breaks) -> Plan:
    things: tuple[object, ...] = getattr(plan, part)
    return replace(plan, **{part: _fewer(things, lambda some: breaks(replace(plan, **{part: some})))})


def _fewer(things: Sequence[T], breaks: Callable[[tuple[T, ...]], bool]) -> tuple[T, ...]:
    """Leave out halves, then quarters, and so on down to single ones, whatever can be done without."""
    kept, size = tuple(things), max(1, len(things) // 2)
    while kept:
        start = 0
        while start < len(kept):
            without = kept[:start] + kept[start + size :]
            if breaks(without):
                kept = without
            else:
                start += size
        if size == 1:
            break
        size //= 2
    return kept
