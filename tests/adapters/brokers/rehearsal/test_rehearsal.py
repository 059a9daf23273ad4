"""The rehearsal venue: what each fault of a plan does to requests, answers, reports and the feed."""

import asyncio
from decimal import Decimal

import pytest

from tests.adapters.brokers.simulated.exchange_floor import START, ExchangeFloor, book, moment, trade
from tests.adapters.brokers.simulated.test_broker import record, reports_of
from tests.adapters.sessions.recordings import SELL, buy
from tidegate.adapters.brokers.rehearsal.broker import RehearsalBroker
from tidegate.adapters.brokers.rehearsal.catalogue import ELSEWHERE, KINDS, Place
from tidegate.adapters.brokers.rehearsal.plan import Fault, FaultPlan
from tidegate.adapters.brokers.rehearsal.talk import NOBODYS
from tidegate.adapters.brokers.simulated import INSTANT
from tidegate.adapters.clocks import ManualClock
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.submissions import (
    AmendConfirmed,
    AmendOutcome,
    AmendUnanswered,
    CancelOutcome,
    CancelUnanswered,
    FillReport,
    OrderAbsent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    OrderUpdate,
    ReportGap,
    SubmissionOutcome,
    SubmissionUnanswered,
    Unreachable,
    VenueOrder,
    VenuePositions,
)

BOOK = book([(99, 5), (98, 5)], [(101, 5), (102, 5)])
ID = ClientOrderId("o")


class Rehearsal:
    """A venue that misbehaves as planned, in the test's hands."""

    def __init__(self, *faults: Fault, seed: int = 0) -> None:
        self.floor, self.clock = ExchangeFloor(settings=INSTANT), ManualClock(START)
        self.broker = RehearsalBroker(self.floor.venue, self.clock, FaultPlan(faults, seed))
        self.stream = self.broker.reports()
        self.floor.play(BOOK)

    async def submit(self, sent: RecordedOrder, seconds: float = 60) -> SubmissionOutcome:
        """The answer, for which so much time is given."""
        asking = asyncio.ensure_future(self.broker.submit(sent))
        await self.clock.advance(seconds)
        assert asking.done()
        return await asking

    async def cancel(self, sent: RecordedOrder) -> CancelOutcome:
        asking = asyncio.ensure_future(self.broker.cancel(record(sent)))
        await self.clock.advance(60)
        return await asking

    async def amend(self, sent: RecordedOrder, quantity: str) -> AmendOutcome:
        asking = asyncio.ensure_future(self.broker.amend(record(sent), Decimal(quantity), None))
        await self.clock.advance(60)
        return await asking

    async def found(self, name: ClientOrderId = ID) -> VenueOrder | OrderAbsent | Unreachable:
        return await self.broker.order(name, "BTC-USD")

    async def worked(self, name: ClientOrderId = ID) -> VenueOrder:
        """The order, which must be there."""
        order = await self.found(name)
        assert isinstance(order, VenueOrder)
        return order


def first(fault_id: str, amount: float | None = None, effect: bool | None = None) -> Fault:
    """The first call is struck."""
    return Fault(id=fault_id, nth=1, amount=amount, effect=effect)


def lasting(fault_id: str, at: float = 0, seconds: float = 10, amount: float | None = None, symbol: str = "") -> Fault:
    """It holds for a time."""
    return Fault(id=fault_id, at=at, seconds=seconds, amount=amount, symbol=symbol)


@pytest.mark.parametrize("fault_id", ["B1", "B11", "B12", "B13", "B14", "B15", "B16"])
async def test_an_order_whose_answer_is_lost_is_worked_all_the_same(fault_id: str) -> None:
    """The caller knows nothing, and the venue has it."""
    venue = Rehearsal(first(fault_id))

    assert isinstance(await venue.submit(buy("o", "1", "99")), SubmissionUnanswered)

    assert (await venue.worked()).is_open
    assert venue.broker.fault_counts == {fault_id: 1}


@pytest.mark.parametrize(
    ("fault_id", "effect"),
    [("B3", None), ("B10", None), ("B12", False), ("B13", False), ("B14", False), ("B16", False)],
)
async def test_a_request_that_is_lost_is_never_at_the_venue(fault_id: str, effect: bool | None) -> None:
    """The same silence for the caller, and nothing to be found."""
    venue = Rehearsal(first(fault_id, effect=effect))

    assert isinstance(await venue.submit(buy("o", "1", "99")), SubmissionUnanswered)

    assert isinstance(await venue.found(), OrderAbsent)


async def test_an_answer_is_waited_for_as_long_as_the_plan_says() -> None:
    """B1 and B3 are told as unanswered after their amount of seconds."""
    venue = Rehearsal(first("B1", amount=3))

    asking = asyncio.ensure_future(venue.broker.submit(buy("o", "1", "99")))
    await venue.clock.advance(2.9)
    assert not asking.done()
    await venue.clock.advance(0.1)

    assert await asking == SubmissionUnanswered(reason="no answer in time", at=moment(3))


@pytest.mark.parametrize(
    ("fault_id", "code", "text"),
    [
        ("B6", "VENUE_RATE", "429: try again after 5 s"),
        ("B7", "VENUE_RATE", "429: too many requests"),
        ("B8", "AUTH", "401"),
        ("B9", "AUTH", "403"),
        ("B17", "INVALID", "increment"),
        ("B18", "PLANETS_NOT_ALIGNED", "nobody has heard"),
        ("B21", "VENUE_INSUFFICIENT_FUNDS", "insufficient"),
    ],
)
async def test_a_reject_is_what_the_venue_tells_later_too(fault_id: str, code: str, text: str) -> None:
    """Its code and text, on arrival and whenever it is asked; it works nothing."""
    venue = Rehearsal(first(fault_id))

    answer = await venue.submit(buy("o", "1", "99"))

    assert isinstance(answer, OrderRejectedByVenue)
    assert (answer.code, text in answer.reason) == (code, True)
    asked = await venue.worked()
    assert (asked.rejected_code, asked.is_open) == (code, False)
    assert await venue.broker.open_orders() == ()


async def test_a_reject_whose_answer_is_lost_is_found_by_asking() -> None:
    """B2: unanswered, and then a reject with the venue's reason."""
    venue = Rehearsal(first("B2"))

    assert isinstance(await venue.submit(buy("o", "1", "99")), SubmissionUnanswered)

    assert (await venue.worked()).rejected_code == "VENUE_INSUFFICIENT_FUNDS"


async def test_an_acknowledgement_comes_again_on_the_stream() -> None:
    """B4: as often as the plan says, beside the answer."""
    venue = Rehearsal(first("B4", amount=3))

    assert isinstance(await venue.submit(buy("o", "1", "99")), OrderAcknowledged)

    assert [type(report) for report in reports_of(venue.stream)] == [OrderUpdate] * 3


async def test_fills_come_before_their_acknowledgement() -> None:
    """B5: the stream has the fill while the caller still waits."""
    venue = Rehearsal(first("B5"))

    asking = asyncio.ensure_future(venue.broker.submit(buy("o", "1", "101")))
    await venue.clock.advance(0)
    early = reports_of(venue.stream)
    assert not asking.done()
    await venue.clock.advance(4)
    answer = await asking

    assert isinstance(answer, OrderAcknowledged)
    assert [FillReport(fill=fill) for fill in answer.fills] == early


async def test_an_acknowledgement_may_lack_the_venues_id() -> None:
    """B19: accepted, and the id is to be found by asking."""
    venue = Rehearsal(first("B19"))

    answer = await venue.submit(buy("o", "1", "99"))

    assert isinstance(answer, OrderAcknowledged)
    assert answer.venue_order_id is None
    assert (await venue.worked()).venue_order_id is not None


async def test_the_venue_works_other_terms_than_it_was_sent() -> None:
    """B20: half the quantity under the same id."""
    venue = Rehearsal(first("B20"))

    await venue.submit(buy("o", "2", "99"))

    assert (await venue.worked()).quantity == 1


async def test_a_rejected_request_that_was_repeated_is_accepted_later() -> None:
    """B25: a reject now, an order three seconds later, told on the stream."""
    venue = Rehearsal(first("B25"))

    answer = await venue.submit(buy("o", "1", "99"), seconds=2.9)
    assert isinstance(answer, OrderRejectedByVenue)
    assert not (await venue.worked()).is_open
    await venue.clock.advance(0.1)

    assert (await venue.worked()).is_open
    assert [type(report) for report in reports_of(venue.stream)] == [OrderUpdate]


async def test_a_request_arrives_when_nobody_expects_it_any_more() -> None:
    """B26: unanswered after the deadline, absent, and then an order with its fills."""
    venue = Rehearsal(first("B26"))

    assert isinstance(await venue.submit(buy("o", "1", "101"), seconds=8), SubmissionUnanswered)
    assert isinstance(await venue.found(), OrderAbsent)
    await venue.clock.advance(22)

    assert (await venue.worked()).filled_quantity == 1
    assert [type(report) for report in reports_of(venue.stream)] == [FillReport, OrderUpdate]


async def test_a_market_that_takes_cancels_only_says_so_and_takes_nothing_else() -> None:
    """B24: the product's flags, the reject, and a cancel that passes; after it the market is as before."""
    venue = Rehearsal(lasting("B24", at=60, seconds=120, symbol="BTC-USD"))
    resting, more = buy("o", "1", "99"), buy("p", "1", "99")
    await venue.submit(resting)

    restricted, again = venue.broker.product("BTC-USD"), venue.broker.product("BTC-USD")
    assert restricted is not None
    assert restricted is again
    assert restricted.flags.cancel_only
    assert [product.flags.cancel_only for product in venue.broker.products] == [True, False]
    refused = await venue.submit(more)
    assert isinstance(refused, OrderRejectedByVenue)
    assert refused.code == "MARKET_STATE"
    await venue.cancel(resting)
    assert (await venue.worked()).is_canceled
    after = venue.broker.product("BTC-USD")
    assert after is not None
    assert not after.flags.cancel_only


async def test_lists_lag() -> None:
    """B27: an order is seen by no question before it is as old as the plan says."""
    venue = Rehearsal(lasting("B27", seconds=60, amount=5))
    await venue.submit(buy("o", "1", "99"), seconds=0)

    await venue.clock.advance(4.9)
    assert isinstance(await venue.found(), OrderAbsent)
    assert await venue.broker.open_orders() == ()
    await venue.clock.advance(0.1)

    assert (await venue.worked()).is_open
    assert len(await venue.broker.open_orders()) == 1  # type: ignore[arg-type]  # a list, or the test fails


async def test_a_page_that_comes_twice_is_no_answer() -> None:
    """B28: the second question is not answered, and the next one is."""
    venue = Rehearsal(Fault(id="B28", nth=2))

    answers = [await venue.broker.fills(START), await venue.broker.balances(), await venue.broker.open_orders()]

    assert [isinstance(answer, Unreachable) for answer in answers] == [False, True, False]


async def test_a_venue_out_of_reach_answers_nothing_and_forgets_nothing() -> None:
    """B31: no request gets through and no question is answered; what rests goes on resting."""
    venue = Rehearsal(lasting("B31", at=60, seconds=300))
    resting = buy("o", "1", "99")
    await venue.submit(resting)

    assert isinstance(await venue.submit(buy("p", "1", "99")), SubmissionUnanswered)
    assert isinstance(await venue.cancel(resting), CancelUnanswered)
    assert isinstance(await venue.amend(resting, "2"), AmendUnanswered)
    assert isinstance(await venue.found(), Unreachable)
    assert isinstance(await venue.broker.positions(), Unreachable)
    assert isinstance(await venue.broker.open_orders(), Unreachable)
    await venue.clock.advance(300)

    assert (await venue.worked()).is_open
    assert isinstance(await venue.found(ClientOrderId("p")), OrderAbsent)


@pytest.mark.parametrize("effect", [True, False])
async def test_a_cancel_without_an_answer_may_have_happened_or_not(effect: bool) -> None:
    """B29: the plan chooses."""
    venue = Rehearsal(first("B29", effect=effect))
    sent = buy("o", "1", "99")
    await venue.submit(sent)

    assert isinstance(await venue.cancel(sent), CancelUnanswered)

    assert (await venue.worked()).is_canceled is effect


@pytest.mark.parametrize("effect", [True, False])
async def test_an_edit_without_an_answer_may_have_happened_or_not(effect: bool) -> None:
    """B32: the plan chooses."""
    venue = Rehearsal(first("B32", effect=effect))
    sent = buy("o", "1", "99")
    await venue.submit(sent)

    assert isinstance(await venue.amend(sent, "2"), AmendUnanswered)

    assert (await venue.worked()).quantity == (2 if effect else 1)


async def test_a_fill_overtakes_an_edit() -> None:
    """B33: the order fills while the edit is under way, which then meets what is left."""
    venue = Rehearsal(first("B33", amount=4))
    sent = buy("o", "2", "100")
    await venue.submit(sent)

    amending = asyncio.ensure_future(venue.broker.amend(record(sent), Decimal(3), None))
    await venue.clock.advance(2)
    venue.floor.play(trade(SELL, 99, 2, at=62))
    await venue.clock.advance(2)

    order = await venue.worked()
    assert not isinstance(await amending, AmendConfirmed)
    assert (order.filled_quantity, order.quantity) == (Decimal(2), Decimal(2))


async def filled_at_rest(venue: Rehearsal) -> None:
    """An order rests, and a print fills half of it: a fill and an update are on the stream."""
    await venue.submit(buy("o", "2", "100"))
    venue.floor.play(trade(SELL, 100, 1, at=60))


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (first("S1"), [ReportGap, OrderUpdate]),
        (first("S2"), [ReportGap, OrderUpdate, OrderUpdate]),
        (first("S3"), [FillReport, FillReport, OrderUpdate]),
        (first("S4"), [OrderUpdate]),
        (first("S8"), [FillReport, FillReport, OrderUpdate]),
        (first("S13"), [FillReport, OrderUpdate, OrderUpdate]),
        (first("S14", amount=4), [*[FillReport] * 4, OrderUpdate]),
        (first("S15"), [FillReport, FillReport, OrderUpdate]),
        (lasting("S12", at=50, seconds=20), []),
    ],
    ids=lambda value: value.id if isinstance(value, Fault) else "",
)
async def test_the_stream_says_it_otherwise(fault: Fault, told: list[type]) -> None:
    """A fill and an update are what there is to say."""
    venue = Rehearsal(fault)

    await filled_at_rest(venue)

    assert [type(report) for report in reports_of(venue.stream)] == told
    assert venue.broker.fault_counts == {fault.id: 1}


async def test_a_late_report_comes_after_all() -> None:
    """S4: the fill is said five seconds after the update that it led to."""
    venue = Rehearsal(first("S4", amount=5))
    await filled_at_rest(venue)
    reports_of(venue.stream)

    await venue.clock.advance(4.9)
    assert reports_of(venue.stream) == []
    await venue.clock.advance(0.1)

    assert [type(report) for report in reports_of(venue.stream)] == [FillReport]


async def test_an_overfill_is_of_our_order_and_a_stray_fill_of_nobodys() -> None:
    """S8 and S15: another trade each, which the venue's own books do not have."""
    venue = Rehearsal(first("S8"), Fault(id="S15", nth=2))
    await filled_at_rest(venue)
    venue.floor.play(trade(SELL, 100, 1, at=61))

    fills = [report.fill for report in reports_of(venue.stream) if isinstance(report, FillReport)]
    known = await venue.broker.fills(START)

    assert [fill.client_order_id for fill in fills] == [ID, ID, ID, NOBODYS]
    assert len({fill.trade_id for fill in fills}) == 4
    assert len(known) == 2  # type: ignore[arg-type]  # a list, or the test fails


async def test_a_cumulative_figure_goes_back() -> None:
    """S13: after the update that has one filled comes one that has none."""
    venue = Rehearsal(first("S13"))
    await filled_at_rest(venue)

    updates = [report.order for report in reports_of(venue.stream) if isinstance(report, OrderUpdate)]

    assert [order.filled_quantity for order in updates] == [1, 0]


async def test_a_stranger_rests_on_our_account_for_a_while() -> None:
    """S10: the least that can be bid at half the price, from its moment until it goes."""
    venue = Rehearsal(lasting("S10", at=5, seconds=10))

    await venue.clock.advance(5)
    (stranger,) = await venue.broker.open_orders()  # type: ignore[misc]  # a list, or the test fails
    assert (stranger.client_order_id, stranger.limit_price, stranger.quantity) == (
        "stranger1",
        Decimal("49.5"),
        Decimal("0.3"),
    )
    await venue.clock.advance(10)

    assert await venue.broker.open_orders() == ()
    assert venue.broker.fault_counts == {"S10": 1}


async def test_a_stranger_without_a_price_to_rest_at_stays_away() -> None:
    """An empty book has no half of its price."""
    venue = Rehearsal(lasting("S10", at=5))
    venue.floor.play(book([], []))

    await venue.clock.advance(6)

    assert await venue.broker.open_orders() == ()
    assert venue.broker.fault_counts == {"S10": 0}


async def test_positions_are_told_larger_than_they_are() -> None:
    """S11: every derivative by the plan's increments, spot not at all."""
    venue = Rehearsal(lasting("S11", at=5, amount=3))
    before = await venue.broker.positions()
    await venue.clock.advance(5)

    told = await venue.broker.positions()

    assert isinstance(before, VenuePositions)
    assert before.positions == ()
    assert isinstance(told, VenuePositions)
    assert [(one.symbol, one.quantity) for one in told.positions] == [("BTC-PERP", Decimal(3))]


async def test_the_feed_is_heard_as_the_plan_has_it() -> None:
    """M1 to M8, one after another, and between them the market as it is."""
    venue = Rehearsal(
        lasting("M1", at=10, seconds=5),
        lasting("M2", at=20, seconds=5),
        lasting("M4", at=30, seconds=5),
        lasting("M5", at=40, seconds=5),
        lasting("M6", at=50, seconds=5),
        lasting("M7", at=60, seconds=5),
        lasting("M8", at=70, seconds=5, amount=10, symbol="BTC-USD"),
    )
    broker, clock, floor = venue.broker, venue.clock, venue.floor
    plain = broker.reading("BTC-USD")

    await clock.advance(10)
    broker.reading("BTC-USD")
    floor.play(book([(97, 5)], [(103, 5)], at=12))
    assert broker.reading("BTC-USD") == plain
    await clock.advance(5)
    heard = broker.reading("BTC-USD")
    assert heard.book is not None
    assert heard.book.best_bid == 97
    await clock.advance(5)
    crossed = broker.reading("BTC-USD").book
    assert crossed is not None
    assert crossed.is_crossed
    await clock.advance(10)
    empty = broker.reading("BTC-USD")
    assert empty.book is not None
    assert (empty.book.bids, empty.book.asks, empty.mark) == ((), (), None)
    await clock.advance(10)
    one_sided = broker.reading("BTC-USD").book
    assert one_sided is not None
    assert (one_sided.best_bid, one_sided.best_ask) == (Decimal(97), None)
    await clock.advance(10)
    assert broker.reading("BTC-USD").clock_offset_ms == 2_000
    await clock.advance(10)
    void = broker.reading("BTC-USD")
    assert (void.book, void.is_synced) == (None, False)
    await clock.advance(10)
    spiked = broker.reading("BTC-USD")
    assert spiked.book is not None
    assert spiked.mark is not None
    assert (spiked.book.best_bid, spiked.mark.price) == (Decimal(970), Decimal(1_000))
    other = broker.reading("BTC-PERP").book
    assert other is not None
    assert other.best_bid == 97
    await clock.advance(10)
    assert broker.reading("BTC-USD") == heard
    assert venue.broker.fault_counts == dict.fromkeys(("M1", "M2", "M4", "M5", "M6", "M7", "M8"), 1)


async def test_a_call_is_struck_by_number_by_step_by_chance_or_by_time() -> None:
    """Of nine submits: the second, every third, those of the seed, and those of the fourth minute."""

    async def struck(fault: Fault, seed: int = 0) -> list[int]:
        venue = Rehearsal(fault, seed=seed)
        answers = [await venue.submit(buy(f"o{number}", "1", "90")) for number in range(1, 10)]
        return [number for number, answer in enumerate(answers, 1) if isinstance(answer, OrderRejectedByVenue)]

    assert await struck(Fault(id="B7", nth=2)) == [2]
    assert await struck(Fault(id="B7", every=3)) == [3, 6, 9]
    assert await struck(Fault(id="B7", at=180, seconds=60)) == [4]
    by_chance = await struck(Fault(id="B7", chance=0.4), seed=1)
    assert 0 < len(by_chance) < 9
    assert await struck(Fault(id="B7", chance=0.4), seed=1) == by_chance
    assert await struck(Fault(id="B7", chance=0.4), seed=2) != by_chance
    assert await struck(Fault(id="B7", every=1, symbol="BTC-PERP")) == []


async def test_the_first_fault_of_the_plan_strikes_and_every_one_counts_the_call() -> None:
    """Two that would strike the same call: the earlier one does; the other goes on counting."""
    venue = Rehearsal(Fault(id="B7", nth=1), Fault(id="B9", every=2))

    answers = [await venue.submit(buy(f"o{number}", "1", "99")) for number in range(4)]

    codes = [answer.code if isinstance(answer, OrderRejectedByVenue) else "" for answer in answers]
    assert codes == ["VENUE_RATE", "AUTH", "", "AUTH"]


async def test_other_answers_than_an_acknowledgement_come_as_they_are() -> None:
    """A fault of acknowledgements meets an order that the venue rejects by itself."""
    venue = Rehearsal(first("B19"))

    answer = await venue.submit(buy("o", "0.1", "99"))

    assert isinstance(answer, OrderRejectedByVenue)
    assert answer.code == "MINIMUM"


def test_every_fault_of_the_matrix_is_here_or_told_why_not() -> None:
    """B1 to B35, S1 to S15 and M1 to M8: no gap and nothing twice."""
    matrix = {f"B{n}" for n in range(1, 36)} | {f"S{n}" for n in range(1, 16)} | {f"M{n}" for n in range(1, 9)}

    assert KINDS.keys() | ELSEWHERE.keys() == matrix
    assert not KINDS.keys() & ELSEWHERE.keys()
    assert {kind.place for kind in KINDS.values()} == set(Place)
