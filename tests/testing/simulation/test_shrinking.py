"""Shrinking leaves out what a failure does not need."""

from tidegate.testing.simulation.plans import Act, Fault, Plan
from tidegate.testing.simulation.shrinking import shrink


def test_only_what_breaks_is_left() -> None:
    """One act and one fault out of many, found by leaving out halves."""
    acts = tuple(Act(at=float(number), verb="reconcile") for number in range(16))
    faults = tuple(Fault(id=f"B{number}", nth=1) for number in range(1, 9))

    def breaks(plan: Plan) -> bool:
        return acts[11] in plan.acts and faults[3] in plan.faults

    small = shrink(Plan(seed=1, acts=acts, faults=faults), breaks)
    assert small.acts == (acts[11],)
    assert small.faults == (faults[3],)


def test_a_plan_that_needs_all_of_it_stays_as_it_is() -> None:
    """And the trials are bounded."""
    plan = Plan(seed=1, acts=tuple(Act(at=float(number), verb="reconcile") for number in range(8)))
    tried: list[Plan] = []

    def breaks(smaller: Plan) -> bool:
        tried.append(smaller)
        return smaller == plan

    assert shrink(plan, breaks, trials_max=10) == plan
    assert len(tried) <= 10
