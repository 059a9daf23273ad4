"""Whether the venue takes such an order on the product now, and whether the order is still in time."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.situations import LONG, NOW, QUIET, SPOT, Situation, buy, close, sell
from tidegate.domain.orders import ApprovedOrder
from tidegate.domain.products import TradingFlags
from tidegate.domain.refusals import Refusal
from tidegate.domain.review import review
from tidegate.domain.vocabulary import Purpose, TimeInForce

LATER = NOW + timedelta(hours=1)


def flagged(here: Situation, **flags: bool) -> Situation:
    """The same market with these flags."""
    return here.but(product=replace(here.product, flags=TradingFlags(**flags)))


@pytest.mark.parametrize("flag", ["trading_disabled", "cancel_only", "auction"])
@pytest.mark.parametrize(("here", "asked"), [(QUIET, buy()), (QUIET, buy(limit_price="59000")), (LONG, close())])
def test_a_closed_market_takes_nothing_not_even_an_exit(flag: str, here: Situation, asked: Any) -> None:
    """B24: no venue would work it, so it is refused here."""
    refused = flagged(here, **{flag: True}).refused(asked, "MARKET_STATE")

    assert "takes no such order" in refused.message


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({}, None),
        ({"limit_price": "59000"}, {"post_only": True}),
        ({"limit_price": "59000", "time_in_force": TimeInForce.IOC}, None),
    ],
)
def test_a_post_only_market_takes_what_rests(fields: dict[str, Any], changes: dict[str, Any] | None) -> None:
    """A limit order is told that it may come as post-only."""
    refused = flagged(QUIET, post_only=True).refused(buy(**fields), "MARKET_STATE")

    assert (refused.remedy.changes if refused.remedy else None) == changes
    flagged(QUIET, post_only=True).approved(buy(limit_price="59000", post_only=True))


def test_a_limit_only_market_takes_no_market_entry_and_lets_an_exit_out_as_a_limit() -> None:
    """An entry has time to be a limit order; an exit goes as the limit that protects it."""
    flagged(QUIET, limit_only=True).refused(buy(), "MARKET_STATE")

    flagged(QUIET, limit_only=True).approved(buy(limit_price="59000"))
    assert flagged(LONG, limit_only=True).approved(close()).order.limit_price is not None


def test_a_raw_market_exit_is_refused_by_a_limit_only_market() -> None:
    """Unprotected means that there is no limit to travel as."""
    flagged(LONG.but(limits={"unprotected": True}), limit_only=True).refused(close(), "MARKET_STATE")


def test_outside_its_session_a_product_says_when_it_opens() -> None:
    """A close too is answered with the time at which it can be."""
    shut = LONG.but(product=replace(SPOT, opens_at=LATER))

    refused = shut.refused(close(), "MARKET_STATE")

    assert refused.remedy is not None
    assert refused.remedy.not_before == LATER
    shut.but(product=replace(SPOT, opens_at=NOW)).approved(close())


@pytest.mark.parametrize(
    ("hours", "entry", "exit_"),
    [(25, True, True), (24, False, True), (1, False, True), (0, False, False)],
)
def test_entries_stop_a_day_before_an_expiry_and_exits_at_it(hours: int, entry: bool, exit_: bool) -> None:
    """24 h are ours to say; at the expiry there is nothing left to trade."""
    product = replace(SPOT, expires_at=NOW + timedelta(hours=hours))

    outcomes = QUIET.but(product=product).outcome(buy()), LONG.but(product=product).outcome(close())

    assert tuple(isinstance(one, ApprovedOrder) for one in outcomes) == (entry, exit_)
    assert {one.code for one in outcomes if isinstance(one, Refusal)} <= {"MARKET_STATE"}


@pytest.mark.parametrize(
    ("purpose", "code"),
    [
        (Purpose.ENTRY, "EXPIRED"),
        (Purpose.REDUCTION, "EXPIRED"),
        (Purpose.PROTECTION, None),
        (Purpose.OPERATOR_CLOSE, None),
    ],
)
def test_a_decision_whose_life_ended_on_the_way_is_refused(purpose: Purpose, code: str | None) -> None:
    """Protection and closes excepted: they are wanted however late."""
    order = replace(LONG.order(sell(valid_until=NOW)), purpose=purpose)
    later = LONG.but(at=NOW + timedelta(seconds=1))

    assert getattr(review(order, later.view), "code", None) == code


def test_a_good_till_date_order_is_not_sent_after_its_date() -> None:
    """The venue would end it at once."""
    order = QUIET.order(buy(limit_price="59000", time_in_force=TimeInForce.GTD, expire_at=LATER))

    assert isinstance(review(order, QUIET.view), ApprovedOrder)
    refused = review(order, QUIET.but(at=LATER, market={"heard_at": LATER}).view)
    assert isinstance(refused, Refusal)
    assert refused.code == "EXPIRED"


def test_the_sizes_of_these_tests_are_sound() -> None:
    """The refusals above come from the market's state and from nothing else."""
    assert QUIET.approved(buy()).order.quantity == Decimal("0.01")
