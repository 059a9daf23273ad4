"""The lifecycle: facts in any order make one record, and no news lowers a status."""

from collections import deque
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.histories import NOW, filled, news, order, orders, record, sent, stories
from tidegate.domain.events import (
    AmendRejected,
    AmendRequested,
    CancelRejected,
    CancelRequested,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderExpired,
    OrderNews,
    OrderPrepared,
    OrderRejected,
    OrderUnanswered,
)
from tidegate.domain.lifecycle import RANK, TRANSITIONS, apply_news, prepared, sending
from tidegate.domain.orders import OrderRecord
from tidegate.domain.vocabulary import OrderStatus

ORDER = order()
ACCEPTED = news(OrderAccepted, ORDER, venue_order_id="v-1")
REJECTED = news(OrderRejected, ORDER, code="VENUE_OTHER", reason="odd")
UNANSWERED = news(OrderUnanswered, ORDER, attempt=1, reason="timeout")
CANCELED = news(OrderCanceled, ORDER)
EXPIRED = news(OrderExpired, ORDER)
HALF, REST = filled(ORDER, 1, "0.5"), filled(ORDER, 2, "0.5", "61000")


def folded(start: OrderRecord, told: list[OrderNews]) -> OrderRecord:
    """The record after all of it."""
    for one in told:
        start = apply_news(start, one)
    return start


@given(st.data())
def test_the_same_news_in_any_order_and_repeated_makes_the_same_record(data: st.DataObject) -> None:
    """18, S3, S4: every fact, the status included."""
    of = data.draw(orders())
    told = data.draw(stories(of, may_overfill=True))
    shuffled = data.draw(
        st.permutations(told + data.draw(st.lists(st.sampled_from(told), max_size=5) if told else st.just([])))
    )

    assert folded(record(of), shuffled) == folded(record(of), told)


def test_an_acceptance_without_an_id_leaves_its_moment_whether_it_comes_first_or_last() -> None:
    """The stream tells the venue's id, and the answer, which has none, is heard later (B19)."""
    later = news(OrderAccepted, ORDER, at=NOW + timedelta(seconds=1))
    assert folded(record(ORDER), [ACCEPTED, later]) == folded(record(ORDER), [later, ACCEPTED])


@given(st.data())
def test_a_rank_never_falls_and_every_move_is_in_the_table(data: st.DataObject) -> None:
    """R6, 9: in every order that can happen, which is any in which we ask for nothing once an order has ended."""
    of = data.draw(orders())
    now = record(of)
    for one in data.draw(st.permutations(data.draw(stories(of)))):
        if now.is_terminal and isinstance(one, CancelRequested | AmendRequested):
            continue
        if isinstance(one, OrderAmended) and now.status is OrderStatus.FILLED:
            continue
        after = apply_news(now, one)
        assert RANK[after.status] >= RANK[now.status]
        assert after.status is now.status or after.status in TRANSITIONS[now.status]
        now = after


@given(st.data())
def test_filled_is_the_sum_of_the_fills_and_at_most_the_quantity_unless_it_says_overfilled(data: st.DataObject) -> None:
    """8: nothing but a fill moves a quantity."""
    of = data.draw(orders())
    told = data.draw(stories(of, may_overfill=True))
    now = folded(record(of), told)
    executions = [one.fill for one in told if hasattr(one, "fill")]

    assert now.filled_quantity == sum((one.quantity for one in executions), Decimal(0))
    assert now.filled_notional == sum((one.quantity * one.price for one in executions), Decimal(0))
    assert now.trade_ids == tuple(sorted(one.trade_id for one in executions))
    assert now.is_overfilled is (now.filled_quantity > now.quantity_at_most)


def test_the_table_holds_exactly_the_moves_that_can_happen() -> None:
    """Found by trying every order of every fact from the first record on."""
    more = {"quantity": Decimal(2), "limit_price": Decimal(60_000)}
    asking = [news(CancelRequested, ORDER, request=1), news(AmendRequested, ORDER, request=1, **more)]
    facts: list[Any] = [
        sent(ORDER),
        UNANSWERED,
        ACCEPTED,
        REJECTED,
        HALF,
        REST,
        filled(ORDER, 3, "1"),
        CANCELED,
        EXPIRED,
        news(CancelRejected, ORDER, request=1),
        news(AmendRejected, ORDER, request=1),
        news(OrderAmended, ORDER, request=1, **more),
    ]
    start = prepared(OrderPrepared(order=ORDER, worst_price=Decimal(60_000), at=NOW))
    moves: set[tuple[OrderStatus, OrderStatus]] = set()
    seen, waiting = {start}, deque([start])
    while waiting:
        now = waiting.popleft()
        for fact in facts if now.is_terminal else asking + facts:
            if isinstance(fact, AmendRejected | OrderAmended | CancelRejected) and not _was_asked(now, fact):
                continue
            after = sending(fact, now) if fact is facts[0] else apply_news(now, fact)
            if after.status is not now.status:
                moves.add((now.status, after.status))
            if after not in seen:
                seen.add(after)
                waiting.append(after)

    assert moves == {(before, after) for before, some in TRANSITIONS.items() for after in some}
    assert all(RANK[after] >= RANK[before] for before, after in moves)


def _was_asked(now: OrderRecord, answer: AmendRejected | OrderAmended | CancelRejected) -> bool:
    """Whether an answer can come: to what was asked, and once."""
    if isinstance(answer, CancelRejected):
        return answer.request in now.cancel_requests
    return answer.request in now.amend_requests and answer.request not in now.amend_answers


def test_every_status_has_a_rank_and_a_row() -> None:
    """None is forgotten."""
    assert set(RANK) == set(TRANSITIONS) == set(OrderStatus)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ([], OrderStatus.SENDING),
        ([UNANSWERED], OrderStatus.UNKNOWN),
        ([REJECTED], OrderStatus.REFUSED),
        ([UNANSWERED, REJECTED], OrderStatus.REFUSED),
        ([ACCEPTED], OrderStatus.ACCEPTED),
        ([UNANSWERED, ACCEPTED], OrderStatus.ACCEPTED),
        ([HALF], OrderStatus.PARTIALLY_FILLED),
        ([HALF, HALF], OrderStatus.PARTIALLY_FILLED),
        ([HALF, REST], OrderStatus.FILLED),
        ([HALF, EXPIRED], OrderStatus.EXPIRED),
        ([HALF, EXPIRED, CANCELED], OrderStatus.CANCELED),
        ([CANCELED, HALF], OrderStatus.CANCELED),
        ([CANCELED, HALF, REST], OrderStatus.FILLED),
    ],
    ids=str,
)
def test_a_status_follows_from_what_is_known(told: list[OrderNews], status: OrderStatus) -> None:
    """Evidence outranks silence, work outranks a refusal, and a fill outranks an end."""
    assert record(ORDER, *told).status is status


def test_news_that_says_nothing_new_gives_back_the_same_record() -> None:
    """S3: so that nothing is written for it."""
    now = record(ORDER, UNANSWERED, ACCEPTED, HALF, CANCELED, EXPIRED, REJECTED)

    assert all(apply_news(now, one) is now for one in (UNANSWERED, ACCEPTED, HALF, CANCELED, EXPIRED, REJECTED))


def test_a_fill_before_the_acknowledgement_counts_and_the_acknowledgement_changes_no_status() -> None:
    """S5, B5: the venue's order id comes with whichever names it first."""
    now = record(ORDER, HALF, REST)
    after = apply_news(now, ACCEPTED)

    assert (now.status, after.status) == (OrderStatus.FILLED, OrderStatus.FILLED)
    assert after.venue_order_id == "v-1"


def test_a_fill_after_the_cancel_is_appended() -> None:
    """S6: the cancel was real, and so is the fill."""
    now = record(ORDER, ACCEPTED, CANCELED, HALF)

    assert (now.status, now.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.5"))
    assert now.leaves_quantity == 0


def test_a_refused_cancel_gives_the_order_back_and_a_fill_ends_it() -> None:
    """S7: PENDING_CANCEL, ACCEPTED, FILLED."""
    asked = record(ORDER, ACCEPTED, news(CancelRequested, ORDER, request=1))
    refused = apply_news(asked, news(CancelRejected, ORDER, request=1, reason="too late"))

    assert asked.status is OrderStatus.PENDING_CANCEL
    assert refused.status is OrderStatus.ACCEPTED
    assert folded(refused, [HALF, REST]).status is OrderStatus.FILLED


def test_an_answer_to_one_cancel_is_none_to_the_next() -> None:
    """Even if the answer overtook what it answers."""
    first, second = (news(CancelRequested, ORDER, request=number) for number in (1, 2))
    answer = news(CancelRejected, ORDER, request=1)

    assert record(ORDER, ACCEPTED, answer, second).status is OrderStatus.PENDING_CANCEL
    assert record(ORDER, ACCEPTED, first, second, answer).status is OrderStatus.PENDING_CANCEL
    assert record(ORDER, ACCEPTED, answer, first).status is OrderStatus.ACCEPTED


def test_an_overfill_is_recorded_as_the_truth() -> None:
    """S8: the venue filled 1.2 of 1."""
    now = record(ORDER, filled(ORDER, 1, "1.2"))

    assert (now.status, now.filled_quantity, now.is_overfilled) == (OrderStatus.FILLED, Decimal("1.2"), True)
    assert now.leaves_quantity == now.reserved_quantity == 0


def test_work_after_a_refusal_is_a_late_accept_and_live_again() -> None:
    """B25, B26: what a venue works can fill, whatever it said before."""
    refused = record(ORDER, REJECTED)
    worked = apply_news(refused, ACCEPTED)

    assert (refused.is_terminal, refused.is_late_accept, refused.reserved_quantity) == (True, False, Decimal(0))
    assert (worked.status, worked.is_terminal, worked.is_late_accept) == (OrderStatus.ACCEPTED, False, True)
    assert worked.reserved_quantity == 1
    assert record(ORDER, REJECTED, HALF).is_late_accept


def test_of_two_reasons_the_venues_stands_whichever_came_first() -> None:
    """Ours is what we concluded, the venue's is what it said."""
    ours = news(OrderRejected, ORDER, code="NOT_ACCEPTED", reason="not found", by_venue=False)

    for told in ([ours, REJECTED], [REJECTED, ours]):
        refused = record(ORDER, *told).refused
        assert refused is not None
        assert (refused.code, refused.by_venue) == ("VENUE_OTHER", True)


def test_a_prepared_order_takes_the_terms_of_the_attempt_that_is_made() -> None:
    """P2: its checks ran again and made it smaller; what is recorded is what is sent."""
    intended = prepared(OrderPrepared(order=ORDER, worst_price=Decimal(60_000), at=NOW))
    smaller = replace(ORDER, quantity=Decimal("0.4"))
    now = sending(sent(smaller, at=NOW + timedelta(seconds=9)), intended)

    assert (intended.status, now.status) == (OrderStatus.PREPARED, OrderStatus.SENDING)
    assert (now.quantity, now.attempt, now.sent_at) == (Decimal("0.4"), 1, NOW + timedelta(seconds=9))
    assert prepared(OrderPrepared(order=ORDER, worst_price=Decimal(1), at=NOW), now) is now


def test_a_second_attempt_leaves_unknown_as_it_is_until_something_tells() -> None:
    """B3, R6: the first may still turn up, and a status never goes back."""
    unknown = record(ORDER, UNANSWERED)
    again = sending(sent(ORDER, attempt=2, at=NOW + timedelta(seconds=150)), unknown)

    assert (again.status, again.attempt, again.is_unanswered) == (OrderStatus.UNKNOWN, 2, True)
    assert sending(sent(ORDER), again) is again
    assert apply_news(again, ACCEPTED).is_unanswered is False


def test_an_order_that_was_unknown_and_is_found_at_work_is_unanswered_no_more() -> None:
    """Or it would count as an overdue unknown for as long as it rests."""
    assert record(ORDER, UNANSWERED, ACCEPTED).is_unanswered is False


def test_an_unanswered_amend_holds_the_larger_and_an_answer_settles_it() -> None:
    """B32, B33: 2 are asked for in the place of 1, and 1 fills on the way."""
    terms = {"quantity": Decimal(2), "limit_price": Decimal(60_500)}
    asked = news(AmendRequested, ORDER, request=1, **terms)
    pending = record(ORDER, ACCEPTED, asked, HALF, REST)
    amended = apply_news(
        pending, news(OrderAmended, ORDER, request=1, quantity=Decimal(2), limit_price=Decimal(60_500))
    )
    refused = apply_news(pending, news(AmendRejected, ORDER, request=1))

    assert pending.status is OrderStatus.PENDING_AMEND
    assert (pending.reserved_quantity, pending.leaves_quantity) == (Decimal(1), Decimal(0))
    assert amended.status is OrderStatus.PARTIALLY_FILLED
    assert (amended.quantity, amended.limit_price) == (Decimal(2), Decimal(60_500))
    assert refused.status is OrderStatus.FILLED
    assert (refused.quantity, refused.limit_price) == (Decimal(1), Decimal(60_000))


def test_fills_past_the_old_quantity_while_an_amend_is_open_are_no_overfill() -> None:
    """The venue may have taken the amend, and the answer be on its way."""
    asked = news(AmendRequested, ORDER, request=1, quantity=Decimal(2))

    assert record(ORDER, ACCEPTED, asked, filled(ORDER, 1, "1.5")).is_overfilled is False


def test_an_amend_below_what_has_filled_ends_the_order() -> None:
    """B34: nothing is left, and nothing is taken back."""
    asked = news(AmendRequested, ORDER, request=1, quantity=Decimal("0.2"))
    now = record(ORDER, ACCEPTED, asked, HALF, news(OrderAmended, ORDER, request=1, quantity=Decimal("0.2")))

    assert (now.status, now.filled_quantity, now.is_overfilled) == (OrderStatus.FILLED, Decimal("0.5"), True)


def test_an_older_amend_never_undoes_a_newer_one() -> None:
    """Their answers may come in any order."""
    older = news(OrderAmended, ORDER, request=1, quantity=Decimal(5))
    newer = news(OrderAmended, ORDER, request=2, quantity=Decimal(3))

    assert record(ORDER, newer, older).quantity == record(ORDER, older, newer).quantity == 3


def test_the_latest_moment_is_kept_whatever_comes_last() -> None:
    """`updated_at` is when the last news happened, not when it was told."""
    late = replace(ACCEPTED, at=NOW + timedelta(seconds=30))

    assert record(ORDER, late, HALF).updated_at == record(ORDER, HALF, late).updated_at == NOW + timedelta(seconds=30)
