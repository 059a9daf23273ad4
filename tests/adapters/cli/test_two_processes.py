"""A running process and a second terminal: requests reach it, a halt stops it, and its death loses nothing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.conftest import EXAMPLE, Run
from tidegate.adapters.cli.decision_options import DecisionOptions
from tidegate.adapters.cli.failures import NoAnswer
from tidegate.adapters.cli.hands import InboxHand
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.stores.sqlite.inbox import open_sqlite_inbox
from tidegate.adapters.stores.sqlite.lock import WriterLock, writer_of
from tidegate.domain.vocabulary import Action

PATIENCE_SECONDS = 30.0
ENDLESS = """
import sys


def create():
    return Endless()


class Endless:
    def decide(self, view):
        print("thinking", file=sys.__stdout__, flush=True)
        while True:
            pass
"""


class Running:
    """`tidegate run` in a process of its own, which reads decisions from a pipe."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tidegate", "run", *arguments, "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout

    def decide(self, **decision: object) -> dict[str, Any]:
        """Write one decision, and read what became of it."""
        self.stdin.write(json.dumps(decision) + "\n")
        self.stdin.flush()
        return self.read()

    def read(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.stdout.readline())
        return line

    def end(self) -> int:
        """Close its pipes, and wait for its end."""
        self.stdin.close()
        self.stdout.close()
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def running(program: Run, tmp_path: Path) -> Iterator[Running]:
    """A process that has opened the account, and has executed one decision."""
    run = Running("--stdin", "--speed", "5")
    assert run.decide(symbol="BTC-USD", action="HOLD")["no_order"]
    yield run
    run.process.kill()
    run.end()


def test_requests_reach_the_running_process(program: Run, running: Running) -> None:
    """It alone writes the account; the others ask it."""
    placed = program("decide", "BTC-USD", "BUY", "--notional", "250", "--id", "asked", "--json").object
    resting = program(
        *("decide", "BTC-USD", "BUY", "--quantity", "0.01", "--limit", "50000"),
        *("--tif", "GTD", "--expire-in", "600", "--valid-for", "60", "--json"),
    ).object
    refused = program("decide", "BTC-USD", "BUY", "--notional", "1e9")
    hold = program("decide", "BTC-USD", "HOLD", "--json").object

    assert placed["order"]["status"] == "FILLED"  # type: ignore[index]
    assert resting["order"]["expire_at"] is not None  # type: ignore[index]
    assert refused.code == 1
    assert hold["no_order"]
    order_id = str(resting["order"]["client_order_id"])  # type: ignore[index]
    assert program("cancel", order_id[:12], "--json").object["status"] == "CANCELED"
    assert program("cancel", "tg" + "0" * 30).code == 1
    assert program("decide", "BTC-USD", "BUY", "--notional", "250", "--reason", "\udcff").code == 2
    assert program("close", "BTC-USD", "--json").object["order"]["purpose"] == "OPERATOR_CLOSE"  # type: ignore[index]
    assert program("cancel-all").out == "No open orders.\n"
    assert program("reconcile").code == 0
    assert running.decide(symbol="BTC-USD", action="BUY", target_notional=250, decision_id="asked")["order"]
    assert [order["decision_id"] for order in program("orders", "--json").objects].count("asked") == 1


def test_a_halt_stops_the_next_send_of_the_running_process(program: Run, running: Running) -> None:
    """It names the process and the epoch that it reached, and a resume lets it go on."""
    halted = program("halt", "from another terminal", "--json").object
    rows: list[Any] = program("events", "--limit", "50", "--json").objects
    refused = running.decide(symbol="BTC-USD", action="BUY", target_notional=250)
    told = program("resume")
    placed = running.decide(symbol="BTC-USD", action="BUY", target_notional=250)

    assert halted == {"state": "HALTED", "symbol": "", "process": f"pid {running.process.pid}", "epoch": 1}
    assert [event["event"] for row in rows for event in row["events"]].count("TRADING_STATE_CHANGED") == 1
    assert refused["refusal"]["code"] == "TRADING_STATE"
    assert told.out == f"ACTIVE: durable, and in force in pid {running.process.pid} (epoch 1)\n"
    assert placed["order"]["status"] == "FILLED"


def test_a_second_writer_is_refused_and_the_first_goes_on(program: Run, running: Running) -> None:
    """One writer an account; the world of the first is left alone."""
    second = program("run", "--no-stdin")

    assert (second.code, second.out) == (1, "")
    assert "is locked by process" in second.err
    assert program("run", "--fresh").code == 1
    assert "holds epoch 1" in program("doctor").out
    assert running.decide(symbol="BTC-USD", action="BUY", target_notional=250)["order"]["status"] == "FILLED"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_ends_with_its_summary(program: Run, running: Running, sent: signal.Signals) -> None:
    """Ctrl-C, a process manager and a closed terminal are ways to end, not errors."""
    running.process.send_signal(sent)

    summary = running.read()

    assert summary["invariants"] == "hold"
    assert running.end() == 0
    assert program("account").code == 0


def test_a_strategy_that_never_ends_is_ended_by_the_second_signal(program: Run, tmp_path: Path) -> None:
    """The first one waits for its answer, which does not come; the next start takes up what is durable."""
    (tmp_path / "endless.py").write_text(ENDLESS, encoding="utf-8")
    run = Running("--strategy", f"{tmp_path / 'endless.py'}:create", "--speed", "50")
    assert run.stdout.readline() == "thinking\n"
    run.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        run.process.wait(0.5)
    run.process.send_signal(signal.SIGTERM)

    assert run.process.wait(PATIENCE_SECONDS) == -signal.SIGTERM
    run.end()
    assert program("doctor").code == 0


def test_a_killed_run_loses_nothing(program: Run, tmp_path: Path) -> None:
    """kill -9 in the middle of trading: the next start recovers, agrees with the venue, and goes on."""
    run = Running("--strategy", f"{EXAMPLE}:create", "--speed", "300")
    store = tmp_path / "data" / "tidegate" / "paper.sqlite"
    _await_orders(program, store)
    os.kill(run.process.pid, signal.SIGKILL)
    run.end()

    again = program("run", "--strategy", f"{EXAMPLE}:create", "--speed", "20000", "--json")

    assert again.code == 0
    assert again.object["unknown"] == 0
    assert again.object["invariants"] == "hold"
    assert [line for line in program("doctor", "--json").objects if line["health"] == "FAIL"] == []


def _await_orders(program: Run, store: Path) -> None:
    """Return once the process has recorded an order; the bound only ends a test that would never end."""
    clock = WallClock()
    ends = clock.monotonic() + PATIENCE_SECONDS
    while not (store.exists() and writer_of(store) is not None and program("orders", "--json").out):
        assert clock.monotonic() < ends, "the run has sent nothing"


def test_a_writer_that_does_not_answer_is_told(program: Run, tmp_path: Path) -> None:
    """The request stays, and its outcome may still come: nobody is told that it failed."""
    program("decide", "BTC-USD", "HOLD")
    store = tmp_path / "data" / "tidegate" / "paper.sqlite"

    async def ask() -> None:
        with open_sqlite_inbox(store, clock=WallClock()) as inbox:
            await InboxHand(inbox, answer_seconds=0.05).decide(DecisionOptions("BTC-USD", {"action": Action.HOLD}))

    hung = WriterLock.acquire(store, "hung")
    with pytest.raises(NoAnswer, match=r"has not answered within 0\.05 s; request \w+ stays in its inbox"):
        asyncio.run(ask())
    hung.release()
    assert "1 unanswered request in the inbox" in program("doctor", "--json").out


def test_a_request_to_a_process_that_has_ended_is_withdrawn(program: Run, tmp_path: Path) -> None:
    """Whoever opens the account next, a night later, would carry out what nobody asks for any more."""
    program("decide", "BTC-USD", "HOLD")
    store = tmp_path / "data" / "tidegate" / "paper.sqlite"

    async def ask() -> None:
        with open_sqlite_inbox(store, clock=WallClock()) as inbox:
            buy = DecisionOptions("BTC-USD", {"action": Action.BUY, "target_notional": Decimal(250)})
            await InboxHand(inbox).decide(buy)

    with pytest.raises(NoAnswer, match="ended without an answer, and the request was withdrawn"):
        asyncio.run(ask())
    assert program("run", "--no-stdin", "--for", "2").code == 0
    assert program("orders", "--json").out == ""
