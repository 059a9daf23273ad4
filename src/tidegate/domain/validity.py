"""Validity: what no decision may contain, whatever the market does (N1, N3)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tidegate.domain.amounts import MAX_DIGITS_EACH_SIDE, ZERO, flaw
from tidegate.domain.decisions import Decision
from tidegate.domain.identifiers import is_identifier
from tidegate.domain.refusals import InvalidRefused, Remedy

_HUGE = Decimal(10) ** MAX_DIGITS_EACH_SIDE
_TINY = Decimal(10) ** -MAX_DIGITS_EACH_SIDE
_NON_NEGATIVE = ("target_notional", "quantity", "max_drift_bps")
_POSITIVE = (
    "leverage",
    "limit_price",
    "stop_trigger",
    "reference_price",
    "trail",
    "take_profit",
    "stop_loss",
    "display_quantity",
)
_SHORT = 64
_MOMENTS = ("expire_at", "valid_until", "decided_at")
_LAST_SECOND = datetime.max.replace(microsecond=0, tzinfo=UTC)
REASON_LENGTH_MAX = 4_000
"""Characters of a decision's free text; longer ones are cut by nobody and refused."""


def invalid(field: str, message: str, remedy: Remedy | None = None) -> InvalidRefused:
    """A refusal that names the field; every INVALID of a decision is made here."""
    return InvalidRefused(message=f"{field} {message}", facts={"field": field}, remedy=remedy)


def impossible(decision: Decision) -> InvalidRefused | None:
    """The first field that holds what none may: NaN, infinity, a sign, too many digits, a naive moment, a bad id."""
    decision_id = decision.decision_id
    # What is drawn here is plain letters and digits, which is quicker to see than to match.
    if not (decision_id.isalnum() and decision_id.isascii() and len(decision_id) <= _SHORT) and not is_identifier(
        decision_id
    ):
        return invalid("decision_id", _ID_RULE)
    if decision.strategy_id and not is_identifier(decision.strategy_id):
        return invalid("strategy_id", _ID_RULE)
    if decision.reason and not _is_readable(decision.reason):
        return invalid("reason", f"must be printable text of at most {REASON_LENGTH_MAX} characters")
    if not _amounts_are_sound(decision):
        return _unsound_amount(decision)
    if decision.expire_at is not None or decision.valid_until is not None or decision.decided_at is not None:
        return _naive_moment(decision)
    return None


_ID_RULE = "must be 1 to 64 of A-Z a-z 0-9 . _ : - and begin with a letter or digit"


def _is_readable(text: str) -> bool:
    """Printable, line breaks and tabs aside: control characters and direction marks reach no log, store or terminal."""
    if len(text) > REASON_LENGTH_MAX:
        return False
    return text.isprintable() or text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable()


def _amounts_are_sound(decision: Decision) -> bool:
    # Spelt out, because most are absent in most decisions; names are looked up only when something is wrong.
    return (
        (decision.target_notional is None or _is_amount(decision.target_notional))
        and (decision.quantity is None or _is_amount(decision.quantity))
        and (decision.limit_price is None or _is_price(decision.limit_price))
        and (decision.reference_price is None or _is_price(decision.reference_price))
        and (decision.max_drift_bps is None or _is_amount(decision.max_drift_bps))
        and (decision.leverage is None or _is_price(decision.leverage))
        and (decision.stop_trigger is None or _is_price(decision.stop_trigger))
        and (decision.trail is None or _is_price(decision.trail))
        and (decision.take_profit is None or _is_price(decision.take_profit))
        and (decision.stop_loss is None or _is_price(decision.stop_loss))
        and (decision.display_quantity is None or _is_price(decision.display_quantity))
    )


def _is_amount(value: Decimal) -> bool:
    # Of what is far below the least amount the remainder would be zero too.
    return value.is_finite() and not value.is_signed() and (not value or _TINY <= value < _HUGE) and not value % _TINY


def _is_price(value: Decimal) -> bool:
    return value.is_finite() and _TINY <= value < _HUGE and not value % _TINY


def _unsound_amount(decision: Decision) -> InvalidRefused | None:
    for name in _NON_NEGATIVE + _POSITIVE:
        value: Decimal | None = getattr(decision, name)
        if value is None:
            continue
        reason = flaw(value)
        if reason is None and name in _POSITIVE and value == ZERO:
            reason = "must be above zero"
        if reason is not None:
            return invalid(name, reason)
    return None


def _naive_moment(decision: Decision) -> InvalidRefused | None:
    for name in _MOMENTS:
        moment: datetime | None = getattr(decision, name)
        if moment is None or moment.tzinfo is UTC:
            continue
        if moment.utcoffset() is None:
            return invalid(name, "must say its offset from UTC (an aware datetime)")
        try:
            moment.astimezone(UTC)
        except OverflowError:
            return invalid(name, "is no moment in UTC: its year is out of range")
    return None


def shown(moment: datetime) -> str:
    """A moment for messages: UTC, to the second, as in 14:03:20Z with its date."""
    utc = moment.astimezone(UTC)
    whole = utc.replace(microsecond=0)
    if utc.microsecond and whole < _LAST_SECOND:
        whole += timedelta(seconds=1)
    return whole.strftime("%Y-%m-%dT%H:%M:%SZ")
