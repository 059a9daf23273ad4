"""The arguments and options of `decide` and `plan`, and the decision that they make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from inspect import Parameter
from typing import Annotated, Any, TypeVar

import typer

from tidegate.adapters.cli.failures import UsageError
from tidegate.adapters.spelling import hint, shown
from tidegate.domain.decisions import Decision
from tidegate.domain.vocabulary import Action, OrderType, TimeInForce, TriggerSource

_SIZE, _TERMS, _LIFE = "Size", "Terms", "Life and identity"
_SECONDS_MAX = 366 * 86_400

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class DecisionOptions:
    """What was typed, read as far as words and numbers go; its moments wait for the application's clock.

    A command that takes one has every argument and option of `PARAMETERS`.
    """

    symbol: str
    fields: Mapping[str, Any]
    valid_for: float | None = None
    expire_in: float | None = None

    def decision(self, now: datetime) -> Decision:
        """The decision, made now."""
        fields = dict(self.fields)
        for name, span in (("valid_until", self.valid_for), ("expire_at", self.expire_in)):
            if span is not None:
                fields[name] = now + timedelta(seconds=span)
        return Decision(**fields)


def _member(kind: type[E], text: str, option: str) -> E:
    word = text.upper().replace("-", "_")
    try:
        return kind(word)
    except ValueError:
        meant = hint(word, kind)
        choices = ", ".join(kind)
        raise UsageError(f"{option} {shown(text)} is none of {choices}{meant and f'; {meant}'}") from None


def _number(text: str, option: str) -> Decimal:
    try:
        if text.isascii() and "_" not in text:
            return Decimal(text)
    except InvalidOperation:
        pass
    raise UsageError(f"{option} wants a number, such as 250 or 0.01")


def _type(text: str, option: str) -> OrderType:
    return _member(OrderType, text, option)


def _tif(text: str, option: str) -> TimeInForce:
    return _member(TimeInForce, text, option)


def _source(text: str, option: str) -> TriggerSource:
    return _member(TriggerSource, text, option)


def _as_typed(value: Any, option: str) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class _Option:
    """One option: the decision's field that it fills, how its text is read, and how it is shown."""

    name: str
    field: str
    read: Callable[[Any, str], Any]
    panel: str
    help: str
    metavar: str = "NUMBER"
    is_flag: bool = False

    @property
    def parameter(self) -> Parameter:
        flag = self.name.replace("-", "_").removeprefix("__")
        metavar = None if self.is_flag else self.metavar
        option = typer.Option(self.name, help=self.help, rich_help_panel=self.panel, metavar=metavar)
        annotation = Annotated[bool, option] if self.is_flag else Annotated[str | None, option]
        default = False if self.is_flag else None
        return Parameter(flag, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_OPTIONS = (
    _Option("--notional", "target_notional", _number, _SIZE, "This order's size in quote currency."),
    _Option("--quantity", "quantity", _number, _SIZE, "Its size in base units, or contracts."),
    _Option("--leverage", "leverage", _number, _SIZE, "The margin setting; it multiplies nothing."),
    _Option("--reduce-only", "reduce_only", _as_typed, _SIZE, "Only ever shrink a position.", is_flag=True),
    _Option("--type", "order_type", _type, _TERMS, "MARKET, LIMIT, STOP, STOP_LIMIT, ...", "TYPE"),
    _Option("--limit", "limit_price", _number, _TERMS, "The limit price; without a type it makes a LIMIT.", "PRICE"),
    _Option("--stop", "stop_trigger", _number, _TERMS, "The trigger of a stop.", "PRICE"),
    _Option("--trail", "trail", _number, _TERMS, "How far a TRAILING_STOP follows, in quote currency.", "PRICE"),
    _Option("--trigger-on", "trigger_source", _source, _TERMS, "What a trigger watches: LAST or MARK.", "SOURCE"),
    _Option("--tif", "time_in_force", _tif, _TERMS, "GTC, GTD, IOC or FOK.", "TIF"),
    _Option("--post-only", "post_only", _as_typed, _TERMS, "Never take liquidity.", is_flag=True),
    _Option("--reference-price", "reference_price", _number, _TERMS, "The price it was decided at.", "PRICE"),
    _Option("--max-drift-bps", "max_drift_bps", _number, _TERMS, "How far the market may have moved from it.", "BPS"),
    _Option("--id", "decision_id", _as_typed, _LIFE, "The decision's id: the same again is the same order.", "ID"),
    _Option("--strategy-id", "strategy_id", _as_typed, _LIFE, "Whose position it is.", "ID"),
    _Option("--reason", "reason", _as_typed, _LIFE, "Why, for the record.", "TEXT"),
)

OPTION_OF_FIELD: Mapping[str, str] = {option.field: option.name for option in _OPTIONS}
"""The option that fills a field of the decision, so that a remedy can be typed."""


def _span(name: str, help_text: str, panel: str) -> Parameter:
    option = typer.Option(name, min=0, max=_SECONDS_MAX, metavar="SECONDS", help=help_text, rich_help_panel=panel)
    flag = name.removeprefix("--").replace("-", "_")
    return Parameter(flag, Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[float | None, option])


def _argument(name: str, help_text: str) -> Parameter:
    annotation = Annotated[str, typer.Argument(metavar=name.upper(), help=help_text)]
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation)


PARAMETERS: tuple[Parameter, ...] = (
    _argument("symbol", "A product, as `products` lists it."),
    _argument("action", "BUY, SELL, CLOSE or HOLD."),
    *(option.parameter for option in _OPTIONS),
    _span("--expire-in", "When a GTD order ends.", _TERMS),
    _span("--valid-for", "The decision's life.", _LIFE),
)


def options_of(typed: dict[str, Any]) -> DecisionOptions:
    """Take the values of `PARAMETERS` out of what was typed, and read them.

    An impossible number (NaN, a negative size) is a number, and the checks refuse and record it.

    Raises:
        UsageError: a word that is none of the choices, with the nearest, or text where a number belongs.
    """
    fields: dict[str, Any] = {"action": _member(Action, typed.pop("action"), "ACTION")}
    for option in _OPTIONS:
        value = typed.pop(option.parameter.name)
        if value is not None and value is not False:
            fields[option.field] = option.read(value, option.name)
    return DecisionOptions(typed.pop("symbol"), fields, typed.pop("valid_for"), typed.pop("expire_in"))
