"""Markets: the paper venue over a recording, moved by hand row by row, and what applying a row costs."""

from collections.abc import Iterable, Iterator

from tidegate.adapters.brokers.simulated.broker import SimulatedBroker
from tidegate.adapters.brokers.simulated.settings import INSTANT
from tidegate.adapters.brokers.simulated.venue import SimulatedVenue
from tidegate.adapters.brokers.simulated.world import open_world
from tidegate.adapters.clocks import SessionClock
from tidegate.adapters.recordings.format import Row
from tidegate.adapters.recordings.header import microseconds_of, moment_of
from tidegate.adapters.recordings.reader import Recording, open_recording
from tidegate.adapters.recordings.synthetic import packaged_recording_path
from tidegate.domain.amounts import exact
from tidegate.testing.bench.rounds import median_of_rounds, seconds
from tidegate.testing.bench.sizes import Sizes

OPENING_US = 10_000_000
"""How much of a recording is played before the first order: the first snapshot, and some mids for the collar."""


class PaperMarket:
    """The simulated venue with no latency over a world in memory, and its clock, which follows the rows."""

    def __init__(self, recording: Recording) -> None:
        summary = recording.summary()
        started_at_us = microseconds_of(summary.started_at)
        world = open_world(
            None,
            recording=summary.sha256,
            started_at_us=started_at_us,
            account_id=INSTANT.account_id,
            opening_balances=INSTANT.opening_balances,
        )
        self.clock = SessionClock(moment_of(started_at_us))
        self.venue = SimulatedVenue(recording.header, world, INSTANT)
        self.broker = SimulatedBroker(self.venue, self.clock)
        self.symbol = recording.header.products[0].symbol
        self._opens_at_us = started_at_us + OPENING_US
        self._rows: Iterator[Row] = recording.rows()

    def open(self) -> None:
        """Play what comes before a session opens."""
        while self.clock.now_us() < self._opens_at_us and self.move():
            pass

    @exact
    def move(self) -> bool:
        """Let the next row happen; False once the recording has ended, after which the market stands still."""
        row = next(self._rows, None)
        if row is None:
            return False
        self.clock.step_to(row.at_us)
        self.venue.play(row)
        return True


def recording_of(sizes: Sizes) -> Recording:
    """The recording that is measured on."""
    return open_recording(sizes.recording if sizes.recording is not None else packaged_recording_path())


async def replay_us(sizes: Sizes) -> float:
    """Microseconds a row of the recording: applied to the paper venue's book and heard, with nothing resting in it."""
    recording = recording_of(sizes)
    rows = list(recording.rows())

    async def one_round() -> float:
        venue = PaperMarket(recording).venue
        began = seconds()
        _play(venue, rows)
        return (seconds() - began) / len(rows) * 1e6

    return await median_of_rounds(one_round)


@exact
def _play(venue: SimulatedVenue, rows: Iterable[Row]) -> None:
    for row in rows:
        venue.play(row)
