"""Arguments: what a caller without a type checker may hand to placement, each flaw told as a refusal.

What is found here cannot be recorded, because the record itself would be unreadable: such a refusal follows from the
arguments alone and is the same every time.
"""

from datetime import datetime
from decimal import Decimal

from tidegate.domain.decisions import Decision
from tidegate.domain.identifiers import is_identifier
from tidegate.domain.marks import Mark
from tidegate.domain.positions import Position
from tidegate.domain.products import Product
from tidegate.domain.refusals import InvalidRefused, Remedy
from tidegate.domain.risk import RiskManager
from tidegate.domain.validity import REASON_LENGTH_MAX, impossible, invalid
from tidegate.domain.vocabulary import TimeInForce

_SYMBOL_LENGTH_MAX = 64


def flawed_symbol(symbol: object) -> InvalidRefused | None:
    """Why no journal could hold this symbol, or None."""
    if not isinstance(symbol, str):
        return _wrong_type("symbol", symbol, "a str")
    if not symbol.isascii() or not symbol.isprintable() or len(symbol) > _SYMBOL_LENGTH_MAX:
        return _invalid("symbol", f"must be at most {_SYMBOL_LENGTH_MAX} printable ASCII characters")
    return None


def flawed_call(decision: object, default_time_in_force: object, reduce_only_mode: object) -> InvalidRefused | None:
    """The first argument that nothing can be decided by, or None."""
    if not isinstance(decision, Decision):
        return _wrong_type("decision", decision, "a Decision")
    if default_time_in_force is not None and not isinstance(default_time_in_force, TimeInForce):
        return _wrong_type("default_time_in_force", default_time_in_force, "a TimeInForce or None")
    if reduce_only_mode is not False and reduce_only_mode is not True:
        return _wrong_type("reduce_only_mode", reduce_only_mode, "a bool")
    reason, strategy_id = decision.reason, decision.strategy_id
    if (
        is_identifier(decision.decision_id)
        and (not reason or (reason.isascii() and len(reason) <= REASON_LENGTH_MAX))
        and (not strategy_id or (strategy_id.isascii() and len(strategy_id) <= REASON_LENGTH_MAX))
        and decision.algorithm is None
    ):
        return None
    return _unrecordable(decision)


def flawed_engine(engine: object) -> InvalidRefused | None:
    """Why this is no execution engine, or None."""
    return None if _is_engine(engine) else _wrong_type("exec_engine", engine, "an execution engine")


def flawed_readings(mark: object, product: object, position: object) -> InvalidRefused | None:
    """The first of the caller's own readings that is not what it should be, or None."""
    if mark is not None and not isinstance(mark, Decimal):
        if not isinstance(mark, Mark):
            return _wrong_type("mark", mark, "a Mark, a Decimal or None")
        price: object = mark.price
        if not isinstance(price, Decimal) or not _is_aware(mark.at):
            return _invalid("mark", "must hold a Decimal price and an aware datetime")
    flawed = _flawed_product(product) if product is not None else None
    return flawed if flawed is not None or position is None else _flawed_position(position)


def _flawed_product(product: object) -> InvalidRefused | None:
    if not isinstance(product, Product):
        return _wrong_type("product", product, "a Product or None")
    compared: tuple[object, ...] = (product.price_increment, product.base_increment, product.multiplier)
    if not all(isinstance(value, Decimal) and value.is_finite() for value in compared):
        return _invalid("product", "must hold finite Decimals")
    return None


def _flawed_position(position: object) -> InvalidRefused | None:
    if not isinstance(position, Position):
        return _wrong_type("position_state", position, "a Position or None")
    if flawed_symbol(position.symbol) is not None:
        return _invalid("position_state", "must hold a symbol")
    quantity: object = position.quantity
    if not isinstance(quantity, Decimal) or not quantity.is_finite():
        return _invalid("position_state", "must hold a finite Decimal quantity")
    return None


def _unrecordable(decision: Decision) -> InvalidRefused | None:
    """Text that no journal could hold: an id by which nothing could be found, or letters that have no bytes."""
    if not is_identifier(decision.decision_id):
        return impossible(decision)
    texts = [("reason", decision.reason), ("strategy_id", decision.strategy_id)]
    if decision.algorithm is not None:
        parameters = decision.algorithm.parameters
        texts += [("algorithm", text) for text in (decision.algorithm.name, *parameters, *parameters.values())]
    for field, text in texts:
        if len(text) > REASON_LENGTH_MAX or not _has_bytes(text):
            return invalid(field, f"must be readable text of at most {REASON_LENGTH_MAX} characters")
    return None


def _is_engine(engine: object) -> bool:
    has_calls = callable(getattr(engine, "review", None)) and callable(getattr(engine, "assess", None))
    return has_calls and isinstance(getattr(engine, "risk_manager", None), RiskManager)


def _is_aware(moment: object) -> bool:
    return isinstance(moment, datetime) and moment.utcoffset() is not None


def _has_bytes(text: str) -> bool:
    """Whether it can be written as UTF-8; half of a surrogate pair cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong_type(argument: str, value: object, wanted: str) -> InvalidRefused:
    return _invalid(argument, f"must be {wanted}, not {type(value).__name__}")


def _invalid(argument: str, message: str) -> InvalidRefused:
    remedy = None
    if argument in ("mark", "product", "position_state"):
        remedy = Remedy(f"leave {argument} out: it is then read from the venue and the ledger")
    return InvalidRefused(message=f"{argument} {message}", facts={"argument": argument}, remedy=remedy)
