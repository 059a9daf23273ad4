"""A remedy is tried against every check before it is told, and told in the decision's own words."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.situations import LONG, NOW, PERP, QUIET, buy, decision, levels, sell
from tidegate.domain.orders import Order
from tidegate.domain.refusals import OrderSizeRefused, RateRefused, Remedy
from tidegate.domain.remedies import changed, in_decision_terms, settled
from tidegate.domain.views import ExposureReading, PaceReading
from tidegate.domain.vocabulary import Action, OrderType, Purpose, TimeInForce

ORDER = QUIET.order(buy("1", limit_price="60000"))
TOO_LARGE = OrderSizeRefused(message="too large", remedy=Remedy("quantity at most 0.5", {"quantity": Decimal("0.5")}))


def by_quantity(limit: str, remedy: Remedy | None) -> Any:
    """A trial that refuses what is larger than a limit, with a remedy."""

    def trial(order: Order) -> OrderSizeRefused | None:
        return OrderSizeRefused(message="no", remedy=remedy) if order.quantity > Decimal(limit) else None

    return trial


def test_a_remedy_that_passes_at_once_is_told_as_it_is() -> None:
    """The check's own words stand."""
    assert settled(TOO_LARGE, ORDER, QUIET.view, by_quantity("0.5", None)) == TOO_LARGE


def test_each_further_check_adds_its_own_condition() -> None:
    """What the first would let pass the second cuts again, and both are told together."""
    found = settled(TOO_LARGE, ORDER, QUIET.view, by_quantity("0.2", Remedy("less", {"quantity": Decimal("0.2")})))

    assert found.remedy == Remedy("it would pass with quantity 0.2", {"quantity": Decimal("0.2")})


def test_what_only_waiting_cures_keeps_its_moment() -> None:
    """The size would pass, later."""
    later = NOW + timedelta(seconds=1)

    found = settled(TOO_LARGE, ORDER, QUIET.view, by_quantity("0.1", Remedy("wait", not_before=later)))

    assert found.remedy == Remedy("quantity at most 0.5", {"quantity": Decimal("0.5")}, later)


@pytest.mark.parametrize(
    "further",
    [
        None,
        Remedy("nothing in particular"),
        Remedy("the same again", {"quantity": Decimal("0.5")}),
    ],
)
def test_what_nothing_cures_loses_its_remedy(further: Remedy | None) -> None:
    """A remedy that fails would be worse than none."""
    assert settled(TOO_LARGE, ORDER, QUIET.view, by_quantity("0.1", further)).remedy is None


def test_checks_that_never_agree_end() -> None:
    """Each asks for a little less than the last, for ever."""

    def trial(order: Order) -> OrderSizeRefused:
        return OrderSizeRefused(message="no", remedy=Remedy("less", {"quantity": order.quantity / 2}))

    assert settled(TOO_LARGE, ORDER, QUIET.view, trial).remedy is None


def test_a_refusal_without_changes_is_left_alone() -> None:
    """Waiting needs no trial."""
    waiting = RateRefused(message="later", remedy=Remedy("wait", not_before=NOW))

    assert settled(waiting, ORDER, QUIET.view, by_quantity("0", None)) is waiting


@pytest.mark.parametrize(
    ("changes", "term", "value"),
    [
        ({"stop_trigger": Decimal(5)}, "trigger_price", Decimal(5)),
        ({"reduce_only": True}, "purpose", Purpose.REDUCTION),
        ({"order_type": OrderType.LIMIT}, "order_type", OrderType.LIMIT),
        ({"time_in_force": TimeInForce.IOC}, "time_in_force", TimeInForce.IOC),
        ({"target_notional": None}, "quantity", Decimal(1)),
    ],
)
def test_a_change_of_the_decision_is_a_change_of_the_order(changes: dict[str, Any], term: str, value: object) -> None:
    """What translation would make of it."""
    assert getattr(changed(ORDER, changes, QUIET.view), term) == value


def test_a_spot_sell_that_now_fits_its_position_is_a_reduction() -> None:
    """As translation would see it."""
    too_large = LONG.order(sell("0.12"))

    smaller = changed(too_large, {"quantity": Decimal("0.1")}, LONG.view)

    assert (too_large.purpose, smaller.purpose) == (Purpose.ENTRY, Purpose.REDUCTION)
    assert changed(too_large, {}, LONG.view).purpose is Purpose.ENTRY


def test_a_decision_by_notional_is_told_a_notional_that_comes_to_that_size() -> None:
    """Rounded up at the ninth decimal, so that the size itself is reached."""
    asked = decision(Action.BUY, target_notional="9000", limit_price="60000")
    here = QUIET.but(exposure=ExposureReading(buy_notional=Decimal("11234.5")))

    refused = here.refused(asked, "EXPOSURE")

    assert refused.remedy is not None
    assert set(refused.remedy.changes) == {"target_notional"}
    again = here.approved(replace(asked, **refused.remedy.changes))
    assert again.order.quantity == Decimal("0.14609166")
    assert "BTC-USD" in refused.remedy.text


def test_a_notional_of_a_product_of_eighteen_decimals_comes_to_the_size_that_was_tried() -> None:
    """Eight decimals of money are thousands of its increments, and more than the book shows."""
    here = QUIET.but(
        product=replace(QUIET.product, base_increment=Decimal("1E-18")),
        asks=levels(("60010", "0.100000000000000001")),
        limits={"max_order_pct": Decimal(9), "max_position_pct_per_symbol": Decimal(9)},
    )
    asked = decision(Action.BUY, target_notional="9000")

    refused = here.refused(asked, "SLIPPAGE")

    assert refused.remedy is not None
    again = here.approved(replace(asked, **refused.remedy.changes))
    assert again.order.quantity == Decimal("0.100000000000000001")


def test_a_decision_by_both_is_told_a_quantity_alone() -> None:
    """Both must go on agreeing, and one agrees with itself."""
    asked = decision(Action.BUY, quantity="0.15", target_notional="9000", limit_price="60000")
    here = QUIET.but(exposure=ExposureReading(buy_notional=Decimal(14_000)))

    refused = here.refused(asked, "EXPOSURE")

    assert refused.remedy is not None
    assert refused.remedy.changes == {"quantity": Decimal("0.1"), "target_notional": None}
    assert here.approved(replace(asked, **refused.remedy.changes)).order.quantity == Decimal("0.1")


def test_a_remedy_of_a_decision_by_both_passes_where_increments_are_coarse() -> None:
    """60.8 contracts for 36,480 are 60; the notional of 3 at that rate would be more than 1 % from 3 contracts."""
    here = PERP.but(limits={"max_order_notional": Decimal(1_900)})
    asked = decision(Action.SELL, quantity="60.8", target_notional="36480")

    refused = here.refused(asked, "ORDER_SIZE")

    assert refused.remedy is not None
    assert here.approved(replace(asked, **refused.remedy.changes)).order.quantity == Decimal(3)


def test_a_notional_that_was_too_small_is_told_the_size_that_passes() -> None:
    """1.9 contracts are one; twice that notional would be three, which the money does not cover."""
    here = PERP.but(product=replace(PERP.product, minimum_quantity=Decimal(2)), available={"USD": Decimal(700)})
    asked = decision(Action.SELL, target_notional="1140")

    refused = here.refused(asked, "MINIMUM")

    assert refused.remedy is not None
    assert here.approved(replace(asked, **refused.remedy.changes)).order.quantity == Decimal(2)


def test_another_price_for_a_notional_comes_with_its_size() -> None:
    """At a lower price the same notional would be a larger size than the one that was tried."""
    asked = decision(Action.BUY, target_notional="600", limit_price="62000")

    refused = QUIET.refused(asked, "COLLAR")

    assert refused.remedy is not None
    assert refused.remedy.changes["target_notional"] is None
    assert QUIET.approved(replace(asked, **refused.remedy.changes)).order.quantity == Decimal("0.00967741")


@pytest.mark.parametrize(
    ("refusal", "notional"),
    [
        (RateRefused(message="later"), "600"),
        (RateRefused(message="later", remedy=Remedy("wait", not_before=NOW)), "600"),
        (TOO_LARGE, None),
        (TOO_LARGE, "0"),
    ],
)
def test_what_says_nothing_of_a_size_or_was_sized_by_quantity_is_left_alone(refusal: Any, notional: str | None) -> None:
    """There is nothing to put in other words."""
    asked = decision(Action.BUY, target_notional=notional, quantity="1")

    assert in_decision_terms(refusal, asked, ORDER) is refusal


def test_a_size_that_came_to_nothing_is_told_a_quantity() -> None:
    """A notional too small for one increment has no price to be put in terms of."""
    asked = decision(Action.BUY, target_notional="0.0001", limit_price="60000")

    refused = QUIET.refused(asked, "MINIMUM")

    assert refused.remedy is not None
    assert refused.remedy.changes["target_notional"] is None
    QUIET.approved(replace(asked, **refused.remedy.changes))


def test_a_remedy_waits_for_a_budget_that_is_spent() -> None:
    """The size would pass and the moment would not: both are said."""
    busy = QUIET.but(pace=PaceReading(entries_last_second=9))

    refused = busy.refused(buy("5", limit_price="60000"), "ORDER_SIZE")

    assert refused.remedy is not None
    assert refused.remedy.changes["quantity"] == Decimal("0.16666666")
    assert refused.remedy.not_before == NOW + timedelta(seconds=1)
