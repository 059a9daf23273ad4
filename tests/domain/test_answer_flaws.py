"""Answer flaws: one look is never easier to please than the long way, and says no to all that the long way minds."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.histories import NOW, order
from tidegate.domain.answer_flaws import AHEAD_MAX, acknowledgement_flaw, amount_flaw, is_plain, moment_flaw
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import TradeId, VenueOrderId
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.submissions import OrderAcknowledged, OrderRejectedByVenue
from tidegate.domain.vocabulary import OrderSide

OURS = RecordedOrder(order=order(), attempt=1, epoch=1, recorded_at=NOW)
FILL = Fill(
    trade_id=TradeId("T1"),
    client_order_id=OURS.order.client_order_id,
    symbol=OURS.order.symbol,
    side=OURS.order.side,
    quantity=Decimal("0.01"),
    price=Decimal(100),
    at=NOW,
    fee=Decimal("0.002"),
    fee_currency="USD",
)
SOUND = OrderAcknowledged(venue_order_id=VenueOrderId("V1"), at=NOW, fills=(FILL,))

odd = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.floats(),
    st.integers(),
    st.decimals(),
    st.sampled_from([Decimal("1e-50"), Decimal("1e50"), Decimal("sNaN"), Decimal("-0"), Decimal("0E+60")]),
    st.sampled_from([NOW, NOW + 2 * AHEAD_MAX, NOW.replace(tzinfo=None), NOW.astimezone(timezone(timedelta(hours=9)))]),
    st.sampled_from(list(OrderSide)),
)
"""What an adapter may put anywhere."""


def test_a_sound_answer_is_plain() -> None:
    assert is_plain(OURS, SOUND)
    assert is_plain(OURS, replace(SOUND, fills=()))
    assert acknowledgement_flaw(OURS, SOUND, NOW) == ""


@given(
    name=st.sampled_from(["trade_id", "client_order_id", "symbol", "side", "quantity", "price", "at", "fee"]), value=odd
)
@example(name="fee", value=Decimal("sNaN"))
@example(name="price", value=Decimal("1e-50"))
def test_what_is_plain_has_no_flaw(name: str, value: Any) -> None:
    """In one field of a fill, and of the answer itself."""
    answer = replace(SOUND, fills=(replace(FILL, **{name: value}),))
    if is_plain(OURS, answer):
        assert acknowledgement_flaw(OURS, answer, NOW) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"at": NOW.replace(tzinfo=None)},
        {"at": NOW + timedelta(hours=2)},
        {"at": None},
        {"venue_order_id": 7},
        {"fills": []},
    ],
)
def test_an_odd_answer_is_not_plain(changes: dict[str, Any]) -> None:
    assert not is_plain(OURS, replace(SOUND, **changes))
    assert not is_plain(OURS, OrderRejectedByVenue(code="VENUE_OTHER", reason="no", at=NOW))
    assert not is_plain(OURS, None)


@pytest.mark.parametrize(
    ("amount", "is_one"), [("0", True), ("-3.5", True), ("1e39", True), ("1e40", False), ("NaN", False)]
)
def test_an_amount_is_finite_and_of_a_believable_size(amount: str, is_one: bool) -> None:
    assert (amount_flaw(Decimal(amount)) == "") is is_one


def test_a_moment_has_a_zone_and_is_not_of_the_future() -> None:
    """A venue's clock may be ahead a little, and in any zone."""
    assert moment_flaw(NOW + AHEAD_MAX, NOW) == ""
    assert "ahead" in moment_flaw(NOW + AHEAD_MAX + timedelta(seconds=1), NOW)
    assert "zone" in moment_flaw(datetime(2026, 1, 5), NOW)  # noqa: DTZ001
    assert "no moment" in moment_flaw(1_767_571_200, NOW)
