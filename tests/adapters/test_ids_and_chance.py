"""Identifiers and chance: from the system, or the same again from the same seed."""

import re

import pytest

from tidegate.adapters.chance import SeededChance
from tidegate.adapters.ids import SeededIds, SystemIds
from tidegate.domain.ports import IdPort


@pytest.mark.parametrize("ids", [SystemIds(), SeededIds(1)], ids=["system", "seeded"])
def test_ids_are_32_lower_case_letters_and_digits_and_never_come_twice(ids: IdPort) -> None:
    """As the port promises."""
    drawn = [ids.draw() for _ in range(1_000)]
    assert len(set(drawn)) == 1_000
    assert all(re.fullmatch("[a-z0-9]{32}", one) for one in drawn)


def test_the_same_seed_draws_the_same_ids_and_another_others() -> None:
    """A replay names the same things in the same order."""
    first, second, other = SeededIds(7), SeededIds(7), SeededIds(8)
    drawn = [first.draw() for _ in range(5)]
    assert drawn == [second.draw() for _ in range(5)]
    assert not set(drawn) & {other.draw() for _ in range(5)}


def test_the_same_seed_gives_the_same_chance_within_its_bounds() -> None:
    """Jitter is repeatable, and stays where it was asked to stay."""
    first, second, other = SeededChance(7), SeededChance(7), SeededChance(8)
    drawn = [first.uniform(-2, 3) for _ in range(100)]
    assert drawn == [second.uniform(-2, 3) for _ in range(100)]
    assert drawn != [other.uniform(-2, 3) for _ in range(100)]
    assert all(-2 <= one <= 3 for one in drawn)
