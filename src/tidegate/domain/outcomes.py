"""What comes back to the caller: an order, no need of one, a plan, or a refusal."""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tidegate.domain.orders import Order, OrderRecord, TermsChange
from tidegate.domain.refusals import AnyRefusal


class OrderPlaced(Struct, frozen=True, gc=False, kw_only=True):
    """One order exists for the decision; `order` is how it stands, UNKNOWN included.

    `changes` are the terms that review changed; `is_repeat` marks the answer to a decision that was seen before.
    """

    order: OrderRecord
    changes: tuple[TermsChange, ...] = ()
    is_repeat: bool = False


class NoOrderNeeded(Struct, frozen=True, kw_only=True):
    """The decision is honoured without an order: HOLD, a CLOSE while truly flat, zero size, or a dry run."""

    decision_id: str
    reason: str
    plan: "Plan | None" = None


def of_hold(decision_id: str) -> NoOrderNeeded:
    """What a HOLD comes to, whatever else it says and whatever it is of: it is never refused."""
    return NoOrderNeeded(decision_id=decision_id, reason="HOLD asks for nothing")


class Answer(StrEnum):
    """What a check said of an order."""

    PASS = "PASS"  # noqa: S105 -- the field's word, no password
    WARN = "WARN"  # a breach that does not stop this kind of order
    TRIP = "TRIP"


class CheckVerdict(Struct, frozen=True, kw_only=True):
    """One check's verdict: its code, its answer, its sentence, and on a breach the refusal it would be for an entry."""

    check: str
    answer: Answer
    message: str = ""
    refusal: AnyRefusal | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """What executing the decision now would do; nothing was reserved, written or asked.

    `order` has the exact terms that would be sent; `cost` the worst cash need in the paying currency, fees included;
    `fees` the worst fee, `margin_after` and `position_after` as if it filled whole; `verdicts` every computable check
    in order.
    """

    order: Order | None
    reason: str
    verdicts: tuple[CheckVerdict, ...] = ()
    changes: tuple[TermsChange, ...] = ()
    expected_price: Decimal | None = None
    worst_price: Decimal | None = None
    cost: Decimal | None = None
    cost_currency: str = ""
    fees: Decimal | None = None
    margin_after: Decimal | None = None
    position_after: Decimal | None = None
