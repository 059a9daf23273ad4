"""Intervening: trading states that hold for whoever sends next, cancels, closes and reconciliation."""

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import Run
from tidegate.adapters.brokers.simulated.world_file import FileArchive
from tidegate.adapters.cli import wire, wire_upkeep
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.recordings.synthetic import packaged_recording_path
from tidegate.adapters.stores.sqlite.inbox import open_sqlite_inbox
from tidegate.adapters.stores.sqlite.opening import open_sqlite_store
from tidegate.adapters.stores.sqlite.reader import open_sqlite_reader
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.vocabulary import TradingState

RESTING = ("decide", "BTC-USD", "BUY", "--quantity", "0.01", "--limit", "50000")


def code_of(ended_out: str) -> str:
    return msgspec.json.decode(ended_out, type=wire.RefusalLine).refusal.code


@pytest.mark.parametrize(
    "command",
    [("halt",), ("reduce",), ("resume",), ("cancel-all",), ("close", "BTC-USD"), ("reconcile",), ("cancel", "tg1")],
    ids=" ".join,
)
def test_without_a_store_an_intervention_fails(program: Run, command: tuple[str, ...]) -> None:
    """It does not succeed at nothing: the account that was meant is another."""
    for store in ((), ("--store", "memory://"), ("--store", "postgresql://desk:c4n4ry@db/gate")):
        ended = program(*command, *store)

        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("error: ")
        assert "c4n4ry" not in ended.err


def test_a_halt_is_durable_and_stops_entries_until_a_person_resumes(program: Run) -> None:
    """For the account and for every process that comes after."""
    program("decide", "BTC-USD", "HOLD")

    halted = program("halt", "the feed looks wrong", "--json")
    refused = program("decide", "BTC-USD", "BUY", "--notional", "250", "--json")
    account = program("account", "--json").object
    resumed = program("resume", "looked", "--json").object

    state = msgspec.json.decode(halted.out, type=wire.StateLine)
    assert (halted.code, state.state, state.symbol, state.process) == (0, "HALTED", "", "")
    assert state.epoch is not None
    assert (refused.code, code_of(refused.out)) == (1, "TRADING_STATE")
    assert (account["state"], account["state_reason"]) == ("HALTED", "the feed looks wrong")
    assert resumed["state"] == "ACTIVE"
    assert program("decide", "BTC-USD", "BUY", "--notional", "250").code == 0


def test_reducing_one_symbol_leaves_the_other_and_lets_exits_through(program: Run) -> None:
    """REDUCING is cancels, and orders that shrink a position."""
    program("decide", "BTC-USD", "BUY", "--notional", "250")
    told = program("reduce", "--symbol", "BTC-USD")

    entry = program("decide", "BTC-USD", "BUY", "--notional", "250", "--json")
    other = program("decide", "BTC-PERP", "BUY", "--notional", "250", "--json")
    exit_ = program("decide", "BTC-USD", "CLOSE", "--json")

    assert told.out.startswith("REDUCING for BTC-USD: durable, and no process is running")
    assert (entry.code, code_of(entry.out)) == (1, "TRADING_STATE")
    assert (other.code, exit_.code) == (0, 0)


def test_a_state_of_what_is_no_symbol_is_a_usage_error(program: Run) -> None:
    """A halt of `btc-usd` would halt nothing."""
    program("decide", "BTC-USD", "HOLD")

    ended = program("halt", "--symbol", "btc-usd")

    assert (ended.code, ended.err) == (2, "error: btc-usd is no symbol: a symbol is upper-case, such as BTC-USD\n")


def test_an_order_is_cancelled_by_the_beginning_of_its_id(program: Run) -> None:
    """As `orders` shows it."""
    order_id = msgspec.json.decode(program(*RESTING, "--json").out, type=wire.PlacedLine).order.client_order_id

    ended = program("cancel", order_id[:10], "--json")

    assert ended.code == 0
    assert ended.object["client_order_id"] == order_id
    assert ended.object["status"] == "CANCELED"
    again = program("cancel", order_id)
    assert "CANCELED" in again.out


def test_an_id_that_begins_no_order_or_several_is_a_usage_error(program: Run) -> None:
    """Nothing is cancelled by a guess."""
    for _ in range(2):
        program(*RESTING)

    assert "2 open orders begin with tg" in program("cancel", "tg").err
    assert "no open order begins with zz" in program("cancel", "zz").err
    assert program("cancel", "").code == 2
    unknown = program("cancel", "tg" + "0" * 30, "--json")
    assert (unknown.code, code_of(unknown.out)) == (1, "INVALID")


def test_all_orders_are_cancelled_at_once(program: Run) -> None:
    """And none left is said so."""
    for _ in range(2):
        program(*RESTING)

    cancelled = program("cancel-all", "--json")

    assert cancelled.code == 0
    assert [order["status"] for order in cancelled.objects] == ["CANCELED", "CANCELED"]
    assert program("cancel-all").out == "No open orders.\n"
    assert program("orders", "--open").out == "No orders.\n"


def test_a_close_works_while_halted(program: Run) -> None:
    """An operator's close is never blocked by a limit or a state."""
    program("decide", "BTC-USD", "BUY", "--notional", "250")
    program("halt")

    closed = program("close", "BTC-USD", "--json")
    flat = program("close", "BTC-USD")
    unknown = program("close", "NONE", "--json")

    order = msgspec.json.decode(closed.out, type=wire.PlacedLine).order
    assert (closed.code, order.purpose, order.status) == (0, "OPERATOR_CLOSE", "FILLED")
    assert flat.code == 0
    assert "No order needed" in flat.out
    assert (unknown.code, code_of(unknown.out)) == (1, "UNKNOWN_SYMBOL")


def test_a_halt_of_what_is_not_traded_here_is_a_mistake(program: Run) -> None:
    """It would halt nothing; the message names what there is. Nothing is written."""
    program("decide", "BTC-USD", "HOLD")
    before = program("events").out

    ended = program("halt", "--symbol", "XYZ")

    assert (ended.code, ended.err) == (2, "error: there is no product XYZ; there is BTC-USD, BTC-PERP\n")
    assert program("events").out == before
    assert program("halt", "--symbol", "BTC-PERP").code == 0


def test_a_halt_does_not_need_the_recording(program: Run, tmp_path: Path) -> None:
    """Whoever halts in trouble is not kept from it by a file that is gone."""
    mine = tmp_path / "mine.tgr.gz"
    shutil.copy(packaged_recording_path(), mine)
    program("run", "--recording", str(mine), "--for", "1", "--speed", "1000", "--no-stdin")
    mine.unlink()

    assert program("halt", "--symbol", "BTC-USD").code == 0


async def _trip(store: Path, symbol: str, by: str) -> None:
    clock = WallClock()
    change = TradingStateChanged(state=TradingState.REDUCING, reason="r", by=by, symbol=symbol, at=clock.now())
    with open_sqlite_inbox(store, clock=clock) as inbox:
        await inbox.write_state(change)


def test_a_resume_without_a_process_lifts_what_guards_have_set_for_symbols(program: Run, tmp_path: Path) -> None:
    """As it does where one runs; what an operator set for a symbol is lifted there."""
    program("decide", "BTC-USD", "HOLD")
    store = tmp_path / "data" / "tidegate" / "paper.sqlite"
    asyncio.run(_trip(store, "BTC-USD", "guard feed"))
    asyncio.run(_trip(store, "BTC-PERP", "operator"))

    program("resume", "seen")

    with open_sqlite_reader(store, clock=WallClock()) as reader:
        states = asyncio.run(reader.load()).symbol_states
    assert {symbol: entry.state for symbol, entry in states.items()} == {"BTC-PERP": TradingState.REDUCING}


def test_a_halt_that_nobody_confirms_says_that_it_holds_all_the_same(
    program: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is stopped or hangs has the account: exit 1, and the state is durable."""
    monkeypatch.setattr("tidegate.adapters.cli.hands.ANSWER_SECONDS", 0.05)
    program("decide", "BTC-USD", "HOLD")
    path = tmp_path / "data" / "tidegate" / "paper.sqlite"
    store = open_sqlite_store(path, account_id="paper", clock=WallClock(), process="hangs")
    ended = program("halt", "now")
    store.close()

    assert ended.code == 1
    assert "HALTED is durable, and holds from the next send on; but the process" in " ".join(ended.err.split())
    assert "HALTED (now)" in program("account").out


def test_a_reason_that_is_no_text_stops_no_halt_close_or_cancel(program: Run) -> None:
    """Bytes that are no UTF-8 come from a shell as half a surrogate pair, which no journal can hold."""
    broken = "feed \udcff"
    program("decide", "BTC-USD", "BUY", "--notional", "250")
    program(*RESTING)
    order = str(program("orders", "--open", "--json").object["client_order_id"])

    assert program("cancel", order, "--reason", broken).code == 0
    assert program("cancel-all", "--reason", broken).code == 0
    assert program("halt", broken).code == 0
    assert program("close", "BTC-USD", "--reason", broken).code == 0
    assert program("reconcile", "--reason", broken).code == 0
    assert "HALTED (feed ?)" in program("account").out


def deposit(data: Path, currency: str, amount: int) -> None:
    """Money reaches the paper account from outside, while nobody plays its market."""
    world = FileArchive(data / "tidegate" / "paper.sqlite.world")
    state = world.load()
    assert state is not None
    state.accounts.balances[currency] += amount
    world.write(state, {}, ())
    world.close()


def test_a_mismatch_is_read_twice_within_one_command(
    program: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise every command would see it for the first time, and a suspicion never became more."""
    monkeypatch.setenv("TIDEGATE__PAPER__SPEED", "50")
    program("decide", "BTC-USD", "BUY", "--notional", "250")
    deposit(tmp_path / "data", "USD", 5_000)

    hasty = program("reconcile", "--no-wait", "--json")
    told = program("reconcile")
    adopted = program("reconcile", "--adopt", "--reason", "a deposit", "--json")
    again = program("reconcile", "--json")

    first = msgspec.json.decode(hasty.out, type=wire_upkeep.ReconciliationLine)
    taken = msgspec.json.decode(adopted.out, type=wire_upkeep.ReconciliationLine)
    assert [one.subject for one in first.suspected] == ["USD"]
    assert (told.code, "reading again" in told.err, "reconcile --adopt" in told.out) == (1, True, True)
    assert (adopted.code, taken.agrees, [one.subject for one in taken.adopted]) == (0, True, ["USD"])
    assert msgspec.json.decode(again.out, type=wire_upkeep.ReconciliationLine).suspected == []
    assert "EXTERNAL_FLOW 5000 USD a deposit" in program("events").out
    assert program("reconcile", "--adopt", "--report-only").code == 2


def test_records_and_venue_are_compared(program: Run) -> None:
    """Agreement is exit 0."""
    program("decide", "BTC-USD", "BUY", "--notional", "250")

    ended = program("reconcile", "--json")

    report = msgspec.json.decode(ended.out, type=wire_upkeep.ReconciliationLine)
    assert (ended.code, report.agrees, report.differences) == (0, True, [])


def test_a_look_that_only_reports_leaves_the_store_as_it_was(program: Run) -> None:
    """No start, no recovery and no row: an operator may look at a store before anything trades on it."""
    program("decide", "BTC-USD", "BUY", "--notional", "250")
    before = program("events", "--json").out

    ended = program("reconcile", "--report-only")

    assert ended.code == 0
    assert "agree" in ended.out
    assert program("events", "--json").out == before
