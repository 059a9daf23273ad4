"""Looking at an account that was played on a market which the settings do not name: its own last marks, or none."""

import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import Run
from tidegate.adapters.brokers.simulated.peeking import keep_place, peek_standing
from tidegate.adapters.cli import wire

TERMS = """
symbol = "SOL-EUR"
kind = "spot"
base_currency = "SOL"
quote_currency = "EUR"
price_increment = "0.01"
base_increment = "0.001"
maker_fee_rate = 0.001
taker_fee_rate = 0.001
"""
BUYER = """
from decimal import Decimal
from tidegate import Action, Decision

class Buyer:
    bought = False

    def decide(self, view):
        symbol = view.products[0].symbol
        if not self.bought and view.market(symbol).book is not None:
            self.bought = True
            yield symbol, Decision(action=Action.BUY, target_notional=Decimal(1000))

def create():
    return Buyer()
"""
BUYING = ("--strategy", "buyer.py:create")
STORE = ("--store", "sqlite:///sol.sqlite")


@pytest.fixture
def market(program: Run) -> str:
    """Two minutes at 100, whose last twenty seconds lead to 102.28, a trade a second."""
    return _made(program, "sol.tgr.gz", 0.12)


def _made(program: Run, name: str, step: float) -> str:
    rows = [
        f"2024-01-01T00:{second // 60:02}:{second % 60:02}Z,{100 + step * max(0, second - 100):.2f},1,buy"
        for second in range(120)
    ]
    Path("trades.csv").write_text("\n".join(["time,price,size,side", *rows]), encoding="utf-8")
    Path("sol.toml").write_text(TERMS, encoding="utf-8")
    Path("buyer.py").write_text(BUYER, encoding="utf-8")
    made = program(
        *f"import csv --trades trades.csv --product sol.toml --spread-bps 2 --depth 500 --output {name}".split()
    )
    assert made.code == 0, made.err
    return name


def _replayed(program: Run, market: str) -> object:
    return program("replay", market, *BUYING, *STORE, "--json").object["equity"]


def _ran(program: Run, market: str) -> object:
    return program("run", "--recording", market, "--speed", "200", *BUYING, *STORE, "--json").object["equity"]


@pytest.mark.parametrize("played", [_replayed, _ran])
def test_an_account_is_worth_what_its_session_ended_with(
    program: Run, market: str, played: Callable[[Run, str], object]
) -> None:
    """Not what it would be worth as the market opened, nor on the package's own."""
    equity = played(program, market)
    account, (position,) = program("account", *STORE, "--json").object, program("positions", *STORE, "--json").objects
    quote = program("quote", "SOL-EUR", *STORE, "--json").object

    assert account["reporting_currency"] == "EUR"
    assert account["equity"] == equity
    assert float(str(position["mark"])) > 102
    assert quote["mark"] == position["mark"]
    assert quote["age_seconds"] == position["mark_age_seconds"] == account["mark_age_seconds"]
    assert program("decide", "SOL-EUR", "BUY", "--notional", "100", "--dry-run", *STORE).code == 0


def test_the_age_of_a_mark_is_the_sessions(program: Run, market: str) -> None:
    """A replay ends with its recording's last moment, and the last print arrives a little later."""
    _replayed(program, market)

    age = program("quote", "SOL-EUR", *STORE, "--json").object["age_seconds"]

    assert isinstance(age, float)
    assert 0.5 < age < 2


@pytest.mark.parametrize("played", ["replay sol.tgr.gz --store sqlite:///sol.sqlite", "replay sol.tgr.gz"])
def test_what_is_suggested_next_works_as_it_stands(program: Run, market: str, played: str) -> None:
    """Whatever the market is called, and with the settings of the call; also where nothing was traded."""
    Path("other.toml").write_text("[paper]\nseed = 3\n", encoding="utf-8")
    told = program(*played.split(), "--no-stdin", "--config", "other.toml").out
    commands = told.split("Try next")[1].replace("\n", " \n").splitlines()
    tried = [shlex.split(line) for line in commands if line.strip() and not line.startswith("#")]

    assert len(tried) == 3
    for command in tried:
        if command[1] == "run":
            command += ["--for", "5"]
        ended = program(*command[1:])
        assert ended.code in (0, 1), (command, ended.err)
        assert "UNKNOWN_SYMBOL" not in ended.out
        assert "STALE_MARK" not in ended.out


def test_a_recording_that_is_named_wins_over_the_one_that_was_played(program: Run, market: str) -> None:
    """The account stands nowhere on it, so that it is looked at as it opens; the settings come last."""
    _replayed(program, market)
    Path("tidegate.toml").write_text('[paper]\nrecording = "synthetic"\n', encoding="utf-8")

    assert program("quote", "SOL-EUR", *STORE).code == 0
    assert program("quote", "BTC-USD", *STORE).code == 2
    for words in (("quote", "BTC-USD"), ("plan", "BTC-USD", "BUY", "--notional", "10")):
        assert program(*words, "--recording", "synthetic", *STORE).code in (0, 1)
    assert "SOL-EUR" not in program("products", "--recording", "synthetic", *STORE).out


def test_a_plan_is_made_where_the_session_stands(program: Run, market: str) -> None:
    """At 102, not at 100."""
    _replayed(program, market)

    planned = program("plan", "SOL-EUR", "BUY", "--notional", "1000", *STORE, "--json")
    line = msgspec.json.decode(planned.out, type=wire.PlanLine)

    assert line.plan.expected_price is not None
    assert float(line.plan.expected_price) > 102


@pytest.mark.parametrize("settings", ["", '[paper]\nrecording = "sol.tgr.gz"\n'])
def test_a_recording_that_is_gone_leaves_values_unknown_and_is_named(program: Run, market: str, settings: str) -> None:
    """Money and orders are there as before; what a price goes into is not."""
    _replayed(program, market)
    Path(market).rename("moved.tgr.gz")
    Path("tidegate.toml").write_text(settings, encoding="utf-8")
    account, (position,) = program("account", *STORE, "--json").object, program("positions", *STORE, "--json").objects

    unknown = ("equity", "day_pnl", "exposure", "margin_used", "valued_at", "mark_age_seconds")
    assert [account[name] for name in unknown] == [None] * len(unknown)
    assert "sol.tgr.gz is gone" in str(account["unvalued"])
    assert account["balances"]
    assert (position["mark"], position["unrealized_pnl"]) == (None, None)
    assert "sol.tgr.gz is gone" in " ".join(program("account", *STORE).out.split())
    assert "sol.tgr.gz is gone" in " ".join(program("positions", *STORE, "--json").err.split())
    for words in (("quote", "SOL-EUR"), ("plan", "SOL-EUR", "BUY", "--notional", "10"), ("products",)):
        ended = program(*words, *STORE)
        assert (ended.code, "sol.tgr.gz is gone" in ended.err) == (2, True)
    assert len(program("orders", *STORE, "--json").objects) == 1
    assert program("account", "--recording", "moved.tgr.gz", *STORE, "--json").object["equity"] is not None


def test_another_recording_under_the_same_name_values_nothing(program: Run, market: str) -> None:
    """Its prices are not those of the account's session."""
    _replayed(program, market)
    Path(market).unlink()
    _made(program, market, 0.06)

    account = program("account", *STORE, "--json").object

    assert account["equity"] is None
    assert "another recording" in str(account["unvalued"])


@pytest.mark.parametrize("played", [_replayed, _ran])
def test_a_backup_is_worth_what_its_store_is(program: Run, market: str, played: Callable[[Run, str], object]) -> None:
    """Beside the copy stands on what the account was played; without that its value is not known."""
    equity = played(program, market)
    place = str(program("backup", "copy.sqlite", *STORE, "--json").object["place"])
    copy = ("account", "--store", "sqlite:///copy.sqlite", "--json")

    assert program(*copy).object["equity"] == equity
    Path(place).unlink()
    assert program(*copy).object["equity"] is None
    assert "copy.sqlite.world" in str(program(*copy).object["unvalued"])


def test_a_replay_that_was_killed_stands_where_its_records_end(program: Run, market: str) -> None:
    """It could write down what it plays, and no longer how far it came."""
    _replayed(program, market)
    state = peek_standing(Path("sol.sqlite.world"))
    assert state is not None
    state.rows, state.is_closed, state.is_ended, state.lease_us = 0, False, False, state.offset_us
    keep_place(Path("sol.sqlite.place"), state)

    account = program("account", *STORE, "--json").object
    (order,) = program("orders", *STORE, "--json").objects

    assert str(account["valued_at"]) >= str(order["created_at"])
    assert float(str(account["equity"])) < 100_005


def test_a_replays_store_is_sound_and_is_not_traded_on(program: Run, market: str) -> None:
    """Its venue is gone, which is no fault of the store, and is said where somebody would go on."""
    _replayed(program, market)

    found = {line["what"]: line for line in program("doctor", *STORE, "--json").objects}
    refused = program("decide", "SOL-EUR", "BUY", "--notional", "100", *STORE)

    assert (found["paper venue"]["health"], found["recording"]["health"]) == ("OK", "OK")
    assert "sol.tgr.gz" in str(found["recording"]["found"])
    assert (refused.code, "of a replay" in refused.err) == (1, True)
    again = program("replay", market, *BUYING, *STORE)
    assert (again.code, "history" in again.err) == (2, True)


def test_an_account_whose_market_is_gone_is_played_on_no_other(program: Run, market: str) -> None:
    """It had gone on, in silence, on the package's own; what is named is played, wherever it is now."""
    _ran(program, market)
    Path(market).rename("moved.tgr.gz")
    for words in (("run", "--no-stdin"), ("decide", "SOL-EUR", "BUY", "--notional", "100"), ("cancel-all",)):
        ended = program(*words, *STORE)
        assert (ended.code, "sol.tgr.gz is gone" in ended.err, "--recording" in ended.err) == (2, True, True)
    named = ("--recording", "moved.tgr.gz")

    assert program("halt", *STORE).code == 0
    assert program("run", "--no-stdin", "--speed", "2000", *named, *STORE).code == 0
    assert "moved.tgr.gz · account" in program("run", "--no-stdin", "--speed", "2000", *STORE).out


@pytest.mark.parametrize("wrong", [("--strategy", "gone.py:create"), ("--recording", "gone.tgr.gz")])
def test_a_fresh_run_that_cannot_begin_sets_nothing_aside(program: Run, market: str, wrong: tuple[str, str]) -> None:
    """A slip of the pen must not cost the account its name."""
    _ran(program, market)
    before = sorted(path.name for path in Path().glob("sol.sqlite*"))

    refused = program("run", "--fresh", "--no-stdin", *wrong, *STORE)

    assert refused.code == 2
    assert "gone." in refused.err
    assert sorted(path.name for path in Path().glob("sol.sqlite*")) == before
    assert len(program("orders", *STORE, "--json").objects) == 1
