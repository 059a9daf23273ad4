"""`init`, `config` and `backup`."""

import resource
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from tests.adapters.cli.conftest import EXAMPLE, Run
from tidegate.adapters.cli import wire, wire_upkeep


def test_what_init_writes_runs_as_it_stands(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first try: two commands, and it trades."""
    written = program("init", "mine")
    monkeypatch.chdir("mine")

    ended = program("run", "--speed", "1000", "--for", "240", "--json")

    assert written.code == 0
    assert "cd mine && " in written.out
    assert msgspec.json.decode(ended.out, type=wire.RunLine).orders > 0


def test_init_writes_nothing_over(program: Run) -> None:
    """Somebody's settings are worth more than ours."""
    Path("strategy.py").write_text("mine")

    ended = program("init")

    assert (ended.code, ended.err) == (
        2,
        "error: strategy.py exists already, and init writes nothing over; name another folder\n",
    )
    assert Path("strategy.py").read_text() == "mine"
    assert not Path("tidegate.toml").exists()


def test_an_init_on_a_full_disk_leaves_nothing_that_would_stop_the_next(program: Run) -> None:
    """Half a settings file is nobody's, and init writes nothing over."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        ended = program("init")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert (ended.code, ended.out) == (2, "")
    assert not Path("tidegate.toml").exists()
    assert program("init").code == 0


def test_init_says_what_it_wrote(program: Run) -> None:
    """For programs too; a place that cannot be written is one line."""
    assert program("init", "a/b", "--json").object == {"files": ["a/b/tidegate.toml", "a/b/strategy.py"]}
    Path("file").write_text("")
    ended = program("init", "file/below")
    assert ended.code == 2
    assert ended.err.startswith("error: file/below: ")


def test_the_strategy_that_init_writes_is_the_example() -> None:
    """One text, two places."""
    template = files("tidegate.adapters.cli").joinpath("templates", "strategy.py.txt").read_text(encoding="utf-8")

    assert template == EXAMPLE.read_text(encoding="utf-8")


def test_every_setting_is_shown_with_where_it_comes_from(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """File, environment, argument and default."""
    Path("tidegate.toml").write_text('[risk]\ncollar_pct = 0.02\n[risk.symbols."BTC-USD"]\nmax_leverage = 1\n')
    monkeypatch.setenv("RISK_MAX_LEVERAGE", "1.5")

    settings = {line["key"]: line for line in program("config", "--profile", "replay", "--json").objects}

    assert settings["risk.collar_pct"] == {"key": "risk.collar_pct", "value": "0.02", "origin": "tidegate.toml"}
    assert settings["risk.max_leverage"]["origin"] == "RISK_MAX_LEVERAGE"
    assert settings['risk.symbols."BTC-USD".max_leverage']["origin"] == "tidegate.toml"
    assert settings["profile"]["origin"] == "argument"
    assert settings["risk.max_order_pct"] == {"key": "risk.max_order_pct", "value": "0.1", "origin": "default"}
    assert settings["paper.opening_balances.USD"]["value"] == "100000"
    changed = program("config", "--changed").out
    assert "risk.collar_pct" in changed
    assert "max_order_pct" not in changed


def test_a_secret_is_shown_as_stars(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Z1, in both forms; a password in a URL too."""
    monkeypatch.setenv("TIDEGATE__VENUE__API_SECRET", "c4n4ry")

    for form in ((), ("--json",), ("-v",)):
        ended = program("config", "--store", "postgresql://desk:c4n4ry@db/gate", *form)
        assert ended.code == 0
        assert "c4n4ry" not in ended.out + ended.err
        assert "********" in ended.out


def test_nothing_changed_is_said(program: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty answer would be doubted."""
    assert program("config", "--changed").out == "Every setting is at its default.\n"


def test_a_backup_is_a_verified_copy(traded: Run, tmp_path: Path) -> None:
    """It reads like the store, and is never written over."""
    target = tmp_path / "copy.sqlite"

    ended = traded("backup", str(target), "--json")

    assert ended.code == 0
    line = msgspec.json.decode(ended.out, type=wire_upkeep.BackupLine)
    assert line.sequence == traded("events", "--json", "-n", "100000").objects[-1]["sequence"]
    assert traded("orders", "--json", "--store", f"sqlite:///{target}").out == traded("orders", "--json").out
    again = traded("backup", str(target))
    assert again.code == 2
    assert "never written over" in again.err


def test_there_is_no_backup_of_what_is_not_there(program: Run) -> None:
    """Exit 2."""
    assert program("backup", "copy.sqlite").code == 2
