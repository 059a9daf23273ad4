"""Cost with many orders: what is done to one order takes the same work beside a hundred and beside ten thousand."""

import sys
from collections.abc import Callable
from decimal import Decimal
from types import FrameType
from typing import Any

import msgspec
import pytest

from tests.adapters.brokers.simulated.exchange_floor import ExchangeFloor, an_order, book, level, trade
from tidegate.adapters.recordings.format import Row
from tidegate.domain.instructions import trigger_direction
from tidegate.domain.orders import Order
from tidegate.domain.vocabulary import OrderSide, OrderType, TimeInForce, TriggerSource

BUY, SELL, IOC = OrderSide.BUY, OrderSide.SELL, TimeInForce.IOC
WEALTH = {"USD": Decimal(10**12), "BTC": Decimal(10**8)}
FEW, MANY, ROUNDS = 100, 10_000, 40
TOLERANCE = 1.2
BOOK = book([("20000", 5000), ("19999", 5000)], [("20001", 5000), ("20002", 5000)])


def bytecodes(act: Callable[[], object]) -> int:
    """How many of the interpreter's instructions an act takes; the work inside C is not among them."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        if event == "opcode":
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def bid(name: str, place: int, symbol: str = "BTC-USD") -> Order:
    """A bid of its own price below the market."""
    return an_order(name, BUY, 1, str(Decimal(19_000) - place), symbol=symbol)


def stop(name: str, place: int) -> Order:
    return triggered(an_order(name, SELL, 1, None, order_type=OrderType.STOP), Decimal(19_000) - place, None)


def trail(name: str, place: int) -> Order:
    kind = OrderType.TRAILING_STOP
    return triggered(an_order(name, SELL, 1, None, order_type=kind), None, Decimal(1_000) + place)


def triggered(order: Order, price: Decimal | None, distance: Decimal | None) -> Order:
    return msgspec.structs.replace(
        order,
        time_in_force=TimeInForce.GTC,
        trigger_price=price,
        trail=distance,
        trigger_direction=trigger_direction(order.order_type, order.side),
        trigger_source=TriggerSource.LAST,
    )


def reducer(name: str, place: int) -> Order:
    return an_order(name, SELL, 1, str(Decimal(21_000) + place), symbol="BTC-PERP", reduce_only=True)


KINDS: dict[str, Callable[[str, int], Order]] = {
    "bids": bid,
    "bids of one price": lambda name, _: bid(name, 0),
    "bids of a perpetual": lambda name, place: bid(name, place, "BTC-PERP"),
    "reducers": reducer,
    "stops": stop,
    "trails": trail,
}


def crowded(kind: Callable[[str, int], Order], count: int) -> ExchangeFloor:
    floor = ExchangeFloor(balances=dict(WEALTH))
    floor.play(BOOK, trade(SELL, 20_000, 1))
    floor.submit(an_order("position", BUY, 100, "20002", IOC, symbol="BTC-PERP"))
    for number in range(count):
        floor.submit(kind(f"o{number}", number))
    assert len(floor.venue.exchange.floor.open) == count
    return floor


def coming_and_going(floor: ExchangeFloor, kind: Callable[[str, int], Order]) -> None:
    """Orders come, are amended and are cancelled; takers take; the market moves and trades."""
    for number in range(ROUNDS):
        name = f"n{number}"
        floor.submit(kind(name, number))
        floor.amend(name, 2)
        floor.cancel(name)
        floor.submit(an_order(f"t{number}", BUY, 1, "20002", IOC))
        floor.play(level(SELL, "20001", 5000 + number), trade(BUY, "20001", 1))


def work(kind: Callable[[str, int], Order], count: int) -> int:
    """What the same coming and going takes beside so many orders."""
    floor = crowded(kind, count)
    return bytecodes(lambda: coming_and_going(floor, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_costs_the_same_beside_a_hundred_and_beside_ten_thousand(kind: str) -> None:
    """Within a fifth, in bytecodes."""
    assert work(KINDS[kind], MANY) <= work(KINDS[kind], FEW) * TOLERANCE


def climb(count: int) -> int:
    """What ever new highs take while so many trails wait, none of which is reached."""
    floor = crowded(trail, count)
    rows: list[Row] = []
    for step in range(ROUNDS):
        rows += [book([(str(20_100 + step), 5)], [(str(20_101 + step), 5)]), trade(BUY, str(20_101 + step), 1)]
    floor.play(*rows[:2])
    spent = bytecodes(lambda: floor.play(*rows[2:]))
    assert all(order.waits for order in floor.venue.exchange.floor.open.values())
    return spent


def test_a_new_high_moves_ten_thousand_trails_as_one() -> None:
    """Once they have seen the same high they are one group."""
    assert climb(MANY) <= climb(FEW) * TOLERANCE
