"""Feeds: what a recorder listens to, found by the name of the venue among the installed packages."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import entry_points
from typing import Protocol

from tidegate.adapters.brokers.registry import live_market
from tidegate.adapters.recordings.format import Depth, Row
from tidegate.adapters.recordings.header import ProductEntry
from tidegate.adapters.recordings.live.polled_market import BrokerFeed
from tidegate.adapters.settings import Settings
from tidegate.domain.ports import ClockPort

GROUP = "tidegate.feeds"


class MarketFeed(Protocol):
    """A live market as the rows of a recording. Adapters of venues implement it.

    `products` are those that are recorded, in the order that the rows count them in, and after them those that take
    their prices from one. `source` and `notes` go into the recording's provenance.
    """

    @property
    def products(self) -> tuple[ProductEntry, ...]: ...

    @property
    def depth(self) -> Depth: ...

    @property
    def source(self) -> str: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def rows(self) -> AsyncIterator[Row]:
        """What happens from now on, until the market is over.

        Never raises for what a network may do: a lost connection is a `Gap` of each product that was heard on it, and
        the book is told anew, as a snapshot or by rows that build it, once it is back. A connection that lives and has
        nothing to say is told as a `Heartbeat`, at least every few seconds. Times never go back by more than the
        network shuffles; a recorder keeps those that do at the time reached.
        """
        ...


@asynccontextmanager
async def venue_feed(settings: Settings, symbols: Sequence[str], clock: ClockPort) -> AsyncIterator[MarketFeed]:
    """The feed of the venue that the settings name, of these symbols or of all.

    An entry point of `tidegate.feeds` is a callable from settings and symbols to an asynchronous context manager of a
    feed. A venue that registers none is listened to through its broker, which tells books and no trades.

    Raises:
        ConfigurationError: no venue is named, or no installed package registers it.
        UnknownSymbol: the venue has no such product.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    point = points.get(settings.venue.name or "")
    if point is None:
        yield BrokerFeed(live_market(settings), symbols, clock, f"venue {settings.venue.name}")
        return
    opened: AbstractAsyncContextManager[MarketFeed] = point.load()(settings, tuple(symbols))
    async with opened as feed:
        yield feed
