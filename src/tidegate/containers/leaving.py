"""Leaving: a venue's adapter that holds connections is told when its application has been left."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from warnings import warn

from tidegate.application.foreign import FOREIGN, shown

_SECONDS = 5.0
"""How long, in real seconds, closing may take."""


@asynccontextmanager
async def closed_afterwards(*ports: object) -> AsyncIterator[None]:
    """Await `aclose()` of each of these, once, if it has one, when the block is left.

    What goes wrong then is warned of and changes nothing: the account's books are closed already.
    """
    try:
        yield
    finally:
        for port in {id(port): port for port in ports}.values():
            aclose = getattr(port, "aclose", None)
            if iscoroutinefunction(aclose):
                await _closed(type(port).__name__, aclose)


async def _closed(name: str, aclose: Callable[[], Awaitable[object]]) -> None:
    try:
        async with asyncio.timeout(_SECONDS):
            await aclose()
    except TimeoutError:
        warn(f"{name} had not closed after {_SECONDS:g} s", RuntimeWarning, stacklevel=2)
    except FOREIGN as error:  # an adapter raises what its libraries do
        warn(f"{name} raised {shown(error)} when it was closed", RuntimeWarning, stacklevel=2)
