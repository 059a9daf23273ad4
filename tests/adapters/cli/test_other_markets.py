"""Other markets: whatever was imported is traded at once, with what `init` writes and in the market's own money."""

from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Run

TERMS = """
symbol = "SOL-USDT"
kind = "spot"
base_currency = "SOL"
quote_currency = "USDT"
price_increment = "0.01"
base_increment = "0.001"
maker_fee_rate = 0.001
taker_fee_rate = 0.001
"""


@pytest.fixture
def market(program: Run) -> str:
    """Six minutes of a price that goes up and down, a trade a second."""
    swings = (abs(second % 120 - 60) for second in range(360))
    rows = [
        f"2024-01-01T00:{second // 60:02}:{second % 60:02}Z,{100 + swing / 50:.2f},1,buy"
        for second, swing in enumerate(swings)
    ]
    Path("trades.csv").write_text("\n".join(["time,price,size,side", *rows]), encoding="utf-8")
    Path("sol.toml").write_text(TERMS, encoding="utf-8")
    made = program(
        *"import csv --trades trades.csv --product sol.toml --spread-bps 2 --depth 500 --output sol.tgr.gz".split()
    )
    assert made.code == 0
    assert program("init").code == 0
    return "sol.tgr.gz"


def test_what_init_writes_trades_the_market_there_is_in_the_money_it_is_quoted_in(program: Run, market: str) -> None:
    """The first spot product, and 100,000 of what it costs."""
    ended = program("replay", market, "--store", "sqlite:///sol.db", "--json")

    line = ended.object
    assert (ended.code, line["unknown"], line["invariants"]) == (0, 0, "hold")
    assert isinstance(line["filled"], int)
    assert line["filled"] > 0
    told = program("replay", market).out
    assert "100,000.00 USDT →" in told
    assert "SOL-USDT" in program("fills", "--store", "sqlite:///sol.db").out


def test_money_that_is_said_stands_and_a_rate_that_is_missing_is_named(program: Run, market: str) -> None:
    """Nothing is converted at a rate that nobody told."""
    settings = Path("tidegate.toml")
    said = 'reporting_currency = "USD"\n' + settings.read_text(encoding="utf-8")
    settings.write_text(f"{said}\n[paper.opening_balances]\nUSD = 5_000\n", encoding="utf-8")
    told = program("replay", market).out

    assert "5,000.00 USD →" in told
    assert "ORDER_SIZE" in told
    assert "the rate of USDT is missing" in " ".join(told.split())
