"""`import`: captures and files of real markets become recordings, and what became of them is said."""

import os
from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import Run
from tests.adapters.recordings.binance.messages import depth, touch, trade
from tests.adapters.recordings.bitstamp.captures import opened
from tidegate.adapters.cli import wire_upkeep

TERMS = """
symbol = "BTC-USDT"
kind = "spot"
base_currency = "BTC"
quote_currency = "USDT"
price_increment = 0.01
base_increment = "0.00001"
maker_fee_rate = 0.001
taker_fee_rate = 0.001
"""


def test_what_is_no_importer_is_a_usage_error(program: Run) -> None:
    """It is named."""
    ended = program("import", "kraken", "a", "b")

    assert (ended.code, "kraken" in ended.err) == (2, True)


def test_a_capture_that_is_not_there_is_one_line(program: Run) -> None:
    """Exit 2."""
    Path("terms.toml").write_text(TERMS, encoding="utf-8")

    assert program("import", "bitstamp", "none", "b.tgr.gz").err == "error: none: no such file or folder\n"
    ended = program("import", "binance", "none", "--product", "terms.toml")
    assert (ended.code, ended.err) == (2, "error: none: No such file or directory\n")


def test_a_file_whose_name_is_of_another_encoding_is_imported_all_the_same(program: Run) -> None:
    """An old archive's: the header and the result spell it."""
    Path("terms.toml").write_text(TERMS, encoding="utf-8")
    name = os.fsdecode(b"caf\xe9.csv")
    Path(name).write_text("time,price,size,side\n2026-01-05T12:00:00Z,100.01,0.5,buy\n", encoding="utf-8")

    ended = program(
        "import", "csv", "--trades", name, "--product", "terms.toml", "--output", f"{name}.tgr.gz", "--json"
    )

    assert (ended.code, ended.object["recording"]) == (0, "caf\\udce9.csv.tgr.gz")
    assert program("replay", f"{name}.tgr.gz").err.startswith("error: paper.recording must be the name of a file, in")


def test_a_capture_is_imported_with_what_became_of_its_rows(program: Run) -> None:
    """And what was made can be played."""
    capture = opened().bid(10, 5, "99.0").bid(2_000, 6, "98.0").trade(2_500, "99.0", "0.5", 1, 7, "sell")
    capture.order("changed", 2_500, 1, "bid", "99.0", "0.5").save(Path("capture"))

    told = program("import", "bitstamp", "capture", "day.tgr.gz")
    line = msgspec.json.decode(
        program("import", "bitstamp", "capture", "again.tgr.gz", "--json").out, type=wire_upkeep.ImportLine
    )

    assert told.code == 0
    assert "day.tgr.gz: BTC-USD" in told.out
    assert f"{line.order_rows_kept} of {line.order_rows} order rows kept" in told.out
    assert (line.recording, line.trades) == ("again.tgr.gz", 1)
    assert program("replay", "day.tgr.gz", "--json").code == 0


def raw_messages() -> str:
    """Ten seconds of a market, as a collector writes it."""
    lines = [depth(0, 1, 10, {"99": "2"}, {"101": "2"}), touch(1, 11, "99", "101")]
    lines += [trade(1_000 * number, number, "99") for number in range(1, 10)]
    lines.append(depth(9_500, 40, 41, {"99": "3"}, {}))
    return "\n".join(lines)


def test_raw_messages_are_imported_and_said(program: Run) -> None:
    """The recording is named for its source; the second time another name is asked for."""
    Path("terms.toml").write_text(TERMS, encoding="utf-8")
    Path("messages.txt").write_text(raw_messages(), encoding="utf-8")

    told = program("import", "binance", "messages.txt", "--product", "terms.toml")
    again = program("import", "binance", "messages.txt", "--product", "terms.toml")
    line = msgspec.json.decode(
        program("import", "binance", "messages.txt", "--product", "terms.toml", "--output", "b.tgr.gz", "--json").out,
        type=wire_upkeep.RecordingLine,
    )

    assert "messages.tgr.gz: BTC-USDT" in told.out
    assert "1 gap, " in told.out
    assert (
        again.err
        == "error: messages.tgr.gz exists already; name another with --output, or write over it with --overwrite\n"
    )
    assert (line.recording, line.symbols, line.trades, line.gaps) == ("b.tgr.gz", ["BTC-USDT"], 9, 1)
    assert line.read == {"lines": 12, "bookTicker": 1, "depth": 2, "trade": 9}


@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        (TERMS.replace("taker_fee_rate", "taker_fee"), "unknown key taker_fee; did you mean taker_fee_rate?"),
        (TERMS.replace("taker_fee_rate = 0.001", ""), "the key taker_fee_rate is missing; a product needs symbol, "),
        (TERMS.replace('"spot"', '"bond"'), "kind: BOND is none of SPOT, PERPETUAL, FUTURE"),
        (TERMS.replace("0.01", "nan"), "price_increment NaN is not a number"),
        (TERMS.replace("0.01", "-1"), "price_increment -1 is not above zero"),
        (TERMS.replace("0.01", "true"), "price_increment must be a number"),
        (TERMS.replace('"0.00001"', '"0,00001"'), "base_increment must be a number"),
        (TERMS + "initial_margin_rate = 10", "initial_margin_rate must be at most 1: a rate of 0.1 is 10 %"),
        (
            TERMS + "initial_margin_rate = 0.05\nmaintenance_margin_rate = 0.1",
            "maintenance_margin_rate must be below initial_margin_rate",
        ),
        (TERMS + "minimum_quantity = 5\nmaximum_quantity = 4", "maximum_quantity is below minimum_quantity"),
        (TERMS.replace('"BTC"', '"USDT"'), "base_currency and quote_currency are both USDT"),
        (
            TERMS.replace("taker_fee_rate = 0.001", "taker_fee_rate = 10"),
            "taker_fee_rate must be at most 0.1: a rate of",
        ),
        (TERMS.replace('"BTC-USDT"', "7"), "symbol must be text"),
        (TERMS + "expires_at = 5\n", "expires_at must be a moment such as 2026-05-02T02:40:00Z"),
        (TERMS.replace("BTC-USDT", "btc"), "'btc' is not a symbol: 1 to 40 of A-Z 0-9 . _ : / - in upper case"),
        ("symbol = ", "not TOML: "),
        ("#" * 200_000, "larger than 100000 bytes"),
    ],
)
def test_a_product_file_that_cannot_be_used_names_the_key(program: Run, terms: str, complaint: str) -> None:
    """In one line, before anything is read of the source."""
    Path("terms.toml").write_text(terms, encoding="utf-8")
    Path("messages.txt").write_text(raw_messages(), encoding="utf-8")

    ended = program("import", "binance", "messages.txt", "--product", "terms.toml")

    assert ended.code == 2
    assert ended.err.startswith("error: terms.toml: ")
    assert complaint in ended.err


def test_a_product_may_be_json(program: Run) -> None:
    """What is left out follows from the currencies."""
    Path("terms.json").write_text(
        '{"symbol": "BTC-USDT", "kind": "SPOT", "base_currency": "BTC", "quote_currency": "USDT", '
        '"price_increment": 0.01, "base_increment": "0.00001", "maker_fee_rate": 0, "taker_fee_rate": 0.001}',
        encoding="utf-8",
    )
    Path("messages.txt").write_text(raw_messages(), encoding="utf-8")

    assert program("import", "binance", "messages.txt", "--product", "terms.json").code == 0
    Path("terms.json").write_text("[1]", encoding="utf-8")
    ended = program("import", "binance", "messages.txt", "--product", "terms.json", "--output", "b.tgr.gz")
    assert ended.err == "error: terms.json: not a table of keys and values\n"
    ended = program("import", "binance", "messages.txt", "--product", "none.json", "--output", "b.tgr.gz")
    assert ended.err == "error: none.json: No such file or directory\n"


TRADES = "time,price,size,side\n" + "".join(f"{1767614400 + at},{100 + at % 3},1,buy\n" for at in range(60))
BARS = "time,open,high,low,close,volume\n" + "".join(f"{1767614400 + 60 * at},100,101,99,100,4\n" for at in range(5))


def test_tables_are_imported_and_what_they_assume_is_told_with_every_result(program: Run) -> None:
    """Trades and bars; with a book only where one was assumed."""
    Path("terms.toml").write_text(TERMS, encoding="utf-8")
    Path("trades.csv").write_text(TRADES, encoding="utf-8")
    Path("bars.csv").write_text(BARS, encoding="utf-8")
    book = ("--spread-bps", "5", "--depth", "2")

    bare = program("import", "csv", "--trades", "trades.csv", "--product", "terms.toml")
    assumed = program("import", "csv", "--bars", "bars.csv", "--product", "terms.toml", *book)
    played = program("replay", "bars.tgr.gz", "--no-stdin", "--json").object

    assert bare.code == assumed.code == 0, assumed.err
    assert "trades.tgr.gz: BTC-USDT" in bare.out
    assert "There is no book" in bare.out
    assert "assumed: BTC-USDT: no book was recorded; a spread of 5 bps" in assumed.out
    assert "no book was recorded; a spread of 5 bps beside each print" in str(played["assumed"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("bitstamp", "capture", "made.tgr.gz"),
        ("binance", "messages.txt", "--product", "terms.toml", "--output", "made.tgr.gz"),
        ("csv", "--trades", "trades.csv", "--product", "terms.toml", "--output", "made.tgr.gz"),
        ("csv", "--bars", "bars.csv", "--product", "terms.toml", "--output", "made.tgr.gz"),
        ("salvage", "cut.tgr.gz", "--output", "made.tgr.gz"),
    ],
)
def test_no_importer_writes_over_a_recording_unless_it_is_told_to(program: Run, arguments: tuple[str, ...]) -> None:
    """What stands there is kept, byte for byte; with --overwrite it is given up."""
    capture = opened().bid(10, 5, "99.0").bid(2_000, 6, "98.0").trade(2_500, "99.0", "0.5", 1, 7, "sell")
    capture.order("changed", 2_500, 1, "bid", "99.0", "0.5").save(Path("capture"))
    Path("terms.toml").write_text(TERMS, encoding="utf-8")
    Path("messages.txt").write_text(raw_messages(), encoding="utf-8")
    Path("trades.csv").write_text(TRADES, encoding="utf-8")
    Path("bars.csv").write_text(BARS, encoding="utf-8")
    program("generate", "whole.tgr.gz", "--minutes", "1")
    Path("cut.tgr.gz").write_bytes(Path("whole.tgr.gz").read_bytes()[:-100])
    Path("made.tgr.gz").write_bytes(b"a week of work")

    refused = program("import", *arguments)
    kept = Path("made.tgr.gz").read_bytes()
    overwritten = program("import", *arguments, "--overwrite")

    assert refused.code == 2
    assert refused.err.startswith("error: made.tgr.gz exists already; name another")
    assert refused.err.endswith("or write over it with --overwrite\n")
    assert kept == b"a week of work"
    assert overwritten.code == 0, overwritten.err
    assert program("replay", "made.tgr.gz", "--no-stdin", "--json").code == 0


def test_one_thing_that_was_dropped_is_told_as_one(program: Run) -> None:
    """And not as `1 damaged rows`."""
    Path("terms.toml").write_text(TERMS, encoding="utf-8")
    Path("trades.csv").write_text(f"{TRADES}junk\n", encoding="utf-8")

    told = program("import", "csv", "--trades", "trades.csv", "--product", "terms.toml", "--skip-damaged")

    assert "read: 61 rows\n  dropped: 1 damaged row\n" in told.out
    Path("one.csv").write_text("time,price,size,side\n1767614400,100,1,buy\n", encoding="utf-8")
    told = program("import", "csv", "--trades", "one.csv", "--product", "terms.toml")
    assert "read: 1 row\n  dropped: nothing\n  1 trade; 1 row written\n" in told.out


def test_a_source_is_never_its_own_recording(program: Run) -> None:
    """It would be gone."""
    Path("terms.toml").write_text(TERMS, encoding="utf-8")
    Path("trades.csv").write_text(TRADES, encoding="utf-8")
    arguments = ("--trades", "trades.csv", "--product", "terms.toml", "--output", "trades.csv", "--overwrite")

    ended = program("import", "csv", *arguments)

    assert (ended.code, ended.err) == (2, "error: trades.csv is what is read: name another with --output\n")
    assert Path("trades.csv").read_text(encoding="utf-8") == TRADES


def test_a_tape_without_a_book_takes_no_entry(program: Run) -> None:
    """Nothing is invented: there is no price to take and none to rest against."""
    Path("terms.toml").write_text(TERMS, encoding="utf-8")
    Path("trades.csv").write_text(TRADES, encoding="utf-8")
    Path("buys.py").write_text(
        "from decimal import Decimal\n"
        "from tidegate import Action, Decision\n"
        "class Buys:\n"
        "    done = False\n"
        "    def decide(self, view):\n"
        "        if not self.done:\n"
        "            self.done = True\n"
        "            yield 'BTC-USDT', Decision(action=Action.BUY, target_notional=Decimal(50))\n"
        "create = Buys\n",
        encoding="utf-8",
    )
    program("import", "csv", "--trades", "trades.csv", "--product", "terms.toml")

    ended = program("replay", "trades.tgr.gz", "--strategy", "buys.py:create", "--json")

    assert ended.object["refused"] == {"STALE_MARK": 1}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "name either --trades FILE or --bars FILE"),
        (("--trades", "t.csv", "--bars", "b.csv"), "name either --trades FILE or --bars FILE"),
        (("--trades", "t.csv", "--depth", "1"), "an assumed book takes both --spread-bps and --depth"),
        (("--trades", "t.csv", "--depth", "1", "--spread-bps", "x"), "--spread-bps 'x' is not a number"),
        (("--trades", "t.csv", "--depth", "0", "--spread-bps", "1"), "--depth is a number above zero"),
        (("--bars", "b.csv", "--stamped", "noon"), "--stamped is open or close"),
    ],
)
def test_options_of_a_table_that_do_not_fit_are_one_line(
    program: Run, arguments: tuple[str, ...], complaint: str
) -> None:
    """Exit 2."""
    Path("terms.toml").write_text(TERMS, encoding="utf-8")

    ended = program("import", "csv", *arguments, "--product", "terms.toml")

    assert ended.code == 2
    assert complaint in ended.err
    assert ended.err.count("\n") == 1
