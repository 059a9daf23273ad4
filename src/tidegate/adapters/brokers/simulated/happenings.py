"""Happenings: scripted events of the account (deposits, busts, deleveraging), as a TOML file says when."""

from collections.abc import Collection
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from tidegate.adapters.settings.file import read_toml
from tidegate.adapters.shapes import flaw_of
from tidegate.adapters.spelling import shown
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.amounts import ZERO
from tidegate.domain.movements import FLOWS, MovementKind

Happening = Literal["deposit", "withdrawal", "transfer", "conversion", "reward", "bust", "deleveraging"]
_FLOWS = frozenset(kind.value.lower() for kind in FLOWS)
_OUTGOING = "withdrawal"


class ScriptedEvent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event, `at` seconds after the session's beginning.

    A flow has an `amount` of a `currency`; a withdrawal takes it, and no more than is free. A bust takes back the last
    fill, of `symbol` where one is named. Deleveraging closes the `fraction` of the position of `symbol` at the mark.
    """

    at: float
    kind: Happening
    currency: str = ""
    amount: Decimal = ZERO
    symbol: str = ""
    fraction: Decimal = Decimal(1)
    reason: str = ""

    @property
    def is_flow(self) -> bool:
        return self.kind in _FLOWS

    @property
    def movement_kind(self) -> MovementKind:
        return MovementKind(self.kind.upper())

    @property
    def signed(self) -> Decimal:
        """The amount as it changes the balance."""
        return -self.amount if self.kind == _OUTGOING else self.amount


class _File(Struct, frozen=True, forbid_unknown_fields=True, rename={"events": "event"}):
    events: tuple[ScriptedEvent, ...] = ()


_KEYS = ("event", *ScriptedEvent.__struct_fields__)


def read_happenings(path: Path, symbols: Collection[str]) -> tuple[ScriptedEvent, ...]:
    """The events of a file in order of time.

    Raises:
        ConfigurationError: it cannot be read, or holds what cannot be; the message has the event's number.
    """
    name, tree = shown(path.name), read_toml(path, "paper.happenings")
    try:
        events = msgspec.convert(tree, _File, strict=False).events
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{name}: {flaw_of(error, _KEYS)}", ("paper.happenings",)) from None
    for number, event in enumerate(events, 1):
        wrong = _wrong(event, symbols)
        if wrong:
            raise ConfigurationError(f"{name}: event {number} ({event.kind}) {wrong}", ("paper.happenings",))
    return tuple(sorted(events, key=lambda event: event.at))


def _wrong(event: ScriptedEvent, symbols: Collection[str]) -> str:
    """What is wrong with an event; empty where nothing is."""
    if not 0 <= event.at < float("inf"):
        return "wants `at`: seconds from the session's beginning"
    if not event.amount.is_finite() or not event.fraction.is_finite() or not ZERO < event.fraction <= 1:
        return "has a figure that is no number, or a fraction that is not between 0 and 1"
    if event.symbol and event.symbol not in symbols:
        return f"is of {shown(event.symbol)}, which the recording has not; it has {', '.join(symbols)}"
    if event.is_flow:
        if not event.currency or not event.amount or (event.amount < ZERO and event.kind in ("deposit", _OUTGOING)):
            return "wants a `currency` and an `amount`, above zero for a deposit or a withdrawal"
        return ""
    return "wants a `symbol`" if event.kind == "deleveraging" and not event.symbol else ""
