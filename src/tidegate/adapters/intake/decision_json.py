"""One decision as JSON: exact numbers, known keys, and for all else a refusal that says what was wrong."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, NoReturn

from tidegate.adapters.spelling import hint, nearest, shown
from tidegate.domain.decisions import Algorithm, Decision
from tidegate.domain.ports import DecisionMessage
from tidegate.domain.refusals import InvalidRefused, Remedy
from tidegate.domain.vocabulary import Action, OrderType, TimeInForce, TriggerSource

_DEPTH_MAX = 4
_SYMBOL = "symbol"


class _Unreadable(Exception):
    """What is wrong with one line, and what would mend it."""

    def __init__(self, what: str, remedy: str = "", key: str = "") -> None:
        super().__init__(what)
        self.what, self.remedy, self.key = what, remedy, key


def decision_of(content: bytes, reference: str) -> DecisionMessage | InvalidRefused:
    """Read one decision; `reference` names it to its source.

    A number may be a JSON number or text, and is taken as written, never through a float. What only the checks can
    judge (a negative size, NaN as text, an unknown symbol) passes, and is refused and recorded by them.
    """
    try:
        fields = _object(content)
        symbol = _required(fields, _SYMBOL)
        decision = Decision(**{name: _READERS[name](name, value) for name, value in fields.items() if name != _SYMBOL})
    except _Unreadable as error:
        return refused(f"{reference}: {error.what}", reference, error.remedy, error.key)
    return DecisionMessage(symbol=symbol, decision=decision, reference=reference)


def refused(message: str, reference: str, remedy: str = "", key: str = "") -> InvalidRefused:
    """The refusal of what could not be read as a decision."""
    facts = {"reference": reference, "key": key} if key else {"reference": reference}
    return InvalidRefused(message=message, facts=facts, remedy=Remedy(remedy) if remedy else None)


def _object(content: bytes) -> Mapping[str, Any]:
    """The line's keys and values, all known, none given twice, null ones left out."""
    fields = _parsed(content)
    if not isinstance(fields, dict):
        raise _Unreadable("is not a JSON object", 'a line is {"symbol": "BTC-USD", "action": "BUY", ...}')
    known = (_SYMBOL, *_READERS)
    for name in fields:
        if name not in known:
            meant = hint(name, known)
            remedy = f"write {nearest(name, known)}" if meant else f"the keys are {', '.join(known)}"
            raise _Unreadable("; ".join(filter(None, (f"unknown key {shown(name)}", meant))), remedy, shown(name))
    given = {name: value for name, value in fields.items() if value is not None}
    for name in (_SYMBOL, "action"):
        if name not in given:
            raise _Unreadable(f"has no {name}", f"give {name}", name)
    return given


def _parsed(content: bytes) -> Any:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise _Unreadable(f"is not UTF-8 at byte {error.start + 1}", "write UTF-8") from None
    if text.count("[") + text.count("{") > 16 and _depth(text) > _DEPTH_MAX:
        raise _Unreadable("is nested too deeply", "a decision is one flat object")
    try:
        return json.loads(
            text, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_constant, object_pairs_hook=_once
        )
    except json.JSONDecodeError as error:
        raise _Unreadable(f"is not JSON: {error.msg} at column {error.colno}") from None
    except InvalidOperation:
        raise _Unreadable("holds a number that no decimal can hold") from None


def _depth(text: str) -> int:
    """How deeply brackets are nested, at most; brackets inside strings counted too, since no key needs any."""
    depth = deepest = 0
    for letter in text:
        depth += (letter in "[{") - (letter in "]}")
        deepest = max(deepest, depth)
    return deepest


def _no_constant(name: str) -> NoReturn:
    raise _Unreadable(f"holds {name}, which is no number", "give a finite number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Unreadable(f"gives {shown(twice)} twice", "give each key once", shown(twice))
    return fields


def _required(fields: Mapping[str, Any], name: str) -> str:
    return _text(name, fields[name])


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _Unreadable(f"{name} must be text", key=name)
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _Unreadable(f"{name} holds half of a surrogate pair, which is no text", key=name)
    return value


def _decimal(name: str, value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    # Decimal itself would also read underscores, blanks around it and the digits of other scripts.
    if not isinstance(value, str) or not value.isascii() or "_" in value or value != value.strip():
        raise _Unreadable(f"{name} must be a number, or a number in quotes", key=name)
    try:
        return Decimal(value)
    except InvalidOperation:
        raise _Unreadable(f"{name} must be a number, or a number in quotes", key=name) from None


def _boolean(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Unreadable(f"{name} must be true or false", key=name)
    return value


def _moment(name: str, value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Unreadable(f"{name} must be a moment such as 2026-05-02T02:40:00Z", key=name) from None
    if moment.tzinfo is None:
        raise _Unreadable(f"{name} has no time zone", "end it with Z for UTC", name)
    return moment


def _member_of(kind: type[StrEnum]) -> Callable[[str, Any], StrEnum]:
    def read(name: str, value: Any) -> StrEnum:
        text = _text(name, value)
        try:
            return kind(text)
        except ValueError:
            members = ", ".join(kind)
            raise _Unreadable(f"{name} must be one of {members}", hint(text, kind), name) from None

    return read


def _algorithm(name: str, value: Any) -> Algorithm:
    if not isinstance(value, dict) or not value.keys() <= {"name", "parameters"} or "name" not in value:
        raise _Unreadable(f'{name} must be {{"name": ..., "parameters": {{...}}}}', key=name)
    parameters = value.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise _Unreadable(f"{name}.parameters must be an object of texts", key=name)
    texts = {_text(f"{name}.parameters", key): _text(f"{name}.parameters", item) for key, item in parameters.items()}
    return Algorithm(name=_text(f"{name}.name", value["name"]), parameters=texts)


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "action": _member_of(Action),
    "decision_id": _text,
    "target_notional": _decimal,
    "quantity": _decimal,
    "leverage": _decimal,
    "reduce_only": _boolean,
    "reason": _text,
    "order_type": _member_of(OrderType),
    "limit_price": _decimal,
    "stop_trigger": _decimal,
    "time_in_force": _member_of(TimeInForce),
    "expire_at": _moment,
    "post_only": _boolean,
    "valid_until": _moment,
    "reference_price": _decimal,
    "max_drift_bps": _decimal,
    "strategy_id": _text,
    "decided_at": _moment,
    "trail": _decimal,
    "trigger_source": _member_of(TriggerSource),
    "take_profit": _decimal,
    "stop_loss": _decimal,
    "algorithm": _algorithm,
    "display_quantity": _decimal,
}
"""How each field of a decision is read; a test holds the keys equal to the decision's fields."""
