"""Lying engines: adapters that break their port's contract, each in one way, on every third answer of one call."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tidegate.domain.fills import Fill
from tidegate.domain.submissions import (
    OrderAcknowledged,
    VenueBalances,
    VenueOrder,
    VenuePosition,
    VenuePositions,
)
from tidegate.testing.simulation.broker import SimulatedBroker

Lie = Callable[[Any], Any]
_EACH = 3
_HONEST = {"balances": 3, "positions": 3, "movements": 3}
"""How many answers are honest at first, where a first start could not be without them."""

NAN = Decimal("NaN")
STRANGER = "tg" + "0" * 30


def raising(error: BaseException) -> Lie:
    def lie(_: Any) -> Any:
        raise error

    return lie


def instead(value: Any) -> Lie:
    return lambda _: value


def of_fills(change: Callable[[Fill], Any]) -> Lie:
    """In the fills that come with an acceptance, or in a listing of them."""

    def lie(answer: Any) -> Any:
        if isinstance(answer, OrderAcknowledged):
            return replace(answer, fills=tuple(map(change, answer.fills)))
        return tuple(map(change, answer)) if isinstance(answer, tuple) else answer

    return lie


def of_orders(**changes: Any) -> Lie:
    """In an order, or in a listing of them."""

    def lie(answer: Any) -> Any:
        if isinstance(answer, tuple):
            return tuple(replace(one, **changes) for one in answer)
        return replace(answer, **changes) if isinstance(answer, VenueOrder) else answer

    return lie


def naive(one: Any) -> Any:
    return replace(one, at=one.at.replace(tzinfo=None))


def shouted(one: Any) -> Any:
    return replace(one, client_order_id=one.client_order_id.upper())


def each(change: Callable[[Any], Any]) -> Lie:
    return lambda answer: tuple(map(change, answer)) if isinstance(answer, tuple) else answer


def _balances(total: Any) -> Lie:
    def lie(answer: Any) -> Any:
        if not isinstance(answer, VenueBalances):
            return answer
        return replace(answer, balances=dict.fromkeys(answer.balances, total))

    return lie


def _positions(change: Callable[[VenuePosition], VenuePosition]) -> Lie:
    def lie(answer: Any) -> Any:
        if not isinstance(answer, VenuePositions):
            return answer
        return replace(answer, positions=tuple(map(change, answer.positions)))

    return lie


class LibraryError(Exception):
    """What an HTTP client raises is of no kind that Python knows."""


_ERRORS = (KeyError("id"), OSError("gone"), TimeoutError(), asyncio.CancelledError(), RuntimeError(), LibraryError())
_CALLS = ("submit", "cancel", "amend", "order", "open_orders", "fills", "movements")

LIES: dict[str, tuple[str, Lie]] = {
    **{f"{call} raises {type(error).__name__}": (call, raising(error)) for call in _CALLS for error in _ERRORS},
    **{f"{call} answers None": (call, instead(None)) for call in (*_CALLS, "balances", "positions")},
    "submit answers a word": ("submit", instead("ok")),
    "submit's fills are None": (
        "submit",
        lambda one: replace(one, fills=None) if isinstance(one, OrderAcknowledged) else one,
    ),
    "submit's moment has no zone": ("submit", naive),
    "submit's fill is negative": ("submit", of_fills(lambda fill: replace(fill, quantity=-fill.quantity))),
    "submit's fill is of nothing": ("submit", of_fills(lambda fill: replace(fill, quantity=Decimal(0)))),
    "submit's fill has no price": ("submit", of_fills(lambda fill: replace(fill, price=NAN))),
    "submit's fee is no number": ("submit", of_fills(lambda fill: replace(fill, fee=NAN))),
    "submit's fill is a float": ("submit", of_fills(lambda fill: replace(fill, quantity=float(fill.quantity)))),
    "submit's fill has no zone": ("submit", of_fills(naive)),
    "submit's fill is of the future": (
        "submit",
        of_fills(lambda fill: replace(fill, at=fill.at + timedelta(days=400))),
    ),
    "submit's fill is a stranger's": ("submit", of_fills(lambda fill: replace(fill, client_order_id=STRANGER))),
    "submit's fill is on the other side": ("submit", of_fills(lambda fill: replace(fill, side=fill.side.opposite))),
    "submit's fill is of another symbol": ("submit", of_fills(lambda fill: replace(fill, symbol="DOGE-USD"))),
    "order tells of another": ("order", of_orders(client_order_id=STRANGER)),
    "order's total is no number": ("order", of_orders(quantity=NAN)),
    "order's cumulative figure is no number": ("order", of_orders(filled_quantity=NAN)),
    "order's cumulative figure is negative": ("order", of_orders(filled_quantity=Decimal(-1))),
    "order's cumulative figure jumps": ("order", of_orders(filled_quantity=Decimal(10**9))),
    "order's price is no number": ("order", of_orders(limit_price=NAN)),
    "order's total is text": ("order", of_orders(quantity="1")),
    "open orders are shouted": ("open_orders", each(shouted)),
    "open orders are half of them": (
        "open_orders",
        lambda answer: answer[::2] if isinstance(answer, tuple) else answer,
    ),
    "an open order is None": ("open_orders", instead((None,))),
    "open orders have no zone": ("open_orders", each(naive)),
    "fills come twice and backwards": ("fills", lambda one: (one + one)[::-1] if isinstance(one, tuple) else one),
    "fills are of the future": ("fills", each(lambda fill: replace(fill, at=fill.at + timedelta(days=400)))),
    "fills have no zone": ("fills", each(naive)),
    "a fill is None": ("fills", instead((None,))),
    "fills are shouted": ("fills", each(shouted)),
    "a fill's fee is no number": ("fills", each(lambda fill: replace(fill, fee=NAN))),
    "balances are no numbers": ("balances", _balances(NAN)),
    "balances are floats": ("balances", _balances(1.5)),
    "positions are no numbers": ("positions", _positions(lambda one: replace(one, quantity=NAN))),
    "positions have the wrong sign": ("positions", _positions(lambda one: replace(one, quantity=-one.quantity))),
}
"""By what is wrong: the call, and what becomes of its answer."""


class Lying(SimulatedBroker):
    """The base of all engines that lie."""

    told = 0


def lying(name: str) -> type[Lying]:
    """An engine with this lie; `told` counts how often it was told."""
    call, lie = LIES[name]
    honest = getattr(SimulatedBroker, call)
    asked = iter(range(1, 1_000_000))

    class Engine(Lying):
        pass

    async def answer(self: Engine, *arguments: Any) -> Any:
        truth, number = await honest(self, *arguments), next(asked)
        if number % _EACH or number <= _HONEST.get(call, 0):
            return truth
        Engine.told += 1
        return lie(truth)

    setattr(Engine, call, answer)
    return Engine
