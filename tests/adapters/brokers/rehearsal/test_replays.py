"""Whole replays with trouble on demand: whatever strikes, the books hold and every outcome is known in the end."""

from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Run, clean_environment, run_program
from tidegate.adapters.brokers.rehearsal.catalogue import KINDS, Place

STRATEGY = '''
from decimal import Decimal
from tidegate import Action, Decision


class Busy:
    """Buys and sells at the market and rests at the touch, once a second, so that every kind of call is made."""

    def __init__(self):
        self.turn = 0

    def decide(self, view):
        self.turn += 1
        book = view.market("BTC-USD").book
        if book is None or book.mid is None:
            return
        turn = self.turn % 6
        if turn in (0, 1):
            yield "BTC-USD", Decision(action=Action.BUY, quantity=Decimal("0.01"))
        elif turn in (2, 3):
            yield "BTC-USD", Decision(action=Action.BUY, quantity=Decimal("0.002"), limit_price=book.best_bid)
        elif turn == 4:
            yield "BTC-PERP", Decision(action=Action.SELL, quantity=Decimal("0.001"), limit_price=book.best_ask)
        else:
            yield "BTC-USD", Decision(action=Action.CLOSE)


def create():
    return Busy()
'''
LIES = ("S8", "S11", "S15")
"""What is said and is in no book of the venue's: the symbol stops, and an operator must look."""
COMES_OF_STRATEGIES = [
    pytest.param(fault_id, marks=[pytest.mark.no_cover] if fault_id == "S14" else [])
    for fault_id, kind in KINDS.items()
    if kind.place is not Place.AMEND
]
"""A strategy does not amend; what strikes amends is tried at the venue."""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program in an empty folder with a strategy that keeps it busy."""
    clean_environment(monkeypatch, tmp_path)
    Path("busy.py").write_text(STRATEGY)
    return run_program


def plan(*faults: str) -> None:
    """A configuration with these faults."""
    Path("faults.toml").write_text("".join(f"[[fault]]\n{fault}\n" for fault in faults))
    Path("tidegate.toml").write_text('[paper]\nfaults = "faults.toml"\n[risk]\nmax_exposure_pct = 1\n')


def replay(program: Run, *more: str) -> dict[str, object]:
    """Two minutes of the packaged recording, and what came of them."""
    ended = program("replay", "synthetic", "--strategy", "busy.py:create", "--for", "120", "--json", *more)
    assert not ended.err
    return ended.object


@pytest.mark.parametrize("fault_id", COMES_OF_STRATEGIES)
def test_the_books_hold_whatever_strikes(program: Run, fault_id: str) -> None:
    """Fifty seconds of it, fifty to recover: no outcome is unknown, and but for a lie every invariant holds."""
    plan(f'id = "{fault_id}"\nat = 20\nseconds = 50')

    told = replay(program)

    faults = told["faults"]
    assert isinstance(faults, dict)
    assert faults[fault_id] > 0
    assert isinstance(told["orders"], int)
    assert told["orders"] > 0
    assert told["unknown"] == 0
    if fault_id not in LIES:
        assert told["invariants"] == "hold"


def test_trouble_repeats_itself(program: Run) -> None:
    """The same plan, seed and recording end the same way, chance included."""
    plan('id = "B1"\nchance = 0.3', 'id = "S3"\nchance = 0.3', 'id = "M1"\nat = 30\nseconds = 8')

    assert replay(program) == replay(program)


def test_the_summary_tells_what_struck(program: Run) -> None:
    """For people in a row of its own, with the plan's name."""
    plan('id = "B3"\nnth = 2', 'id = "B9"\nnth = 100000')

    ended = program("replay", "synthetic", "--strategy", "busy.py:create", "--for", "60")

    assert "Faults      1 x B3, 0 x B9; on demand, by faults.toml" in ended.out


def test_what_came_from_outside_is_no_part_of_the_result(program: Run) -> None:
    """A deposit stands in a row of its own, and the result is the same as without it; funding is a part of it."""
    result = {}
    for deposit in ("1", "5000"):
        Path("happenings.toml").write_text(
            f'[[event]]\nat = 5\nkind = "deposit"\ncurrency = "USD"\namount = "{deposit}"\n'
        )
        Path("tidegate.toml").write_text('[paper]\nhappenings = "happenings.toml"\nfunding_rate = 0.001\n')
        ended = program("replay", "synthetic", "--strategy", "busy.py:create", "--for", "30")
        (result[deposit],) = [line for line in ended.out.splitlines() if line.startswith("Result")]
        assert "which is no profit and no loss" in ended.out
        assert "cross margin and funding of 0.001 every 8 h" in " ".join(ended.out.split())

    assert result["1"] == result["5000"]


def test_a_plan_that_cannot_be_is_one_line_and_nothing_is_played(program: Run) -> None:
    """Exit code 2, with what is wrong."""
    plan('id = "B1"\nnth = 1\nsymbol = "DOGE-USD"')

    ended = program("replay", "synthetic", "--strategy", "busy.py:create")

    assert ended.code == 2
    assert ended.out == ""
    assert "B1 strikes DOGE-USD" in ended.err


def test_without_a_plan_nothing_is_told_of_faults(program: Run) -> None:
    """No row of the summary, and none in JSON."""
    Path("tidegate.toml").write_text("[risk]\nmax_exposure_pct = 1\n")

    assert replay(program)["faults"] == {}


@pytest.mark.parametrize("margin", ["cross", "isolated"])
@pytest.mark.parametrize("fees_in", ["quote", "received"])
def test_the_books_hold_whatever_the_venue_does_to_the_account(program: Run, margin: str, fees_in: str) -> None:
    """Money comes and goes, fills are taken back and positions reduced: records and the venue's books agree."""
    Path("happenings.toml").write_text(
        '[[event]]\nat = 15\nkind = "deposit"\ncurrency = "USD"\namount = "250.5"\n'
        '[[event]]\nat = 35\nkind = "withdrawal"\ncurrency = "USD"\namount = "1000"\n'
        '[[event]]\nat = 45\nkind = "deleveraging"\nsymbol = "BTC-PERP"\nfraction = 0.5\n'
        '[[event]]\nat = 55\nkind = "bust"\nsymbol = "BTC-USD"\n'
    )
    Path("tidegate.toml").write_text(
        f'[paper]\nhappenings = "happenings.toml"\nmargin = "{margin}"\nfees_in = "{fees_in}"\n'
        "[risk]\nmax_exposure_pct = 1\n"
    )

    told = replay(program)

    assert (told["unknown"], told["invariants"]) == (0, "hold")
    assert isinstance(told["orders"], int)
    assert told["orders"] > 0
    assert isinstance(told["restrained"], dict)
    assert any("BUST" in why or "taken back" in why for why in told["restrained"].values())
