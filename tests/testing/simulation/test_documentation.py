"""docs/simulation.md says where every fault of the matrix is injected, and names none that is not."""

import re
from pathlib import Path

import pytest

from tidegate.testing.simulation.catalogue import KINDS, LATER_KINDS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "simulation.md").read_text(encoding="utf-8")
MATRIX = {"P": 16, "B": 35, "S": 15, "M": 8, "D": 13, "N": 12, "C": 6, "X": 7, "Z": 11}


def listed() -> set[str]:
    """The ids in the first column, ranges written out."""
    found: set[str] = set()
    for cell in re.findall(r"^\| ([PBSMDNCXZ]\d[^|]*) \|", PAGE, flags=re.MULTILINE):
        for part in cell.split(", "):
            first, _, last = part.partition(" to ")
            letter = first[0]
            if last:
                found |= {f"{letter}{number}" for number in range(int(first[1:]), int(last[1:]) + 1)}
            else:
                found.add(first)
    return found


@pytest.mark.parametrize("letter", MATRIX)
def test_every_fault_of_the_matrix_has_its_row(letter: str) -> None:
    """Injected somewhere, or with the reason why it cannot be."""
    missing = {f"{letter}{number}" for number in range(1, MATRIX[letter] + 1)} - listed()
    assert not missing


def test_every_fault_of_the_catalogue_is_in_the_table() -> None:
    """No fault is injected of which nobody can read."""
    assert {*KINDS, *LATER_KINDS} <= listed()
