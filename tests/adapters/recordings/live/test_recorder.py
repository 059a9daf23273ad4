"""The recorder: what a feed tells is in the file, and whatever ends it leaves a file that can be read or saved."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.recordings.samples import START_US, write
from tests.adapters.recordings.two_markets import book, gap, header, moving, trade
from tidegate.adapters.clocks import ManualClock, settle
from tidegate.adapters.recordings.damage import RecordingDamaged
from tidegate.adapters.recordings.format import Depth, Row
from tidegate.adapters.recordings.live import Recorder, record, salvage
from tidegate.adapters.recordings.live.paced_recording import PacedFeed
from tidegate.adapters.recordings.live.recorder import NothingHeard, RecorderStopped
from tidegate.adapters.recordings.made import SourceRejected
from tidegate.adapters.recordings.reader import open_recording
from tidegate.adapters.recordings.synthetic import packaged_recording_path


class ToldFeed:
    """A feed that tells these rows, and then is over or goes on in silence."""

    products = header("BTC").products
    depth: Depth = "levels"
    source = "a test"
    notes = ("by hand",)

    def __init__(self, rows: Iterable[Row], *, ends: bool = True) -> None:
        self._rows = rows
        self._ends = ends

    async def rows(self) -> AsyncIterator[Row]:
        for row in self._rows:
            yield row
        if not self._ends:
            await asyncio.Event().wait()


def a_clock() -> ManualClock:
    return ManualClock(datetime(2026, 5, 2, tzinfo=UTC))


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_what_the_feed_tells_is_what_is_recorded(tmp_path: Path) -> None:
    """A lost connection is a gap; the figures are those of the rows."""
    told: list[Row] = [*moving(60_000, 5), gap(5), *moving(60_000, 5, 9)]
    target = tmp_path / "day.tgr.gz"

    made = await record(ToldFeed(told), Recorder(target, ToldFeed(told)), a_clock(), asyncio.Event())

    recording = open_recording(target)
    assert list(recording.rows()) == told
    assert recording.summary().row_count == made.rows_written == len(told)
    assert (made.trades, made.gaps, made.gap_seconds) == (10, 1, Decimal(4))
    assert recording.header.provenance.source == "a test"
    assert files_in(tmp_path) == ["day.tgr.gz"]


async def test_a_recorder_that_is_stopped_ends_its_file_well(tmp_path: Path) -> None:
    """With a footer, whatever the feed still has to say."""
    feed, target, stop = ToldFeed(moving(60_000, 5), ends=False), tmp_path / "day.tgr.gz", asyncio.Event()
    recording = asyncio.create_task(record(feed, Recorder(target, feed), a_clock(), stop), name="recording")
    await settle()

    stop.set()
    made = await recording

    assert made.rows_written == open_recording(target).summary().row_count == 10


async def test_what_was_flushed_is_in_the_file_before_the_recorder_ends(tmp_path: Path) -> None:
    """Once a second; a reader finds it truncated, and what is there can be saved."""
    feed, target, clock = ToldFeed(moving(60_000, 5), ends=False), tmp_path / "day.tgr.gz", a_clock()
    recorder, seconds = Recorder(target, feed), list[int]()
    recording = asyncio.create_task(
        record(feed, recorder, clock, asyncio.Event(), lambda one: seconds.append(one.row_count)), name="recording"
    )
    await clock.advance(2)

    with pytest.raises(RecordingDamaged, match="truncated"):
        open_recording(recorder.partial).summary()
    made = salvage(recorder.partial, tmp_path / "saved.tgr.gz")
    recording.cancel()
    with pytest.raises(asyncio.CancelledError):
        await recording

    assert list(open_recording(made.destination).rows()) == moving(60_000, 5)
    assert "Salvaged of day.tgr.gz.partial" in made.notes[-1]
    assert seconds == [10, 10]
    assert recorder.partial.exists()


async def test_rows_that_are_late_stand_at_the_time_reached(tmp_path: Path) -> None:
    """A network may shuffle; time in a recording never goes back."""
    told: list[Row] = [book(1, "100"), trade(0.5, "100", 1), book(2, "101")]

    made = await record(ToldFeed(told), Recorder(tmp_path / "day.tgr.gz", ToldFeed(told)), a_clock(), asyncio.Event())

    assert [row.at_us - START_US for row in open_recording(made.destination).rows()] == [
        1_000_000,
        1_000_000,
        2_000_000,
    ]
    assert made.dropped == {"late rows, kept at the time reached": 1}


async def test_a_feed_that_says_nothing_leaves_no_file(tmp_path: Path) -> None:
    """And says so."""
    recorder = Recorder(tmp_path / "day.tgr.gz", ToldFeed([]))

    with pytest.raises(NothingHeard):
        await record(ToldFeed([]), recorder, a_clock(), asyncio.Event())

    assert files_in(tmp_path) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """Neither a recording nor what a killed recorder left."""
    feed = ToldFeed([])
    (tmp_path / "there.tgr.gz").write_bytes(b"")
    Recorder(tmp_path / "left.tgr.gz", feed).abandon()

    with pytest.raises(FileExistsError):
        Recorder(tmp_path / "there.tgr.gz", feed)
    with pytest.raises(RecorderStopped, match=r"File exists; what was written is there: tidegate import salvage "):
        Recorder(tmp_path / "left.tgr.gz", feed)


async def test_a_recording_may_be_recorded_again_at_a_pace(tmp_path: Path) -> None:
    """The feed that a recorder is rehearsed on: the rows come when they are due, and are the same."""
    played = open_recording(write(tmp_path / "first.tgr.gz", moving(60_000, 5), header("BTC")))
    clock, target = a_clock(), tmp_path / "again.tgr.gz"
    feed = PacedFeed(played, clock, speed=2)
    recorder = Recorder(target, feed)
    recording = asyncio.create_task(record(feed, recorder, clock, asyncio.Event()), name="recording")

    await clock.advance(1.1)
    halfway = recorder.row_count
    await clock.advance(2)
    await recording

    assert halfway == 5
    assert list(open_recording(target).rows()) == list(played.rows())


def recorder_process(target: Path, *before: str) -> "subprocess.Popen[str]":
    """`tidegate record` of the package's market in a process of its own, a minute of it a second."""
    script = "; ".join((*before, "import sys; from tidegate.__main__ import main; sys.exit(main())"))
    arguments = ("record", str(target), "--recording", "synthetic", "--speed", "60")
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def wait_for(partial: Path, size: int) -> None:
    """Until something was flushed."""
    for _ in range(600):
        if partial.exists() and partial.stat().st_size > size:
            return
        asyncio.run(asyncio.sleep(0.05))
    raise AssertionError("the recorder wrote nothing")


def test_a_killed_recorder_leaves_what_can_be_saved(tmp_path: Path) -> None:
    """A real SIGKILL: the rows up to the last flush are the market's, in their order."""
    target = tmp_path / "day.tgr.gz"
    partial = tmp_path / "day.tgr.gz.partial"
    process = recorder_process(target)
    wait_for(partial, 10_000)

    process.kill()
    process.communicate()
    made = salvage(partial, tmp_path / "saved.tgr.gz")

    saved = list(open_recording(made.destination).rows())
    assert not target.exists()
    assert len(saved) > 500
    assert saved == list(open_recording(packaged_recording_path()).rows())[: len(saved)]


def test_an_interrupted_recorder_ends_well(tmp_path: Path) -> None:
    """SIGINT: footer, name and exit code 0."""
    target = tmp_path / "day.tgr.gz"
    process = recorder_process(target)
    wait_for(tmp_path / "day.tgr.gz.partial", 5_000)

    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()

    assert process.returncode == 0
    assert "rows written" in out
    assert open_recording(target).summary().row_count > 500


def test_a_full_disk_is_one_line_and_what_was_written_can_be_saved(tmp_path: Path) -> None:
    """The operating system's own refusal, of a file that may not grow further."""
    target = tmp_path / "day.tgr.gz"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"
    process = recorder_process(target, limit)

    _, err = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith(f"error: {target}.partial: File too large; what was written is there")
    assert salvage(Path(f"{target}.partial"), tmp_path / "saved.tgr.gz").rows_written > 100


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("whole", "it has its footer"), ("empty", "there is no header"), ("text", "there is no header")],
)
def test_only_what_was_cut_off_is_salvaged(name: str, complaint: str, tmp_path: Path) -> None:
    """An altered recording is not made good by a new checksum."""
    source = tmp_path / name
    if name == "whole":
        write(source, moving(60_000, 5), header("BTC"))
    else:
        source.write_bytes(b"" if name == "empty" else b"no recording\n")

    with pytest.raises(SourceRejected, match=complaint):
        salvage(source, tmp_path / "saved.tgr.gz")

    assert not (tmp_path / "saved.tgr.gz").exists()
