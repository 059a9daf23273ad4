"""Reconciliation: our record against the venue's word, and nothing more than its word proves."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.histories import NOW, PERPETUAL, SELL, SPOT, filled, news, order, record
from tidegate.domain.events import (
    AmendRejected,
    AmendRequested,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderRejected,
    OrderTriggered,
    OrderUnanswered,
)
from tidegate.domain.identifiers import VenueOrderId
from tidegate.domain.lifecycle import apply_news
from tidegate.domain.orders import OrderRecord
from tidegate.domain.reconciliation import (
    Difference,
    DifferenceKind,
    ReconciliationReport,
    balance_differences,
    lacks_fills,
    news_of,
    position_differences,
    terms_difference,
)
from tidegate.domain.submissions import VenueOrder
from tidegate.domain.vocabulary import OrderStatus, OrderType

OF = order()
UNKNOWN = record(OF, news(OrderUnanswered, OF, attempt=1, reason="timeout"))
ACCEPTED = record(OF, news(OrderAccepted, OF, venue_order_id=VenueOrderId("v")))


def theirs(**said: Any) -> VenueOrder:
    """The venue's word on the order: open, unfilled, as we recorded it."""
    usual: dict[str, Any] = {
        "client_order_id": OF.client_order_id,
        "venue_order_id": VenueOrderId("v"),
        "symbol": OF.symbol,
        "side": OF.side,
        "order_type": OF.order_type,
        "time_in_force": OF.time_in_force,
        "quantity": OF.quantity,
        "filled_quantity": Decimal(0),
        "limit_price": OF.limit_price,
        "is_open": True,
        "at": NOW,
    }
    return VenueOrder(**(usual | said))


def adopted(now: OrderRecord, word: VenueOrder) -> OrderRecord:
    """The record after all that the word adds."""
    for one in news_of(now, word):
        now = apply_news(now, one)
    return now


def test_an_unknown_order_that_the_venue_shows_is_accepted() -> None:
    """B1, P5: one order, found by its id."""
    found = adopted(UNKNOWN, theirs())

    assert (found.status, found.venue_order_id) == (OrderStatus.ACCEPTED, "v")


def test_an_unknown_order_that_the_venue_rejected_is_refused_with_its_reason() -> None:
    """B2."""
    found = adopted(UNKNOWN, theirs(is_open=False, rejected_code="MINIMUM", rejected_reason="too small"))

    assert found.status is OrderStatus.REFUSED
    assert found.refused is not None
    assert (found.refused.code, found.refused.message, found.refused.by_venue) == ("MINIMUM", "too small", True)


def test_an_order_that_the_venue_ends_after_working_it_has_ended() -> None:
    """A reject that comes after the acceptance: no refusal, and nothing stays reserved."""
    word = theirs(is_open=False, rejected_code="VENUE_OTHER", rejected_reason="odd")
    found = adopted(ACCEPTED, word)

    assert (found.status, found.is_late_accept, found.reserved_quantity) == (OrderStatus.CANCELED, False, Decimal(0))
    assert news_of(found, word) == ()


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"is_open": False, "is_canceled": True}, OrderStatus.CANCELED),
        ({"is_open": False, "is_expired": True}, OrderStatus.EXPIRED),
        ({}, OrderStatus.ACCEPTED),
    ],
)
def test_what_the_venue_says_of_an_end_is_learnt_once(said: dict[str, Any], status: OrderStatus) -> None:
    """B4: the same word again adds nothing."""
    found = adopted(UNKNOWN, theirs(**said))

    assert found.status is status
    assert news_of(found, theirs(**said)) == ()


def test_a_trigger_that_the_venue_has_seen_reached_is_learnt_once() -> None:
    """The event is stamped with the venue's moment, and the order is a working one as before."""
    said = theirs(triggered_at=NOW - timedelta(seconds=1))
    (news,) = news_of(ACCEPTED, said)
    found = adopted(ACCEPTED, said)

    assert isinstance(news, OrderTriggered)
    assert news.at == NOW - timedelta(seconds=1)
    assert (found.is_triggered, found.status) == (True, OrderStatus.ACCEPTED)
    assert news_of(found, said) == ()


def test_why_the_venue_ended_an_order_is_kept_where_it_tells() -> None:
    """B35: self-trade prevention, for one."""
    reasons = [
        [
            one.reason
            for one in news_of(ACCEPTED, theirs(is_open=False, is_canceled=True, ended_reason=why))
            if isinstance(one, OrderCanceled)
        ]
        for why in ("self-trade prevention", "")
    ]
    assert reasons == [["self-trade prevention"], ["as the venue reports it"]]


def test_an_id_that_was_missing_is_attached_once() -> None:
    """B19, P6: and never taken away again by a word without one."""
    without = record(OF, news(OrderAccepted, OF))
    found = adopted(without, theirs())

    assert (without.venue_order_id, found.venue_order_id) == (None, "v")
    assert news_of(found, theirs(venue_order_id=None)) == ()


def test_a_cumulative_figure_moves_no_quantity() -> None:
    """R5: it only says that fills are lacking."""
    word = theirs(filled_quantity=Decimal("0.4"))
    found = adopted(ACCEPTED, word)

    assert (found.filled_quantity, found.status) == (Decimal(0), OrderStatus.ACCEPTED)
    assert lacks_fills(found, word)
    assert not lacks_fills(record(OF, filled(OF, 1, "0.4")), word)
    assert not lacks_fills(record(OF, filled(OF, 1, "0.5")), word)


@pytest.mark.parametrize(
    "said",
    [
        {"quantity": Decimal(2)},
        {"side": SELL},
        {"symbol": "ETH-USD"},
        {"limit_price": Decimal(61_000)},
    ],
)
def test_an_order_under_our_id_with_other_terms_differs(said: dict[str, Any]) -> None:
    """B20: never adopted."""
    found = terms_difference(UNKNOWN, theirs(**said))

    assert found is not None
    assert (found.kind, found.subject) == (DifferenceKind.TERMS_DIFFER, OF.client_order_id)


def test_the_same_terms_do_not_differ_by_how_they_are_told() -> None:
    """1 is 1.000, a market order goes out as a limit, and not every venue tells its price."""
    assert terms_difference(UNKNOWN, theirs(quantity=Decimal("1.000"), order_type=OrderType.MARKET)) is None
    assert terms_difference(UNKNOWN, theirs(limit_price=None)) is None
    assert terms_difference(record(order(limit_price=None)), theirs(limit_price=Decimal(5))) is None


def test_the_sentence_has_both_sides_terms() -> None:
    """For the operator."""
    found = terms_difference(UNKNOWN, theirs(quantity=Decimal("2.50")))

    assert found is not None
    assert found.sentence == (
        f"TERMS_DIFFER {OF.client_order_id}: ours BUY 1 BTC-USD at 60000, theirs BUY 2.5 BTC-USD at 60000"
    )


def test_an_open_amend_may_have_been_taken_or_not() -> None:
    """B32: both terms are ours until it is answered, and only the old ones after it was refused."""
    asked = apply_news(ACCEPTED, news(AmendRequested, OF, request=1, quantity=Decimal(2), limit_price=Decimal(61_000)))
    amended = theirs(quantity=Decimal(2), limit_price=Decimal(61_000))

    assert terms_difference(asked, amended) is None
    assert terms_difference(asked, theirs()) is None
    assert terms_difference(apply_news(asked, news(AmendRejected, OF, request=1)), amended) is not None


def test_what_was_refused_and_is_worked_after_all_is_learnt() -> None:
    """B26: a late accept, never silence."""
    refused = record(OF, news(OrderRejected, OF, code="NOT_ACCEPTED", reason="not found", by_venue=False))

    assert adopted(refused, theirs()).is_late_accept


def test_what_has_ended_here_stays_ended() -> None:
    """R6: a venue that lags says open."""
    ended = record(OF, news(OrderAccepted, OF, venue_order_id="v"), news(OrderCanceled, OF), news(OrderExpired, OF))

    assert news_of(ended, theirs()) == ()


PRODUCTS = {"BTC-PERP": PERPETUAL, "BTC-USD": SPOT}


@pytest.mark.parametrize(("there", "differs"), [(10, False), (11, False), (12, True), (-10, True), (None, True)])
def test_positions_differ_past_the_increments_that_are_allowed(there: int | None, differs: bool) -> None:
    """S11: one contract; absent means flat."""
    reported = {} if there is None else {"BTC-PERP": Decimal(there)}
    found = position_differences({"BTC-PERP": Decimal(10)}, reported, {"BTC-PERP": Decimal(1)})

    assert [one.kind for one in found] == ([DifferenceKind.POSITION] if differs else [])


def test_a_position_that_only_the_venue_has_differs() -> None:
    """Of a product that we do not know, by anything at all."""
    found = position_differences({}, {"XYZ-PERP": Decimal("0.1"), "BTC-PERP": Decimal(5)}, {"BTC-PERP": Decimal(1)})

    assert [(one.subject, one.ours, one.theirs) for one in found] == [("BTC-PERP", "0", "5"), ("XYZ-PERP", "0", "0.1")]


def test_balances_differ_past_their_tolerance() -> None:
    """Each currency its own; absent means nothing, and no tolerance means none."""
    ours = {"USD": Decimal("10.00"), "BTC": Decimal(1), "ETH": Decimal(3)}
    reported = {"USD": Decimal("10.01"), "BTC": Decimal("1.00001"), "EUR": Decimal(1)}
    found = balance_differences(ours, reported, {"USD": Decimal("0.01")})

    assert [(one.subject, one.ours, one.theirs) for one in found] == [
        ("BTC", "1", "1.00001"),
        ("ETH", "3", "0"),
        ("EUR", "0", "1"),
    ]


def test_a_report_agrees_when_it_is_complete_and_nothing_of_ours_is_in_doubt() -> None:
    """R7: what could not be read is no agreement; a stranger's order puts no record of ours in doubt."""
    stranger = Difference(kind=DifferenceKind.EXTERNAL, subject="x", ours="not recorded", theirs="an order")
    missing = replace(stranger, kind=DifferenceKind.MISSING_HERE)

    assert ReconciliationReport(at=NOW, differences=(stranger,)).agrees
    assert not ReconciliationReport(at=NOW, differences=(stranger, missing)).agrees
    assert not ReconciliationReport(at=NOW, unreachable=("fills: timeout",)).agrees


def test_a_change_of_terms_has_a_number_that_none_had_before() -> None:
    """That of the venue's own too: an amend that it has refused keeps its number."""
    asked = news(AmendRequested, OF, request=1, quantity=OF.quantity * 2, limit_price=OF.limit_price, is_bolder=True)
    amended = record(OF, news(OrderAccepted, OF), asked, news(AmendRejected, OF, request=1, reason="no"))

    (change,) = news_of(amended, theirs(venue_order_id=None, quantity=OF.quantity / 2, reduced_reason="self-trade"))

    assert isinstance(change, OrderAmended)
    assert change.request == amended.next_amend == 2
    assert apply_news(amended, change).next_amend == 3
    assert ACCEPTED.next_amend == 1
