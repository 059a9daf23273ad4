"""`record`: a market written down while it happens, a venue's or the paper one's."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from tidegate.adapters.cli import figures
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.destinations import free
from tidegate.adapters.cli.failures import DONE, FileUnusable, UsageError
from tidegate.adapters.cli.import_words import made_line, made_words
from tidegate.adapters.cli.stopping import stopped
from tidegate.adapters.cli.terminal import Terminal
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.recordings.joined import open_recordings
from tidegate.adapters.recordings.live import MarketFeed, Recorder, record
from tidegate.adapters.recordings.live.feeds import venue_feed
from tidegate.adapters.recordings.live.paced_recording import PacedFeed
from tidegate.adapters.recordings.synthetic import packaged_recording_path
from tidegate.adapters.settings.sections import SYNTHETIC


async def record_(
    call: Call,
    destination: Annotated[Path, typer.Argument(metavar="DEST", help="The recording to make, FILE.tgr.gz.")],
    venue: Annotated[
        str | None, typer.Option("--venue", metavar="NAME", help="An installed adapter; the paper market without it.")
    ] = None,
    symbols: Annotated[
        list[str] | None,
        typer.Option("--symbol", metavar="SYMBOL", help="One of its symbols, repeatable; all."),
    ] = None,
    recording: Annotated[
        list[str] | None, typer.Option("--recording", metavar="FILE", help="What the paper market plays.")
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=0.01, max=100_000, help="Seconds of the paper market a second.")
    ] = 1.0,
    for_: Annotated[
        float | None, typer.Option("--for", min=0, metavar="SECONDS", help="End after so many seconds.")
    ] = None,
) -> int:
    """Record a market while it happens, until Ctrl-C; it sends no order and touches no account.

    What is written is kept: a killed recorder leaves DEST.partial, and [bold]import salvage[/bold] makes a recording of
    it. A lost connection is a gap.

    [dim]tidegate record day.tgr.gz --venue acme --symbol BTC-USD[/dim]

    [dim]tidegate record rehearsal.tgr.gz --recording synthetic --speed 60 --for 10[/dim]
    """
    if venue is None and symbols:
        raise UsageError("--symbol is a venue's: name one with --venue")
    if venue is not None and recording:
        raise UsageError("--venue is recorded and --recording is played: give one of them")
    free(destination, "a market that was recorded is never written over: name another")
    clock = WallClock()
    async with _feed(call, venue, symbols or (), recording, speed, clock) as feed:
        assumptions = feed.assumptions if isinstance(feed, PacedFeed) else ()
        try:
            recorder = Recorder(destination, feed, assumptions)
        except OSError as error:
            raise FileUnusable(Path(error.filename or destination), error) from None
        names = ", ".join(entry.symbol for entry in feed.products)
        call.terminal.note(f"recording {names} of {feed.source}; Ctrl-C ends it")
        async with stopped(clock, for_) as stop:
            with _told(call.terminal) as tell:
                made = await record(feed, recorder, clock, stop, tell)
    call.terminal.answer([made_line(made)], *made_words(made))
    return DONE


@asynccontextmanager
async def _feed(
    call: Call,
    venue: str | None,
    symbols: Sequence[str],
    recording: Sequence[str] | None,
    speed: float,
    clock: WallClock,
) -> AsyncIterator[MarketFeed]:
    settings = call.settings
    if venue is not None:
        # A copy: the settings as a whole would want an account and credentials of a venue that orders are sent to.
        named = settings.model_copy(update={"venue": settings.venue.model_copy(update={"name": venue})})
        async with venue_feed(named, symbols, clock) as feed:
            yield feed
        return
    names = recording or settings.paper.recordings
    paths = [packaged_recording_path() if name == SYNTHETIC else Path(name) for name in names]
    yield PacedFeed(open_recordings(paths), clock, speed)


@contextmanager
def _told(terminal: Terminal) -> Iterator[Callable[[Recorder], None] | None]:
    """How far it has come, where somebody looks."""
    if not terminal.err.is_terminal:
        yield None
        return
    with terminal.err.status("listening") as status:
        yield lambda recorder: status.update(
            f"{figures.counted(recorder.row_count, 'row')}, {figures.counted(recorder.gaps.count, 'gap')}"
        )
