"""How much a decision asks for: by quantity, by notional, or by both when they agree."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.domain.situations import LONG, NOW, PERP, QUIET, Situation, buy, decision, sell
from tidegate.domain.marks import Mark
from tidegate.domain.orders import Order
from tidegate.domain.outcomes import NoOrderNeeded
from tidegate.domain.refusals import Refusal
from tidegate.domain.submissions import EngineCapabilities
from tidegate.domain.vocabulary import Action, Delivery, OrderType, ReduceOnlySupport

ABLE = EngineCapabilities(
    venue="able",
    delivery=Delivery.A,
    horizon_seconds=Decimal(1),
    reduce_only=ReduceOnlySupport.NATIVE,
    order_types=frozenset(OrderType),
)
BLIND: dict[str, Any] = {"book": None, "mark": None, "reference_mid": None}


def worth(notional: str, action: Action = Action.BUY, **fields: Any) -> Any:
    """A decision sized by notional."""
    return decision(action, target_notional=notional, **fields)


@pytest.mark.parametrize(
    ("here", "asked", "price"),
    [
        # touch 60,010, mid 60,005: the limit is 10 bps of mid above the touch, rounded down
        (QUIET, worth("6000"), "60070.00"),
        (QUIET, worth("6000", limit_price="59000"), "59000"),
        (QUIET, worth("6000", Action.SELL), "60000"),
        (QUIET, worth("6000", Action.SELL, limit_price="61000"), "60000"),
        (QUIET.but(bids=()), worth("6000", Action.SELL, limit_price="61000"), "61000"),
        (QUIET.but(mark=Decimal(59_000)), worth("6000"), "60070.00"),
        (QUIET.but(mark=Decimal(61_000)), worth("6000", Action.SELL), "61000"),
        (QUIET.but(capabilities=ABLE), worth("6000", order_type=OrderType.STOP, stop_trigger="61000"), "61915"),
        (
            QUIET.but(capabilities=ABLE),
            worth("6000", order_type=OrderType.TRAILING_STOP, trail="90"),
            "61001.5",
        ),
    ],
)
def test_a_buy_divides_by_the_worst_it_may_pay_and_a_sell_by_the_bid(here: Situation, asked: Any, price: str) -> None:
    """So that what is spent never exceeds what was asked for; a mark of the caller's only ever shrinks it."""
    order = here.order(asked)

    exact = Decimal(6000) / Decimal(price)
    assert exact - Decimal("0.00000001") < order.quantity <= exact


def test_a_notional_is_divided_by_contracts_of_their_size() -> None:
    """0.01 BTC in a contract: 6,000 USD are nine of them, not a tenth of one."""
    assert PERP.order(worth("6000")).quantity == Decimal(9)


@pytest.mark.parametrize(
    "fields",
    [
        {"quantity": "0"},
        {"target_notional": "0"},
        {"target_notional": "0", "quantity": "0"},
    ],
)
def test_a_size_of_zero_needs_no_order(fields: dict[str, str]) -> None:
    """A strategy whose target is where it stands asks for nothing."""
    assert isinstance(QUIET.translated(decision(Action.BUY, **fields)), NoOrderNeeded)


def test_a_zero_notional_falls_to_the_quantity() -> None:
    """Zero there means that the other field speaks."""
    assert QUIET.order(decision(Action.BUY, target_notional="0", quantity="0.02")).quantity == Decimal("0.02")


def test_no_size_at_all_is_refused() -> None:
    """Missing is not zero: it is a fault of the strategy, and silence would hide it."""
    refused = QUIET.translated(decision(Action.BUY))

    assert isinstance(refused, Refusal)
    assert (refused.code, refused.context["field"]) == ("INVALID", "target_notional")


@pytest.mark.parametrize(
    ("quantity", "notional", "is_clear"),
    [("0.1", "6000", True), ("0.1", "6060", True), ("0.1", "5940", True), ("0.1", "6070", False), ("0", "6000", False)],
)
def test_two_sizes_must_agree_within_one_per_cent(quantity: str, notional: str, is_clear: bool) -> None:
    """Nobody guesses which of two figures was meant; where they agree the smaller counts."""
    asked = decision(Action.BUY, quantity=quantity, target_notional=notional, limit_price="60000")

    outcome = QUIET.translated(asked)

    if is_clear:
        assert isinstance(outcome, Order)
        assert outcome.quantity == min(Decimal(quantity), Decimal(notional) / 60_000)
    else:
        assert isinstance(outcome, Refusal)
        assert outcome.code == "AMBIGUOUS_SIZE"
        assert outcome.figures["stated_notional"] == Decimal(quantity) * 60_000


@pytest.mark.parametrize(
    ("here", "asked"),
    [
        (QUIET.but(asks=()), worth("6000")),
        (QUIET.but(bids=()), worth("6000", Action.SELL)),
        (QUIET.but(market={"is_synced": False}), worth("6000")),
        (QUIET.but(bids=QUIET.asks, asks=QUIET.bids), worth("6000")),
        (QUIET.but(market=BLIND), worth("6000")),
        (QUIET.but(capabilities=ABLE, asks=()), worth("6000", order_type=OrderType.TRAILING_STOP, trail="90")),
    ],
)
def test_without_a_price_there_is_no_size(here: Situation, asked: Any) -> None:
    """No price is invented: not from a crossed book, not from the other side, not from nothing."""
    refused = here.translated(asked)

    assert isinstance(refused, Refusal)
    assert refused.code == "STALE_MARK"


@pytest.mark.parametrize(
    ("known", "price"),
    [
        ({"last_price": Decimal(60_000)}, "60000"),
        ({"mark": Mark(Decimal(50_000), NOW)}, "50000"),
        ({"reference_mid": Decimal(40_000)}, "40000"),
        ({"index_price": Decimal(30_000)}, "30000"),
    ],
)
def test_an_exit_is_sized_by_the_last_price_that_was_known(known: dict[str, Any], price: str) -> None:
    """An exit is not kept waiting for a feed; its price is the best of what was last seen."""
    here = LONG.but(market=BLIND | known)
    reduced = here.order(worth("600", Action.SELL, reduce_only=True))

    assert reduced.quantity == (Decimal(600) / Decimal(price)).quantize(Decimal("0.00000001"))


def test_a_short_is_bought_back_at_no_more_than_the_wider_band() -> None:
    """The worst price of a stale exit is the band's."""
    short = PERP.but(held=Decimal(-9), market=BLIND | {"last_price": Decimal(60_000)})

    assert short.order(worth("5000", reduce_only=True)).quantity == Decimal(7)


def test_a_mark_sizes_where_the_book_cannot() -> None:
    """The caller has seen a price; whether it may trade on it the checks decide."""
    assert QUIET.but(market=BLIND, mark=Mark(Decimal(60_000), NOW)).order(worth("6000")).quantity < Decimal("0.1")


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        (Decimal("NaN"), "INVALID"),
        (Decimal(0), "INVALID"),
        (Decimal(-1), "INVALID"),
        (Mark(Decimal("Infinity"), NOW), "INVALID"),
        (Mark(Decimal(60_000), NOW - timedelta(seconds=5, microseconds=1)), "STALE_MARK"),
    ],
)
def test_a_mark_that_is_no_price_or_an_old_one_is_refused(mark: Any, code: str) -> None:
    """A caller's number is held to the same words as everybody's."""
    refused = QUIET.but(mark=mark).translated(worth("6000"))

    assert isinstance(refused, Refusal)
    assert refused.code == code


def test_a_size_that_no_field_can_hold_is_refused() -> None:
    """A notional of 18 digits at a price of almost nothing would be a size of 36."""
    refused = QUIET.translated(worth("9" * 18, limit_price="0.000000000000000001"))

    assert isinstance(refused, Refusal)
    assert (refused.code, refused.context["field"]) == ("INVALID", "target_notional")


def test_a_given_quantity_is_left_for_review_to_round() -> None:
    """What was asked for stays visible, so that the rounding can be reported."""
    assert QUIET.order(buy("0.123456789")).quantity == Decimal("0.123456789")
    assert QUIET.order(sell("0.123456789")).quantity == Decimal("0.123456789")
