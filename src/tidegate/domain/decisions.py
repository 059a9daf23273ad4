"""Decisions: what a strategy hands over, and the identity that makes one decision one order."""

from contextvars import ContextVar
from datetime import datetime
from decimal import Decimal
from secrets import token_hex  # noqa: TID251 -- only for an object that is made outside any application, see _draw_id
from typing import Any, Protocol

from msgspec import Struct, field
from msgspec.structs import asdict

from tidegate.domain.vocabulary import Action, OrderType, TimeInForce, TriggerSource


class DecisionSource(Protocol):
    """Where a decision's id and its moment come from; the container binds one made of its id port and its clock."""

    def draw_id(self) -> str: ...

    def now(self) -> datetime | None: ...


DECISION_SOURCE: ContextVar[DecisionSource] = ContextVar("tidegate_decision_source")
"""Bound by the container, seeded in replay and simulation; unbound, ids come from the operating system."""


def _draw_id() -> str:
    source = DECISION_SOURCE.get(None)
    # Outside any application there is no id port, and the object must still be one order however often it is executed.
    return source.draw_id() if source is not None else "d" + token_hex(15)


def _decided_now() -> datetime | None:
    source = DECISION_SOURCE.get(None)
    return source.now() if source is not None else None


class Algorithm(Struct, frozen=True, kw_only=True):
    """An execution algorithm by name, with its parameters as text."""

    name: str
    parameters: dict[str, str] = {}


class Decision(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What a strategy wants done on one symbol; the same object twice is one order.

    `target_notional` is this order's size in quote currency (not a target position), `quantity` its size in base units
    or contracts; `limit_price`, `stop_trigger`, `reference_price`, `take_profit`, `stop_loss` are prices in quote
    currency; `trail` a distance in quote currency; `max_drift_bps` basis points. `expire_at` ends a GTD order at the
    venue, `valid_until` the decision itself. All moments are aware datetimes. `decided_at` is the bound clock's, or
    the moment of execution.

    Only types are checked here. What is impossible (NaN, negative, too many digits, minus zero) is refused as INVALID
    on its way, so that a strategy's bad number is a recorded refusal and not an exception in the strategy.

    Raises:
        TypeError: a field holds another type than it declares (a float is not a Decimal); the message names the field.
    """

    action: Action
    decision_id: str = field(default_factory=_draw_id)
    target_notional: Decimal | None = None
    quantity: Decimal | None = None
    leverage: Decimal | None = None
    reduce_only: bool = False
    reason: str = ""
    order_type: OrderType | None = None
    limit_price: Decimal | None = None
    stop_trigger: Decimal | None = None
    time_in_force: TimeInForce | None = None
    expire_at: datetime | None = None
    post_only: bool = False
    valid_until: datetime | None = None
    reference_price: Decimal | None = None
    max_drift_bps: Decimal | None = None
    strategy_id: str = ""
    decided_at: datetime | None = field(default_factory=_decided_now)
    trail: Decimal | None = None
    trigger_source: TriggerSource | None = None
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    algorithm: Algorithm | None = None
    display_quantity: Decimal | None = None

    def __post_init__(self) -> None:
        # Written out because it is paid once an order: the loop that names the wrong field takes twice as long.
        given: Any = self  # what the fields declare is what is in question
        if (
            type(given.action) is Action
            and type(given.decision_id) is str
            and ((value := given.target_notional) is None or type(value) is Decimal)
            and ((value := given.quantity) is None or type(value) is Decimal)
            and ((value := given.leverage) is None or type(value) is Decimal)
            and type(given.reduce_only) is bool
            and type(given.reason) is str
            and ((value := given.order_type) is None or type(value) is OrderType)
            and ((value := given.limit_price) is None or type(value) is Decimal)
            and ((value := given.stop_trigger) is None or type(value) is Decimal)
            and ((value := given.time_in_force) is None or type(value) is TimeInForce)
            and ((value := given.expire_at) is None or type(value) is datetime)
            and type(given.post_only) is bool
            and ((value := given.valid_until) is None or type(value) is datetime)
            and ((value := given.reference_price) is None or type(value) is Decimal)
            and ((value := given.max_drift_bps) is None or type(value) is Decimal)
            and type(given.strategy_id) is str
            and ((value := given.decided_at) is None or type(value) is datetime)
            and ((value := given.trail) is None or type(value) is Decimal)
            and ((value := given.trigger_source) is None or type(value) is TriggerSource)
            and ((value := given.take_profit) is None or type(value) is Decimal)
            and ((value := given.stop_loss) is None or type(value) is Decimal)
            and ((value := given.algorithm) is None or type(value) is Algorithm)
            and ((value := given.display_quantity) is None or type(value) is Decimal)
        ):
            return
        raise TypeError(_wrong_type(self))


_NONE = type(None)
_OPTIONAL_DECIMAL = (_NONE, Decimal)
_OPTIONAL_MOMENT = (_NONE, datetime)
_TYPES: tuple[tuple[str, tuple[type, ...]], ...] = (
    ("action", (Action,)),
    ("decision_id", (str,)),
    ("target_notional", _OPTIONAL_DECIMAL),
    ("quantity", _OPTIONAL_DECIMAL),
    ("leverage", _OPTIONAL_DECIMAL),
    ("reduce_only", (bool,)),
    ("reason", (str,)),
    ("order_type", (_NONE, OrderType)),
    ("limit_price", _OPTIONAL_DECIMAL),
    ("stop_trigger", _OPTIONAL_DECIMAL),
    ("time_in_force", (_NONE, TimeInForce)),
    ("expire_at", _OPTIONAL_MOMENT),
    ("post_only", (bool,)),
    ("valid_until", _OPTIONAL_MOMENT),
    ("reference_price", _OPTIONAL_DECIMAL),
    ("max_drift_bps", _OPTIONAL_DECIMAL),
    ("strategy_id", (str,)),
    ("decided_at", _OPTIONAL_MOMENT),
    ("trail", _OPTIONAL_DECIMAL),
    ("trigger_source", (_NONE, TriggerSource)),
    ("take_profit", _OPTIONAL_DECIMAL),
    ("stop_loss", _OPTIONAL_DECIMAL),
    ("algorithm", (_NONE, Algorithm)),
    ("display_quantity", _OPTIONAL_DECIMAL),
)


def _wrong_type(decision: Decision) -> str:
    """The sentence about the first field that holds another type than it declares."""
    name, accepted = next((name, kinds) for name, kinds in _TYPES if type(getattr(decision, name)) not in kinds)
    value = getattr(decision, name)
    wanted = " or ".join("None" if kind is _NONE else kind.__name__ for kind in accepted)
    hint = f"; write Decimal({str(value)!r})" if Decimal in accepted and isinstance(value, int | float) else ""
    return f"Decision.{name} must be {wanted}, not {type(value).__name__}{hint}"


_NOT_CONTENT = ("decided_at", "valid_until")


def same_content(one_symbol: str, one: Decision, other_symbol: str, other: Decision) -> bool:
    """Whether two decisions ask for the same thing: symbol and all fields but `decided_at` and `valid_until`.

    Decimals count by value, and one that is not a number equals itself: it was refused, and is refused the same again.
    """
    if one_symbol != other_symbol:
        return False
    left, right = asdict(one), asdict(other)
    return all(_is_same(left[name], right[name]) for name in left if name not in _NOT_CONTENT)


def _is_same(one: object, other: object) -> bool:
    if isinstance(one, Decimal) and isinstance(other, Decimal) and (one.is_nan() or other.is_nan()):
        return str(one) == str(other)
    return one == other
