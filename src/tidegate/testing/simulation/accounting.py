"""Accounting: which faults of the matrix a life has seen, those that no plan names by id included."""

from collections import Counter

from tidegate.testing.simulation.lives import Life
from tidegate.testing.simulation.plans import Act

_POINTS = {
    "record_sending:before": "P1",
    "record_sending:after": "P3",
    "submit:before": "P3",
    "submit:after": "P6",
    "query:before": "P8",
    "query:after": "P8",
    "cancel:before": "P9",
    "cancel:after": "P9",
    "commit:before": "P7",
    "commit:after": "P7",
    "flush:before": "P7",
    "flush:after": "P7",
    "load:before": "P12",
    "load:after": "P12",
}
"""What a death at a crash point is in the matrix; one at any other point is P5, in the middle of something."""


def fired_in(life: Life) -> Counter[str]:
    """How often each fault took effect, by its id."""
    fired = Counter(life.world.board.fired)
    for label in life.keeper.kills:
        fired[_POINTS.get(label.split(" ")[0], "P5")] += 1
    for act in life.plan.acts:
        for fault_id in _input_faults(act):
            fired[fault_id] += 1
    return fired


def _input_faults(act: Act) -> list[str]:
    decision = act.decision
    if decision is None:
        return []
    found = []
    if decision.quantity is not None and (not decision.quantity.is_finite() or decision.quantity <= 0):
        found.append("N1")
    return found
