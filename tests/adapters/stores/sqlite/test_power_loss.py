"""D5: a power loss leaves all that was acknowledged, whatever became of the bytes that were written after it."""

import random  # noqa: TID251 -- where the test cuts, by a seed; nothing of the product draws from it
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from tests.adapters.stores.sqlite.stores import open_at, steps_for
from tidegate.adapters.stores.sqlite.files import side_files
from tidegate.domain.orders import RecordedOrder

_ORDERS = 10
_CUTS_EACH = 6


async def _acknowledged(folder: Path) -> tuple[list[str], list[Path]]:
    """Orders recorded one after the other, and a copy of all files as they stood when each was acknowledged."""
    path = folder / "live" / "store.db"
    path.parent.mkdir()
    store = open_at(path)
    steps, names, copies = steps_for(store), [], []
    for number in range(_ORDERS):
        sent = steps.sending(f"d{number}")
        assert isinstance(await store.record_sending(sent.approved, sent.step), RecordedOrder)
        names.append(f"d{number}")
        copies.append(shutil.copytree(path.parent, folder / f"after{number}"))
    store.close()
    return names, copies


def _log(folder: Path) -> bytes:
    return side_files(folder / "store.db")[0].read_bytes()


def _lost_power(folder: Path, before: Path, log: bytes) -> Path:
    """The files as the disk has them: those of the last acknowledgement, and what was on its way into the log."""
    left = shutil.copytree(before, folder)
    log_path, index = side_files(left / "store.db")
    log_path.write_bytes(log)
    # The index is shared memory, which no power loss outlives.
    index.unlink(missing_ok=True)
    return left / "store.db"


async def _has_all(path: Path, names: list[str]) -> None:
    store = open_at(path)
    for name in names:
        assert await store.find_decision(name) is not None, name
    assert (await store.load()).sequence >= len(names)
    store.close()


@pytest.mark.parametrize("seed", range(4))
async def test_no_acknowledged_intent_is_lost_wherever_the_power_went(tmp_path: Path, seed: int) -> None:
    """The next commit's frames may be there in part: the last whole commit is what the next start finds."""
    dice = random.Random(seed)
    names, copies = await _acknowledged(tmp_path)
    cuts = 0
    for known, (before, after) in enumerate(pairwise(copies), 1):
        synced, coming = _log(before), _log(after)
        if not coming.startswith(synced):
            continue  # the log began anew in between
        for number in range(_CUTS_EACH):
            cut = dice.randrange(len(synced), len(coming))
            path = _lost_power(tmp_path / f"cut{known}-{number}", before, coming[:cut])
            await _has_all(path, names[:known])
            cuts += 1
    assert cuts >= _CUTS_EACH * (_ORDERS // 2)


@pytest.mark.parametrize("seed", range(4))
async def test_torn_and_reordered_sectors_behind_the_last_commit_are_seen_through(tmp_path: Path, seed: int) -> None:
    """A disk may have written a later sector and not an earlier one, or half of one: checksums tell."""
    dice = random.Random(seed)
    names, copies = await _acknowledged(tmp_path)
    for known, (before, after) in enumerate(pairwise(copies), 1):
        synced, coming = _log(before), _log(after)
        if not coming.startswith(synced):
            continue
        torn = bytearray(coming)
        start = dice.randrange(len(synced), len(coming))
        length = dice.randrange(1, 600)
        torn[start : start + length] = dice.randbytes(len(torn[start : start + length]))
        path = _lost_power(tmp_path / f"torn{known}", before, bytes(torn))
        await _has_all(path, names[:known])
