"""Symbols as they are typed: what can be one at all, and what there is on the market that an account is played on."""

from collections.abc import Sequence

from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.cli.stored import last_state
from tidegate.adapters.recordings.joined import RecordingsClash, open_recordings
from tidegate.adapters.recordings.reader import RecordingDamaged
from tidegate.adapters.settings import Settings
from tidegate.adapters.spelling import shown
from tidegate.domain.identifiers import is_symbol


def require_symbol(symbol: str) -> None:
    """Let nothing and a symbol through.

    Raises:
        UsageError: it can be none.
    """
    if symbol and not is_symbol(symbol):
        raise UsageError(f"{shown(symbol)} is no symbol: a symbol is upper-case, such as BTC-USD")


def require_product(symbol: str, known: Sequence[str]) -> None:
    """Let a product's symbol through, and anything where no product is known.

    Raises:
        UsageError: there is no such product; it names those there are.
    """
    if known and symbol not in known:
        raise UsageError(f"there is no product {shown(symbol)}; there is {', '.join(known[:8])}")


def played_symbols(settings: Settings) -> tuple[str, ...]:
    """The products of the recording that a paper account was last played on; none where that cannot be read."""
    state = last_state(settings)
    if state is None or not state.source:
        return ()
    try:
        return tuple(product.symbol for product in open_recordings(state.sources).header.products)
    except (RecordingDamaged, RecordingsClash, OSError):
        return ()  # whoever halts in trouble is not kept from it by a file
