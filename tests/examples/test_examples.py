"""The examples run as they stand, and do what they say."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from examples.mean_reversion import create

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of the tester's own settings and stores."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEGATE_", "RISK_"))}
    return {**kept, "XDG_DATA_HOME": str(tmp_path)}


def test_a_venue_of_one_s_own_stands_behind_the_gate(environment: dict[str, str], tmp_path: Path) -> None:
    """The small order is filled, the large one never leaves."""
    shown = subprocess.run(
        [sys.executable, EXAMPLES / "own_venue.py"],
        check=True, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60,
    )  # fmt: skip

    small, large = shown.stdout.splitlines()
    assert small.startswith("250 USD: FILLED, filled 0.00")
    assert large == "2500 USD: refused VENUE_UNREACHABLE, worth more than 500"


def test_the_strategy_has_parameters_with_defaults() -> None:
    """They are what `[intake.parameters]` can set by name."""
    assert callable(create().decide)
    assert callable(create(window=30, band_bps=Decimal(2), rest_seconds=5).decide)


def test_the_strategy_trades_both_products_both_ways(environment: dict[str, str], tmp_path: Path) -> None:
    """Market orders and resting ones, within the default limits."""
    program = [sys.executable, "-m", "tidegate"]
    arguments = ["--config", str(EXAMPLES / "paper.toml"), "--store", "sqlite:///run.sqlite", "--json"]
    replay = subprocess.run(
        [*program, "replay", "synthetic", *arguments],
        check=True, capture_output=True, text=True, env=environment, cwd=tmp_path, stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    orders = subprocess.run(
        [*program, "orders", *arguments],
        check=True, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=60,
    ).stdout  # fmt: skip

    assert '"invariants":"hold"' in replay.stdout
    assert '"unknown":0' in replay.stdout
    for words in ('"symbol":"BTC-USD"', '"symbol":"BTC-PERP"', '"side":"BUY"', '"side":"SELL"', '"MARKET"', '"LIMIT"'):
        assert words in orders
