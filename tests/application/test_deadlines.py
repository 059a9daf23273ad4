"""Deadlines: an adapter that never returns keeps nobody waiting; what its request came to is asked for (B15)."""

import asyncio
import contextlib

import pytest

from tests.application.interposing import InterposedVenue
from tests.application.rig import PERPETUAL, SPOT, Rig, buy, close, offer_to_buy, placed, refused
from tidegate import OrderStatus, TradingState
from tidegate.adapters.brokers.scripted import Answer, CancelAnswer
from tidegate.adapters.clocks import WallClock, settle
from tidegate.application.application import Application
from tidegate.application.staggered import staggered
from tidegate.application.taking_up import OpeningError
from tidegate.application.transmissions import Transmissions
from tidegate.domain.events import IncidentRaised, OrderUnanswered
from tidegate.domain.identifiers import ClientOrderId
from tidegate.domain.orders import OrderRecord, RecordedOrder
from tidegate.domain.submissions import (
    CancelOutcome,
    CancelUnanswered,
    OrderAbsent,
    SubmissionOutcome,
    Unreachable,
    VenueOrder,
)


class Never:
    """Keeps whoever comes to one method of a port for ever."""

    def __init__(self, method: str) -> None:
        self._method = method
        self.is_armed = True

    async def __call__(self, method: str) -> None:
        if method == self._method and self.is_armed:
            await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("place", "at_first", "at_last"),
    [
        ("before", OrderStatus.UNKNOWN, OrderStatus.REFUSED),
        ("after", OrderStatus.FILLED, OrderStatus.FILLED),
    ],
    ids=["the request is lost", "the answer is lost"],
)
async def test_a_submit_that_never_returns_is_unknown_at_its_deadline_and_then_found_out(
    place: str, at_first: OrderStatus, at_last: OrderStatus
) -> None:
    """The venue is asked meanwhile: what it has is known by the deadline, and what it has not is proven after H."""
    rig = Rig()
    async with rig.open(venue=InterposedVenue(rig.venue, **{place: Never("submit")})) as app:
        deciding = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy(decision_id="mine")))
        await rig.clock.advance(29)
        assert not deciding.done()
        await rig.clock.advance(2)

        assert placed(await deciding).status is at_first
        await rig.clock.advance(20)

        assert app.open_orders() == ()
        (order,) = await rig.store.orders()
        assert order.status is at_last
        assert (await app.summary(0)).invariants == "hold"

    assert {one.reason for one in await rig.stored(OrderUnanswered)} == {"no answer before the deadline"}
    assert len(rig.venue.truth.sent) == (place == "after")


async def test_the_deadline_is_a_setting() -> None:
    """Five seconds, where five are chosen."""
    rig = Rig(supervisor={"venue_deadline_seconds": 5})
    async with rig.open(venue=InterposedVenue(rig.venue, before=Never("submit"))) as app:
        deciding = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(7)

        assert placed(await deciding).status is OrderStatus.UNKNOWN


@pytest.mark.parametrize("method", ["cancel", "amend"])
async def test_a_cancel_or_an_amend_that_never_returns_is_unanswered(method: str) -> None:
    """The order is as it was, its request open; nobody is kept."""
    rig, never = Rig(), Never(method)
    async with rig.open(venue=InterposedVenue(rig.venue, before=never)) as app:
        order = placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000)))
        asked = (
            app.cancel(order.client_order_id)
            if method == "cancel"
            else app.amend(order.client_order_id, order.quantity / 2)
        )
        asking = asyncio.create_task(asked)
        await rig.clock.advance(31)

        assert asking.done()
        never.is_armed = False
        await rig.clock.advance(60)
        if method == "cancel":
            assert app.open_orders() == ()
        else:
            assert [one.status for one in app.open_orders()] == [OrderStatus.ACCEPTED]
        assert (await app.summary(0)).invariants == "hold"


async def test_a_caller_that_gives_up_is_not_taken_for_the_deadline() -> None:
    """Its task ends as cancelled, and the order is found out all the same."""
    rig = Rig()
    async with rig.open(venue=InterposedVenue(rig.venue, after=Never("submit"))) as app:
        deciding = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(3)
        deciding.cancel()
        await settle()
        assert deciding.cancelled()
        await rig.clock.advance(60)

        assert app.open_orders() == ()
        assert app.account_position(SPOT).quantity > 0


async def test_who_is_given_up_at_the_deadline_is_cancelled_all_the_same() -> None:
    """Both at once: the caller's cancellation stands."""
    rig = Rig()
    async with rig.open(venue=InterposedVenue(rig.venue, before=Never("submit"))) as app:
        deciding = asyncio.create_task(app.coordinator.execute_decision(SPOT, buy()))
        await rig.clock.advance(29)
        app.operations.desk.transmissions.deadline_seconds = 0
        app.operations.desk.transmissions.cut_off_overdue()
        deciding.cancel()
        await settle()

        assert deciding.cancelled()
        await rig.clock.advance(30)
        assert app.open_orders() == ()


@pytest.mark.parametrize("method", ["open_orders", "fills", "balances"])
async def test_a_question_that_is_never_answered_keeps_no_pass(method: str) -> None:
    """It has found nobody by the deadline; the next pass sees everything again."""
    rig, never = Rig(), Never(method)
    never.is_armed = False
    async with rig.open(venue=InterposedVenue(rig.venue, before=never)) as app:
        never.is_armed = True
        asking = asyncio.create_task(app.reconcile())
        await rig.clock.advance(33)
        assert asking.done()
        assert not (await asking).is_complete
        never.is_armed = False
        assert (await rig.finished(app.reconcile())).is_complete
        assert app.dead_loops == {}


async def test_a_close_waits_for_no_answer_for_ever() -> None:
    """What stands in its way is asked about in vain; afterwards its fence is down."""
    rig, never = Rig(supervisor={"venue_deadline_seconds": 3}), Never("order")
    never.is_armed = False
    async with rig.open(venue=InterposedVenue(rig.venue, before=never)) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, decision_id="rests")))
        rig.venue.next_cancel(CancelAnswer.lost_ack())
        never.is_armed = True
        closing = asyncio.create_task(app.coordinator.execute_decision(SPOT, close()))
        await rig.clock.advance(40)
        assert closing.done()
        never.is_armed = False
        await rig.clock.advance(60)
        await app.close(SPOT)
        await rig.clock.advance(10)
        assert app.position(SPOT).quantity == 0
        assert app.open_orders() == ()


@pytest.mark.parametrize("method", ["open_orders", "fills"])
async def test_a_venue_that_never_answers_keeps_no_start(method: str) -> None:
    """What cannot be compared is no reason to stay away: the account opens without entries, and can be looked at."""
    rig = Rig(supervisor={"venue_deadline_seconds": 3})
    rig.venue.next_submit(Answer.timeout_after_accept())
    async with rig.open() as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))

    async def start() -> None:
        async with rig.open(venue=InterposedVenue(rig.venue, before=Never(method))) as app:
            refused(await app.coordinator.execute_decision(SPOT, buy()), "TRADING_STATE")

    await rig.finished(start(), seconds=60)


async def test_a_first_start_is_told_that_its_balances_are_not_answered() -> None:
    """Without them there is no account to open; whoever waits for it is told so."""
    rig = Rig(supervisor={"venue_deadline_seconds": 3})

    async def start() -> None:
        async with rig.open(venue=InterposedVenue(rig.venue, before=Never("balances"))):
            pass

    with pytest.raises(OpeningError, match="no answer before the deadline when it was asked for balances"):
        await rig.finished(start())


class Swallows:
    """Waits for ever, whoever cancels it, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def __call__(self, method: str) -> None:
        while method == "submit" and self.left >= 0:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.left -= 1
                if self.left < 0:
                    raise


async def test_an_adapter_that_swallows_its_cancellation_is_cut_off_again() -> None:
    """Every five seconds, until its caller is free; who is then cancelled by nobody."""
    rig = Rig()
    cancels: list[int] = []

    async def decide() -> None:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        task = asyncio.current_task()
        cancels.append(task.cancelling() if task is not None else -1)

    async with rig.open(venue=InterposedVenue(rig.venue, before=Swallows(3))) as app:
        deciding = asyncio.create_task(decide())
        await rig.clock.advance(44)
        assert not deciding.done()
        await rig.clock.advance(4)
        assert deciding.done()
        await deciding

    assert cancels == [0]


async def test_an_answer_that_an_adapter_gives_instead_of_ending_counts() -> None:
    """It had what it waited for after all; and the cancellation that it swallowed is taken back."""
    rig = Rig()
    cancels: list[int] = []

    class Answers(InterposedVenue):
        async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            return await super().submit(recorded)

    async def decide() -> OrderStatus:
        status = placed(await app.coordinator.execute_decision(SPOT, buy())).status
        task = asyncio.current_task()
        cancels.append(task.cancelling() if task is not None else -1)
        return status

    async with rig.open(venue=Answers(rig.venue)) as app:
        deciding = asyncio.create_task(decide())
        await rig.clock.advance(35)
        assert await deciding is OrderStatus.FILLED

    assert cancels == [0]


async def test_a_cancel_that_never_returns_keeps_no_other_from_being_sent() -> None:
    """Where entries must not rest all of them are called off at once, and the guards go on looking."""
    rig = Rig()
    async with rig.open() as app:
        for price in (99_000, 98_900, 98_800):
            placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(price)))
            rig.venue.next_cancel(CancelAnswer.confirm().after(500))
        rig.venue.silence()
        await rig.clock.advance(20)
        assert [order.status for order in app.open_orders()] == [OrderStatus.PENDING_CANCEL] * 3
        await rig.clock.advance(60)
        assert app.open_orders() == ()
        assert app.state() is TradingState.ACTIVE  # no loop was missed; the symbol's feed is another matter
        assert await rig.stored(IncidentRaised) == []


@pytest.mark.parametrize("is_in_doubt", [False, True], ids=["nothing is open", "orders are in doubt"])
async def test_a_venue_that_answers_no_question_for_minutes_is_an_outage_and_no_loop_that_hangs(
    *, is_in_doubt: bool
) -> None:
    """Entries stop, since we are blind, and go on by themselves once everything could be read again (B31)."""
    rig = Rig()
    is_silent = False

    async def silent(method: str) -> None:
        if is_silent and method in ("order", "open_orders", "fills", "balances", "positions", "movements"):
            await asyncio.Event().wait()

    async def pass_time(seconds: int) -> None:
        for _ in range(seconds // 4):
            await rig.clock.advance(4)
            rig.venue.speak()

    async with rig.open(venue=InterposedVenue(rig.venue, before=silent)) as app:
        is_silent = True
        for symbol in (SPOT, PERPETUAL) if is_in_doubt else ():
            rig.venue.next_submit(Answer.timeout_after_fill())
            placed(await app.coordinator.execute_decision(symbol, buy()))
        await pass_time(160)
        assert app.state() is TradingState.REDUCING
        await pass_time(240)
        is_silent = False
        await pass_time(100)
        assert app.state() is TradingState.ACTIVE
        assert (app.open_orders(), app.dead_loops) == ((), {})

    assert await rig.stored(IncidentRaised) == []


MANY = 45
"""Orders, of which a call for each second takes longer than a loop has for one round."""


def many() -> Rig:
    """A rig that takes so many orders at once."""
    rates = {"entry_orders_per_second": 1_000, "venue_requests_per_second": 2_000}
    return Rig(risk=rates)


async def rest_many(app: Application) -> None:
    for number in range(MANY):
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000 - 10 * number, "0.001")))


async def test_so_many_cancels_at_a_venue_that_hangs_are_no_loop_that_hangs() -> None:
    """Not even where the question that follows each of them hangs as well."""
    rig, is_hanging = many(), False

    async def hang(method: str) -> None:
        if is_hanging and method in ("cancel", "order"):
            await asyncio.Event().wait()

    async with rig.open(venue=InterposedVenue(rig.venue, before=hang)) as app:
        await rest_many(app)
        is_hanging = True
        rig.venue.silence()
        await rig.clock.advance(300)
        assert len(app.open_orders()) == MANY
        is_hanging = False
        for _ in range(60):
            rig.venue.speak()
            await rig.clock.advance(1)
        assert app.open_orders() == ()
        assert (app.state(), app.dead_loops) == (TradingState.ACTIVE, {})

    assert await rig.stored(IncidentRaised) == []


async def test_so_many_orders_in_doubt_at_a_venue_that_hangs_are_no_loop_that_hangs() -> None:
    """B31: each question has its deadline, and reconciliation is at work for longer than its bound."""
    rig = many()

    class Hangs(InterposedVenue):
        is_hanging = False

        async def cancel(self, order: OrderRecord) -> CancelOutcome:
            return CancelUnanswered(reason="lost", at=rig.clock.now())

        async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
            if self.is_hanging:
                await asyncio.Event().wait()
            return await super().order(client_order_id, symbol)

        async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
            return () if self.is_hanging else await super().open_orders()

    venue = Hangs(rig.venue)
    async with rig.open(venue=venue) as app:
        await rest_many(app)
        await app.cancel_all()
        venue.is_hanging = True
        for _ in range(300):
            await rig.clock.advance(1)
            rig.venue.speak()
        assert app.dead_loops == {}
        venue.is_hanging = False
        for _ in range(150):
            await rig.clock.advance(1)
            rig.venue.speak()
        assert (app.state(), app.dead_loops) == (TradingState.ACTIVE, {})

    assert [one.kind for one in await rig.stored(IncidentRaised)] == []


async def test_a_helper_that_hangs_elsewhere_is_no_patience_of_its_loops() -> None:
    """A loop lives while one of its helpers waits for the venue; whatever else they wait for is a hang."""
    clock = WallClock()
    under_way = Transmissions(clock)
    waits, hangs = asyncio.Event(), asyncio.Event()

    async def waits_for_the_venue() -> None:
        under_way.begin("question")
        await waits.wait()
        under_way.end("question")

    async def hangs_elsewhere() -> None:
        await hangs.wait()

    calls = [waits_for_the_venue, hangs_elsewhere]
    loop = asyncio.create_task(staggered(calls, clock, under_way, "test"))
    await asyncio.sleep(0.05)
    under_way.cut_off_overdue()
    assert under_way.waits_since(loop) is not None
    assert under_way.waits_since(asyncio.current_task()) is None
    waits.set()
    await asyncio.sleep(0.05)
    assert under_way.waits_since(loop) is None
    hangs.set()
    await loop


async def test_everything_is_compared_by_the_clock_however_slow_the_venue_is() -> None:
    """An order in doubt is asked about all the while, and that keeps no pass back."""
    rig = Rig()

    class Slow(InterposedVenue):
        passes = 0

        async def order(self, client_order_id: ClientOrderId, symbol: str) -> Unreachable:
            await rig.clock.sleep(20)
            return Unreachable(reason="busy", at=rig.clock.now())

        async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
            self.passes += 1
            return await super().open_orders()

    venue = Slow(rig.venue)
    async with rig.open(venue=venue) as app:
        rig.venue.next_submit(Answer.timeout_never_received())
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        venue.passes = 0
        await rig.clock.advance(260)
        assert venue.passes >= 3


async def test_one_cancel_that_fails_calls_no_other_off() -> None:
    """Whoever asked is told, once all have ended."""
    done, clock = list[int](), WallClock()

    async def works() -> int:
        await asyncio.sleep(0)
        done.append(1)
        return 1

    async def fails() -> int:
        raise LookupError("a bug")

    with pytest.raises(LookupError, match="a bug"):
        await staggered([works, fails, works], clock, Transmissions(clock), "test")

    assert done == [1, 1]
    assert await staggered([works, works], clock, Transmissions(clock), "test") == [1, 1]


async def test_what_ends_the_program_is_known_by_its_name_and_ends_the_other_calls() -> None:
    """P11: a start that dies of one order's question is counted as that."""

    class Killed(BaseException):
        pass

    async def kills() -> None:
        raise Killed

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            left.append("hangs")

    left, clock = list[str](), WallClock()
    with pytest.raises(Killed):
        await staggered([hangs, kills], clock, Transmissions(clock), "test")

    assert left == ["hangs"]
