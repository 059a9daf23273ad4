"""A decision becomes the one order it asks for, or the reason why it can be none."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.situations import LONG, NOW, PERP, PERPETUAL, QUIET, Situation, book, buy, close, decision, sell
from tidegate.domain.decisions import Algorithm
from tidegate.domain.identifiers import client_order_id
from tidegate.domain.instructions import TIMES_IN_FORCE
from tidegate.domain.orders import Order
from tidegate.domain.outcomes import NoOrderNeeded
from tidegate.domain.positions import Position
from tidegate.domain.refusals import Refusal
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.translation import ONE_ORDER_VENUE, translate
from tidegate.domain.vocabulary import (
    Action,
    Delivery,
    OrderSide,
    OrderType,
    Purpose,
    ReduceOnlySupport,
    TimeInForce,
    TriggerDirection,
    TriggerSource,
)

LATER = NOW + timedelta(hours=1)
EVERYTHING = EngineCapabilities(
    venue="the venue",
    delivery=Delivery.A,
    horizon_seconds=Decimal(150),
    reduce_only=ReduceOnlySupport.NATIVE,
    order_types=frozenset(OrderType),
)
ABLE = QUIET.but(capabilities=EVERYTHING)

PRICES: dict[OrderType, dict[str, str]] = {
    OrderType.MARKET: {},
    OrderType.LIMIT: {"limit_price": "60000"},
    OrderType.STOP: {"stop_trigger": "60000"},
    OrderType.STOP_LIMIT: {"stop_trigger": "60000", "limit_price": "60000"},
    OrderType.TAKE_PROFIT: {"stop_trigger": "60000"},
    OrderType.TRAILING_STOP: {"trail": "100"},
}


def refusal_of(outcome: object, code: str) -> Refusal:
    """The refusal with that code; anything else fails the test."""
    assert isinstance(outcome, Refusal), outcome
    assert outcome.code == code, outcome
    return outcome


@pytest.mark.parametrize("action", [Action.BUY, Action.SELL])
@pytest.mark.parametrize("kind", OrderType)
@pytest.mark.parametrize("time_in_force", [None, *TimeInForce])
def test_every_action_type_and_time_in_force_has_its_answer(
    action: Action, kind: OrderType, time_in_force: TimeInForce | None
) -> None:
    """The table of times in force, whole: what fits is taken as it stands, what does not is refused with what would."""
    expire_at = LATER if time_in_force is TimeInForce.GTD else None
    asked = decision(
        action, order_type=kind, quantity="0.01", time_in_force=time_in_force, expire_at=expire_at, **PRICES[kind]
    )

    outcome = ABLE.translated(asked)

    if time_in_force is None or time_in_force in TIMES_IN_FORCE[kind]:
        assert isinstance(outcome, Order)
        assert outcome.order_type is kind
        assert outcome.side is OrderSide[action.value]
        assert outcome.time_in_force is (time_in_force or TIMES_IN_FORCE[kind][0])
    else:
        refused = refusal_of(outcome, "INVALID")
        assert refused.facts["field"] in ("time_in_force", "expire_at")
        assert refused.remedy is not None
        if refused.facts["field"] == "time_in_force":
            assert refused.remedy.changes == {"time_in_force": TIMES_IN_FORCE[kind][0]}


def test_the_first_time_in_force_of_each_type_is_the_documented_one() -> None:
    """MARKET is immediate; all else rests until it is cancelled."""
    assert {kind: one[0] for kind, one in TIMES_IN_FORCE.items()} == {
        OrderType.MARKET: TimeInForce.IOC,
        OrderType.LIMIT: TimeInForce.GTC,
        OrderType.STOP_LIMIT: TimeInForce.GTC,
        OrderType.STOP: TimeInForce.GTC,
        OrderType.TAKE_PROFIT: TimeInForce.GTC,
        OrderType.TRAILING_STOP: TimeInForce.GTC,
    }


@pytest.mark.parametrize(
    ("configured", "fields", "chosen"),
    [
        (TimeInForce.FOK, {}, TimeInForce.FOK),
        (TimeInForce.GTC, {}, TimeInForce.IOC),
        (TimeInForce.IOC, {"limit_price": "60000"}, TimeInForce.IOC),
        (TimeInForce.IOC, {"limit_price": "60000", "post_only": True}, TimeInForce.GTC),
        (TimeInForce.GTD, {"limit_price": "60000"}, TimeInForce.GTC),
        (TimeInForce.GTD, {"limit_price": "60000", "expire_at": LATER}, TimeInForce.GTD),
    ],
)
def test_a_missing_time_in_force_falls_to_the_configured_one_where_it_fits(
    configured: TimeInForce, fields: dict[str, Any], chosen: TimeInForce
) -> None:
    """Configuration fills a gap; it never turns a sound decision into a contradiction."""
    order = QUIET.but(default_time_in_force=configured).order(buy(**fields))

    assert order.time_in_force is chosen


def test_a_time_in_force_that_the_venue_lacks_is_refused_with_what_it_takes() -> None:
    """FOK of a market order is by capability."""
    no_fok = EngineCapabilities(
        venue="plain",
        delivery=Delivery.A,
        horizon_seconds=Decimal(1),
        reduce_only=ReduceOnlySupport.NONE,
        times_in_force=frozenset({TimeInForce.IOC, TimeInForce.GTC}),
    )

    refused = refusal_of(QUIET.but(capabilities=no_fok).translated(buy(time_in_force=TimeInForce.FOK)), "MARKET_STATE")

    assert "IOC" in refused.message
    without_default = QUIET.but(capabilities=no_fok, default_time_in_force=TimeInForce.FOK)
    assert without_default.order(buy()).time_in_force is TimeInForce.IOC


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({}, TimeInForce.FOK),
        ({"limit_price": "60000"}, TimeInForce.IOC),
        ({"reason": "no word of time"}, TimeInForce.GTC),
    ],
)
@pytest.mark.parametrize("configured", [None, TimeInForce.GTD])
def test_what_nobody_names_is_sent_only_where_the_venue_takes_it(
    fields: dict[str, str], taken: TimeInForce, configured: TimeInForce | None
) -> None:
    """A type's own time in force may be one that the venue lacks, too; it is refused, and not another one chosen."""
    lacking = replace(ONE_ORDER_VENUE, times_in_force=frozenset({taken}))
    here = QUIET.but(capabilities=lacking, default_time_in_force=configured)

    refused = refusal_of(here.translated(buy(**fields)), "MARKET_STATE")

    assert refused.facts["field"] == "time_in_force"
    assert here.order(buy(time_in_force=taken, limit_price="60000")).time_in_force is taken


def test_a_raw_market_order_needs_no_time_in_force_of_the_venue() -> None:
    """It is sent without any."""
    venue = replace(ONE_ORDER_VENUE, times_in_force=frozenset({TimeInForce.GTC}), market_as_limit_ioc=False)
    raw = QUIET.but(capabilities=venue, limits=replace(QUIET.limits, unprotected=True))

    assert raw.order(buy()).order_type is OrderType.MARKET


@pytest.mark.parametrize(
    ("fields", "kind"),
    [({}, OrderType.MARKET), ({"limit_price": "60000"}, OrderType.LIMIT)],
)
def test_a_type_is_inferred_from_the_price(fields: dict[str, str], kind: OrderType) -> None:
    """A limit price without a type is a limit order; no price at all is a market order."""
    assert QUIET.order(buy(**fields)).order_type is kind


CONTRADICTIONS: list[tuple[dict[str, Any], str, dict[str, Any] | None]] = [
    ({"order_type": OrderType.MARKET, "limit_price": "60000"}, "limit_price", {"order_type": OrderType.LIMIT}),
    ({"order_type": OrderType.LIMIT}, "limit_price", None),
    ({"order_type": OrderType.LIMIT, "limit_price": "1", "stop_trigger": "1"}, "stop_trigger", {"stop_trigger": None}),
    ({"order_type": OrderType.STOP, "stop_trigger": "1", "limit_price": "1"}, "limit_price", {"limit_price": None}),
    ({"order_type": OrderType.STOP_LIMIT, "stop_trigger": "1"}, "limit_price", None),
    ({"order_type": OrderType.STOP_LIMIT, "limit_price": "1"}, "stop_trigger", None),
    ({"order_type": OrderType.TRAILING_STOP}, "trail", None),
    ({"order_type": OrderType.LIMIT, "limit_price": "1", "trail": "1"}, "trail", {"trail": None}),
    ({"stop_trigger": "60000"}, "order_type", None),
    ({"stop_trigger": "60000", "limit_price": "60000"}, "order_type", None),
    ({"trail": "100"}, "order_type", None),
    ({"post_only": True}, "post_only", {"post_only": False}),
    (
        {"post_only": True, "limit_price": "60000", "time_in_force": TimeInForce.IOC},
        "post_only",
        {"time_in_force": TimeInForce.GTC},
    ),
    ({"limit_price": "60000", "expire_at": LATER}, "expire_at", {"time_in_force": TimeInForce.GTD}),
    (
        {"limit_price": "60000", "expire_at": LATER, "time_in_force": TimeInForce.IOC},
        "expire_at",
        {"expire_at": None},
    ),
    ({"expire_at": LATER}, "expire_at", {"expire_at": None}),
    ({"limit_price": "1", "time_in_force": TimeInForce.GTD}, "expire_at", {"time_in_force": TimeInForce.GTC}),
    ({"limit_price": "1", "time_in_force": TimeInForce.GTD, "expire_at": NOW}, "expire_at", None),
    ({"trigger_source": TriggerSource.LAST}, "trigger_source", {"trigger_source": None}),
    ({"max_drift_bps": "10"}, "max_drift_bps", {"max_drift_bps": None}),
    ({"display_quantity": "0.001"}, "display_quantity", {"display_quantity": None}),
    ({"algorithm": Algorithm(name="MAGIC")}, "algorithm", {"algorithm": None}),
]


@pytest.mark.parametrize(("fields", "field", "changes"), CONTRADICTIONS)
def test_fields_that_cannot_both_hold_are_refused_by_name(
    fields: dict[str, Any], field: str, changes: dict[str, Any] | None
) -> None:
    """Anything contradictory is refused, never repaired in silence; where one change would do, it is said."""
    refused = refusal_of(ABLE.translated(buy(**fields)), "INVALID")

    assert refused.facts["field"] == field
    assert (refused.remedy.changes if refused.remedy else None) == changes


@pytest.mark.parametrize(
    ("action", "limit", "is_sound"),
    [
        (Action.BUY, "60001", True),
        (Action.BUY, "59999", False),
        (Action.SELL, "59999", True),
        (Action.SELL, "60001", False),
    ],
)
def test_the_limit_of_a_stop_limit_lies_beyond_its_trigger(action: Action, limit: str, is_sound: bool) -> None:
    """Sell limit ≤ trigger, buy limit ≥ trigger: otherwise its own trigger would leave it behind."""
    asked = decision(action, order_type=OrderType.STOP_LIMIT, quantity="0.01", stop_trigger="60000", limit_price=limit)

    outcome = ABLE.translated(asked)

    if is_sound:
        assert isinstance(outcome, Order)
    else:
        refused = refusal_of(outcome, "INVALID")
        assert refused.remedy is not None
        assert refused.remedy.changes == {"limit_price": Decimal(60_000)}


@pytest.mark.parametrize(
    ("action", "kind", "direction"),
    [
        (Action.BUY, OrderType.STOP, TriggerDirection.AT_OR_ABOVE),
        (Action.SELL, OrderType.STOP, TriggerDirection.AT_OR_BELOW),
        (Action.BUY, OrderType.TAKE_PROFIT, TriggerDirection.AT_OR_BELOW),
        (Action.SELL, OrderType.TAKE_PROFIT, TriggerDirection.AT_OR_ABOVE),
        (Action.SELL, OrderType.TRAILING_STOP, TriggerDirection.AT_OR_BELOW),
    ],
)
def test_a_trigger_carries_its_direction_and_its_source(
    action: Action, kind: OrderType, direction: TriggerDirection
) -> None:
    """From which side, and of which price: spot watches the last trade, a perpetual its mark, or what was asked for."""
    asked = decision(action, order_type=kind, quantity="1", **PRICES[kind])
    perpetual = PERP.but(capabilities=EVERYTHING)
    chosen = decision(action, order_type=kind, quantity="1", trigger_source=TriggerSource.INDEX, **PRICES[kind])

    spot_order, perpetual_order = ABLE.order(asked), perpetual.order(asked)

    assert spot_order.trigger_direction is perpetual_order.trigger_direction is direction
    assert spot_order.trigger_source is TriggerSource.LAST
    assert perpetual_order.trigger_source is TriggerSource.MARK
    assert ABLE.order(chosen).trigger_source is TriggerSource.INDEX
    assert (spot_order.trigger_price, spot_order.trail) == (asked.stop_trigger, asked.trail)


def test_what_is_no_trigger_has_no_direction() -> None:
    """A plain order waits for nothing."""
    order = QUIET.order(buy())

    assert (order.trigger_price, order.trigger_direction, order.trigger_source) == (None, None, None)


@pytest.mark.parametrize("kind", [OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TAKE_PROFIT, OrderType.TRAILING_STOP])
def test_a_type_that_the_venue_cannot_work_is_refused_with_what_it_takes(kind: OrderType) -> None:
    """MARKET_STATE, since the decision makes sense and another venue would take it."""
    refused = refusal_of(QUIET.translated(buy(order_type=kind, **PRICES[kind])), "MARKET_STATE")

    assert "LIMIT, MARKET" in refused.message
    assert refused.remedy is None


@pytest.mark.parametrize(
    ("fields", "has_remedy"),
    [
        ({"take_profit": "70000"}, False),
        ({"stop_loss": "50000"}, False),
        ({"algorithm": Algorithm(name="TWAP")}, True),
        ({"limit_price": "60000", "display_quantity": "0.001"}, True),
    ],
)
def test_what_needs_more_than_one_order_is_refused_and_nobody_is_told_to_drop_protection(
    fields: dict[str, Any], has_remedy: bool
) -> None:
    """A stop-loss that is silently left out would be a naked position; a remedy must not suggest one."""
    refused = refusal_of(ABLE.translated(buy(**fields)), "MARKET_STATE")

    assert (refused.remedy is not None) is has_remedy


def test_a_display_that_shows_all_of_it_is_one_plain_order() -> None:
    """Nothing is hidden, so nothing needs an iceberg."""
    order = QUIET.order(buy("0.01", limit_price="60000", display_quantity="0.01"))

    assert order.display_quantity is None


def test_venues_without_post_only_or_limited_market_orders_say_so() -> None:
    """A market order goes raw only where the settings say so."""
    bare = EngineCapabilities(
        venue="bare",
        delivery=Delivery.B,
        horizon_seconds=Decimal(1),
        reduce_only=ReduceOnlySupport.NONE,
        post_only=False,
        market_as_limit_ioc=False,
    )
    here = QUIET.but(capabilities=bare)

    refusal_of(here.translated(buy(post_only=True, limit_price="59000")), "MARKET_STATE")
    assert "unprotected" in refusal_of(here.translated(buy()), "MARKET_STATE").message
    assert here.but(limits={"unprotected": True}).order(buy()).order_type is OrderType.MARKET


def test_hold_asks_for_nothing_and_is_never_refused() -> None:
    """Not even when the rest of it makes no sense."""
    outcome = QUIET.translated(decision(Action.HOLD, quantity=Decimal("NaN")))

    assert isinstance(outcome, NoOrderNeeded)


def test_an_order_carries_everything_that_was_decided() -> None:
    """Identity from account and decision; terms, references and life as they were given; the mid it was decided at."""
    asked = buy(
        "0.01",
        limit_price="60000",
        strategy_id="momentum",
        reference_price="60001",
        max_drift_bps="5",
        valid_until=LATER,
        time_in_force=TimeInForce.GTD,
        expire_at=LATER,
        post_only=True,
        leverage="1",
    )

    order = QUIET.order(asked)

    assert order == Order(
        client_order_id=client_order_id("paper", "d-1"),
        decision_id="d-1",
        symbol="BTC-USD",
        side=OrderSide.BUY,
        order_type=OrderType.LIMIT,
        quantity=Decimal("0.01"),
        time_in_force=TimeInForce.GTD,
        purpose=Purpose.ENTRY,
        created_at=NOW,
        strategy_id="momentum",
        limit_price=Decimal(60_000),
        expire_at=LATER,
        post_only=True,
        leverage=Decimal(1),
        valid_until=LATER,
        reference_price=Decimal(60_001),
        max_drift_bps=Decimal(5),
        arrival_mid=Decimal(60_005),
    )


@pytest.mark.parametrize(
    ("initial_margin_rate", "asked", "leverage"),
    [("0.1", None, "2"), ("0.8", None, "1.25"), ("0.1", "1.5", "1.5")],
)
def test_a_derivative_without_a_leverage_gets_the_limits_or_the_products(
    initial_margin_rate: str, asked: str | None, leverage: str
) -> None:
    """The overnight margin rate binds; nobody gets thinner margin by leaving a field out."""
    fields = {name: getattr(PERPETUAL, name) for name in type(PERPETUAL).__struct_fields__}
    product = type(PERPETUAL)(**(fields | {"initial_margin_rate": Decimal(initial_margin_rate)}))

    assert PERP.but(product=product).order(buy("1", leverage=asked)).leverage == Decimal(leverage)


@pytest.mark.parametrize("part", ["product", "position", "market"])
def test_arguments_of_another_symbol_are_refused_by_name(part: str) -> None:
    """A caller that mixes two symbols must not get an order on either."""
    arguments: dict[str, Any] = {
        "product": QUIET.product,
        "market": QUIET.reading,
        "position": QUIET.position,
    }
    arguments[part] = getattr(PERP, {"product": "product", "position": "position", "market": "reading"}[part])

    outcome = translate("BTC-USD", buy(), reducible=Decimal(0), account_id="paper", at=NOW, **arguments)

    assert refusal_of(outcome, "INVALID").facts["field"] == part


def moment(seconds: float) -> datetime:
    """That long after now; negative is before."""
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"valid_until": moment(0)}, None),
        ({"valid_until": moment(-0.001)}, "EXPIRED"),
        ({"decided_at": moment(-60)}, None),
        ({"decided_at": moment(-60.001)}, "EXPIRED"),
        ({"decided_at": moment(1)}, None),
        ({"decided_at": moment(1.001)}, "CLOCK"),
        ({"decided_at": None}, None),
    ],
)
def test_a_decision_has_a_life_and_comes_from_the_past(fields: dict[str, Any], code: str | None) -> None:
    """N8 and N9: an old replay and a decision from the future become no order; the bounds themselves are inside."""
    outcome = QUIET.translated(buy(**fields))

    assert getattr(outcome, "code", None) == code
    if code == "CLOCK":
        assert isinstance(outcome, Refusal)
        assert outcome.remedy is not None
        assert outcome.remedy.not_before == fields["decided_at"]


@pytest.mark.parametrize(
    "fields", [{"valid_until": moment(-5)}, {"decided_at": moment(-500)}, {"decided_at": moment(9)}]
)
def test_neither_age_nor_clock_stops_a_close(fields: dict[str, Any]) -> None:
    """What is late to open is not late to flatten."""
    order = LONG.order(decision(Action.CLOSE, **fields))

    assert order.valid_until is None


def test_a_reduction_from_a_fast_clock_goes_through() -> None:
    """A clock never stops an exit."""
    assert LONG.order(sell(reduce_only=True, decided_at=moment(9))).purpose is Purpose.REDUCTION


@pytest.mark.parametrize(
    ("here", "side", "quantity"),
    [
        (LONG, OrderSide.SELL, "0.1"),
        (PERP.but(held=Decimal(-7)), OrderSide.BUY, "7"),
        (PERP.but(held=Decimal(7)), OrderSide.SELL, "7"),
    ],
)
def test_a_close_is_the_opposite_of_the_position_at_the_market(here: Situation, side: OrderSide, quantity: str) -> None:
    """All of it, reduce-only, and marked as a reduction."""
    order = here.order(close())

    assert (order.side, order.quantity, order.order_type) == (side, Decimal(quantity), OrderType.MARKET)
    assert (order.purpose, order.reduce_only) == (Purpose.REDUCTION, True)


def test_a_close_takes_what_no_live_order_is_reducing_yet() -> None:
    """Two closes at once must never flip the position."""
    reducing = LONG.but(own_orders=type(LONG.own_orders)(reducing_leaves=Decimal("0.04")))

    assert reducing.order(close()).quantity == Decimal("0.06")


def test_a_close_of_nothing_needs_no_order_and_one_under_way_is_refused() -> None:
    """Flat is fine; a position that is being reduced already is not the same as flat."""
    reducing = LONG.but(own_orders=type(LONG.own_orders)(reducing_leaves=Decimal("0.1")))

    assert isinstance(QUIET.translated(close()), NoOrderNeeded)
    refused = refusal_of(reducing.translated(close()), "REDUCIBLE")
    assert "being reduced" in refused.message


@pytest.mark.parametrize(
    "fields",
    [{"quantity": "0.01"}, {"target_notional": "10"}, {"limit_price": "60000"}, {"order_type": OrderType.LIMIT}],
)
def test_a_close_with_a_size_or_a_price_is_refused(fields: dict[str, Any]) -> None:
    """It takes the whole position at the market; part of it, or a price, is a reduce-only order."""
    refused = refusal_of(LONG.translated(decision(Action.CLOSE, **fields)), "INVALID")

    assert refused.facts["field"] in fields
    assert refused.remedy is not None
    assert LONG.order(decision(Action.CLOSE, **(fields | refused.remedy.changes))).purpose is Purpose.REDUCTION


def test_a_close_that_asks_for_what_a_market_order_cannot_have_is_refused() -> None:
    """A close rests nowhere."""
    refusal_of(LONG.translated(decision(Action.CLOSE, time_in_force=TimeInForce.GTC)), "INVALID")


def test_a_close_with_zero_sizes_is_a_close() -> None:
    """A strategy that always fills in its size fields does so with zero here."""
    assert LONG.order(decision(Action.CLOSE, quantity="0", target_notional="0")).quantity == Decimal("0.1")


@pytest.mark.parametrize(
    ("here", "asked", "purpose"),
    [
        (QUIET, buy(), Purpose.ENTRY),
        (LONG, buy(), Purpose.ENTRY),
        (LONG, sell("0.1"), Purpose.REDUCTION),
        (LONG, sell("0.1001"), Purpose.ENTRY),
        (LONG, sell("5", reduce_only=True), Purpose.REDUCTION),
        (PERP, sell("1"), Purpose.ENTRY),
        (PERP.but(held=Decimal(5)), sell("1"), Purpose.ENTRY),
        (PERP.but(held=Decimal(5)), sell("1", reduce_only=True), Purpose.REDUCTION),
        (PERP.but(held=Decimal(-5)), buy("1", reduce_only=True), Purpose.REDUCTION),
    ],
)
def test_only_what_cannot_increase_a_position_is_a_reduction(here: Situation, asked: Any, purpose: Purpose) -> None:
    """Reduce-only, or a spot sell that fits the position: state permission hangs on it."""
    assert here.order(asked).purpose is purpose


@pytest.mark.parametrize(
    ("here", "asked", "why"),
    [
        (QUIET, sell(reduce_only=True), "flat"),
        (LONG, buy(reduce_only=True), "does not reduce"),
        (
            LONG.but(own_orders=type(LONG.own_orders)(reducing_leaves=Decimal(1))),
            sell(reduce_only=True),
            "being reduced",
        ),
    ],
)
def test_a_reduction_of_nothing_is_refused_with_what_stands_in_its_way(here: Situation, asked: Any, why: str) -> None:
    """REDUCIBLE, never an order in the other direction."""
    assert why in refusal_of(here.translated(asked), "REDUCIBLE").message


def test_without_a_description_a_venue_takes_market_and_limit_orders() -> None:
    """The default of the signature is the least that every venue has."""
    order = translate(
        "BTC-USD",
        buy(),
        product=QUIET.product,
        market=QUIET.reading,
        position=Position(symbol="BTC-USD"),
        reducible=Decimal(0),
        account_id="paper",
        at=NOW,
    )

    assert isinstance(order, Order)
    assert ONE_ORDER_VENUE.order_types == {OrderType.MARKET, OrderType.LIMIT}


def test_an_unsynchronised_book_gives_no_arrival_mid() -> None:
    """The price a decision was made at is read off a usable book or not at all."""
    order = QUIET.but(market={"is_synced": False, "book": book()}).order(buy())

    assert order.arrival_mid is None
