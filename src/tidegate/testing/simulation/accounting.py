"""Accounting: which faults of the matrix a life has seen, those that no plan names by id included."""

from collections import Counter
from collections.abc import Iterator

from tidegate.domain.outcomes import OrderPlaced
from tidegate.domain.refusals import Refusal
from tidegate.testing.simulation.keeper import Death
from tidegate.testing.simulation.lives import Life
from tidegate.testing.simulation.outside import Heard

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
}
"""What a death at a crash point is in the matrix."""

_REFUSALS = {
    "UNKNOWN_SYMBOL": "N2",
    "ID_CONFLICT": "N7",
    "EXPIRED": "N8",
    "MINIMUM": "B23",
    "VENUE_POST_ONLY_WOULD_CROSS": "B22",
}
"""Which fault a refusal is the required answer to."""


def fired_in(life: Life) -> Counter[str]:
    """How often each fault took effect, by its id."""
    fired = Counter(life.world.board.fired)
    for death in life.keeper.deaths:
        fired.update(_of_death(death))
    for heard in life.outside.heard:
        fired.update(_of_input(heard))
    fired["X3"] += sum(act.decision is not None and act.decision.strategy_id == "twin" for act in life.plan.acts)
    return +fired


def _of_death(death: Death) -> Iterator[str]:
    if death.label in _POINTS:
        yield _POINTS[death.label]
    if death.is_sending:
        yield "P5"
    if death.is_recovering:
        yield "P12"
    if death.is_stopping:
        yield "P9"


def _of_input(heard: Heard) -> Iterator[str]:
    decision, result = heard.decision, heard.result
    if decision.quantity is not None and (not decision.quantity.is_finite() or decision.quantity <= 0):
        yield "N1"
    if not decision.decision_id.isalnum():
        yield "N4" if ";" in decision.decision_id else "N3"
    if isinstance(result, OrderPlaced) and result.is_repeat:
        yield "N6"
    if isinstance(result, Refusal) and result.code in _REFUSALS:
        yield _REFUSALS[result.code]
