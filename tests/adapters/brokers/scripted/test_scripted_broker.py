"""The scripted venue does what it was told, and its truth is what it did."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from tests.adapters.brokers.simulated.exchange_floor import PERP, SPOT, START, an_order
from tests.adapters.sessions.recordings import BUY, SELL, buy, recorded
from tidegate.adapters.brokers.scripted import AmendAnswer, Answer, CancelAnswer, ScriptedBroker
from tidegate.adapters.brokers.scripted.broker import SCRIPTED_CAPABILITIES
from tidegate.adapters.brokers.streams import ReportStream
from tidegate.adapters.clocks import ManualClock
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.products import TradingFlags
from tidegate.domain.refusals import PreviewRefused
from tidegate.domain.submissions import (
    AmendConfirmed,
    AmendRefused,
    AmendUnanswered,
    CancelConfirmed,
    CancelRefused,
    CancelUnanswered,
    FillReport,
    NeverSent,
    OrderAbsent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    OrderUpdate,
    ReportGap,
    SubmissionUnanswered,
    Unreachable,
    VenueBalances,
    VenueOrder,
    VenuePositions,
    VenueReport,
)
from tidegate.domain.vocabulary import TimeInForce

O = ClientOrderId("o")  # noqa: E741  the one order of most tests


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def broker(clock: ManualClock) -> ScriptedBroker:
    broker = ScriptedBroker([SPOT, PERP], clock, balances={"USD": Decimal(1_000), "BTC": Decimal(10)})
    broker.set_book("BTC-USD", bids=[(99, 5)], asks=[(101, 5)])
    return broker


def record(sent: RecordedOrder) -> OrderRecord:
    return OrderRecord(order=sent.order, worst_price=Decimal(0))


RESTS = buy("o", "2", "95")


def reports_of(stream: ReportStream) -> list[VenueReport]:
    """What waits in a stream."""
    reports = []
    while (report := stream.take()) is not None:
        reports.append(report)
    return reports


async def stands(broker: ScriptedBroker) -> VenueOrder:
    """The order as a query shows it."""
    answer = await broker.order(O, "BTC-USD")
    assert isinstance(answer, VenueOrder)
    return answer


@pytest.mark.parametrize("answer", [Answer.timeout_after_accept(), Answer.lost_ack()], ids=["timeout", "reset"])
async def test_a_lost_answer_leaves_the_order_live(broker: ScriptedBroker, answer: Answer) -> None:
    """B1: unanswered, and there."""
    broker.next_submit(answer)
    assert isinstance(await broker.submit(RESTS), SubmissionUnanswered)
    assert (await stands(broker)).is_open
    assert [one.order.client_order_id for one in broker.truth.open_orders()] == [O]


async def test_a_lost_answer_may_hide_a_fill(broker: ScriptedBroker) -> None:
    """Unanswered, and filled in part."""
    broker.next_submit(Answer.timeout_after_fill(Decimal(1)))
    assert isinstance(await broker.submit(buy("o", "2", "101")), SubmissionUnanswered)
    assert (await stands(broker)).filled_quantity == 1
    assert [fill.price for fill in broker.truth.fills] == [101]


async def test_a_lost_request_never_was(broker: ScriptedBroker) -> None:
    """B3: unanswered, and not there."""
    broker.next_submit(Answer.timeout_never_received())
    assert isinstance(await broker.submit(RESTS), SubmissionUnanswered)
    assert isinstance(await broker.order(O, "BTC-USD"), OrderAbsent)
    assert len(broker.truth.sent) == 1


async def test_a_lost_reject_is_found_by_query(broker: ScriptedBroker) -> None:
    """B2: unanswered, and refused with the venue's reason."""
    broker.next_submit(Answer.timeout_after_reject("MINIMUM"))
    assert isinstance(await broker.submit(RESTS), SubmissionUnanswered)
    order = await stands(broker)
    assert (order.rejected_code, order.is_open, order.venue_order_id) == ("MINIMUM", False, None)


async def test_without_a_connection_nothing_was_sent(broker: ScriptedBroker) -> None:
    """No byte left."""
    broker.next_submit(Answer.no_connection())
    assert isinstance(await broker.submit(RESTS), NeverSent)
    assert not broker.truth.orders


async def test_a_reject_carries_its_code(broker: ScriptedBroker) -> None:
    """And the venue remembers it for the id."""
    broker.next_submit(Answer.reject("VENUE_OTHER", "no reason"))
    for _ in range(2):
        answer = await broker.submit(RESTS)
        assert isinstance(answer, OrderRejectedByVenue)
        assert (answer.code, answer.reason) == ("VENUE_OTHER", "no reason")


async def test_a_rejected_order_may_be_accepted_after_all(broker: ScriptedBroker) -> None:
    """B25: the duplicated request arrives when it is released, and the stream tells."""
    stream = broker.reports()
    broker.next_submit(Answer.reject_then_accept("VENUE_RATE"))
    assert isinstance(await broker.submit(RESTS), OrderRejectedByVenue)
    assert isinstance(await broker.order(O, "BTC-USD"), OrderAbsent)
    broker.release()
    assert (await stands(broker)).is_open
    assert isinstance(reports_of(stream)[0], OrderUpdate)


async def test_a_request_under_way_arrives_when_released(broker: ScriptedBroker, clock: ManualClock) -> None:
    """B26: the truth says when."""
    broker.next_submit(Answer.timeout_accepted_at_release())
    assert isinstance(await broker.submit(RESTS), SubmissionUnanswered)
    await clock.advance(60)
    assert isinstance(await broker.order(O, "BTC-USD"), OrderAbsent)
    broker.release()
    assert broker.truth.orders[O].accepted_at == START + timedelta(seconds=60)


async def test_a_request_under_way_that_was_sent_again_is_taken_once(broker: ScriptedBroker) -> None:
    """Class A: what the second one has filled by then stays."""
    broker.next_submit(Answer.timeout_accepted_at_release(), Answer.fill(Decimal("0.5"), Decimal(95)))
    for _ in range(2):
        await broker.submit(RESTS)
    broker.release()
    assert (await stands(broker)).filled_quantity == Decimal("0.5")


async def test_a_fill_may_come_before_the_answer(broker: ScriptedBroker) -> None:
    """S5: the stream first; the answer tells it again, as a venue may."""
    stream = broker.reports()
    broker.next_submit(Answer.fill_before_ack(Decimal("0.5"), Decimal(95)).when_released())
    sending = asyncio.ensure_future(broker.submit(RESTS))
    await asyncio.sleep(0)
    (report,) = reports_of(stream)
    assert isinstance(report, FillReport)
    assert (report.fill.quantity, report.fill.price, sending.done()) == (Decimal("0.5"), Decimal(95), False)
    broker.release()
    assert isinstance(await sending, OrderAcknowledged)


async def test_an_acknowledgement_may_come_three_times(broker: ScriptedBroker) -> None:
    """B4: once as the answer, twice on the stream."""
    stream = broker.reports()
    broker.next_submit(Answer.duplicate_ack())
    assert isinstance(await broker.submit(RESTS), OrderAcknowledged)
    assert len(reports_of(stream)) == 2


async def test_an_order_may_be_accepted_with_other_terms(broker: ScriptedBroker) -> None:
    """B20: the quantity is not what was sent."""
    broker.next_submit(Answer.accept_other_terms(Decimal(3)))
    await broker.submit(RESTS)
    assert (await stands(broker)).quantity == 3


async def test_an_answer_may_be_late(broker: ScriptedBroker, clock: ManualClock) -> None:
    """The venue has it at once; we hear of it after that time."""
    broker.next_submit(Answer.accept().after(3))
    sending = asyncio.ensure_future(broker.submit(RESTS))
    await clock.advance(2)
    assert (await stands(broker)).is_open
    assert not sending.done()
    await clock.advance(1)
    assert isinstance(await sending, OrderAcknowledged)


async def test_a_call_may_fail_as_only_a_bug_can_make_it(broker: ScriptedBroker) -> None:
    """P14."""
    broker.next_submit(Answer.crash(MemoryError()))
    with pytest.raises(MemoryError):
        await broker.submit(RESTS)


async def test_answers_come_in_the_order_told_then_the_standing_one(broker: ScriptedBroker) -> None:
    """`every_submit` holds where nothing else was told."""
    broker.every_submit(Answer.accept())
    broker.next_submit(Answer.fill(), Answer.reject("INVALID"))
    first, second, third = [await broker.submit(buy(name, "1", "101")) for name in ("a", "b", "c")]
    assert isinstance(first, OrderAcknowledged)
    assert [fill.quantity for fill in first.fills] == [1]
    assert isinstance(second, OrderRejectedByVenue)
    assert isinstance(third, OrderAcknowledged)
    assert third.fills == ()


async def test_untold_it_refuses_a_market_order_without_a_price(broker: ScriptedBroker) -> None:
    """Nothing is invented, and a crossed book is no price."""
    broker.set_book("BTC-USD", bids=[(102, 5)], asks=[(101, 5)])
    answer = await broker.submit(recorded(an_order("o", BUY, 1, None)))
    assert isinstance(answer, OrderRejectedByVenue)
    assert answer.code == "MARKET_STATE"


async def test_untold_a_market_sell_fills_at_the_bid(broker: ScriptedBroker) -> None:
    """And the money moves: 99 less 0.198 of fees."""
    await broker.submit(recorded(an_order("o", SELL, 1, None)))
    answer = await broker.balances()
    assert isinstance(answer, VenueBalances)
    assert answer.balances == {"USD": Decimal("1098.802"), "BTC": Decimal(9)}


async def test_cancels_do_as_told(broker: ScriptedBroker) -> None:
    """Refused, overtaken by a fill, unanswered either way; then confirmed."""
    stream = broker.reports()
    broker.next_cancel(
        CancelAnswer.refuse(),
        CancelAnswer.never_received(),
        CancelAnswer.fill_first(Decimal("0.5")),
    )
    await broker.submit(RESTS)
    assert isinstance(await broker.cancel(record(RESTS)), CancelRefused)
    assert isinstance(await broker.cancel(record(RESTS)), CancelUnanswered)
    assert (await stands(broker)).is_open
    assert isinstance(await broker.cancel(record(RESTS)), CancelConfirmed)
    assert ((await stands(broker)).filled_quantity, len(reports_of(stream))) == (Decimal("0.5"), 1)
    other = buy("other", "1", "95")
    await broker.submit(other)
    broker.next_cancel(CancelAnswer.lost_ack())
    assert isinstance(await broker.cancel(record(other)), CancelUnanswered)
    assert not broker.truth.orders[ClientOrderId("other")].is_open
    broker.next_cancel(CancelAnswer.confirm())
    assert isinstance(await broker.cancel(record(other)), CancelRefused)
    assert broker.truth.canceled == [O, O, O, "other", "other"]


async def test_amends_do_as_told(broker: ScriptedBroker) -> None:
    """B32 to B34."""
    await broker.submit(RESTS)
    broker.next_amend(
        AmendAnswer.refuse(),
        AmendAnswer.never_received(),
        AmendAnswer.lost_ack(),
        AmendAnswer.fill_first(Decimal(2)),
    )
    assert isinstance(await broker.amend(record(RESTS), Decimal(3), None), AmendRefused)
    assert isinstance(await broker.amend(record(RESTS), Decimal(3), None), AmendUnanswered)
    assert (await stands(broker)).quantity == 2
    assert isinstance(await broker.amend(record(RESTS), Decimal(3), Decimal(96)), AmendUnanswered)
    assert ((await stands(broker)).quantity, (await stands(broker)).limit_price) == (Decimal(3), Decimal(96))
    assert isinstance(await broker.amend(record(RESTS), Decimal(1), None), AmendRefused)  # 2 have filled
    broker.next_amend(AmendAnswer.confirm())
    assert isinstance(await broker.amend(record(RESTS), Decimal("2.5"), None), AmendConfirmed)
    assert len(broker.truth.amended) == 5


async def test_questions_may_find_nobody(broker: ScriptedBroker) -> None:
    """R7: each of them, for as long as it was told."""
    broker.unreachable("page 2 of 3 is missing")
    answers = [
        await broker.order(O, "BTC-USD"),
        await broker.open_orders(),
        await broker.fills(START),
        await broker.balances(),
        await broker.positions(),
    ]
    assert all(isinstance(answer, Unreachable) and "page 2" in answer.reason for answer in answers)
    broker.reachable()
    assert await broker.open_orders() == ()
    broker.unreachable(times=1)
    assert isinstance(await broker.fills(START), Unreachable)
    assert await broker.fills(START) == ()


async def test_a_list_may_lag(broker: ScriptedBroker) -> None:
    """B27: hidden is not absent, but looks like it."""
    await broker.submit(RESTS)
    broker.hide(O)
    assert isinstance(await broker.order(O, "BTC-USD"), OrderAbsent)
    assert await broker.open_orders() == ()
    broker.show(O)
    assert (await stands(broker)).is_open


async def test_news_comes_as_told(broker: ScriptedBroker) -> None:
    """A late fill after a cancel, a fill told twice, a gap, the venue's own cancel, an external order."""
    stream = broker.reports()
    await broker.submit(RESTS)
    await broker.cancel(record(RESTS))
    fill = broker.fill(O, Decimal("0.5"))
    broker.tell(FillReport(fill=fill), times=2)
    broker.fill(O, Decimal("0.5"), is_told=False)
    broker.gap()
    await broker.submit(buy("p", "1", "95"))
    broker.end(ClientOrderId("p"), is_expired=True)
    placed = broker.external(an_order("x", SELL, 1, 105))
    told = reports_of(stream)
    assert [type(report) for report in told] == [FillReport] * 3 + [ReportGap] + [OrderUpdate] * 2
    assert fill.price == 101  # the touch
    assert broker.truth.orders[ClientOrderId("p")].is_expired
    assert placed.is_open
    broker.end(ClientOrderId("x"), is_told=False)
    assert placed.is_canceled
    assert reports_of(stream) == []


async def test_a_fill_needs_a_price(broker: ScriptedBroker) -> None:
    """Nothing is invented: a test that gave none is told so."""
    broker.set_book("BTC-USD", bids=[], asks=[])
    broker.next_submit(Answer.accept())
    await broker.submit(recorded(an_order("o", BUY, 1, None)))
    with pytest.raises(ValueError, match="no price"):
        broker.fill(O)


async def test_a_derivatives_position_is_kept(broker: ScriptedBroker) -> None:
    """The venue's position is the truth."""
    broker.set_book("BTC-PERP", bids=[(99, 5)], asks=[(101, 5)])
    await broker.submit(recorded(an_order("o", SELL, 3, 99, TimeInForce.IOC, symbol="BTC-PERP")))
    answer = await broker.positions()
    assert isinstance(answer, VenuePositions)
    assert [(one.symbol, one.quantity, one.entry_price) for one in answer.positions] == [
        ("BTC-PERP", Decimal(-3), Decimal(99))
    ]


async def test_balances_may_move_untold(broker: ScriptedBroker) -> None:
    """A deposit, for one."""
    broker.move_balance("EUR", Decimal(5))
    answer = await broker.balances()
    assert isinstance(answer, VenueBalances)
    assert answer.balances["EUR"] == 5


async def test_the_market_is_heard_until_it_is_silenced(broker: ScriptedBroker, clock: ManualClock) -> None:
    """M1: the reading ages only while nothing is heard."""
    await clock.advance(30)
    assert broker.reading("BTC-USD").heard_at == clock.now()
    broker.silence()
    silent_since = clock.now()
    await clock.advance(30)
    broker.silence()
    reading = broker.reading("BTC-USD")
    assert reading.heard_at == silent_since
    assert reading.mark is not None
    assert reading.mark.at == silent_since
    changes = broker.changes()
    broker.speak()
    assert broker.reading("BTC-USD").heard_at == clock.now()
    assert changes.take() == "BTC-USD"


async def test_every_part_of_the_market_can_be_set(broker: ScriptedBroker) -> None:
    """Mark, flags, and any other field of the reading."""
    changes = broker.changes()
    broker.set_mark("BTC-PERP", "105.5")
    broker.set_flags("BTC-PERP", TradingFlags(auction=True))
    broker.set_reading("BTC-USD", index_price=Decimal(100), is_synced=False)
    mark = broker.reading("BTC-PERP").mark
    assert mark is not None
    assert mark.price == Decimal("105.5")
    product = broker.product("BTC-PERP")
    assert product is not None
    assert product.flags.auction
    assert (broker.reading("BTC-USD").index_price, broker.reading("BTC-USD").is_synced) == (Decimal(100), False)
    assert [changes.take(), changes.take()] == ["BTC-PERP", "BTC-USD"]
    broker.set_mark("BTC-PERP", None)
    assert broker.reading("BTC-PERP").mark is None


async def test_a_preview_refuses_once_when_told(broker: ScriptedBroker) -> None:
    """Then it has nothing against the order."""
    approved = ApprovedOrder(order=RESTS.order, worst_price=Decimal(95), reviewed_at=START)
    broker.next_preview = PreviewRefused(message="as scripted")
    assert await broker.preview(approved) == PreviewRefused(message="as scripted")
    assert await broker.preview(approved) is None


async def test_capabilities_may_be_another_venues(clock: ManualClock) -> None:
    """Nothing asks which venue it is, so a test chooses what it can do."""
    capabilities = msgspec.structs.replace(SCRIPTED_CAPABILITIES, venue="other", amend=False)
    assert ScriptedBroker([SPOT], clock, capabilities=capabilities).capabilities.venue == "other"


async def test_a_product_that_is_not_there_is_a_mistake_of_the_test(clock: ManualClock) -> None:
    """And named as one."""
    broker = ScriptedBroker([SPOT], clock)
    broker.next_submit(Answer.fill(price=Decimal(1)))
    with pytest.raises(ValueError, match="no product ETH-USD"):
        await broker.submit(recorded(an_order("o", BUY, 1, 1, symbol="ETH-USD")))
