"""Leaving: a venue that can be closed is, once, after everything that could still ask it for something."""

import asyncio

import pytest

from tests.application.interposing import InterposedVenue
from tests.application.rig import SPOT, Rig, buy, placed
from tidegate.containers import leaving


class Closing(InterposedVenue):
    """A venue that holds a connection."""

    closings: tuple[str, ...] = ()

    async def aclose(self) -> None:
        self.closings += ("closed",)


async def test_a_venue_is_closed_once_when_its_application_has_been_left() -> None:
    """One object stands for three ports."""
    rig = Rig()
    venue = Closing(rig.venue)

    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        assert venue.closings == ()
    assert len(venue.closings) == 1


async def test_a_venue_is_closed_where_its_application_was_left_by_an_error() -> None:
    """Whatever the way out."""
    rig = Rig()
    venue = Closing(rig.venue)

    with pytest.raises(LookupError):
        async with rig.open(venue=venue):
            raise LookupError
    assert len(venue.closings) == 1


async def test_a_venue_that_fails_to_close_is_warned_of() -> None:
    """The books are closed by then, and nothing else is lost."""
    rig = Rig()

    class Broken(Closing):
        async def aclose(self) -> None:
            raise OSError("reset")

    with pytest.warns(RuntimeWarning, match="Broken raised OSError"):
        async with rig.open(venue=Broken(rig.venue)):
            pass


async def test_a_venue_that_never_closes_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds are enough for a good-bye."""
    rig = Rig()
    monkeypatch.setattr(leaving, "_SECONDS", 0.01)

    class Hanging(Closing):
        async def aclose(self) -> None:
            await asyncio.Event().wait()

    with pytest.warns(RuntimeWarning, match="Hanging had not closed"):
        async with rig.open(venue=Hanging(rig.venue)):
            pass
