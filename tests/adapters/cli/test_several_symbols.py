"""Several recordings in one session: each symbol has its own book, queue and silence, and one strategy trades them."""

from pathlib import Path

import msgspec

from tests.adapters.cli.conftest import Run
from tests.adapters.recordings.two_markets import book, gap, header, moving, two_markets, written

STRATEGY = '''
from decimal import Decimal

from tidegate import Action, Decision, OrderType, TimeInForce

SYMBOLS = ("BTC-USD", "ETH-USD")


class Both:
    """Buys a little of either once, and rests an offer at the ask of what it has."""

    def __init__(self):
        self.bought, self.offered = set(), set()

    def decide(self, view):
        for symbol in SYMBOLS:
            book, held = view.market(symbol).book, view.position(symbol)
            if book is None or not book.asks:
                continue
            if symbol not in self.bought:
                self.bought.add(symbol)
                yield symbol, Decision(action=Action.BUY, target_notional=Decimal(1000))
            elif held.quantity and symbol not in self.offered:
                self.offered.add(symbol)
                yield symbol, Decision(
                    action=Action.SELL, quantity=held.quantity, order_type=OrderType.LIMIT,
                    limit_price=book.best_ask, post_only=True, time_in_force=TimeInForce.GTC,
                )


def create():
    return Both()
'''


def test_two_symbols_are_traded_in_one_session(program: Run, tmp_path: Path) -> None:
    """The same every time; each at its own market's prices."""
    names = [path.name for path in two_markets(tmp_path)]
    Path("both.py").write_text(STRATEGY, encoding="utf-8")

    first = program("replay", *names, "--strategy", "both.py:create", "--store", "sqlite:///one.sqlite", "--json")
    again = program("replay", *names, "--strategy", "both.py:create", "--json")

    assert first.code == 0, first.err
    assert first.object == again.object
    fills = program("fills", "--store", "sqlite:///one.sqlite", "--profile", "replay", "--json").objects
    bought = {fill["symbol"]: fill["price"] for fill in fills if fill["side"] == "BUY"}
    assert bought.keys() == {"BTC-USD", "ETH-USD"}
    assert str(bought["BTC-USD"]).startswith("60000")
    assert str(bought["ETH-USD"]).startswith("3000")
    assert first.object["orders"] == 4
    told = program("replay", *names, "--strategy", "both.py:create").out
    assert "bitcoin.tgr.gz, ether.tgr.gz" in told
    assert "replay bitcoin.tgr.gz ether.tgr.gz --strategy" in told


def test_run_takes_several_recordings_and_a_later_start_remembers_them(program: Run, tmp_path: Path) -> None:
    """By the option, or as a list in the settings, whose files are beside it."""
    bitcoin, ether = (path.name for path in two_markets(tmp_path))
    Path("both.py").write_text(STRATEGY, encoding="utf-8")
    how = ("--strategy", "both.py:create", "--speed", "400", "--json")

    first = program("run", "--recording", bitcoin, "--recording", ether, *how)
    later = program("run", *how)
    Path("both.toml").write_text(f'[paper]\nrecording = ["{bitcoin}", "{ether}"]\n', encoding="utf-8")
    listed = program("replay", bitcoin, "--config", "both.toml", "--json")
    configured = program("run", "--config", "both.toml", *how)

    assert first.code == 0, first.err
    assert set(msgspec.convert(first.object["positions"], dict[str, str])) == {"BTC-USD", "ETH-USD"}
    assert later.code == 0, later.err
    assert later.object["orders"] == 4
    assert configured.code == listed.code == 0
    found = program("doctor", "--json").objects
    (recording,) = [one for one in found if one["what"] == "recording"]
    assert "bitcoin.tgr.gz, " in str(recording["found"])
    assert "BTC-USD, ETH-USD" in str(recording["found"])
    assert program("quote", "ETH-USD", "--json").code == 0
    (tmp_path / ether).unlink()
    found = program("doctor", "--json").objects
    (recording,) = [one for one in found if one["what"] == "recording"]
    assert "ether.tgr.gz is gone" in str(recording["found"])


def test_recordings_of_one_symbol_are_one_line(program: Run, tmp_path: Path) -> None:
    """Exit 2."""
    bitcoin, _ = two_markets(tmp_path)

    ended = program("replay", bitcoin.name, "synthetic", "--no-stdin")

    assert ended.code == 2
    assert "both have BTC-USD: one session has each symbol once" in ended.err


def test_the_silence_of_one_market_is_not_hidden_by_the_other(program: Run, tmp_path: Path) -> None:
    """Each recording is a connection of its own: ether is stale while bitcoin speaks, which is seen."""
    bitcoin = written(tmp_path / "b.tgr.gz", header("BTC"), moving(60_000, 120), 120)
    ether = written(tmp_path / "e.tgr.gz", header("ETH"), [book(0, "3000"), book(119, "3000")], 120)
    late = STRATEGY.replace("if book is None", "if book is None or view.now.minute < 37")
    Path("late.py").write_text(late, encoding="utf-8")

    ended = program("replay", bitcoin.name, ether.name, "--strategy", "late.py:create", "--json")

    assert ended.code == 0, ended.err
    assert ended.object["refused"] == {"TRADING_STATE": 1}
    assert ended.object["orders"] == 2
    assert list(msgspec.convert(ended.object["positions"], dict[str, str])) == ["BTC-USD"]


def test_gaps_are_told_with_the_result_and_by_doctor(program: Run, tmp_path: Path) -> None:
    """Nothing is traded in one, since nothing is known of the book."""
    rows = [*moving(60_000, 20), gap(20), *moving(60_000, 20, 50)]
    path = written(tmp_path / "b.tgr.gz", header("BTC", assumptions=("a spread of a tenth",)), rows, 70)
    Path("tidegate.toml").write_text(f'[paper]\nrecording = "{path.name}"\n', encoding="utf-8")

    told = program("replay", path.name, "--no-stdin")
    line = program("replay", path.name, "--no-stdin", "--json").object
    found = program("doctor", "--json").objects

    assert "1 gap, 30 s without a book; nothing is filled forward" in told.out
    assert "The recording assumes: a spread of a tenth" in " ".join(told.out.split())
    assert (line["gaps"], line["gap_seconds"]) == (1, "30")
    assert "a spread of a tenth" in str(line["assumed"])
    (recording,) = [one for one in found if one["what"] == "recording"]
    assert (recording["health"], "1 gap, 30 s without a book" in str(recording["found"])) == ("WARN", True)
