"""Lying: an adapter that breaks its contract costs no order, books no bad figure, and ends neither loop nor start."""

import pytest

from tests.testing.simulation.lying import LIES, lying
from tidegate.testing.simulation.parts import Parts
from tidegate.testing.simulation.seeds import plan_of_seed
from tidegate.testing.simulation.trials import live

SEEDS = (2, 1, 6)
"""One life is enough, unless the lie was not told in it."""


@pytest.mark.parametrize("name", LIES)
@pytest.mark.no_cover
def test_an_adapter_that_cannot_be_believed_breaks_no_invariant(name: str) -> None:
    """With all the faults of the seed besides: records are the truth's, and all comes to rest."""
    engine = lying(name)
    for seed in SEEDS:
        if not engine.told:
            assert [(seed, one) for one in live(plan_of_seed(seed), Parts(make_broker=engine)).violations] == []
    assert engine.told
