"""Fault plans: read from a file, and refused with the number of the fault where they ask for what cannot be."""

from pathlib import Path

import pytest

from tidegate.adapters.brokers.rehearsal.catalogue import KINDS
from tidegate.adapters.brokers.rehearsal.plan import Fault, FaultPlan, read_fault_plan, refuse_strange_symbols
from tidegate.application.configuration import ConfigurationError


def read(folder: Path, text: str) -> FaultPlan:
    """The plan of that text."""
    path = folder / "faults.toml"
    path.write_text(text)
    return read_fault_plan(path)


def test_a_plan_says_what_comes_when(tmp_path: Path) -> None:
    """Each fault with its own way of coming, and what of it is the kind's own."""
    plan = read(
        tmp_path,
        """
        seed = 7
        [[fault]]
        id = "B1"
        nth = 3
        [[fault]]
        id = "B29"
        chance = 0.25
        effect = false
        symbol = "BTC-USD"
        [[fault]]
        id = "M8"
        at = 120
        seconds = 0.5
        amount = 3
        """,
    )

    timeout, cancel, spike = plan.faults
    assert plan.seed == 7
    assert timeout == Fault(id="B1", nth=3)
    assert (timeout.size, timeout.takes_effect) == (8, False)
    assert (cancel.chance, cancel.takes_effect, cancel.symbol) == (0.25, False, "BTC-USD")
    assert (spike.at, spike.seconds, spike.size) == (120, 0.5, 3)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ('id = "B99"\nnth = 1', "is no fault that can be had here; did you mean B9?"),
        ('id = "M3"\nat = 1\nseconds = 1', "no such number gets past the reader of recordings"),
        ('id = "B1"', "wants one of `nth`, `every`, `chance`, or `at` with `seconds`"),
        ('id = "B1"\nnth = 1\nevery = 2', "wants one of"),
        ('id = "B1"\nat = 1', "wants `seconds`"),
        ('id = "M1"\nnth = 1', "holds for a time: give `at` and `seconds`"),
        ('id = "M1"\nat = 1', "wants `seconds`"),
        ('id = "B1"\nnth = -1', "has a figure that is negative"),
        ('id = "B1"\nchance = 1.5', "a chance above 1"),
        ('id = "B1"\nnth = 1\namount = nan', "no number"),
        ('id = "B1"\nat = 0\nseconds = inf', "no number"),
        ('id = "B1"\nnth = 1\neffect = true', "has no choice of effect"),
        ('id = "B31"\nat = 1\nseconds = 1\nsymbol = "BTC-USD"', "concerns the whole venue"),
    ],
)
def test_what_cannot_be_is_told_by_its_number(tmp_path: Path, fault: str, told: str) -> None:
    """The second fault of this plan is the wrong one."""
    with pytest.raises(ConfigurationError, match=r"faults\.toml: fault 2") as caught:
        read(tmp_path, f'[[fault]]\nid = "S3"\nevery = 1\n[[fault]]\n{fault}\n')

    assert told in caught.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[fault]]\nid = "B1"\nnht = 1', "fault 1, unknown key nht; did you mean nth?"),
        ("[[fault]]\nnth = 1", "fault 1, the key id is missing"),
        ('[[fault]]\nid = "B1"\nnth = "one"', "fault 1, nth must be a whole number"),
        ("[[faults]]\nid = 'B1'", "unknown key faults; did you mean fault?"),
        ("[[fault", "not valid TOML"),
    ],
)
def test_a_file_that_is_no_plan_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    """The key that is wrong is named."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)

    assert told in caught.value.message
    assert "\n" not in caught.value.message


def test_a_symbol_that_is_not_traded_is_refused() -> None:
    """Its fault would never come, and a rehearsal without its trouble proves nothing."""
    plan = FaultPlan((Fault(id="M1", at=1, seconds=1, symbol="BTC-USD"), Fault(id="B1", nth=1, symbol="DOGE-USD")))

    with pytest.raises(ConfigurationError, match="B1 strikes DOGE-USD, which the recording has not; it has BTC-USD"):
        refuse_strange_symbols(plan, ["BTC-USD", "BTC-PERP"])


def test_no_plan_file_is_one_line(tmp_path: Path) -> None:
    """The setting that named it, and what is wrong with the file."""
    with pytest.raises(ConfigurationError, match="No such file") as caught:
        read_fault_plan(tmp_path / "missing.toml")

    assert caught.value.keys == ("paper.faults",)


def test_the_page_lists_every_fault_with_what_it_does() -> None:
    """docs/rehearsal.md is the catalogue in a table."""
    page = (Path(__file__).parents[4] / "docs" / "rehearsal.md").read_text()

    for fault_id, kind in KINDS.items():
        amount = f"{kind.amount:g} {kind.unit}" if kind.amount else ""
        assert f"| {fault_id} | {kind.place} | {kind.does} | {amount} |" in page
