"""`doctor` finds what is wrong and changes nothing; `bench` prints what it is handed."""

import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import TRADING, Run
from tidegate.adapters.cli import wire_upkeep
from tidegate.adapters.cli.wire_upkeep import Health
from tidegate.adapters.recordings.synthetic import packaged_recording_path


def findings(ended_out: str) -> dict[str, wire_upkeep.FindingLine]:
    """What was found, by what was looked at."""
    lines = (msgspec.json.decode(line, type=wire_upkeep.FindingLine) for line in ended_out.splitlines())
    return {line.what: line for line in lines}


@pytest.fixture
def copied(traded_folder: Path, tmp_path: Path, program: Run) -> Path:
    """A traded account's store that a test may damage."""
    shutil.copytree(traded_folder / "data", tmp_path / "data")
    return tmp_path / "data" / "tidegate" / "paper.sqlite"


def test_a_sound_installation_is_ok_throughout(traded: Run) -> None:
    """The whole journal is verified."""
    ended = traded("doctor", "--json")

    found = findings(ended.out)
    assert ended.code == 0
    assert {line.health for line in found.values()} == {Health.OK}
    assert {"settings", "recording", "file modes", "journal", "projections", "writer", "clock", "disk"} <= found.keys()
    assert "the hash of every one verified" in traded("doctor").out


def test_before_the_first_run_there_is_no_store_and_that_is_no_failure(program: Run, tmp_path: Path) -> None:
    """A store that was named is another matter."""
    ended = program("doctor", "--json")

    assert (ended.code, findings(ended.out)["store"].health) == (0, Health.WARN)
    assert not (tmp_path / "data").exists()
    assert program("doctor", "--store", "sqlite:///none.sqlite").code == 2
    assert findings(program("doctor", "--store", "memory://", "--json").out)["store"].health is Health.OK


def test_a_changed_row_stops_entries_and_nothing_of_an_operator_s(program: Run, copied: Path) -> None:
    """A command that lives for one decision verifies the journal too; only a running process keeps what was seen."""
    with sqlite3.connect(copied) as connection:
        connection.execute("UPDATE journal SET at = at + 1 WHERE sequence = 4")
    connection.close()

    bought = program("decide", "BTC-USD", "BUY", "--notional", "250", "--json")
    cancelled = program("cancel-all", "--json")
    halted = program("halt", "--json")
    resumed = program("resume", "--json")

    assert bought.code == 1
    assert bought.object["refusal"]["code"] == "TRADING_STATE"  # type: ignore[index]
    assert "journal row 4 does not match its hash" in bought.out
    assert (cancelled.code, halted.code, resumed.code) == (0, 0, 0)
    assert resumed.err.replace("\n", " ").startswith("warning: journal row 4 does not match its hash: ")
    assert program("decide", "BTC-USD", "BUY", "--notional", "250").code == 1


def test_a_changed_row_is_all_that_a_run_s_end_says_of_a_journal(program: Run, copied: Path) -> None:
    """What a fold of it would come to is no evidence, and cannot always be had: no product has this row's symbol."""
    with sqlite3.connect(copied) as connection:
        changed = connection.execute(
            "UPDATE journal SET payload = replace(payload, 'BTC-USD', 'BTX-USD') WHERE sequence = "
            "(SELECT min(sequence) FROM journal WHERE payload LIKE '%SENDING%' AND payload LIKE '%BTC-USD%')"
        )
        assert changed.rowcount == 1
    connection.close()

    ended = program("run", "--no-stdin", "--speed", "20000", "--json")

    assert (ended.code, ended.object["invariants"]) == (1, [10])
    assert "bug" not in ended.err


def test_a_changed_row_is_found(program: Run, copied: Path) -> None:
    """D3 and invariant 10: exit 1, with the row."""
    with sqlite3.connect(copied) as connection:
        connection.execute("UPDATE journal SET at = at + 1 WHERE sequence = 4")
    connection.close()

    ended = program("doctor", "--json")

    assert ended.code == 1
    assert findings(ended.out)["journal"].health is Health.FAIL
    assert "4" in findings(ended.out)["journal"].found


def test_a_file_that_is_no_store_is_found(program: Run, copied: Path) -> None:
    """One line, no traceback."""
    copied.write_text("hello, this is no database at all" * 100)

    ended = program("doctor", "--json")

    assert (ended.code, findings(ended.out)["store"].health) == (1, Health.FAIL)


def test_a_world_that_is_none_is_found(program: Run, copied: Path) -> None:
    """The paper venue's file."""
    Path(f"{copied}.world").write_text("hello, this is no database at all" * 100)

    ended = program("doctor", "--json")

    assert (ended.code, findings(ended.out)["paper venue"].health) == (1, Health.FAIL)


def test_a_world_that_was_emptied_is_found_and_not_traded_on(program: Run, copied: Path) -> None:
    """A fresh one in its place would know none of the account's orders."""
    Path(f"{copied}.world").write_bytes(b"")

    ended = program("doctor", "--json")
    run = program("run", "--for", "1", "--speed", "1000")

    assert (ended.code, findings(ended.out)["paper venue"].health) == (1, Health.FAIL)
    assert run.code == 1
    assert "it is empty, and" in run.err
    assert "bring it back, or use --fresh" in run.err


def test_a_store_that_others_may_read_is_found(program: Run, copied: Path) -> None:
    """Z10."""
    copied.chmod(0o644)

    ended = program("doctor", "--json")

    assert (ended.code, findings(ended.out)["file modes"].health) == (1, Health.FAIL)


def test_a_lowered_trading_state_is_pointed_out(program: Run, copied: Path) -> None:
    """Healthy, and nothing will be traded."""
    program("halt", "for the test")

    found = findings(program("doctor", "--json").out)["trading state"]

    assert found.health is Health.WARN
    assert "HALTED: for the test (by operator)" in found.found


@pytest.mark.parametrize(("content", "what"), [(None, "No such file"), (b"hello", "line 1")])
def test_a_recording_that_cannot_be_played_is_found(program: Run, content: bytes | None, what: str) -> None:
    """Before a run ends with it."""
    if content is not None:
        Path("day.tgr.gz").write_bytes(content)
    Path("tidegate.toml").write_text('[paper]\nrecording = "day.tgr.gz"\n')

    ended = program("doctor", "--json")

    assert ended.code == 1
    assert what in findings(ended.out)["recording"].found


def played_on(program: Run, path: Path) -> None:
    """Let the account play a recording of its own, and close the session."""
    shutil.copy(packaged_recording_path(), path)
    ended = program("run", *TRADING, "--recording", str(path), "--json")
    assert ended.code == 0


def test_the_recording_that_the_account_was_last_played_on_is_the_one_that_is_verified(program: Run) -> None:
    """The next run takes it where the settings name none; what the settings name is verified beside it."""
    mine = Path("mine.tgr.gz").resolve()
    played_on(program, mine)

    found = findings(program("doctor", "--json").out)["recording"]
    assert found.health is Health.OK
    assert found.found.startswith(f"{mine}: BTC-USD, BTC-PERP, ")
    assert found.found.endswith("the account was last played on it")

    mine.write_bytes(b"hello")
    Path("tidegate.toml").write_text('[paper]\nrecording = "synthetic"\n')
    both = program("doctor", "--json")
    assert both.code == 1
    assert findings(both.out)["recording"].health is Health.FAIL
    assert findings(both.out)["configured recording"].health is Health.OK

    mine.unlink()
    gone = findings(program("doctor", "--json").out)["recording"]
    assert (gone.health, "is gone" in gone.found) == (Health.WARN, True)


def test_a_world_without_its_store_is_found(program: Run, copied: Path) -> None:
    """The next run would be refused."""
    for path in copied.parent.glob("paper.sqlite*"):
        if ".world" not in path.name:
            path.unlink()

    ended = program("doctor", "--json")

    assert ended.code == 1
    assert "the store beside it is gone" in findings(ended.out)["paper venue"].found


def test_the_bench_prints_a_key_a_row(program: Run) -> None:
    """One object; for people a table."""
    assert program("bench", "--json").object == {"in_memory_us": 5.7, "restart_ms": 55.0}
    assert "5.70" in program("bench").out
