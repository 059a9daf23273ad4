"""Symbols as they are typed: what can be one at all, and what there is on the market that an account is played on."""

from collections.abc import Sequence

from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.cli.recording_health import configured_recordings
from tidegate.adapters.cli.stored import last_state
from tidegate.adapters.cli.terminal import Terminal
from tidegate.adapters.recordings.joined import RecordingsClash, open_recordings
from tidegate.adapters.recordings.reader import RecordingDamaged
from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.unmatched import unmatched
from tidegate.adapters.spelling import shown
from tidegate.application.application import Application
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


def known_symbols(settings: Settings) -> frozenset[str]:
    """The products of every recording that the account may be played on; none where no recording says what there is."""
    if settings.profile not in ("paper", "replay"):
        return frozenset()
    try:
        named = open_recordings(configured_recordings(settings)).header.products
    except (RecordingDamaged, RecordingsClash, OSError):
        return frozenset()  # whoever plays it is told what is wrong with it
    return frozenset((*played_symbols(settings), *(product.symbol for product in named)))


def warn_of_unmatched(terminal: Terminal, settings: Settings, app: Application) -> None:
    """Say which limits apply to nothing on this market: a mistyped symbol trades under the account's."""
    for sentence in unmatched(settings, [product.symbol for product in app.products]):
        terminal.note(f"warning: {sentence}")
