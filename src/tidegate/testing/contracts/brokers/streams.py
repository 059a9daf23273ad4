"""Streams: from now on, until closed, and never in the way of an answer."""

# ruff: noqa: S101 -- a contract is asserted

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from tidegate.domain.submissions import OrderAcknowledged
from tidegate.testing.contracts.brokers.opened import VenueContract


class StreamClaims(VenueContract):
    """What `reports` and `changes` promise to whoever does not listen well."""

    async def test_a_listener_that_never_listens_holds_up_nothing(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            streams = [venue.broker.reports(), venue.broker.changes()]
            for number in range(5):
                assert isinstance(await venue.broker.submit(venue.resting(f"r{number}")), OrderAcknowledged)
            assert len(streams) == 2

    async def test_a_listener_may_be_cancelled_and_listen_again(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            reports = venue.broker.reports()
            for _ in range(2):
                listening = asyncio.ensure_future(_next(reports))
                await asyncio.sleep(0)
                listening.cancel()
                await asyncio.wait([listening])
            assert isinstance(await venue.broker.submit(venue.taking("a")), OrderAcknowledged)


async def _next(stream: AsyncIterator[object]) -> object:
    return await anext(stream, None)
