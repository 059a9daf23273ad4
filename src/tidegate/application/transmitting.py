"""Transmitting: one request to the venue that may end without an answer, of which no more is concluded than that."""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

from tidegate.application.desk import AccountDesk

A = TypeVar("A")
U_co = TypeVar("U_co", covariant=True)


class Unanswered(Protocol[U_co]):
    """Makes the outcome of a request that had no answer."""

    def __call__(self, *, reason: str, at: datetime) -> U_co: ...


async def transmitted(
    desk: AccountDesk, name: str, request: Callable[[], Awaitable[A]], unanswered: Unanswered[A], what: str
) -> A:
    """The venue's answer, or that there was none before the deadline; `what` the adapter did meanwhile, in words.

    An adapter that raises where it may not cannot be trusted with entries (P14).
    """
    is_blameless = False
    under_way = desk.transmissions
    under_way.begin(name)
    try:
        answer = await request()
        is_blameless = True
        return answer
    except CancelledError:
        is_blameless = True
        if not under_way.take_cut(name):
            raise
        return unanswered(reason="no answer before the deadline", at=desk.clock.now())
    finally:
        under_way.end(name)
        if not is_blameless:
            desk.broke("ADAPTER_FAILED", f"the venue's adapter raised while it {what}")
