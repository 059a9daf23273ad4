"""`generate`: a synthetic market from a seed, the same every time, and what cannot be told in one line."""

from pathlib import Path

import pytest

from tests.adapters.cli.conftest import EXAMPLE, Run


def test_a_market_is_generated_and_can_be_replayed(program: Run) -> None:
    """The same seed gives the same file; the replay of it holds its books."""
    first = program("generate", "one.tgr.gz", "--minutes", "3", "--seed", "9", "--preset", "stressed", "--json")
    program("generate", "same.tgr.gz", "--minutes", "3", "--seed", "9", "--preset", "stressed")
    program("generate", "other.tgr.gz", "--minutes", "3", "--seed", "8", "--preset", "stressed")

    one, same, other = (Path(f"{name}.tgr.gz").read_bytes() for name in ("one", "same", "other"))
    assert first.code == 0
    assert (first.object["seed"], first.object["seconds"]) == (9, 180.0)
    assert one == same != other
    told = program("replay", "one.tgr.gz", "--strategy", f"{EXAMPLE}:create", "--json").object
    assert (told["unknown"], told["invariants"]) == (0, "hold")


def test_for_people_it_says_that_it_is_no_market(program: Run) -> None:
    """With what was made of which parameters."""
    Path("mine.toml").write_text("halts_an_hour = 60\n")

    ended = program("generate", "x.tgr.gz", "--minutes", "2", "--parameters", "mine.toml")

    assert ended.code == 0, ended.err
    assert "2 min of a synthetic market" in ended.out
    assert "halt" in ended.out
    assert "never traded anywhere" in ended.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--preset", "queit"), "did you mean quiet?"),
        (("--parameters", "missing.toml"), "missing.toml"),
        (("--minutes", "0"), "minutes"),
    ],
)
def test_what_cannot_be_generated_is_told(program: Run, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2, and no file."""
    ended = program("generate", "x.tgr.gz", *arguments)

    assert ended.code == 2
    assert told in " ".join(ended.err.split())
    assert not Path("x.tgr.gz").exists()


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ("market_rat = 1", "unknown key market_rat; did you mean market_rate?"),
        ("market_rate = 'fast'", "market_rate must be a number"),
        ("market_rate = nan", "market_rate must be a number, and not below zero"),
        ("placement_depth = 1.5", "placement_depth must be a whole number"),
        ("start_price = nan", "start_price must be a finite number"),
        ("start_price = -1", "start_price must not be negative (minus zero included)"),
        ("price_increment = 1e-30", "price_increment has more than 18 digits after the point"),
        ("price_increment = 0.7", "start_price is off price_increment"),
        ("regimes = 4", "regimes must be a list"),
        ("[[regimes]]\nname = 'a'", "regimes 1, the key activity is missing"),
        ("[[regimes]]\nnam = 'a'", "regimes 1, unknown key nam; did you mean name?"),
    ],
)
def test_a_parameter_that_cannot_be_is_told_by_its_name_and_by_what_it_must_be(
    program: Run, parameters: str, told: str
) -> None:
    """In the words of whoever wrote the file."""
    Path("mine.toml").write_text(f"{parameters}\n")

    ended = program("generate", "x.tgr.gz", "--minutes", "1", "--parameters", "mine.toml")

    assert (ended.code, ended.err) == (2, f"error: mine.toml: {told}\n")


def test_a_place_that_cannot_be_written_is_told(program: Run) -> None:
    """The folder that is missing is named, and not a file that nobody has heard of."""
    ended = program("generate", "no/such/folder/x.tgr.gz", "--minutes", "1")

    assert (ended.code, ended.err) == (2, "error: no/such/folder/x.tgr.gz: there is no folder no/such/folder\n")


def test_a_recording_is_written_over_only_where_that_is_said(program: Run) -> None:
    """As everywhere: what is there stands until it is given up; a folder is none."""
    program("generate", "x.tgr.gz", "--minutes", "1")
    before = Path("x.tgr.gz").read_bytes()
    Path("folder").mkdir()

    refused = program("generate", "x.tgr.gz", "--minutes", "1", "--seed", "2")
    kept = Path("x.tgr.gz").read_bytes()
    folder = program("generate", "folder", "--minutes", "1", "--overwrite")
    program("generate", "x.tgr.gz", "--minutes", "1", "--seed", "2", "--overwrite")

    assert refused.code == 2
    assert refused.err == "error: x.tgr.gz exists already; name another, or write over it with --overwrite\n"
    assert kept == before
    assert folder.err == "error: folder is a folder: name a file in it\n"
    assert Path("x.tgr.gz").read_bytes() != before
