"""Health: what `doctor` looks at, each thing as OK, WARN or FAIL with what was found."""

import platform
import shutil
import stat
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import version
from pathlib import Path

from tidegate import __version__
from tidegate.adapters.brokers.registry import venue_point
from tidegate.adapters.brokers.simulated.peeking import peek_state, world_path
from tidegate.adapters.brokers.simulated.world import WorldError
from tidegate.adapters.cli import figures
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.findings import fail, ok, warn
from tidegate.adapters.cli.recording_health import recording_findings
from tidegate.adapters.cli.stored import last_state, lost_store, require_store
from tidegate.adapters.cli.symbols import known_symbols
from tidegate.adapters.cli.wire_upkeep import FindingLine
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.recordings.header import moment_of
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.store_url import SqliteStoreUrl
from tidegate.adapters.settings.unmatched import unmatched
from tidegate.adapters.stores.sqlite.errors import StoreError, named
from tidegate.adapters.stores.sqlite.files import can_write
from tidegate.adapters.stores.sqlite.reader import SqliteStoreReader, has_orders, open_sqlite_reader
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.vocabulary import OrderStatus, TradingState

_FREE_BYTES_MIN = 100_000_000
_OPEN_LIMIT = 100_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LIBRARIES = ("msgspec", "pydantic", "typer", "rich")


async def findings(call: Call) -> AsyncIterator[FindingLine]:
    """Everything that can be looked at without changing anything.

    Raises:
        NoSuchStore: a store was named, and is not there.
    """
    settings = call.settings
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    yield ok("program", f"Tidegate {__version__}, Python {platform.python_version()}, {libraries}")
    yield ok("settings", f"profile {settings.profile}, account {settings.account_id}, {_origins(call)}")
    if settings.profile in ("paper", "replay"):
        for finding in recording_findings(settings):
            yield finding
    for sentence in unmatched(settings, known_symbols(settings)):
        yield warn("limits", sentence)
    url = settings.store_url
    if not isinstance(url, SqliteStoreUrl):
        yield ok("store", "in memory: nothing is kept, and there is nothing to verify")
        return
    if not url.path.is_file() and "store.url" not in call.loaded.origins:
        yield warn("store", f"none yet at {url.path}; the first run makes it")
        if (state := lost_store(settings)) is not None:
            words = f"its world has {figures.counted(state.order_count, 'order')}, and the store beside it is gone"
            yield fail("paper venue", f"{words}: bring the store back, or begin again with run --fresh")
        return
    path = require_store(settings)
    yield _file_mode(path)
    async for finding in _store(path, settings):
        yield finding
    venue = _adapter(settings) if settings.profile == "live" else _world(path, settings)
    for finding in (venue, _space(path), _clock(path)):
        yield finding


def _origins(call: Call) -> str:
    files = sorted(set(call.loaded.origins.values()))
    given = figures.counted(len(call.loaded.origins), "key")
    return f"{given} set in {', '.join(files)}" if files else "all defaults"


def _file_mode(path: Path) -> FindingLine:
    wide = [name.name for name in (path, world_path(path)) if name.exists() and name.stat().st_mode & _OTHERS]
    if wide:
        return fail("file modes", f"others may read {', '.join(wide)}; run: chmod 600 on it")
    return ok("file modes", f"{path}: for its owner only")


async def _store(path: Path, settings: Settings) -> AsyncIterator[FindingLine]:
    try:
        with open_sqlite_reader(path, clock=WallClock(), account_id=settings.account_id) as reader:
            yield _chain(reader, await reader.flush())
            for finding in _agreement(reader):
                yield finding
            yield await _lock(reader)
            async for finding in _standing(reader):
                yield finding
    except StoreError as error:
        yield fail("store", str(error))


def _chain(reader: SqliteStoreReader, last: object) -> FindingLine:
    flaw = reader.verify_chain()
    if flaw is not None:
        return fail("journal", flaw)
    rows = getattr(last, "sequence", 0)
    return ok("journal", f"{figures.counted(rows, 'row')}, the hash of every one verified")


def _agreement(reader: SqliteStoreReader) -> Iterator[FindingLine]:
    found = reader.disagreements()
    for line in found:
        yield fail("projections", line)
    if not found:
        yield ok("projections", "orders, fills, decisions and states are what the journal folds to")


async def _lock(reader: SqliteStoreReader) -> FindingLine:
    writer, waiting = reader.writer(), len(await reader.requests())
    requests = figures.counted(waiting, "unanswered request")
    if writer.is_alive:
        return ok("writer", f"process {named(writer.process, writer.pid)} holds epoch {writer.epoch}, {requests}")
    found = f"no process writes the account; the last held epoch {writer.epoch}"
    return warn("writer", f"{found}; {requests} in the inbox") if waiting else ok("writer", found)


async def _standing(reader: SqliteStoreReader) -> AsyncIterator[FindingLine]:
    live = await reader.orders(limit=_OPEN_LIMIT, open_only=True)
    unknown = [record for record in live if record.status in (OrderStatus.UNKNOWN, OrderStatus.SENDING)]
    if unknown and not reader.writer().is_alive:
        yield warn(
            "orders", f"{figures.counted(len(unknown), 'order')} without a known outcome; the next start asks the venue"
        )
    else:
        yield ok("orders", f"{figures.counted(len(live), 'open order')}, {len(unknown)} of them without an answer")
    stored = await reader.load()
    states = {"the account": stored.account_state, **stored.symbol_states}
    lowered = {
        name: entry for name, entry in states.items() if entry is not None and entry.state is not TradingState.ACTIVE
    }
    for name, entry in lowered.items():
        yield warn("trading state", f"{name} is {entry.state.value}: {entry.reason} (by {entry.by})")
    if not lowered:
        yield ok("trading state", "ACTIVE")


def _adapter(settings: Settings) -> FindingLine:
    try:
        point = venue_point(settings)
    except ConfigurationError as error:
        return fail("venue", str(error))
    package = f" of {point.dist.name} {point.dist.version}" if point.dist is not None else ""
    return ok("venue", f"{point.name}, by {point.value}{package}")


def _world(path: Path, settings: Settings) -> FindingLine:
    file = world_path(path)
    if not file.exists() and (kept := last_state(settings)) is not None and kept.is_replayed:
        stood = f"at {figures.moment(moment_of(kept.lease_us))} UTC, row {kept.rows:,}"
        ended = f"it ended {stood}" if kept.is_closed else "it was interrupted"
        return ok("paper venue", f"none any more, since this was a replay: {ended}")
    if not file.exists() and has_orders(path):
        return fail("paper venue", f"{file.name} is missing, and the store has orders on it")
    if not file.exists():
        return ok("paper venue", "no world beside the store: nothing was traded on paper with it")
    try:
        state = peek_state(file)
    except WorldError as error:
        return fail("paper venue", str(error))
    if state is None and has_orders(path):
        return fail("paper venue", f"{file.name} is empty, and the store has orders on it")
    if state is None:
        return ok("paper venue", "a world that nothing has happened in")
    where = "at its end" if state.is_ended else "under way"
    return ok(
        "paper venue", f"its session is {where}, {figures.moment(moment_of(state.at_us))} UTC, row {state.rows:,}"
    )


def _space(path: Path) -> FindingLine:
    free = shutil.disk_usage(path.parent).free
    words = f"{free / 1e9:,.1f} GB free beside the store"
    if not can_write(path.parent):
        return warn("disk", f"{words}, and nothing can be written there: the account can be read, and not traded on")
    return ok("disk", words) if free >= _FREE_BYTES_MIN else warn("disk", f"{words}: a full disk stops all sends")


def _clock(path: Path) -> FindingLine:
    now = WallClock().now()
    ahead = path.stat().st_mtime - now.timestamp()
    if ahead > 1:
        return warn("clock", f"the store was written {figures.span(ahead)} in the future: the clock has gone back")
    return ok("clock", f"{figures.moment(now)} UTC")
