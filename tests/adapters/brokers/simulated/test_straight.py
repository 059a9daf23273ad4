"""The straight way against the long way: whatever happens to both, they answer the same and leave the same world."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.adapters.brokers.simulated.exchange_floor import (
    SPOT,
    START,
    ExchangeFloor,
    add,
    an_order,
    book,
    delete,
    gap,
    header,
    level,
    moment,
    resize,
    status,
    trade,
)
from tidegate.adapters.brokers.simulated import INSTANT
from tidegate.adapters.brokers.simulated.settings import SelfTradePrevention
from tidegate.adapters.recordings.format import Depth, Row
from tidegate.domain.amounts import ONE, exact
from tidegate.domain.instructions import trigger_direction
from tidegate.domain.orders import Order
from tidegate.domain.products import Product
from tidegate.domain.vocabulary import OrderSide, OrderType, TimeInForce, TriggerSource

BUY, SELL = OrderSide.BUY, OrderSide.SELL
IOC, GTC, FOK = TimeInForce.IOC, TimeInForce.GTC, TimeInForce.FOK
MARKET, LIMIT, STOP = OrderType.MARKET, OrderType.LIMIT, OrderType.STOP
RICH = {"USD": Decimal(100_000), "BTC": Decimal(50)}
POOR = {"USD": Decimal(150), "BTC": Decimal("0.5")}

LEVELS: list[Row] = [book([(99, 5), (98, 10)], [(101, 2), (102, 30)])]
QUEUES: list[Row] = [
    add("a", BUY, 99, "0.3"),
    add("b", BUY, 99, 2),
    add("c", SELL, 101, "0.5"),
    add("d", SELL, 101, "1.5"),
    add("e", SELL, 102, 30),
]


class Pair:
    """Two venues with one history: one goes straight where it can, one never does."""

    def __init__(
        self,
        depth: Depth = "levels",
        balances: dict[str, Decimal] = RICH,
        product: Product = SPOT,
        prevents: SelfTradePrevention = SelfTradePrevention.CANCEL_NEWEST,
    ) -> None:
        products, settings = header(depth, product), replace(INSTANT, self_trade_prevention=prevents)
        self.straight, self.long = (
            ExchangeFloor(depth, balances=dict(balances), products=products, settings=settings) for _ in range(2)
        )
        self.play(*(LEVELS if depth == "levels" else QUEUES))

    def play(self, *rows: Row) -> None:
        self.straight.play(*rows)
        self.long.play(*rows)

    def submit(self, order: Order) -> bool:
        """Whether it went straight; in any case both have answered the same and are left the same."""
        entry, at = self.straight.venue.entry, moment(1)
        went = exact(entry.straight.filled)(order, at)
        if went is None:
            assert told(self.straight) == told(self.long)
        answer = went or exact(entry.the_long_way)(order, at)
        assert repr(answer) == repr(exact(self.long.venue.entry.the_long_way)(order, at))
        assert told(self.straight) == told(self.long)
        return went is not None


def told(floor: ExchangeFloor) -> list[str]:
    """Every figure to its last decimal, since a world is written as it stands."""
    exchange = floor.venue.exchange
    exchange.remember_used()
    archive = exchange.world.archive
    return [repr(one) for one in (archive.all_orders(), floor.fills, exchange.world.state, exchange.watched)]


def an_ioc(side: OrderSide = BUY, quantity: str = "0.2", limit: str = "101.5", name: str = "x") -> Order:
    return an_order(name, side, quantity, limit, IOC, order_type=MARKET)


@pytest.mark.parametrize("depth", ["levels", "orders"])
@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("kind", [MARKET, LIMIT])
def test_an_order_within_the_best_level_goes_straight(depth: Depth, side: OrderSide, kind: OrderType) -> None:
    pair = Pair(depth)
    limit = "101.5" if side is BUY else "98.5"
    for number in range(4):
        assert pair.submit(an_order(f"x{number}", side, "0.3", limit, IOC, order_type=kind))
    assert len(pair.straight.fills) == 4


@pytest.mark.parametrize("depth", ["levels", "orders"])
def test_an_order_within_the_level_behind_one_that_is_used_up_goes_straight(depth: Depth) -> None:
    pair = Pair(depth)
    assert pair.submit(an_ioc(quantity="2", limit="101", name="w"))
    assert not pair.submit(an_ioc(quantity="0.3", limit="101.5", name="x"))
    assert pair.submit(an_ioc(quantity="0.3", limit="102", name="y"))
    assert [fill.price for fill in pair.straight.fills] == [101, 102]


@dataclass(frozen=True)
class Special:
    """`why` an order does not go straight."""

    why: str
    order: Order
    rows: tuple[Row, ...] = ()
    before: tuple[Order, ...] = ()
    balances: tuple[tuple[str, Decimal], ...] = tuple(RICH.items())
    product: Product = SPOT


@pytest.mark.parametrize(
    "special",
    [
        Special("its product is unknown", replace(an_ioc(), symbol="ETH-USD")),
        Special("its product is a derivative", replace(an_ioc(quantity="1"), symbol="BTC-PERP")),
        Special("its product has a multiplier", an_ioc(), product=replace(SPOT, multiplier=Decimal(2))),
        Special("it has no limit", an_order("x", BUY, "0.2", None)),
        Special("it may rest", an_order("x", BUY, "0.2", "101.5", GTC)),
        Special("it is all or nothing", an_order("x", BUY, "0.2", "101.5", FOK)),
        Special("it waits for a trigger", replace(an_ioc(), order_type=STOP)),
        Special("it has a trigger", replace(an_ioc(), trigger_direction=trigger_direction(STOP, BUY))),
        Special("it may only reduce", replace(an_ioc(SELL, limit="98.5"), reduce_only=True)),
        Special("it may not take", replace(an_ioc(), post_only=True)),
        Special("it has a date", replace(an_ioc(), expire_at=START)),
        Special("its quantity is no number", an_ioc(quantity="NaN")),
        Special("its limit is no number", an_ioc(limit="Infinity")),
        Special("its quantity is nothing", an_ioc(quantity="0")),
        Special("its quantity is negative", an_ioc(quantity="-0.2")),
        Special("its limit is negative", an_ioc(SELL, limit="-1")),
        Special("its quantity is off the increment", an_ioc(quantity="0.25")),
        Special("its limit is off the increment", an_ioc(limit="101.3")),
        Special("it is too small", an_ioc(quantity="0.1")),
        Special("it is too large", an_ioc(quantity="1.5"), product=replace(SPOT, maximum_quantity=ONE)),
        Special("it is worth too little", an_ioc(), product=replace(SPOT, minimum_notional=Decimal(21))),
        Special("the level shows less", an_ioc(quantity="2.1")),
        Special("others of ours took of the level", an_ioc(quantity="1.2"), before=(an_ioc(quantity="1", name="w"),)),
        Special("the book is out of its reach", an_ioc(limit="100.5")),
        Special("the book is empty", an_ioc(), rows=(gap(),)),
        Special("the book is crossed", an_ioc(), rows=(level(BUY, 101, 1),)),
        Special("the product is restricted", an_ioc(), rows=(status("cancel_only"),)),
        Special("it would meet our own", an_ioc(limit="102"), before=(an_order("w", SELL, "0.2", "101.5"),)),
        Special("its product has a session", an_ioc(), product=replace(SPOT, opens_at=START)),
        Special("its product expires", an_ioc(), product=replace(SPOT, expires_at=moment(99))),
        Special("it is not paid for", an_ioc(quantity="2"), balances=tuple(POOR.items())),
        Special("it is not in stock", an_ioc(SELL, "0.6", "98.5"), balances=tuple(POOR.items())),
        Special("its id was used", an_ioc(), before=(an_ioc(),)),
        Special("its id is open", an_ioc(name="w"), before=(an_order("w", BUY, "0.2", "90"),)),
        Special(
            "it leaves a reducer idle",
            an_ioc(SELL, "0.5", "98.5"),
            before=(an_order("w", SELL, "0.2", "110", reduce_only=True),),
            balances=tuple(POOR.items()),
        ),
    ],
    ids=lambda special: special.why,
)
def test_an_order_goes_the_long_way_because(special: Special) -> None:
    pair = Pair(balances=dict(special.balances), product=special.product)
    for order in special.before:
        pair.submit(order)
    pair.play(*special.rows)
    assert not pair.submit(special.order)


def test_what_is_held_for_a_resting_order_is_not_free() -> None:
    pair = Pair(balances=POOR)
    pair.submit(an_order("rests", BUY, "1", "90"))
    assert not pair.submit(an_ioc(quantity="0.7"))
    assert pair.submit(an_ioc(quantity="0.5", name="y"))


Asked = tuple[OrderSide, str, str, TimeInForce, bool]


@dataclass(frozen=True)
class Waits:
    """A stop or a trailing stop, in few words."""

    side: OrderSide
    size: str
    price: str
    is_trailing: bool

    def order(self, name: str) -> Order:
        kind = OrderType.TRAILING_STOP if self.is_trailing else STOP
        return replace(
            an_order(name, self.side, self.size, None, order_type=kind),
            time_in_force=GTC,
            trigger_price=None if self.is_trailing else Decimal(self.price),
            trail=Decimal(1) if self.is_trailing else None,
            trigger_direction=trigger_direction(kind, self.side),
            trigger_source=TriggerSource.LAST,
        )


SIDES = st.sampled_from([BUY, SELL])
SIZES = st.sampled_from(["0.2", "0.3", "0.5", "1", "1E+1", "2.0", "2.5"])
PRICES = st.sampled_from(["90", "98", "98.5", "99", "99.0", "100", "101", "101.5", "102", "110"])
ORDERS = st.tuples(SIDES, SIZES, PRICES, st.sampled_from([IOC, IOC, IOC, GTC, FOK]), st.booleans())
WAITING = st.builds(Waits, SIDES, SIZES, PRICES, st.booleans())
LEVEL_ROWS = st.one_of(
    st.builds(level, SIDES, PRICES, st.sampled_from(["0", "0.25", "1", "3"])),
    st.builds(trade, SIDES, PRICES, SIZES),
    st.sampled_from([*LEVELS, gap()]),
)
IDS = st.sampled_from("abcdefgh")
QUEUE_ROWS = st.one_of(
    st.builds(add, IDS, SIDES, PRICES, SIZES),
    st.builds(delete, IDS),
    st.builds(resize, IDS, SIZES),
    st.builds(trade, SIDES, PRICES, SIZES),
)


@given(
    steps=st.lists(st.one_of(ORDERS, WAITING, LEVEL_ROWS), max_size=25)
    | st.lists(st.one_of(ORDERS, WAITING, QUEUE_ROWS), max_size=25),
    depth=st.sampled_from(["levels", "orders"]),
    balances=st.sampled_from([RICH, POOR]),
    prevents=st.sampled_from(SelfTradePrevention),
    fee=st.sampled_from(["0", "0.002", "-0.0001", "0.001234567890123456"]),
)
def test_both_ways_leave_the_same_world(
    steps: list[Row | Asked | Waits],
    depth: Depth,
    balances: dict[str, Decimal],
    prevents: SelfTradePrevention,
    fee: str,
) -> None:
    """Also beside stops that wait and are triggered, and however the venue keeps our orders apart."""
    pair = Pair(depth, balances, replace(SPOT, taker_fee_rate=Decimal(fee)), prevents)
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            side, size, price, tif, is_market = step
            kind = MARKET if is_market and tif is not GTC else LIMIT
            pair.submit(an_order(f"x{number}", side, size, price, tif, order_type=kind))
        elif isinstance(step, Waits):
            pair.submit(step.order(f"x{number}"))
        else:
            pair.play(step)
