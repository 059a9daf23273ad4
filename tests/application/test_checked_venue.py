"""The checked venue: what an adapter says that cannot be is no answer, and an operator reads why."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from msgspec.structs import replace

from tests.application.interposing import InterposedVenue
from tests.application.rig import HORIZON_SECONDS, SPOT, Rig, buy, offer_to_buy, only, placed, refused, sell
from tests.domain.histories import NOW
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.domain.events import IncidentRaised, OrderRejected
from tidegate.domain.identifiers import ClientOrderId, VenueOrderId
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.submissions import (
    FillReport,
    NeverSent,
    OrderAbsent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    SubmissionOutcome,
    SubmissionUnanswered,
    Unreachable,
    VenueBalances,
    VenueOrder,
)

FLAWS: list[tuple[dict[str, Any], str]] = [
    ({"quantity": Decimal(-1)}, "is of -1 at"),
    ({"price": Decimal("NaN")}, "at NaN"),
    ({"fee": Decimal("NaN")}, "NaN is no amount"),
    ({"fee": Decimal("1e999")}, "1E+999 is no amount"),
    ({"quantity": 0.01}, "are no Decimals"),
    ({"price": Decimal("1e999999")}, "1E+999999 is no amount"),
    ({"quantity": Decimal("1e100")}, "1E+100 is no amount"),
    ({"liquidity": "X"}, "cannot be written down"),
    ({"venue_order_id": 5}, "cannot be written down"),
    ({"trade_id": "T\udcff"}, "cannot be written down"),
    ({"client_order_id": "tgsomebody"}, "is one of order tgsomebody"),
    ({"symbol": "DOGE-USD"}, "of DOGE-USD, its order a"),
]


@pytest.mark.parametrize(("changes", "words"), FLAWS)
async def test_a_fill_that_cannot_be_leaves_its_order_unknown_and_books_nothing(
    changes: dict[str, Any], words: str
) -> None:
    """R3: the answer decides nothing; the venue is asked, and its own fills are what is booked."""
    rig = Rig()

    class Lying(InterposedVenue):
        async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
            answer = await super().submit(recorded)
            if not isinstance(answer, OrderAcknowledged):
                return answer
            return replace(answer, fills=tuple(replace(fill, **changes) for fill in answer.fills))

    async with rig.open(venue=Lying(rig.venue)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        assert order.status in (OrderStatus.UNKNOWN, OrderStatus.FILLED)
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert only(await app.orders()).status is OrderStatus.FILLED
        assert app.position(SPOT).quantity == only(rig.worked())
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")

    incident = next(one for one in await rig.stored(IncidentRaised) if one.kind == "ADAPTER_FAILED")
    assert words in incident.message
    assert incident.client_order_id == order.client_order_id


async def test_an_answer_about_another_order_says_nothing_of_the_one_asked_for() -> None:
    """Neither that it is there nor that it is not."""
    rig = Rig()

    class Confused(InterposedVenue):
        async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
            answer = await super().order(client_order_id, symbol)
            return replace(answer, client_order_id="tgother") if isinstance(answer, VenueOrder) else answer

    async with rig.open(venue=Confused(rig.venue)) as app:
        rig.venue.next_submit(Answer.timeout_after_accept())
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert app.state() is TradingState.REDUCING

    incidents = [one for one in await rig.stored(IncidentRaised) if one.kind == "ADAPTER_FAILED"]
    assert "told of order tgother" in only(incidents).message
    assert await rig.stored(OrderRejected) == []


async def test_a_report_that_cannot_be_is_a_gap_and_its_moment_moves_no_watermark() -> None:
    """What it should have told is asked for; a flood of them is one gap."""
    rig = Rig()
    async with rig.open() as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        fill = rig.venue.fill(order.client_order_id, is_told=False)
        rig.venue.tell(FillReport(fill=replace(fill, at=fill.at + timedelta(days=400))), times=50)
        rig.venue.tell(FillReport(fill=replace(fill, at=fill.at.replace(tzinfo=None))), times=50)
        await rig.clock.advance(60)
        assert app.position(SPOT).quantity == order.quantity
        assert only(await app.fills()).at == fill.at

    kinds = [one.kind for one in await rig.stored(IncidentRaised)]
    assert kinds.count("REPORT_GAP") == 1
    assert kinds.count("ADAPTER_FAILED") == 2


class ClientError(Exception):
    """What an HTTP library raises is of no kind that Python knows."""


@pytest.mark.parametrize(
    ("error", "after"),
    [(ClientError("reset"), TradingState.ACTIVE), (MemoryError(), TradingState.REDUCING)],
)
async def test_a_question_that_met_an_exception_is_an_outage_and_want_of_memory_is_not(
    error: Exception, after: TradingState
) -> None:
    """P14 stops entries until an operator resumes; what a network did is over when it answers again (B31)."""
    rig = Rig()

    async def fail(method: str) -> None:
        if method == "fills" and is_armed:
            raise error

    is_armed = False
    async with rig.open(venue=InterposedVenue(rig.venue, before=fail)) as app:
        is_armed = True
        report = await app.reconcile()
        assert type(error).__name__ in only(report.unreachable)
        await rig.clock.advance(100)
        assert app.dead_loops == {}
        is_armed = False
        await rig.clock.advance(60)
        assert app.state() is after

    assert [one.kind for one in await rig.stored(IncidentRaised)] == ["ADAPTER_FAILED"]


async def test_a_preview_that_met_an_exception_refuses_an_entry_and_hinders_no_exit() -> None:
    """Nothing was sent, and nothing is."""
    rig = Rig(engine={"enable_preview": True})

    async def fail(method: str) -> None:
        if method == "preview" and is_armed:
            raise ClientError("reset")

    is_armed = False
    async with rig.open(venue=InterposedVenue(rig.venue, before=fail)) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.05")))
        is_armed = True
        refused(await app.coordinator.execute_decision(SPOT, buy()), "VENUE_UNREACHABLE")
        placed(await app.coordinator.execute_decision(SPOT, sell(reduce_only=True)))


NOTHING, AN_ERROR, A_WORD = cast("tuple[Any, Any, Any]", (None, OSError("reset"), "yes"))
"""What stands where its type says that it cannot."""

UNWRITABLE: list[Any] = [
    OrderRejectedByVenue(code="VENUE_OTHER", reason=NOTHING, at=NOW),
    OrderRejectedByVenue(code=NOTHING, reason="no", at=NOW),
    OrderRejectedByVenue(code="VENUE_OTHER", reason="\udcff", at=NOW),
    SubmissionUnanswered(reason=AN_ERROR, at=NOW),
    NeverSent(reason=NOTHING, at=NOW),
    OrderAcknowledged(venue_order_id=VenueOrderId("V\udcff"), at=NOW),
    OrderAcknowledged(venue_order_id=VenueOrderId("V1"), at=NOW, is_finished=A_WORD),
]


@pytest.mark.parametrize("answer", UNWRITABLE, ids=lambda answer: f"{type(answer).__name__} {answer!r:.60}"[-40:])
async def test_what_no_store_could_read_again_is_not_believed(answer: Any) -> None:
    """An answer with a word that is none leaves its order unknown, and the next start finds everything."""
    rig = Rig()

    class Lying(InterposedVenue):
        async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
            await super().submit(recorded)
            lie: SubmissionOutcome = replace(answer, at=rig.clock.now())
            return lie

    async with rig.open(venue=Lying(rig.venue)) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(HORIZON_SECONDS + 3)
        assert only(await app.orders()).status is OrderStatus.FILLED
    async with rig.open() as app:
        assert app.position(SPOT).quantity == only(rig.worked())
        assert (await app.summary(0)).invariants == "hold"

    assert "cannot be written down" in (await rig.stored(IncidentRaised))[0].message


async def test_an_exception_that_cannot_even_be_shown_is_shown_by_its_name() -> None:
    """Whatever it is, the caller gets a typed outcome."""
    rig = Rig()

    class Worse(RuntimeError):
        def __repr__(self) -> str:
            raise ZeroDivisionError

    class Raising(InterposedVenue):
        async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
            raise Worse

    async with rig.open(venue=Raising(rig.venue)) as app:
        assert placed(await app.coordinator.execute_decision(SPOT, buy())).status is OrderStatus.UNKNOWN

    assert "it raised Worse" in (await rig.stored(IncidentRaised))[0].message


async def test_an_empty_order_id_is_none() -> None:
    """What the venue calls the order later makes no second order of it."""
    rig = Rig()

    class Nameless(InterposedVenue):
        async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
            answer = await super().submit(recorded)
            return replace(answer, venue_order_id=VenueOrderId("")) if isinstance(answer, OrderAcknowledged) else answer

    async with rig.open(venue=Nameless(rig.venue)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        await app.reconcile()
        await app.cancel(order.client_order_id)
        assert app.open_orders() == ()

    assert await rig.stored(IncidentRaised) == []


async def test_questions_count_against_the_venues_budget_and_leave_entries_what_is_left_of_it() -> None:
    """A venue counts every request; what is kept from entries is for cancels and exits."""
    rig = Rig(risk={"venue_requests_per_second": 10, "entry_orders_per_second": 5, "entry_budget_pct": "0.5"})
    async with rig.open() as app:
        await rig.clock.advance(1)
        placed(await app.coordinator.execute_decision(SPOT, buy("0.02")))
        await app.operations.reconcile()
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy("0.01")), "RATE")
        placed(await app.coordinator.execute_decision(SPOT, sell("0.01")))
        await rig.clock.advance(1)
        rig.venue.speak()
        placed(await app.coordinator.execute_decision(SPOT, buy("0.01")))

    assert refusal.context["budget"] == "requests"


async def test_what_broke_last_stops_the_entries_of_the_next_start_until_an_operator_resumes() -> None:
    """A process that is there for one decision ends before a guard has its next turn."""
    rig = Rig()

    async def fail(method: str) -> None:
        if method == "submit":
            raise ClientError("reset")

    async with rig.open(venue=InterposedVenue(rig.venue, before=fail)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        assert order.status is OrderStatus.UNKNOWN

    async with rig.open() as app:
        assert app.state() is TradingState.REDUCING
        refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")
        await app.resume("the adapter was mended")

    async with rig.open() as app:
        assert app.state() is TradingState.ACTIVE


async def test_a_mismatch_that_was_seen_twice_stops_the_entries_of_the_next_start() -> None:
    """A `reconcile` that finds it ends at once; what it printed is not all that comes of it."""
    rig = Rig()

    class Poor(InterposedVenue):
        async def balances(self) -> VenueBalances | Unreachable:
            told = await super().balances()
            return told if isinstance(told, Unreachable) else replace(told, balances={"USD": Decimal(1)})

    async with rig.open(venue=rig.venue) as app:
        assert app.state() is TradingState.ACTIVE
    async with rig.open(venue=Poor(rig.venue)) as app:
        await rig.clock.advance(5)
        report = await app.reconcile()
        assert not report.agrees

    async with rig.open() as app:
        assert app.state() is TradingState.REDUCING


async def test_an_adapter_does_not_end_the_program() -> None:
    """An SDK that calls sys.exit() would have it end as done, with an order of which nobody knows what became."""
    rig = Rig()

    async def leave(method: str) -> None:
        if method == "submit":
            raise SystemExit

    async with rig.open(venue=InterposedVenue(rig.venue, before=leave)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, buy()))
        assert order.status is OrderStatus.UNKNOWN
        await rig.clock.advance(2)
        assert app.state() is TradingState.REDUCING

    assert "SystemExit" in only(await rig.stored(IncidentRaised)).message


async def test_a_store_that_has_failed_does_not_keep_an_application_from_being_left() -> None:
    """There is nothing to make durable in then, and the process ends with what it had to say."""
    rig = Rig()

    async def fail(method: str) -> None:
        if method == "submit":
            raise ClientError("reset")

    store = MemoryOrderStore(rig.settings.account_id, rig.clock)
    async with rig.open(venue=InterposedVenue(rig.venue, before=fail), order_store=store) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        store.close()
        kept = len(await store.journal(limit=100))

    assert len(await store.journal(limit=100)) == kept
