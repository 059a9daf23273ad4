"""A session moves the venue and the clock together: deterministic without a speed, at its pace with one."""

import asyncio
from datetime import timedelta
from decimal import ROUND_UP, Decimal, localcontext
from pathlib import Path

import pytest

from tests.adapters.brokers.simulated.exchange_floor import START, an_order, book, gap, trade
from tests.adapters.sessions.recordings import BUY, SELL, buy, heartbeat, minutes, recorded, running, written
from tidegate.adapters.brokers.simulated import INSTANT, VenueSettings
from tidegate.adapters.recordings.damage import RecordingDamaged
from tidegate.adapters.sessions import SessionProgress, prepare_session
from tidegate.domain.submissions import FillReport, OrderAcknowledged, OrderUpdate

LATE = VenueSettings(feed_latency_ms=40, entry_latency_ms=30, acknowledgement_latency_ms=20, cancel_latency_ms=10)


async def test_opening_gives_a_price_before_anything_runs(tmp_path: Path) -> None:
    """The first snapshot has been applied, and the clock stands where it was taken."""
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=INSTANT)
    session.open()
    reading = session.broker.reading("BTC-USD")
    assert reading.mark is not None
    assert reading.mark.price == 100
    assert (reading.heard_at, session.clock.now()) == (START, START)
    assert session.broker.reading("BTC-PERP").mark == reading.mark


async def test_opening_waits_for_a_first_price_that_comes_late(tmp_path: Path) -> None:
    """A recording that begins with a heartbeat is opened at its first book, once that has reached us."""
    rows = [heartbeat(0.5), book([(99, 1)], [(101, 1)], at=2), heartbeat(3)]
    session = prepare_session(written(tmp_path / "r.tgr.gz", rows), settings=LATE)
    session.open()
    assert session.broker.reading("BTC-USD").mark is not None
    assert session.clock.now() == START + timedelta(seconds=2.04)


async def test_a_sleeper_wakes_at_exactly_its_moment_with_the_market_of_that_moment(tmp_path: Path) -> None:
    """Rows of a moment come before its sleepers."""
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=INSTANT)
    async with running(session):
        await session.clock.sleep(3)
        reading = session.broker.reading("BTC-USD")
        assert session.clock.now() == START + timedelta(seconds=3)
        assert reading.heard_at == START + timedelta(seconds=3)
        assert reading.book is not None
        assert reading.book.best_bid == Decimal("100.5")
        assert session.clock.monotonic() == 3


async def test_a_session_ends_with_its_recording_and_its_feed_is_silent_from_then_on(tmp_path: Path) -> None:
    """Sleepers are still served, and nothing more is heard."""
    told: list[SessionProgress] = []
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=INSTANT, on_progress=told.append)
    async with running(session):
        await session.finished()
        last = session.broker.reading("BTC-USD").heard_at
        await session.clock.sleep(10)
        assert session.broker.reading("BTC-USD").heard_at == last == START + timedelta(seconds=59.5)
        assert session.clock.now() == START + timedelta(seconds=69.5)
    assert (told[-1].rows, told[-1].row_count, told[-1].fraction, told[-1].is_ended) == (180, 180, 1.0, True)
    assert [progress.rows for progress in told] == sorted(progress.rows for progress in told)


async def test_every_latency_is_its_own(tmp_path: Path) -> None:
    """In 30 ms the order arrives, 20 ms later its answer; a cancel takes 10 ms there; the feed is 40 ms behind."""
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=LATE)
    async with running(session):
        await session.clock.sleep(2 - 0.04)
        sent = session.clock.now()
        answer = await session.broker.submit(buy("o", "1", "98"))
        assert isinstance(answer, OrderAcknowledged)
        assert answer.at == sent + timedelta(milliseconds=30)
        assert session.clock.now() == sent + timedelta(milliseconds=50)
        reading = session.broker.reading("BTC-USD")
        assert reading.heard_at == START + timedelta(seconds=2.04)
        assert reading.book is not None
        assert reading.book.best_bid == 100


async def test_a_fill_is_reported_with_its_latency_and_its_own_time(tmp_path: Path) -> None:
    """The trade at 0.25 s is heard of 20 ms later, once."""
    rows = [book([("99", 1)], [("101", 1)]), trade(SELL, "100", 1, at=0.5), heartbeat(2)]
    session = prepare_session(written(tmp_path / "r.tgr.gz", rows), settings=LATE)
    reports = session.broker.reports()
    async with running(session):
        await session.broker.submit(buy("o", "1", "100"))
        fill, update = await anext(reports), await anext(reports)
        assert isinstance(fill, FillReport)
        assert isinstance(update, OrderUpdate)
        assert fill.fill.at == START + timedelta(seconds=0.5)
        assert session.clock.now() == START + timedelta(seconds=0.52)
        assert not update.order.is_open


async def test_an_order_under_way_arrives_although_its_sender_is_gone(tmp_path: Path) -> None:
    """P16: what was sent belongs to the world; the stream tells what the answer could not."""
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=LATE)
    reports = session.broker.reports()
    async with running(session):
        sending = asyncio.create_task(session.broker.submit(buy("o", "1", "101")))
        await session.clock.sleep(0.01)
        sending.cancel()
        report = await anext(reports)
        assert isinstance(report, FillReport)
        assert report.fill.client_order_id == "o"
        stands = await session.broker.order(report.fill.client_order_id, "BTC-USD")
        assert stands.filled_quantity == 1  # type: ignore[union-attr]  # a VenueOrder, or the attribute fails the test


async def test_market_changes_are_told_coalesced(tmp_path: Path) -> None:
    """A listener hears of a symbol once, however many rows came while it was away."""
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=INSTANT)
    changes = session.broker.changes()
    async with running(session):
        await session.clock.sleep(20)
        assert {await anext(changes), await anext(changes)} == {"BTC-USD", "BTC-PERP"}
        before = session.clock.now()
        await anext(changes)
        assert session.clock.now() > before


async def test_a_gap_in_the_recording_is_a_silent_feed_without_a_book(tmp_path: Path) -> None:
    """Nothing is carried over a gap; the next snapshot brings the market back."""
    rows = [book([(99, 1)], [(101, 1)]), gap(at=5), book([(90, 1)], [(91, 1)], at=30), heartbeat(31)]
    session = prepare_session(written(tmp_path / "r.tgr.gz", rows), settings=INSTANT)
    async with running(session):
        await session.clock.sleep(10)
        reading = session.broker.reading("BTC-USD")
        assert (reading.book, reading.mark, reading.is_synced, reading.heard_at) == (None, None, False, START)
        await session.clock.sleep(20)
        assert session.broker.reading("BTC-USD").is_synced


async def test_the_reference_is_the_median_mid_of_the_last_minute(tmp_path: Path) -> None:
    """59 seconds of 100, 100.25, 100.5 and 100.75 in turn; after the second minute's jump only its own count."""
    rows = [*minutes(1), *(book([("199", 1)], [("201", 1)], at=second) for second in range(60, 130)), heartbeat(130)]
    session = prepare_session(written(tmp_path / "r.tgr.gz", rows), settings=INSTANT)
    async with running(session):
        await session.clock.sleep(59)
        assert session.broker.reading("BTC-USD").reference_mid == Decimal("100.25")
        await session.clock.sleep(70)
        assert session.broker.reading("BTC-USD").reference_mid == 200


async def test_the_same_replay_twice_is_the_same_to_the_last_figure(tmp_path: Path) -> None:
    """Orders, fills, stamps and money, with seeded latencies, whatever decimal context the host has."""
    recording = written(tmp_path / "r.tgr.gz", minutes(2))

    async def played(seed: int) -> object:
        settings = VenueSettings(latency_jitter=0.5, seed=seed)
        session = prepare_session(recording, settings=settings)
        async with running(session):
            answers = []
            for number in range(30):
                await session.clock.sleep(3.3)
                side = BUY if number % 3 else SELL
                limit = "101" if number % 2 else "99"
                answers.append(await session.broker.submit(recorded(an_order(f"o{number}", side, "0.3", limit))))
            await session.finished()
            return answers, await session.broker.fills(START), session.broker.venue.world.state

    first, second, other = await played(1), await played(1), await played(2)
    with localcontext(prec=3, rounding=ROUND_UP):
        hostile = await played(1)
    assert first == second == hostile
    assert first != other


async def test_a_damaged_recording_ends_the_session_with_its_own_error(tmp_path: Path) -> None:
    """Whoever waits for the end is told, and does not wait for ever."""
    path = tmp_path / "r.tgr.gz"
    recording = written(path, minutes(30))
    session = prepare_session(recording, settings=INSTANT)
    path.write_bytes(path.read_bytes()[:-200])
    session.open()
    task = asyncio.create_task(session.run())
    with pytest.raises(RecordingDamaged):
        await session.finished()
    with pytest.raises(RecordingDamaged):
        await task


class RealTime:
    """Real seconds in the test's hands."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_at_a_pace_a_busy_program_slows_the_session_instead_of_silencing_its_feed(tmp_path: Path) -> None:
    """The clock flows towards the next row and stops there until it has been played, however late that is."""
    real = RealTime()
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=INSTANT, speed=10, real=real)
    async with running(session):
        await asyncio.sleep(0)
        real.seconds = 0.01
        assert session.clock.now() == START + timedelta(seconds=0.1)
        real.seconds = 5
        assert session.clock.now() == START + timedelta(seconds=0.25)  # the trade there has not been played yet
        age = session.clock.now() - (session.broker.reading("BTC-USD").heard_at or START)
        assert age == timedelta(seconds=0.25)


async def test_at_a_pace_a_session_takes_its_length_over_its_speed(tmp_path: Path) -> None:
    """A minute at 600 takes a tenth of a second, and sleepers wake at their moments."""
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=INSTANT, speed=600)
    loop = asyncio.get_running_loop()
    async with running(session):
        began = loop.time()
        await session.clock.sleep(30)
        assert START + timedelta(seconds=30) <= session.clock.now() <= START + timedelta(seconds=30.25)
        await session.finished()
        assert loop.time() - began >= 0.09
        await session.clock.sleep(5)
    assert session.broker.venue.world.state.is_ended


async def test_the_pace_may_be_stopped_and_a_task_that_never_waits_for_the_clock_is_served(tmp_path: Path) -> None:
    """Cancelling `run` ends the session's time where it stands."""
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=INSTANT, speed=1)
    async with running(session):
        await asyncio.sleep(0.01)
    stopped = session.clock.now()
    await asyncio.sleep(0.01)
    assert session.clock.now() == stopped
    await session.finished()


async def test_a_replay_after_its_end_waits_for_the_next_sleeper(tmp_path: Path) -> None:
    """Nothing is due and nothing runs; a sleep asked for later is served all the same."""
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=INSTANT)
    async with running(session):
        await session.finished()
        await asyncio.sleep(0.01)
        ended = session.clock.now()
        await session.clock.sleep(100)
        assert session.clock.now() == ended + timedelta(seconds=100)


async def test_a_session_that_was_held_up_goes_on_at_its_pace_and_does_not_hurry(tmp_path: Path) -> None:
    """Ten seconds of a blocked program cost the session nothing but ten seconds."""
    real = RealTime()
    session = prepare_session(written(tmp_path / "r.tgr.gz", minutes(1)), settings=INSTANT, speed=2, real=real)
    async with running(session):
        await asyncio.sleep(0)
        real.seconds += 10
        await asyncio.sleep(0.02)
        assert session.clock.now() < START + timedelta(seconds=1)
        real.seconds += 0.04
        await asyncio.sleep(0.02)
        assert session.clock.now() <= START + timedelta(seconds=1)


async def test_a_quiet_recording_keeps_the_worlds_place_while_time_flows(tmp_path: Path) -> None:
    """The lease is renewed although no row comes for a minute."""
    rows = [book([(99, 1)], [(101, 1)]), heartbeat(60)]
    session = prepare_session(
        written(tmp_path / "r.tgr.gz", rows), settings=INSTANT, speed=400, world_path=tmp_path / "w"
    )
    async with running(session):
        await session.clock.sleep(30)
        assert session.broker.venue.world.state.lease_us >= session.clock.now_us()
    session.close()
