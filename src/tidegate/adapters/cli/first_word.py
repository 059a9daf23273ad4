"""The first word: a live venue's adapter connects after it was made, and a command of one moment waits for it."""

import asyncio
from collections.abc import Sequence

from tidegate.adapters.cli.call import Call
from tidegate.application.application import Application

WAIT_SECONDS = 10.0
"""How long about, in real seconds; what has not been heard by then is judged as unheard."""
_LOOK_SECONDS = 0.05


async def first_word(call: Call, app: Application, *symbols: str) -> None:
    """Wait until a live venue has named its products, and each of these has been heard of or is none.

    A recorded market is there at once.
    """
    if call.settings.profile != "live":
        return
    for _ in range(round(WAIT_SECONDS / _LOOK_SECONDS)):
        if not _may_come(app, symbols):
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _may_come(app: Application, symbols: Sequence[str]) -> bool:
    named = {product.symbol for product in app.products}
    return not named or any(symbol in named and app.quote(symbol).heard_at is None for symbol in symbols)
