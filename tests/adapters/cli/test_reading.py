"""Looking at an account: the same things as tables for people and as lines for programs."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import Run
from tidegate.adapters.cli import wire

LISTS: Mapping[str, type[wire.Line]] = {
    "orders": wire.OrderLine,
    "fills": wire.FillLine,
    "positions": wire.PositionLine,
    "products": wire.ProductLine,
    "events": wire.EventLine,
}
OBJECTS: Mapping[tuple[str, ...], type[wire.Line]] = {
    ("account",): wire.AccountLine,
    ("quote", "BTC-USD"): wire.QuoteLine,
}
AMOUNT = re.compile(r"-?\d+(\.\d*[1-9])?")


@pytest.mark.parametrize(("command", "kind"), LISTS.items(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_list_is_one_object_a_line_with_exactly_the_fields_of_its_kind(
    traded: Run, command: str, kind: type[wire.Line]
) -> None:
    """What docs/cli.md says of it."""
    ended = traded(command, "--json")

    assert ended.code == 0
    assert ended.objects
    for line, fields in zip(ended.out.splitlines(), ended.objects, strict=True):
        assert list(fields) == list(kind.__struct_fields__)
        msgspec.json.decode(line, type=kind)


@pytest.mark.parametrize(
    ("arguments", "kind"), OBJECTS.items(), ids=lambda value: value[0] if isinstance(value, tuple) else ""
)
def test_one_thing_is_one_object(traded: Run, arguments: tuple[str, ...], kind: type[wire.Line]) -> None:
    """One line and no more."""
    ended = traded(*arguments, "--json")

    assert ended.code == 0
    assert list(ended.object) == list(kind.__struct_fields__)
    msgspec.json.decode(ended.out, type=kind)


def test_amounts_are_text_without_exponents(traded: Run) -> None:
    """A program reads them into decimals of its own."""
    for order in traded("orders", "--json").objects:
        assert AMOUNT.fullmatch(str(order["quantity"]))
    for fill in traded("fills", "--json").objects:
        assert AMOUNT.fullmatch(str(fill["price"]))


@pytest.mark.parametrize("command", ["orders", "fills", "events"])
def test_a_list_that_stops_short_says_so(traded: Run, command: str) -> None:
    """On standard error, so that a program reads what it did; one that is whole says nothing."""
    whole = traded(command, "--json", "--limit", "100000")
    short = traded(command, "--json", "--limit", "1")

    assert (len(short.objects), whole.err) == (1, "")
    assert short.err.startswith("shown: the ")
    assert traded(command, "--json", "--limit", str(len(whole.objects))).err == ""


def test_a_fill_names_the_strategy_whose_position_it_moved(program: Run) -> None:
    """Of another process, too, which has nothing but the store."""
    for strategy in ("alpha", "beta"):
        assert program("decide", "BTC-USD", "BUY", "--notional", "100", "--strategy-id", strategy).code == 0

    assert [fill["strategy_id"] for fill in program("fills", "--json").objects] == ["beta", "alpha"]


@pytest.mark.parametrize("command", [*LISTS, "account"])
def test_for_people_it_is_a_table_without_colour_codes_in_a_pipe(traded: Run, command: str) -> None:
    """And no line is wider than a hundred columns."""
    ended = traded(command)

    assert ended.code == 0
    assert "\x1b" not in ended.out
    assert max(map(len, ended.out.splitlines())) <= 100 or command == "events"
    assert ended.err == ""


def test_an_order_s_row_is_whole_within_the_width(traded: Run) -> None:
    """No figure and no id is cut."""
    rows = traded("orders", "-n", "5").out
    orders = traded("orders", "-n", "5", "--json").objects

    assert "…" not in rows
    for order in orders:
        assert str(order["client_order_id"])[:10] in rows
        assert str(order["quantity"]) in rows
    assert str(orders[0]["client_order_id"]) in traded("orders", "-n", "1", "-v").out.replace("\n", "").replace(" ", "")


def test_a_list_can_be_cut_and_narrowed(traded: Run) -> None:
    """By count, by symbol, by what is open, and by where the journal had been read to."""
    every = traded("orders", "--json").objects

    assert traded("orders", "--json", "-n", "1").objects == every[:1]
    spot = traded("orders", "--json", "--symbol", "BTC-USD").objects
    assert spot == [order for order in every if order["symbol"] == "BTC-USD"]
    assert all(order["leaves_quantity"] != "0" for order in traded("orders", "--open", "--json").objects)
    assert traded("fills", "--symbol", "NONE").out.strip() == "No fills."
    assert [row["sequence"] for row in traded("events", "--after", "3", "-n", "2", "--json").objects] == [4, 5]


def test_the_end_of_the_journal_is_read_without_the_rest(traded: Run) -> None:
    """The last rows, oldest first; and where to begin is said once."""
    rows = [row["sequence"] for row in traded("events", "--json").objects]

    assert [row["sequence"] for row in traded("events", "--last", "3", "--json").objects] == rows[-3:]
    assert [row["sequence"] for row in traded("events", "--last", "100000", "--json").objects] == rows
    assert traded("events", "--last", "3", "--after", "2").code == 2


def test_in_a_pipe_a_row_of_the_journal_is_one_line(traded: Run) -> None:
    """Whoever looks for an order with grep finds all that its rows say."""
    rows = traded("events", "--json").objects
    told = traded("events").out.splitlines()

    assert [int(line.split()[0]) for line in told] == [row["sequence"] for row in rows]
    assert max(map(len, told)) > 100


def test_reading_changes_nothing(traded: Run, traded_folder: Path) -> None:
    """Not a byte of store and world, and no file beside them but what SQLite itself reads by: a log without a row."""
    folder = traded_folder / "data" / "tidegate"

    def kept() -> dict[str, bytes]:
        found = {one.name: one.read_bytes() for one in folder.iterdir() if not one.name.endswith("-shm")}
        return {name: content for name, content in found.items() if content or not name.endswith("-wal")}

    before = kept()
    for command in ("orders", "fills", "positions", "account", "events", "plan BTC-USD BUY --notional 100", "doctor"):
        traded(*command.split())

    assert {"paper.sqlite", "paper.sqlite.world"} <= before.keys()
    assert kept() == before


@pytest.mark.parametrize("command", ["orders", "fills", "positions", "account", "events"])
def test_without_a_store_there_is_nothing_to_read(program: Run, tmp_path: Path, command: str) -> None:
    """Exit 2, and no store is made."""
    ended = program(command)

    assert (ended.code, ended.out) == (2, "")
    path = tmp_path / "data" / "tidegate" / "paper.sqlite"
    assert ended.err == f"error: there is no store at {path}: nothing has been traded there\n"
    assert not (tmp_path / "data").exists()
    in_memory = program(command, "--store", "memory://")
    assert in_memory.code == 2
    assert "no such store" in in_memory.err


@pytest.mark.parametrize(
    "command",
    [
        ("run", "--for", "1"),
        ("run", "--fresh", "--for", "1"),
        ("decide", "BTC-USD", "HOLD"),
        ("plan", "BTC-USD", "BUY", "--notional", "50"),
        ("quote", "BTC-USD"),
        ("doctor",),
        ("orders",),
        ("account",),
        ("halt",),
        ("backup", "copy.sqlite"),
    ],
    ids=" ".join,
)
def test_a_folder_is_no_store_and_stays_where_it_is(program: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """A slip of the tongue must not move a folder aside, nor be told as an account that has not traded yet."""
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "notes").write_text("mine")
    before = sorted(tmp_path.rglob("*"))

    ended = program(*command, "--store", f"sqlite:///{folder}")

    assert ended.code == 2
    assert "is not a Tidegate store: it is a folder" in ended.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_path_with_a_slash_too_few_is_told(traded: Run, traded_folder: Path) -> None:
    """`sqlite:///tmp/...` is relative; the message has the URL that was meant."""
    store = traded_folder / "data" / "tidegate" / "paper.sqlite"

    ended = traded("orders", "--store", f"sqlite://{store}")

    assert ended.code == 2
    assert f"an absolute path has four slashes: sqlite:///{store}" in ended.err


def test_the_market_can_be_seen_without_a_store(program: Run, tmp_path: Path) -> None:
    """Products and prices are no account's."""
    assert [product["symbol"] for product in program("products", "--json").objects] == ["BTC-USD", "BTC-PERP"]
    quote = program("quote", "BTC-USD", "--json").object
    assert float(str(quote["bid"])) < float(str(quote["ask"]))
    assert "bid" in program("quote", "BTC-USD").out
    assert not (tmp_path / "data").exists()


def test_a_symbol_that_is_none_is_told_with_the_nearest(program: Run) -> None:
    """A usage error."""
    ended = program("quote", "BTCUSD")

    assert (ended.code, ended.err) == (2, "error: there is no product BTCUSD; there is BTC-USD, BTC-PERP\n")


def test_another_account_s_store_is_refused(traded: Run, traded_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """C5: the account is pinned in the store."""
    monkeypatch.setenv("TIDEGATE__ACCOUNT_ID", "other")

    ended = traded("orders", "--store", f"sqlite:///{traded_folder}/data/tidegate/paper.sqlite")

    assert ended.code == 2
    assert "belongs to account 'paper', not 'other'" in ended.err


def test_a_plan_beside_a_lost_store_says_that_it_is_of_a_fresh_account(program: Run, tmp_path: Path) -> None:
    """It would be taken for the account's otherwise."""
    program("decide", "BTC-USD", "BUY", "--notional", "250")
    for path in (tmp_path / "data" / "tidegate").glob("paper.sqlite*"):
        if ".world" not in path.name:
            path.unlink()

    ended = program("plan", "BTC-USD", "BUY", "--notional", "250")

    assert ended.code == 0
    assert "is missing, and its world has traded: this is a fresh account" in " ".join(ended.err.split())


@pytest.mark.parametrize("command", ["orders", "fills"])
def test_what_can_be_no_symbol_is_not_an_empty_list(traded: Run, command: str) -> None:
    """`btc-usd` would find nothing."""
    ended = traded(command, "--symbol", "btc-usd")

    assert ended.code == 2
    assert "a symbol is upper-case, such as BTC-USD" in ended.err
