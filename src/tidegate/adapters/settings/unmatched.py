"""Unmatched: what is set for symbols that no product here has, and so applies to nothing."""

from collections.abc import Collection, Iterator

from tidegate.adapters.settings.keys import SYMBOLS, Key, dotted
from tidegate.adapters.settings.model import Settings
from tidegate.adapters.spelling import nearest

_MULTIPLIERS: Key = ("engine", "slippage_multipliers")


def unmatched(settings: Settings, symbols: Collection[str]) -> Iterator[str]:
    """A sentence for each key of a symbol that is none of these, with the nearest of them; none where none is known.

    It is no error: one file of settings may serve several markets, and a contract that has expired is gone from one.
    """
    if not symbols:
        return
    for table, own in ((SYMBOLS, settings.risk.symbols), (_MULTIPLIERS, settings.engine.slippage_multipliers)):
        for symbol in own:
            if symbol not in symbols:
                found = f"there is no product {symbol} here, and the nearest is {nearest(symbol, symbols)}"
                yield f"{dotted((*table, symbol))} applies to nothing: {found}"
