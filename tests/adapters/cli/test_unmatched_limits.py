"""A limit for a mistyped symbol is said aloud by every command that trades or looks after the installation."""

from pathlib import Path

import pytest

from tests.adapters.cli.conftest import TRADING, Run

SETTINGS = '[risk.symbols."BTC-PREP"]\nmax_order_notional = 10\n[risk.symbols."BTC-USD"]\nmax_order_notional = 5000\n'
WARNING = 'risk.symbols."BTC-PREP" applies to nothing: there is no product BTC-PREP here, and the nearest is BTC-PERP'
PLAN = '[grid]\nengine.slippage_multipliers = ["BTC-UDS:2", "BTC-USD:2"]\n'


@pytest.mark.parametrize(
    "command",
    [
        ("decide", "BTC-USD", "BUY", "--notional", "250"),
        ("plan", "BTC-USD", "BUY", "--notional", "250"),
        ("run", "--for", "5", "--speed", "1000", "--no-stdin"),
        ("replay", "synthetic", "--for", "5", "--no-stdin"),
    ],
)
def test_whoever_trades_is_warned_once_and_trades(program: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """One file of settings may serve several markets, so it is no error; standard output has the result alone."""
    (tmp_path / "tidegate.toml").write_text(SETTINGS)

    ended = program(*command, "--json")

    assert ended.code == 0
    assert len(ended.objects) == 1
    assert ended.err.replace("\n", " ").count(f"warning: {WARNING}") == 1
    assert ended.err.count("applies to nothing") == 1


def test_doctor_warns_of_it(program: Run, tmp_path: Path) -> None:
    """And is healthy all the same."""
    (tmp_path / "tidegate.toml").write_text(SETTINGS)

    ended = program("doctor", "--json")

    assert ended.code == 0
    assert {"what": "limits", "health": "WARN", "found": WARNING} in ended.objects
    assert sum(line["what"] == "limits" for line in ended.objects) == 1


def test_doctor_says_nothing_of_limits_where_it_cannot_know_the_products(program: Run, tmp_path: Path) -> None:
    """What is wrong with the recording is said instead."""
    (tmp_path / "tidegate.toml").write_text(f'{SETTINGS}[paper]\nrecording = "none.tgr.gz"\n')

    ended = program("doctor", "--json")

    assert ended.code == 1
    assert "applies to nothing" not in ended.out


def test_a_sweep_warns_of_what_its_plan_varies_in_vain(program: Run, tmp_path: Path) -> None:
    """Otherwise two equal results would say that the setting makes no difference."""
    (tmp_path / "plan.toml").write_text(PLAN)

    strategy = TRADING[:2]
    ended = program("replay", "synthetic", *strategy, "--for", "5", "--sweep", "plan.toml", "--workers", "1", "--json")

    assert ended.code == 0
    assert ended.err.count("applies to nothing") == 1
    assert "BTC-UDS" in ended.err
