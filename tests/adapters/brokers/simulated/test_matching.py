"""Matching by hand: recorded rows and our orders go in, and the fills that price and time give come out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from tests.adapters.brokers.simulated.exchange_floor import (
    ExchangeFloor,
    add,
    an_order,
    book,
    delete,
    gap,
    level,
    resize,
    trade,
)
from tidegate.adapters.recordings.format import Depth, Row
from tidegate.domain.orders import Order
from tidegate.domain.vocabulary import OrderSide, TimeInForce

BUY, SELL = OrderSide.BUY, OrderSide.SELL
GTC, IOC, FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK

Step = Row | Order | Callable[[ExchangeFloor], object]


def cancel(name: str) -> Step:
    return lambda floor: floor.cancel(name)


def amend(name: str, quantity: str | int, limit: str | int | None = None) -> Step:
    return lambda floor: floor.amend(name, quantity, limit)


def buy(
    name: str, quantity: str | int, limit: str | int | None, tif: TimeInForce = GTC, *, post_only: bool = False
) -> Order:
    return an_order(name, BUY, quantity, limit, tif, post_only=post_only)


def sell(
    name: str, quantity: str | int, limit: str | int | None, tif: TimeInForce = GTC, *, post_only: bool = False
) -> Order:
    return an_order(name, SELL, quantity, limit, tif, post_only=post_only)


BOOK = book([(99, 5), (98, 10)], [(101, 2), (102, 3), (103, 4)])
QUEUE = [add("a", BUY, 99, 1), add("b", BUY, 99, 2), add("c", SELL, 101, 1), add("d", SELL, 101, 3)]


@dataclass(frozen=True, kw_only=True)
class Example:
    """`fills` as "order quantity@price M(aker) or T(aker)"; `states` as they are after the last step."""

    claim: str
    steps: list[Step]
    fills: list[str] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    depth: Depth = "levels"


EXAMPLES = [
    Example(
        claim="a market order takes the best level first and pays each level its own price",
        steps=[BOOK, buy("b1", 4, None)],
        fills=["b1 2@101 T", "b1 2@102 T"],
        states={"b1": "FILLED"},
    ),
    Example(
        claim="a market order larger than the recorded depth takes what there is, and the rest is cancelled",
        steps=[BOOK, buy("b1", 10, None)],
        fills=["b1 2@101 T", "b1 3@102 T", "b1 4@103 T"],
        states={"b1": "CANCELED"},
    ),
    Example(
        claim="a protected market order stops at its limit",
        steps=[BOOK, an_order("b1", BUY, 4, "101.5", IOC)],
        fills=["b1 2@101 T"],
        states={"b1": "CANCELED"},
    ),
    Example(
        claim="a limit buy that reaches the ask takes within its limit, and its rest waits at the limit",
        steps=[BOOK, buy("b1", 5, 101)],
        fills=["b1 2@101 T"],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="a taker's rest is a maker from then on: the next trade through its price fills it at its limit",
        steps=[BOOK, buy("b1", 5, 101), trade(SELL, "100.5", 1)],
        fills=["b1 2@101 T", "b1 1@101 M"],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="a limit sell takes bids from the best down",
        steps=[BOOK, sell("s1", 7, 98)],
        fills=["s1 5@99 T", "s1 2@98 T"],
        states={"s1": "FILLED"},
    ),
    Example(
        claim="what one taker used up is not there for the next",
        steps=[BOOK, buy("b1", 2, 101, IOC), buy("b2", 2, 101, IOC)],
        fills=["b1 2@101 T"],
        states={"b1": "FILLED", "b2": "CANCELED"},
    ),
    Example(
        claim="a level used in part gives the next taker only what is left of it",
        steps=[BOOK, buy("b1", "1.5", 101, IOC), buy("b2", 1, 102, IOC)],
        fills=["b1 1.5@101 T", "b2 0.5@101 T", "b2 0.5@102 T"],
        states={"b2": "FILLED"},
    ),
    Example(
        claim="the next update of a level makes all of it available again",
        steps=[BOOK, buy("b1", 2, 101, IOC), level(SELL, 101, "1.5"), buy("b2", 2, 101, IOC)],
        fills=["b1 2@101 T", "b2 1.5@101 T"],
        states={"b2": "CANCELED"},
    ),
    Example(
        claim="an update of another level brings nothing back",
        steps=[BOOK, buy("b1", 2, 101, IOC), level(SELL, 102, 9), buy("b2", 1, 101, IOC)],
        fills=["b1 2@101 T"],
        states={"b2": "CANCELED"},
    ),
    Example(
        claim="a snapshot makes every level available again",
        steps=[BOOK, buy("b1", 2, 101, IOC), BOOK, buy("b2", 1, 101, IOC)],
        fills=["b1 2@101 T", "b2 1@101 T"],
    ),
    Example(
        claim="fill-or-kill takes several levels when together they are enough",
        steps=[BOOK, buy("b1", 5, 102, FOK)],
        fills=["b1 2@101 T", "b1 3@102 T"],
        states={"b1": "FILLED"},
    ),
    Example(
        claim="fill-or-kill takes nothing when its limit leaves too little",
        steps=[BOOK, buy("b1", "5.1", 102, FOK), buy("b2", 2, 101, IOC)],
        fills=["b2 2@101 T"],
        states={"b1": "CANCELED", "b2": "FILLED"},
    ),
    Example(
        claim="an IOC order away from the market is cancelled without a fill",
        steps=[BOOK, buy("b1", 1, 100, IOC)],
        states={"b1": "CANCELED"},
    ),
    Example(
        claim="a resting order waits behind the displayed size: a trade of that size reaches it with nothing",
        steps=[BOOK, buy("b1", 1, 99), trade(SELL, 99, 5)],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="what a trade has beyond the size ahead fills the resting order in part",
        steps=[BOOK, buy("b1", 1, 99), trade(SELL, 99, "5.4")],
        fills=["b1 0.4@99 M"],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="the size ahead is worn down by one trade after another",
        steps=[BOOK, buy("b1", 1, 99), trade(SELL, 99, 3), trade(SELL, 99, 2), trade(SELL, 99, 4)],
        fills=["b1 1@99 M"],
        states={"b1": "FILLED"},
    ),
    Example(
        claim="cancellations ahead of us do not move us up where the recording has only levels",
        steps=[BOOK, buy("b1", 1, 99), level(BUY, 99, "0.1"), trade(SELL, 99, 4)],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="a trade of the same side's aggressor at our price takes nothing from our queue",
        steps=[BOOK, buy("b1", 1, 99), trade(BUY, 99, 50), trade(SELL, 99, 5)],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="alone at a better price, the first trade at that price is ours",
        steps=[BOOK, buy("b1", 1, 100), trade(SELL, 100, "0.6")],
        fills=["b1 0.6@100 M"],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="a trade through our price fills us at our limit, whoever was ahead, but not beyond its own volume",
        steps=[BOOK, buy("b1", 3, 99), trade(SELL, 98, 2)],
        fills=["b1 2@99 M"],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="a trade through a resting sell fills it at its limit",
        steps=[BOOK, buy("b1", 2, 101, IOC), sell("s1", 1, 104), trade(BUY, 105, 8)],
        fills=["b1 2@101 T", "s1 1@104 M"],
        states={"s1": "FILLED"},
    ),
    Example(
        claim="the volume that one of our orders used is gone for the next, better price first",
        steps=[BOOK, buy("b1", 1, 99), buy("b2", 1, "99.5"), trade(SELL, 98, "1.5")],
        fills=["b2 1@99.5 M", "b1 0.5@99 M"],
    ),
    Example(
        claim="two of our orders at a price fill in the order in which they came",
        steps=[BOOK, buy("b1", 1, 100), buy("b2", 1, 100), trade(SELL, 100, "1.5")],
        fills=["b1 1@100 M", "b2 0.5@100 M"],
    ),
    Example(
        claim="what came between two of ours trades between them",
        # 5 ahead of b1; then the level shows 7, so b2 has 7 ahead: 2 of them stand between b1 and b2.
        steps=[BOOK, buy("b1", 1, 99), level(BUY, 99, 7), buy("b2", 1, 99), trade(SELL, 99, "8.3")],
        fills=["b1 1@99 M", "b2 0.3@99 M"],
    ),
    Example(
        claim="a cancelled order no longer fills",
        steps=[BOOK, buy("b1", 1, 100), cancel("b1"), trade(SELL, 98, 5)],
        states={"b1": "CANCELED"},
    ),
    Example(
        claim="a partly filled order keeps its fills when it is cancelled",
        steps=[BOOK, buy("b1", 2, 100), trade(SELL, 100, 1), cancel("b1"), trade(SELL, 100, 5)],
        fills=["b1 1@100 M"],
        states={"b1": "CANCELED"},
    ),
    Example(
        claim="an amend that shrinks at the same price keeps its place",
        steps=[BOOK, buy("b1", 3, 99), level(BUY, 99, 9), amend("b1", 2), trade(SELL, 99, 6)],
        fills=["b1 1@99 M"],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="an amend that grows goes behind what is displayed then",
        steps=[BOOK, buy("b1", 3, 99), level(BUY, 99, 9), amend("b1", 4), trade(SELL, 99, 6), trade(SELL, 99, 4)],
        fills=["b1 1@99 M"],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="an amend to a price that reaches the other side takes",
        steps=[BOOK, buy("b1", 3, 99), amend("b1", 3, 101)],
        fills=["b1 2@101 T"],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="an amend down to what has filled ends the order as filled",
        steps=[BOOK, buy("b1", 3, 100), trade(SELL, 100, 1), amend("b1", 1)],
        fills=["b1 1@100 M"],
        states={"b1": "FILLED"},
    ),
    Example(
        claim="post-only rests where it does not reach the other side",
        steps=[BOOK, buy("b1", 1, "100.5", post_only=True), trade(SELL, "100.5", 1)],
        fills=["b1 1@100.5 M"],
        states={"b1": "FILLED"},
    ),
    Example(
        claim="post-only is judged on arrival: at the ask it is rejected",
        steps=[BOOK, buy("b1", 1, 101, post_only=True)],
        states={"b1": "REJECTED"},
    ),
    Example(
        claim="a new ask below our resting bid fills nothing: only trades do",
        steps=[BOOK, buy("b1", 1, 100), level(SELL, "99.5", 3)],
        states={"b1": "OPEN"},
    ),
    Example(
        claim="with order ids, a trade of the order at the front does not reach us",
        steps=[*QUEUE, buy("b1", 1, 99), trade(SELL, 99, 1, maker="a"), delete("a"), trade(SELL, 99, 2, maker="b")],
        states={"b1": "OPEN"},
        depth="orders",
    ),
    Example(
        claim="with order ids, a cancelled order ahead leaves the queue, and the next trade is ours",
        steps=[*QUEUE, buy("b1", 1, 99), delete("a"), delete("b"), add("e", BUY, 99, 9), trade(SELL, 99, 2, maker="e")],
        fills=["b1 1@99 M"],
        states={"b1": "FILLED"},
        depth="orders",
    ),
    Example(
        claim="with order ids, one that shrinks ahead of us keeps its place, and one that grows goes behind us",
        # a grows and so stands behind us; b shrinks to 0.5 and stays ahead: of an unnamed trade of 1, 0.5 are ours.
        steps=[*QUEUE, buy("b1", 1, 99), resize("a", 2), resize("b", "0.5"), trade(SELL, 99, 1)],
        fills=["b1 0.5@99 M"],
        depth="orders",
    ),
    Example(
        claim="with order ids, a trade of an order behind us leaves us what those ahead do not need",
        steps=[*QUEUE, buy("b1", 1, 99), add("e", BUY, 99, 9), trade(SELL, 99, "3.4", maker="e")],
        fills=["b1 0.4@99 M"],
        depth="orders",
    ),
    Example(
        claim="with order ids, taking uses up the orders in front, and only their own update brings them back",
        # b1 takes c whole and 1 of d. Then c is deleted as recorded: what d has left is 2, and e's 1 is new.
        steps=[*QUEUE, buy("b1", 2, 101, IOC), delete("c"), add("e", SELL, 101, 1), buy("b2", 9, 101, IOC)],
        fills=["b1 2@101 T", "b2 3@101 T"],
        depth="orders",
    ),
    Example(
        claim="with order ids, an update of the order that was taken from makes it available again",
        steps=[*QUEUE, buy("b1", 2, 101, IOC), resize("d", "2.5"), buy("b2", 9, 101, IOC)],
        fills=["b1 2@101 T", "b2 2.5@101 T"],
        depth="orders",
    ),
    Example(
        claim="after a gap the orders ahead are known by their size alone, and only trades shorten it",
        # Ahead: a 1 + b 2 = 3. After the gap a and b come back and leave again, which moves nobody up.
        steps=[
            *QUEUE,
            buy("b1", 1, 99),
            gap(),
            *QUEUE,
            delete("a"),
            delete("b"),
            trade(SELL, 99, "2.5"),
            trade(SELL, 99, 1),
        ],
        fills=["b1 0.5@99 M"],
        depth="orders",
    ),
    Example(
        claim="the perpetual has its own levels: what it used up is still there for spot",
        steps=[BOOK, an_order("p1", BUY, 2, 101, IOC, symbol="BTC-PERP"), buy("b1", 2, 101, IOC)],
        fills=["p1 2@101 T", "b1 2@101 T"],
    ),
    Example(
        claim="the perpetual has its own queue: one trade fills both products' orders",
        steps=[BOOK, an_order("p1", BUY, 1, 100, symbol="BTC-PERP"), buy("b1", 1, 100), trade(SELL, 100, 1)],
        fills=["b1 1@100 M", "p1 1@100 M"],
    ),
    Example(
        claim="a trade finer than the perpetual's increment of 1 fills it in whole ones",
        # 2.7 are traded through the order at 101: two contracts, and 0.7 are nobody's.
        steps=[
            book([(99, 5)], [(103, 5)]),
            an_order("p1", BUY, 4, 101, symbol="BTC-PERP"),
            trade(SELL, 99, "2.7"),
        ],
        fills=["p1 2@101 M"],
    ),
    Example(
        claim="a taker of the perpetual takes whole increments of a level and passes over less than one",
        # 1.6 at 101 give 1, 0.4 at 102 give none, and the rest comes from 103.
        steps=[
            book([(99, 5)], [(101, "1.6"), (102, "0.4"), (103, 5)]),
            an_order("p1", BUY, 3, 103, IOC, symbol="BTC-PERP"),
        ],
        fills=["p1 1@101 T", "p1 2@103 T"],
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.claim)
def test_an_example_worked_by_hand_comes_out_as_worked(example: Example) -> None:
    """Price-time priority, queues, used levels and trades through, each in the smallest case that shows it."""
    floor = ExchangeFloor(example.depth, balances={"USD": Decimal(100_000), "BTC": Decimal(100)})
    for step in example.steps:
        if isinstance(step, Order):
            floor.submit(step)
        elif callable(step):
            step(floor)
        else:
            floor.play(step)

    fills = [
        f"{fill.client_order_id} {fill.quantity.normalize():f}@{fill.price.normalize():f} {fill.liquidity[0]}"
        for fill in floor.fills
    ]
    assert fills == example.fills
    assert {name: floor.order(name).state for name in example.states} == example.states
