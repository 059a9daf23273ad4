"""The world outlives the application: closed, killed or taken over, it goes on from where it stood."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.adapters.brokers.simulated.exchange_floor import START, an_order
from tests.adapters.sessions.recordings import BUY, SELL, buy, minutes, recorded, running, written
from tests.adapters.stores.sqlite.stores import lose_privileges, unprivileged_folder
from tidegate.adapters.brokers.simulated import INSTANT, SessionStart, VenueSettings, WorldError
from tidegate.adapters.brokers.simulated.peeking import peek_state, peek_world
from tidegate.adapters.brokers.simulated.world_file import FileArchive
from tidegate.adapters.recordings.damage import RecordingDamaged
from tidegate.adapters.recordings.reader import Recording
from tidegate.adapters.sessions import MarketSession, prepare_session
from tidegate.domain.submissions import OrderAcknowledged

ORDERS = [
    (BUY, "0.5", "98", "BTC-USD"),
    (BUY, "2", "99.5", "BTC-USD"),
    (BUY, "3.3", "101", "BTC-USD"),
    (SELL, "20", "101.5", "BTC-PERP"),
    (BUY, "30", "99", "BTC-PERP"),
]


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return written(tmp_path / "r.tgr.gz", minutes(2))


@pytest.fixture
def world(tmp_path: Path) -> Path:
    return tmp_path / "store.world"


def session_over(
    recording: Recording, world: Path | None, start: SessionStart = SessionStart.AUTO, settings: VenueSettings = INSTANT
) -> MarketSession:
    return prepare_session(recording, world_path=world, settings=settings, start=start)


def crash(session: MarketSession) -> None:
    """The process is gone: nothing is said, nothing is written any more."""
    session.broker.venue.world.close()


async def submit_all(session: MarketSession) -> None:
    for number, (side, quantity, limit, symbol) in enumerate(ORDERS):
        order = an_order(f"o{number}", side, quantity, limit, symbol=symbol)
        assert isinstance(await session.broker.submit(recorded(order)), OrderAcknowledged)


def ledger(session: MarketSession) -> object:
    """Everything that trading left behind, without where the session stands."""
    archive, state = session.broker.venue.world.archive, session.broker.venue.world.state
    orders = [msgspec.to_builtins(order) for order in archive.all_orders()]
    return sorted(map(repr, orders)), archive.fills(START), state.accounts


async def test_a_world_that_crashed_often_ends_like_one_that_never_did(recording: Recording, world: Path) -> None:
    """Books are built again, queues and used levels stand where they stood, and no row happens twice."""
    whole = session_over(recording, None)
    async with running(whole):
        await submit_all(whole)
        await whole.finished()

    session = session_over(recording, world)
    async with running(session):
        await submit_all(session)
    crash(session)
    for seconds in (3, 10, 0.1, 40, 1):
        session = session_over(recording, world)
        before = session.broker.venue.world.state.lease_us
        async with running(session):
            assert session.clock.now_us() >= before
            await session.clock.sleep(seconds)
        crash(session)
    session = session_over(recording, world)
    async with running(session):
        await session.finished()

    assert ledger(session) == ledger(whole)
    assert len(session.broker.venue.world.archive.fills(START)) > 5
    session.close()


async def test_a_resumed_session_never_goes_back(recording: Recording, world: Path) -> None:
    """Its time begins no earlier than any moment that the killed one could have seen."""
    session = session_over(recording, world)
    async with running(session):
        await session.clock.sleep(17.3)
        seen = session.clock.now()
    crash(session)
    session = session_over(recording, world)
    session.open()
    assert seen <= session.clock.now() <= seen + timedelta(seconds=1)
    reading = session.broker.reading("BTC-USD")
    assert reading.heard_at is not None
    assert session.clock.now() - reading.heard_at < timedelta(seconds=1)
    session.close()


async def test_a_session_that_was_closed_is_followed_by_a_fresh_one_on_the_same_account(
    recording: Recording, world: Path
) -> None:
    """Coins stay, open orders have ended as cancelled, and time is a day later instead of going back."""
    session = session_over(recording, world)
    async with running(session):
        await session.broker.submit(buy("taken", "1", "101"))
        await session.broker.submit(buy("rests", "1", "97"))
        await session.clock.sleep(30)
    session.close()

    session = session_over(recording, world)
    session.open()
    assert session.clock.now() == START + timedelta(days=1)
    assert not session.broker.venue.world.is_resumed
    balances = session.broker.venue.world.state.accounts.balances
    assert balances["BTC"] == 1
    rests = session.broker.venue.entry.find(buy("rests", "1", "97").order.client_order_id)
    assert rests is not None
    assert (rests.state, rests.at <= START + timedelta(seconds=31)) == ("CANCELED", True)
    assert session.broker.venue.exchange.funds.free("USD") == balances["USD"]
    answer = await session.broker.submit(buy("next", "1", "101"))
    assert isinstance(answer, OrderAcknowledged)
    assert answer.fills[0].trade_id == "1-000000000002"
    session.close()


async def test_resume_goes_on_with_a_session_that_was_closed_before_its_end(recording: Recording, world: Path) -> None:
    """Asked for, not by itself."""
    session = session_over(recording, world)
    async with running(session):
        await session.broker.submit(buy("rests", "1", "97"))
        await session.clock.sleep(30)
    session.close()
    session = session_over(recording, world, SessionStart.RESUME)
    session.open()
    assert session.clock.now() >= START + timedelta(seconds=30)
    open_orders = await session.broker.open_orders()
    assert isinstance(open_orders, tuple)
    assert [order.client_order_id for order in open_orders] == ["rests"]
    session.close()


@pytest.mark.parametrize("start", [SessionStart.AUTO, SessionStart.RESUME])
async def test_a_session_that_ended_is_followed_by_a_fresh_one(
    recording: Recording, world: Path, start: SessionStart
) -> None:
    """There is nothing to go on with, even after a crash."""
    session = session_over(recording, world)
    async with running(session):
        await session.finished()
    crash(session)
    session = session_over(recording, world, start)
    session.open()
    assert session.clock.now() == START + timedelta(days=1)
    assert session.broker.venue.world.state.session == 2
    session.close()


async def test_a_fresh_account_knows_nothing_and_its_ids_never_came_before(recording: Recording, world: Path) -> None:
    """A store that survived would otherwise take a new fill for an old one."""
    session = session_over(recording, world)
    session.open()
    await session.broker.submit(buy("o", "1", "101"))
    crash(session)
    session = session_over(recording, world, SessionStart.FRESH_ACCOUNT)
    session.open()
    assert session.broker.venue.world.state.accounts.balances == {"USD": Decimal(100_000)}
    answer = await session.broker.submit(buy("o", "1", "101"))
    assert isinstance(answer, OrderAcknowledged)
    assert (answer.fills[0].trade_id, answer.venue_order_id) == ("2-000000000001", "V2-1")
    session.close()


def test_the_file_is_for_its_owner_alone(recording: Recording, world: Path) -> None:
    """Z10: mode 0600."""
    session_over(recording, world).close()
    assert world.stat().st_mode & 0o777 == 0o600


def test_a_session_interrupted_on_another_recording_is_not_resumed(
    recording: Recording, world: Path, tmp_path: Path
) -> None:
    """Its orders stand in a book that this recording does not have."""
    crash(session_over(recording, world))
    other = written(tmp_path / "other.tgr.gz", minutes(1))
    with pytest.raises(WorldError, match="another recording"):
        session_over(other, world)
    session_over(other, world, SessionStart.FRESH_SESSION).close()


def test_a_world_belongs_to_its_account(recording: Recording, world: Path) -> None:
    """C5: another account's world is refused."""
    session_over(recording, world).close()
    with pytest.raises(WorldError, match="account paper"):
        session_over(recording, world, settings=VenueSettings(account_id="other"))


async def test_a_world_taken_over_by_another_process_is_unreachable_for_the_first(
    recording: Recording, world: Path
) -> None:
    """Two writers never mix: the older is unanswered, and unreachable from then on."""
    first = session_over(recording, world)
    first.open()
    second = session_over(recording, world)
    second.open()
    answer = await first.broker.submit(buy("o", "1", "101"))
    assert "taken this world over" in answer.reason  # type: ignore[union-attr]  # unanswered, or the attribute fails
    unreachable = await first.broker.balances()
    assert "taken this world over" in unreachable.reason  # type: ignore[union-attr]
    again = await first.broker.submit(buy("o2", "1", "101"))
    assert "taken this world over" in again.reason  # type: ignore[union-attr]
    assert isinstance(await second.broker.submit(buy("o", "1", "101")), OrderAcknowledged)
    crash(first)
    second.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"not a database at all, but text" * 100,
        lambda data: data[:100] + b"\xff" * 3_000 + data[3_100:],
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b'"accounts"', b'"ACCOUNTS"'),
    ],
    ids=["no database", "overwritten pages", "cut in half", "standing figures that cannot be read"],
)
def test_a_damaged_world_is_named_in_one_line(recording: Recording, world: Path, damage: object) -> None:
    """No traceback of the database comes through, and the file is told."""
    session_over(recording, world).close()
    world.write_bytes(damage(world.read_bytes()))  # type: ignore[operator]  # a function of bytes
    with pytest.raises(WorldError) as caught:
        session_over(recording, world)
    assert str(caught.value).startswith(f"{world}: ")
    assert "\n" not in str(caught.value)


def test_a_database_that_is_no_world_is_left_alone(recording: Recording, world: Path) -> None:
    """Somebody else's tables are not ours to write to."""
    with contextlib.closing(sqlite3.connect(world)) as database:
        database.execute("CREATE TABLE theirs (x)")
    with pytest.raises(WorldError, match="not a world"):
        session_over(recording, world)


def test_a_world_of_another_version_is_refused(recording: Recording, world: Path) -> None:
    """P10: an older program does not touch a newer file."""
    session_over(recording, world).close()
    with contextlib.closing(sqlite3.connect(world)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(WorldError, match="version 99"):
        session_over(recording, world)


def test_a_world_from_before_triggers_is_taken_up_and_is_of_the_new_version_then(
    recording: Recording, world: Path
) -> None:
    """Its orders are all ones that this program knows; the old program would not know the new ones."""
    session_over(recording, world).close()
    with contextlib.closing(sqlite3.connect(world)) as database:
        database.execute("PRAGMA user_version = 2")
    session_over(recording, world).close()
    with contextlib.closing(sqlite3.connect(world)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (3,)


def test_a_world_that_cannot_be_opened_is_named(recording: Recording, tmp_path: Path) -> None:
    """A folder that is not there, for one."""
    with pytest.raises(WorldError, match="cannot be opened"):
        session_over(recording, tmp_path / "nowhere" / "w")


async def test_a_disk_that_is_full_makes_the_venue_unreachable_and_loses_nothing_that_was_answered(
    recording: Recording, world: Path
) -> None:
    """What was not written is unanswered, never acknowledged; a new start finds exactly what was."""
    session = session_over(recording, world)
    session.open()
    archive = session.broker.venue.world.archive
    assert isinstance(archive, FileArchive)
    archive._database.execute("PRAGMA max_page_count = 20")
    answered = []
    for number in range(500):
        answer = await session.broker.submit(buy(f"o{number}", "0.2", "97"))
        if not isinstance(answer, OrderAcknowledged):
            assert "full" in answer.reason
            break
        answered.append(f"o{number}")
    else:
        pytest.fail("the disk never filled")
    crash(session)
    session = session_over(recording, world)
    session.open()
    open_orders = await session.broker.open_orders()
    assert isinstance(open_orders, tuple)
    assert [order.client_order_id for order in open_orders] == answered
    session.close()


async def test_a_session_that_could_not_be_opened_leaves_the_interrupted_one_as_it_was(
    recording: Recording, world: Path
) -> None:
    """A recording that is damaged meanwhile ends no order and no session."""
    session = session_over(recording, world)
    async with running(session):
        await session.broker.submit(buy("rests", "1", "97"))
        await session.clock.sleep(30)
    crash(session)
    whole = recording.path.read_bytes()
    session = session_over(recording, world)
    recording.path.write_bytes(whole[:200])
    with pytest.raises(RecordingDamaged):
        session.open()
    session.close()
    recording.path.write_bytes(whole)
    session = session_over(recording, world)
    session.open()
    assert session.broker.venue.world.is_resumed
    assert len(await session.broker.open_orders()) == 1  # type: ignore[arg-type]  # reached, or the test fails
    session.close()


KILLED = """
import asyncio, sys
from pathlib import Path
from tests.adapters.sessions.recordings import buy, running, written, minutes
from tidegate.adapters.brokers.simulated import INSTANT
from tidegate.adapters.recordings.reader import open_recording
from tidegate.adapters.sessions import prepare_session

async def main() -> None:
    session = prepare_session(open_recording(sys.argv[1]), world_path=sys.argv[2], settings=INSTANT, speed=20)
    async with running(session):
        for number in range(100_000):
            await session.broker.submit(buy(f"o{number}", "0.2", "101" if number % 2 else "99.5"))
            # One write whatever PYTHONUNBUFFERED says, so that no kill leaves half a line.
            print(f"{number} {session.clock.now_us()}\\n", end="", flush=True)
            await asyncio.sleep(0)

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged_min", [1, 37, 210])
def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(
    recording: Recording, world: Path, acknowledged_min: int
) -> None:
    """A real process, a real SIGKILL: every acknowledged order is there once, and the money adds up."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(recording.path), str(world)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(acknowledged_min)]
    os.kill(process.pid, signal.SIGKILL)
    lines += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    number, seen_us = map(int, lines[-1].split())

    session = session_over(recording, world)
    session.open()
    orders = session.broker.venue.world.archive.all_orders()
    assert [order.terms.client_order_id for order in orders][: number + 1] == [f"o{n}" for n in range(number + 1)]
    assert len(orders) <= number + 2
    assert session.broker.venue.world.is_resumed
    assert session.clock.now_us() >= seen_us
    accounts = session.broker.venue.exchange.accounts
    assert accounts.total("USD") == 100_000
    assert accounts.total("BTC") == 0
    filled = sum(fill.quantity for fill in session.broker.venue.world.archive.fills(START))
    assert filled == accounts.state.balances.get("BTC", 0) == sum(order.filled for order in orders)
    session.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE state SET body = 7",
        "UPDATE state SET epoch = 'x'",
        "UPDATE state SET body = cast(x'7bff0a' AS TEXT)",
        "UPDATE orders SET body = 7",
        "UPDATE fills SET body = 7",
    ],
)
async def test_a_cell_that_was_never_written_so_is_a_damaged_world(
    recording: Recording, world: Path, damage: str
) -> None:
    session = session_over(recording, world)
    async with running(session):
        await submit_all(session)
    with contextlib.closing(sqlite3.connect(world)) as database, database:
        assert database.execute(damage).rowcount > 0
    with contextlib.closing(FileArchive(world)) as archive, pytest.raises(WorldError, match="damaged") as told:
        _ = archive.load(), archive.all_orders(), archive.fills(START)
    assert "with text" not in str(told.value)


async def test_a_world_is_looked_at_where_nothing_can_be_written(recording: Recording) -> None:
    """A disk that the system has made read-only after an error: now is when somebody wants to look."""
    with unprivileged_folder() as folder:
        world = folder / "store.world"
        session = session_over(recording, world)
        async with running(session):
            await submit_all(session)
        session.close()
        lose_privileges(folder)
        state = peek_state(world)
        assert state is not None
        assert state.order_count == len(ORDERS)
        assert peek_world(world, state.recording) is not None


def test_a_world_that_ends_a_loop_is_quoted_in_words(tmp_path: Path) -> None:
    """The journal has what a loop died of, and a person reads it."""
    assert (
        repr(WorldError(tmp_path, "cannot be written:\nno room"))
        == f"WorldError({tmp_path}: cannot be written: no room)"
    )
