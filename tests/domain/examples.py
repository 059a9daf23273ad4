"""Examples of any type of the domain, made from its declared fields."""

import types
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields

from tidegate.domain.refusals import Remedy
from tidegate.domain.vocabulary import OrderType, TimeInForce

decimals: Final = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(-(10**18) + 1, 10**18 - 1), st.integers(0, 18)
)
moments: Final = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
words: Final = st.text(max_size=8)
changes: Final = st.fixed_dictionaries(
    {},
    optional={
        "quantity": decimals,
        "target_notional": decimals,
        "limit_price": decimals,
        "order_type": st.sampled_from(OrderType),
        "time_in_force": st.sampled_from(TimeInForce),
        "valid_until": moments,
        "post_only": st.booleans(),
        "stop_loss": st.none(),
        "reason": words,
    },
)
_PLAIN: Final[dict[Any, st.SearchStrategy[Any]]] = {
    Decimal: decimals,
    datetime: moments,
    timedelta: st.timedeltas(timedelta(0), timedelta(days=3)),
    str: words,
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    float: st.floats(0, 10**7, allow_nan=False),
    type(None): st.none(),
    # Numbers of a remedy's changes come back as what their field is.
    Remedy: st.builds(Remedy, words, changes, st.none() | moments),
}


def examples_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a declared type: scalars, enumerations, unions, tuples, mappings and structs of them."""
    kind = getattr(kind, "__supertype__", kind)
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated and inner[0] is int:
        return st.integers(inner[1].ge, 2**53)
    if origin is Annotated:
        return examples_of(inner[0])
    if origin in (Union, types.UnionType):
        return st.one_of(*(examples_of(one) for one in inner))
    if origin is tuple:
        is_of_any_length = inner[-1] is Ellipsis
        return (
            st.lists(examples_of(inner[0]), max_size=2).map(tuple)
            if is_of_any_length
            else st.tuples(*map(examples_of, inner))
        )
    if origin is dict:
        return st.dictionaries(examples_of(inner[0]), examples_of(inner[1]), max_size=2)
    if origin is frozenset:
        return st.frozensets(examples_of(inner[0]), max_size=2)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    return _structs(kind)


def _structs(kind: type[Struct]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{one.name: _later(hints[one.name]) for one in fields(kind)})


def _later(kind: Any) -> st.SearchStrategy[Any]:
    """Deferred, because a plan may hold a refusal, and what needs no order a plan."""
    return st.deferred(lambda: examples_of(kind))
