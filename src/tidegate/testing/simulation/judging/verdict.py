"""The verdict: every invariant asked about one life."""

from collections.abc import Callable

from msgspec import Struct

from tidegate.testing.simulation.judging import conduct, identity, records, rest
from tidegate.testing.simulation.judging.evidence import Evidence
from tidegate.testing.simulation.lives import Life


class Violation(Struct, frozen=True, kw_only=True):
    """A broken invariant: its number and the sentence that shows it."""

    invariant: int
    evidence: str


Judge = Callable[[Life, Evidence], str | None]

INVARIANTS: dict[int, Judge] = {
    1: identity.one_outcome,
    2: identity.at_most_one_order,
    3: identity.intent_first,
    4: identity.nothing_open_ended,
    5: identity.refused_is_none,
    6: records.terms_equal,
    7: records.fills_equal,
    8: records.sums_hold,
    9: records.no_status_back,
    10: records.chain_verifies,
    11: conduct.committed_before_sent,
    12: conduct.one_sender,
    13: conduct.none_after_halt,
    14: conduct.exits_reduce,
    15: conduct.within_limits,
    16: conduct.fresh_and_alive,
    17: conduct.reservations_are_sums,
    18: rest.any_order_same_end,
    19: records.restart_changes_nothing,
    20: conduct.refused_on_evidence,
    21: conduct.within_the_rate,
    22: rest.resolved_in_time,
    23: rest.comes_to_rest,
    24: rest.canary_is_nowhere,
}
"""By number; 25 wants a second life and is judged by whoever runs two."""


def judge(life: Life) -> tuple[Violation, ...]:
    """What broke in a life that has been lived."""
    if life.records is None:
        return (Violation(invariant=23, evidence=life.stuck or "the life ended without records"),)
    evidence = Evidence(life.records)
    found = ((number, holds(life, evidence)) for number, holds in INVARIANTS.items())
    return tuple(Violation(invariant=number, evidence=what) for number, what in found if what is not None)
