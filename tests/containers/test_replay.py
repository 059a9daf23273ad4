"""A replay is the same every time: byte for byte, whichever store, and whatever Python hashes strings by."""

import asyncio
import hashlib
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.containers.replaying import replayed
from tidegate import Action, Decision, OrderPlaced, Settings, open_application
from tidegate.application.configuration import ConfigurationError

ROOT = Path(__file__).parents[2]


@pytest.mark.no_cover
async def test_the_same_replay_twice_gives_the_same_journal_in_any_store(tmp_path: Path) -> None:
    """Orders, fills, ids, times and hashes; and it trades, or it would prove nothing."""
    first, summary = await replayed("memory://")
    again, _ = await replayed("memory://")
    on_disk, _ = await replayed(f"sqlite:///{tmp_path / 'replay.db'}")

    assert first == again == on_disk
    assert (summary.invariants, summary.unknown) == ("hold", 0)
    assert summary.filled > 10


@pytest.mark.no_cover
async def test_another_seed_gives_another_journal() -> None:
    """Else the equality above would hold of anything."""
    assert (await replayed("memory://"))[0] != (await replayed("memory://", seed=2))[0]


async def test_latencies_vary_from_the_seed_where_they_are_to() -> None:
    """By `paper.latency_jitter`; without it every order arrives as late as every other."""

    async def took(seed: int, jitter: float) -> timedelta:
        paper = {"recording": "synthetic", "seed": seed, "latency_jitter": jitter}
        settings = Settings.load(environ={}, profile="replay", store={"url": "memory://"}, paper=paper)
        async with open_application(settings) as app:
            buying = Decision(action=Action.BUY, decision_id="d", quantity=Decimal("0.01"))
            placed = (await app.coordinator.execute_decision("BTC-USD", buying)).unwrap()
            assert isinstance(placed, OrderPlaced)
            assert placed.order.updated_at is not None
            return placed.order.updated_at - placed.order.order.created_at

    assert await took(1, 0) == await took(2, 0) == timedelta(milliseconds=40)
    assert await took(1, 0.5) == await took(1, 0.5) != await took(2, 0.5)


async def test_a_replay_into_a_store_with_a_history_is_refused(tmp_path: Path) -> None:
    """Its venue begins afresh and would know nothing of what the store holds; the first journal stays as it was."""
    url = f"sqlite:///{tmp_path / 'replay.db'}"
    await replayed(url)
    with pytest.raises(ConfigurationError, match="name another file"):
        await replayed(url)
    with pytest.raises(ConfigurationError, match="name another file"):
        await replayed(url)


@pytest.mark.no_cover
def test_two_hash_seeds_give_the_same_journal() -> None:
    """Nothing depends on the order of a set."""
    digests = set()
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-m", "tests.containers.replaying", "memory://"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout)

    assert digests == {hashlib.sha256(asyncio.run(replayed("memory://"))[0]).hexdigest()}


async def test_what_a_replay_left_can_be_read_by_its_own_profile(tmp_path: Path) -> None:
    """A store with a history refuses to be replayed into, and not to be looked at."""
    settings = Settings.load(environ={}, profile="replay", store={"url": f"sqlite:///{tmp_path / 'a.sqlite'}"})
    async with open_application(settings) as app:
        (await app.coordinator.execute_decision("BTC-USD", Decision(action=Action.HOLD))).unwrap()

    async with open_application(settings, is_read_only=True) as app:
        assert len(await app.events()) > 1
