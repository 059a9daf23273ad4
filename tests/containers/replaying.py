"""One replay of the packaged recording under the example strategy, whose journal goes to standard output."""

import asyncio
import hashlib
import sys
from pathlib import Path

from tidegate import Settings
from tidegate.adapters.intake.strategies import StrategyIntake
from tidegate.adapters.intake.strategy_loading import load_strategy
from tidegate.application.strategy import DeskView
from tidegate.application.summary import RunSummary
from tidegate.containers import container_of, open_application

EXAMPLES = Path(__file__).parents[2] / "examples"


async def replayed(store_url: str, seed: int = 1) -> tuple[bytes, RunSummary]:
    """The journal that a replay leaves, and what it came to."""
    settings = Settings.load(
        config=EXAMPLES / "paper.toml",
        environ={},
        profile="replay",
        store={"url": store_url},
        paper={"recording": "synthetic", "seed": seed},
    )
    container = container_of(settings)
    async with open_application(container=container) as app:
        parameters = {"window": 20, "band_bps": "0.2"}
        strategy = load_strategy(f"{EXAMPLES / 'mean_reversion.py'}:create", parameters)
        intake = StrategyIntake(strategy, DeskView(container.desk()), container.clock(), 1.0)
        summary = await app.run_until(intake)
        journal: bytes = container.order_store().journal_bytes()
    return journal, summary


if __name__ == "__main__":
    sys.stdout.write(hashlib.sha256(asyncio.run(replayed(sys.argv[1]))[0]).hexdigest())
