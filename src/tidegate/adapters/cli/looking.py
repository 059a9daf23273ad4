"""Looking: an application to read values from, on the market that its account was last played on.

Which market that is: the one that `--recording` names; else what the account was last played on, where it stands; else
what the settings name, or the package's own. Where the second is gone or another now, no value is known.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tidegate.adapters.brokers.simulated.peeking import world_path
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.cli.stored import last_state, lost_store, require_store
from tidegate.adapters.recordings.joined import RecordingsClash, open_recordings
from tidegate.adapters.recordings.reader import RecordingDamaged
from tidegate.adapters.recordings.synthetic import as_installed
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.sections import SYNTHETIC
from tidegate.adapters.settings.store_url import MemoryStoreUrl, SqliteStoreUrl
from tidegate.adapters.stores.sqlite.files import refuse_other_kinds
from tidegate.adapters.stores.sqlite.reader import has_orders
from tidegate.application.application import Application

RecordingOption = Annotated[
    list[str] | None,
    typer.Option("--recording", metavar="FILE", help="The market; by default what the account was last played on."),
]


@dataclass(frozen=True, slots=True)
class Market:
    """The settings that an account is looked at with, and in one line why its market cannot be, if so."""

    settings: Settings
    unknown: str = ""

    def require(self) -> "Market":
        """The market, where it can be looked at.

        Raises:
            UsageError: it cannot.
        """
        if self.unknown:
            raise UsageError(f"{self.unknown}; name one with --recording")
        return self


def market_of(call: Call, recording: list[str] | None) -> Market:
    """What the account of this call is looked at with, by what was named and what it was last played on."""
    if recording:
        return Market(_load(call, recording))
    settings = call.settings
    if settings.profile not in ("paper", "replay") or not isinstance(settings.store_url, SqliteStoreUrl):
        return Market(settings)
    state = last_state(settings)
    if state is not None and state.source:
        sources = [as_installed(path) for path in state.sources]
        unknown = _flaw(sources, state.recording)
        return _without(call, unknown) if unknown else Market(_load(call, list(map(str, sources))))
    store = settings.store_url.path
    if has_orders(store):
        world = world_path(store)
        has_none = f"{world.name} cannot be read" if world.exists() else f"there is no {world.name}"
        return _without(call, f"{has_none} to say on which market it was traded")
    return Market(settings)


def with_last_played(settings: Settings) -> Settings:
    """The settings with the market that is played where they name none: what the account was last played on."""
    state = last_state(settings)
    if settings.profile != "paper" or "recording" in settings.paper.model_fields_set or state is None:
        return settings
    last = [as_installed(path) for path in state.sources]
    if not last or not all(path.is_file() for path in last):
        return settings  # whoever opens it says what is missing
    paper = settings.paper.model_copy(update={"recording": tuple(map(str, last))})
    return settings.model_copy(update={"paper": paper})


def _without(call: Call, unknown: str) -> Market:
    """Settings that open an account whose market cannot be looked at: on the package's own, which is always there."""
    return Market(call.load(paper={"recording": SYNTHETIC, "faults": "", "happenings": ""}).settings, unknown)


def opened(call: Call, market: Market) -> AbstractAsyncContextManager[Application]:
    """The account as its store has it, without a lock and without writing."""
    require_store(call.settings)
    return call.doors.open_application(market.settings, is_read_only=True)


def looking(call: Call, recording: list[str] | None) -> AbstractAsyncContextManager[Application]:
    """An application to look at market and checks with: the account's if it has a store, else a fresh one in memory.

    Nothing is written either way; one in memory is opened whole, so that it has its opening balances.

    Raises:
        UsageError: the market that the account was last played on cannot be looked at.
        NotAStore: the store's path is a folder's or a device's.
    """
    url = call.settings.store_url
    if isinstance(url, SqliteStoreUrl) and url.path.is_file():
        return opened(call, market_of(call, recording).require())
    if isinstance(url, SqliteStoreUrl):
        refuse_other_kinds(url.path)
        if lost_store(call.settings) is not None:
            call.terminal.note(f"warning: {url.path} is missing, and its world has traded: this is a fresh account")
        return call.doors.open_application(_load(call, recording, store={"url": "memory://"}))
    return call.doors.open_application(_load(call, recording), is_read_only=not isinstance(url, MemoryStoreUrl))


def _load(call: Call, recording: list[str] | None, **more: Any) -> Settings:
    named = {"paper": {"recording": recording}} if recording else {}
    return call.load(**named, **more).settings


def _flaw(sources: Sequence[Path], sha256: str) -> str:
    """Why what the account was last played on cannot be looked at; nothing where it can."""
    gone = next((path for path in sources if not path.is_file()), None)
    if gone is not None:
        return f"{gone} is gone, and the account was last played on it"
    names = ", ".join(map(str, sources))
    try:
        is_same = open_recordings(sources).summary().sha256 == sha256
    except (RecordingDamaged, RecordingsClash, OSError) as error:
        return f"{error}, and the account was last played on it"
    return "" if is_same else f"{names} is another recording now than when the account was last played"
