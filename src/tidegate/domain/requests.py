"""Requests: what another process may ask the writer of an account to do, and how it is answered."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from tidegate.domain.amounts import ZERO
from tidegate.domain.decisions import Decision
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import NoOrderNeeded
from tidegate.domain.reconciliation import ReconciliationReport
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.vocabulary import TradingState

Span = Annotated[float, Meta(ge=0, le=366 * 86_400)]
"""Seconds, up to a year."""
Sequence = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
"""A place in a journal, the first of which is 1."""


class DecideRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Execute a decision.

    `valid_for_seconds` and `expire_in_seconds` count from when the writer takes it up: only it knows its own clock.
    Where that is the clock of whoever asks, on live accounts, the decision was made when it was asked for.
    """

    symbol: str
    decision: Decision
    valid_for_seconds: Span | None = None
    expire_in_seconds: Span | None = None

    def dated(self, now: datetime) -> Decision:
        """The decision with the moments that are counted from now."""
        spans = {"valid_until": self.valid_for_seconds, "expire_at": self.expire_in_seconds}
        moments = {name: now + timedelta(seconds=span) for name, span in spans.items() if span is not None}
        return replace(self.decision, **moments) if moments else self.decision

    def asked_at(self, at: datetime) -> "DecideRequest":
        """The request with a decision that was made then, unless it says itself when it was."""
        if self.decision.decided_at is not None:
            return self
        return replace(self, decision=replace(self.decision, decided_at=at))


class CancelRequest(Struct, frozen=True, kw_only=True):
    """Cancel one order."""

    client_order_id: str
    reason: str = ""


class CancelAllRequest(Struct, frozen=True, kw_only=True):
    """Cancel every live order; protection only when asked for."""

    include_protection: bool = False
    reason: str = ""


class CloseRequest(Struct, frozen=True, kw_only=True):
    """Close the account's position on a symbol, as an operator, who may override reductions of unknown outcome."""

    symbol: str
    reason: str = ""
    override_unknown: bool = False


class Verdict(StrEnum):
    """What an operator has seen of an order at the venue."""

    NEVER_ARRIVED = "NEVER_ARRIVED"
    FILLED = "FILLED"
    AS_VENUE = "AS_VENUE"


class SettleRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Take an operator's word on one order, which whoever has looked at the venue gives.

    NEVER_ARRIVED and FILLED (`filled_quantity` at `price`, `fee` in quote currency; the rest is not worked) settle an
    unknown outcome at a class C venue after H; elsewhere NEVER_ARRIVED does, once asking has not helped. AS_VENUE takes
    an order that the venue works with other terms as it is there.
    """

    client_order_id: str
    verdict: Verdict
    reason: str
    filled_quantity: Decimal | None = None
    price: Decimal | None = None
    fee: Decimal = ZERO


class StateRequest(Struct, frozen=True, kw_only=True):
    """Change the trading state of the account (`symbol` empty) or of one symbol.

    `sequence` is the journal row in which whoever asks has made it durable; 0 leaves that to the writer.
    """

    state: TradingState
    reason: str
    symbol: str = ""
    sequence: Sequence = 0


class ReconcileRequest(Struct, frozen=True, kw_only=True):
    """Make one pass of reconciliation; `adopt` takes up balances and derivative positions confirmed to differ."""

    report_only: bool = False
    adopt: bool = False
    reason: str = ""


class Reply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the writer did: exactly the fields that the request's kind calls for, or `error`."""

    orders: tuple[OrderRecord, ...] = ()
    no_order: NoOrderNeeded | None = None
    refusal: AnyRefusal | None = None
    report: ReconciliationReport | None = None
    state: TradingState | None = None
    error: str = ""
