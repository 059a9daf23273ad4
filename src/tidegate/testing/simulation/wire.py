"""The wire: a request on its way to the venue and the answer on its way back, either of which may be lost or late."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Any, Generic, TypeVar

from msgspec import Struct

from tidegate.testing.simulation.dice import Dice

T = TypeVar("T")

DEADLINE_SECONDS = 8.0
"""One total deadline for a request, whatever of it has arrived by then."""


class Route(Struct, frozen=True, kw_only=True):
    """What becomes of one request: seconds of extra delay each way, and what never arrives."""

    delay_out: float = 0.0
    delay_back: float = 0.0
    is_request_lost: bool = False
    is_answer_lost: bool = False
    again_after: float | None = None


STRAIGHT = Route()


class Answered(Struct, Generic[T], frozen=True):
    """The venue's answer arrived."""

    value: T


class Silence(Struct, frozen=True):
    """No answer within the deadline."""


SILENCE = Silence()


class Wire:
    """Carries requests for the world: one under way arrives, whatever has become of whoever sent it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, world: Context, dice: Dice) -> None:
        self._loop = loop
        self._world = world
        self._dice = dice

    async def ask(self, work: Callable[[], T], route: Route = STRAIGHT) -> Answered[T] | Silence:
        """Have the venue do something, and wait for its answer until the deadline."""
        answer: asyncio.Future[Answered[T] | Silence] = self._loop.create_future()
        if not route.is_request_lost:
            self.later(self._latency() + route.delay_out, partial(self._arrive, work, route, answer))
        if route.again_after is not None:
            self.later(self._latency() + route.delay_out + route.again_after, work)
        deadline = self.later(DEADLINE_SECONDS, partial(_resolve, answer, SILENCE))
        try:
            return await answer
        finally:
            deadline.cancel()

    def later(self, seconds: float, work: Callable[[], Any]) -> asyncio.TimerHandle:
        """Do something as the world, so many seconds from now."""
        return self._loop.call_later(seconds, work, context=self._world)

    def _arrive(self, work: Callable[[], T], route: Route, answer: "asyncio.Future[Answered[T] | Silence]") -> None:
        value = work()
        if not route.is_answer_lost:
            self.later(self._latency() + route.delay_back, partial(_resolve, answer, Answered(value)))

    def _latency(self) -> float:
        return self._dice.uniform(0.02, 0.2)


def _resolve(answer: "asyncio.Future[Any]", value: object) -> None:
    if not answer.done():
        answer.set_result(value)
