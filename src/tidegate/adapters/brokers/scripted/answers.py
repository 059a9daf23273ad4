"""Answers: what a scripted venue does with one request, and what it lets us know of it."""

from decimal import Decimal
from enum import Enum
from typing import Self

import msgspec
from msgspec import Struct


class Effect(Enum):
    """What the request does at the venue."""

    BEHAVE = "BEHAVE"  # as an honest venue would: what is marketable fills at the touch, the rest waits or is cancelled
    ACCEPT = "ACCEPT"  # it is worked, and nothing of it fills by itself
    FILL = "FILL"  # it is worked, and this much of it fills at once
    REJECT = "REJECT"
    NOTHING = "NOTHING"  # it never arrived
    RAISE = "RAISE"  # the adapter itself fails


class Told(Enum):
    """What the caller hears."""

    TRUTH = "TRUTH"
    SILENCE = "SILENCE"  # the request times out
    NOT_SENT = "NOT_SENT"  # no connection could be made


class _Scripted(Struct, frozen=True, kw_only=True):
    told: Told = Told.TRUTH
    after_seconds: float = 0
    is_held: bool = False

    def after(self, seconds: float) -> Self:
        """The same, but the caller hears of it only after that many seconds."""
        return msgspec.structs.replace(self, after_seconds=seconds)

    def when_released(self) -> Self:
        """The same, but the caller hears of it only at `broker.release()`."""
        return msgspec.structs.replace(self, is_held=True)


class Answer(_Scripted, frozen=True, kw_only=True):
    """What becomes of one submit. `quantity` and `price` are the fill's; None is all of it, at touch or limit."""

    effect: Effect = Effect.BEHAVE
    quantity: Decimal | None = None
    price: Decimal | None = None
    code: str = ""
    reason: str = ""
    reports_first: bool = False
    repeats: int = 0
    accepted_quantity: Decimal | None = None
    accepts_late: bool = False
    arrives_at_release: bool = False
    error: BaseException | None = None

    @classmethod
    def behave(cls) -> "Answer":
        """As an honest venue."""
        return cls()

    @classmethod
    def accept(cls) -> "Answer":
        """Accepted; it rests, whatever the book says."""
        return cls(effect=Effect.ACCEPT)

    @classmethod
    def fill(cls, quantity: Decimal | None = None, price: Decimal | None = None) -> "Answer":
        """Accepted, and filled with the answer: whole, or this much of it."""
        return cls(effect=Effect.FILL, quantity=quantity, price=price)

    @classmethod
    def fill_before_ack(cls, quantity: Decimal | None = None, price: Decimal | None = None) -> "Answer":
        """The stream tells of the fill before the answer comes, and the answer does not (S5)."""
        return cls(effect=Effect.FILL, quantity=quantity, price=price, reports_first=True)

    @classmethod
    def duplicate_ack(cls) -> "Answer":
        """Accepted, and the stream says so twice more (B4)."""
        return cls(effect=Effect.ACCEPT, repeats=2)

    @classmethod
    def reject(cls, code: str, reason: str = "as scripted") -> "Answer":
        """A typed reject."""
        return cls(effect=Effect.REJECT, code=code, reason=reason)

    @classmethod
    def reject_then_accept(cls, code: str, reason: str = "as scripted") -> "Answer":
        """A typed reject, and the duplicated request is accepted all the same (B25)."""
        return cls(effect=Effect.REJECT, code=code, reason=reason, accepts_late=True)

    @classmethod
    def accept_other_terms(cls, quantity: Decimal) -> "Answer":
        """The venue works it with another quantity (B20)."""
        return cls(effect=Effect.ACCEPT, accepted_quantity=quantity)

    @classmethod
    def timeout_after_accept(cls) -> "Answer":
        """Accepted, and the answer never comes (B1)."""
        return cls(effect=Effect.ACCEPT, told=Told.SILENCE, reason="timed out")

    @classmethod
    def timeout_after_fill(cls, quantity: Decimal | None = None) -> "Answer":
        """Accepted and filled, and neither is told."""
        return cls(effect=Effect.FILL, quantity=quantity, told=Told.SILENCE, reason="timed out")

    @classmethod
    def timeout_after_reject(cls, code: str) -> "Answer":
        """Rejected, and the answer never comes (B2)."""
        return cls(effect=Effect.REJECT, code=code, told=Told.SILENCE, reason="timed out")

    @classmethod
    def timeout_never_received(cls) -> "Answer":
        """The request was lost on its way (B3)."""
        return cls(effect=Effect.NOTHING, told=Told.SILENCE, reason="timed out")

    @classmethod
    def timeout_accepted_at_release(cls) -> "Answer":
        """No answer, and the request is still under way: the venue takes it at `broker.release()` (B26)."""
        return cls(effect=Effect.ACCEPT, told=Told.SILENCE, reason="timed out", arrives_at_release=True)

    @classmethod
    def lost_ack(cls) -> "Answer":
        """Honestly worked, and the connection broke before the answer."""
        return cls(told=Told.SILENCE, reason="connection reset")

    @classmethod
    def no_connection(cls) -> "Answer":
        """No byte left."""
        return cls(effect=Effect.NOTHING, told=Told.NOT_SENT, reason="connection refused")

    @classmethod
    def crash(cls, error: BaseException) -> "Answer":
        """The call raises, as only a bug or the machine can make it (P14); nothing reached the venue."""
        return cls(effect=Effect.RAISE, error=error)


class CancelAnswer(_Scripted, frozen=True, kw_only=True):
    """What becomes of one cancel. `fills_first` fills that much before the cancel takes effect."""

    is_effective: bool = True
    is_refused: bool = False
    fills_first: Decimal | None = None
    reason: str = ""

    @classmethod
    def confirm(cls) -> "CancelAnswer":
        return cls()

    @classmethod
    def refuse(cls, reason: str = "as scripted") -> "CancelAnswer":
        """Not cancelled; the order is as it was."""
        return cls(is_effective=False, is_refused=True, reason=reason)

    @classmethod
    def fill_first(cls, quantity: Decimal) -> "CancelAnswer":
        """A fill overtakes the cancel; the stream tells it (X4)."""
        return cls(fills_first=quantity)

    @classmethod
    def lost_ack(cls) -> "CancelAnswer":
        """Cancelled, and the answer never comes."""
        return cls(told=Told.SILENCE, reason="timed out")

    @classmethod
    def never_received(cls) -> "CancelAnswer":
        """The cancel was lost on its way."""
        return cls(is_effective=False, told=Told.SILENCE, reason="timed out")


class AmendAnswer(_Scripted, frozen=True, kw_only=True):
    """What becomes of one amend."""

    is_effective: bool = True
    is_refused: bool = False
    fills_first: Decimal | None = None
    reason: str = ""

    @classmethod
    def confirm(cls) -> "AmendAnswer":
        return cls()

    @classmethod
    def refuse(cls, reason: str = "as scripted") -> "AmendAnswer":
        """Not amended; the order is as it was."""
        return cls(is_effective=False, is_refused=True, reason=reason)

    @classmethod
    def fill_first(cls, quantity: Decimal) -> "AmendAnswer":
        """A fill overtakes the amend; the stream tells it (B33)."""
        return cls(fills_first=quantity)

    @classmethod
    def lost_ack(cls) -> "AmendAnswer":
        """Amended, and the answer never comes (B32)."""
        return cls(told=Told.SILENCE, reason="timed out")

    @classmethod
    def never_received(cls) -> "AmendAnswer":
        """The amend was lost on its way."""
        return cls(is_effective=False, told=Told.SILENCE, reason="timed out")
