"""Lying: an adapter that breaks its contract costs no order, books no bad figure, and ends neither loop nor start."""

import pytest

from tests.testing.simulation.lying import LIES, lying
from tidegate.testing.simulation.parts import Parts
from tidegate.testing.simulation.seeds import plan_of_seed
from tidegate.testing.simulation.trials import live

SEEDS = (1, 2, 6)


@pytest.mark.parametrize("name", LIES)
def test_an_adapter_that_cannot_be_believed_breaks_no_invariant(name: str) -> None:
    """With all the faults of a seed besides, the first in which it is told: records are the truth's, all is at rest."""
    engine = lying(name)
    for seed in SEEDS:
        assert [(seed, one) for one in live(plan_of_seed(seed), Parts(make_broker=engine)).violations] == []
        if engine.told:
            return
    raise AssertionError(f"no life of {SEEDS} was told that {name}")
