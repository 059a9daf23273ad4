"""The simulated broker behind its port: what it answers when the wire is slow and when its world fails."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.adapters.brokers.simulated.exchange_floor import START, ExchangeFloor, an_order, book, level, trade
from tests.adapters.brokers.simulated.table_reading import order_of
from tests.adapters.sessions.recordings import BUY, SELL, buy, recorded
from tidegate.adapters.brokers.simulated import INSTANT, SimulatedBroker, VenueSettings
from tidegate.adapters.brokers.streams import ReportStream
from tidegate.adapters.clocks import ManualClock
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.submissions import (
    AmendConfirmed,
    AmendUnanswered,
    CancelConfirmed,
    CancelUnanswered,
    FillReport,
    OrderAbsent,
    OrderUpdate,
    SubmissionUnanswered,
    Unreachable,
    VenuePositions,
    VenueReport,
)
from tidegate.domain.vocabulary import TimeInForce

LATE = VenueSettings(feed_latency_ms=40, entry_latency_ms=30, acknowledgement_latency_ms=20, cancel_latency_ms=10)
BOOK = book([(99, 5)], [(101, 5)])


def record(sent: RecordedOrder) -> OrderRecord:
    return OrderRecord(order=sent.order, worst_price=Decimal(0))


def opened(settings: VenueSettings, path: Path | None = None) -> tuple[ExchangeFloor, SimulatedBroker, ManualClock]:
    floor, clock = ExchangeFloor(settings=settings, path=path), ManualClock(START)
    broker = SimulatedBroker(floor.venue, clock)
    floor.play(BOOK)
    return floor, broker, clock


def reports_of(stream: ReportStream) -> list[VenueReport]:
    reports = []
    while (report := stream.take()) is not None:
        reports.append(report)
    return reports


async def test_a_cancel_and_an_amend_take_their_own_ways() -> None:
    """A cancel is there after 10 ms, an amend after 30; either answer takes 20 more."""
    _, broker, clock = opened(LATE)
    sent = buy("o", "2", "99")
    submitting = asyncio.ensure_future(broker.submit(sent))
    await clock.advance(1)
    await submitting
    amending = asyncio.ensure_future(broker.amend(record(sent), Decimal(1), None))
    await clock.advance(0.029)
    assert (await broker.open_orders())[0].quantity == 2  # type: ignore[index]  # an open order, or the test fails
    await clock.advance(0.001)
    assert (await broker.open_orders())[0].quantity == 1  # type: ignore[index]
    assert not amending.done()
    await clock.advance(0.02)
    assert await amending == AmendConfirmed(at=START + timedelta(seconds=1.03))
    canceling = asyncio.ensure_future(broker.cancel(record(sent)))
    await clock.advance(0.01)
    assert await broker.open_orders() == ()
    await clock.advance(0.02)
    assert await canceling == CancelConfirmed(at=START + timedelta(seconds=1.06))


async def test_what_a_gone_caller_asked_for_is_told_on_the_stream() -> None:
    """A cancel that nobody waits for any more still cancels."""
    _, broker, clock = opened(LATE)
    stream, sent = broker.reports(), buy("o", "2", "99")
    submitting = asyncio.ensure_future(broker.submit(sent))
    await clock.advance(1)
    await submitting
    canceling = asyncio.ensure_future(broker.cancel(record(sent)))
    await asyncio.sleep(0)
    canceling.cancel()
    await clock.advance(1)
    (report,) = reports_of(stream)
    assert isinstance(report, OrderUpdate)
    assert report.order.is_canceled


async def test_a_trigger_costs_no_latency_but_the_news_of_it_does() -> None:
    """The venue works it at the print's moment; we hear of trigger and fill 20 ms later."""
    floor, broker, clock = opened(LATE)
    floor.play(trade(SELL, 99, 1))
    stream = broker.reports()
    submitting = asyncio.ensure_future(broker.submit(recorded(order_of("s1 buy 2 stop 101.5".split()))))
    await clock.advance(1)
    await submitting
    floor.play(level(SELL, 101, 0, at=1), level(SELL, 102, 5, at=1), trade(BUY, 102, 1, at=1))
    (held,) = floor.fills
    assert (held.quantity, held.price, held.at) == (Decimal(2), Decimal(102), START + timedelta(seconds=1))
    assert reports_of(stream) == []
    await clock.advance(0.02)
    triggered, filled, update = reports_of(stream)
    assert isinstance(triggered, OrderUpdate)
    assert triggered.order.triggered_at == held.at
    assert isinstance(filled, FillReport)
    assert isinstance(update, OrderUpdate)
    assert not update.order.is_open


async def test_latencies_vary_within_their_jitter_and_from_the_seed() -> None:
    """By up to that fraction, and the same for the same seed."""

    async def took(seed: int) -> list[float]:
        settings = VenueSettings(
            entry_latency_ms=100, acknowledgement_latency_ms=0, latency_jitter=0.5, seed=seed, feed_latency_ms=0
        )
        _, broker, clock = opened(settings)
        durations = []
        for number in range(20):
            before = clock.monotonic()
            sending = asyncio.ensure_future(broker.submit(buy(f"o{number}", "0.2", "98")))
            while not sending.done():
                await clock.advance(0.001)
            durations.append(round(clock.monotonic() - before, 3))
        return durations

    first = await took(1)
    assert all(0.05 <= one <= 0.151 for one in first)
    assert len(set(first)) > 10
    assert first == await took(1) != await took(2)


async def test_the_feed_is_late_and_the_venue_matches_on_its_own_book() -> None:
    """What we see is 40 ms old; what we hit is what is there."""
    floor, broker, clock = opened(VenueSettings(feed_latency_ms=40, entry_latency_ms=0, acknowledgement_latency_ms=0))
    await clock.advance(0.05)
    assert broker.reading("BTC-USD").heard_at == START + timedelta(milliseconds=40)
    floor.play(book([(109, 5)], [(111, 5)], at=0.05))
    shown = broker.reading("BTC-USD").book
    assert shown is not None
    assert shown.best_ask == 101
    answer = await broker.submit(recorded(an_order("o", BUY, 1, 101, TimeInForce.IOC)))
    assert answer.fills == ()  # type: ignore[union-attr]  # acknowledged, or the test fails
    await clock.advance(0.04)
    shown = broker.reading("BTC-USD").book
    assert shown is not None
    assert shown.best_ask == 111


async def test_a_dated_order_expires_for_whoever_asks() -> None:
    """Also when no row comes that would move the venue's time."""
    _, broker, clock = opened(INSTANT)
    order = an_order("o", BUY, 1, 98, TimeInForce.GTD, expire_at=START + timedelta(seconds=5))
    await broker.submit(recorded(order))
    stream = broker.reports()
    await clock.advance(6)
    assert await broker.open_orders() == ()
    (report,) = reports_of(stream)
    assert isinstance(report, OrderUpdate)
    assert report.order.is_expired
    await broker.submit(buy("later", "1", "98"))


async def test_fills_of_waiting_orders_are_announced_to_listeners() -> None:
    """`announce` says whether anybody was waiting."""
    floor, broker, _ = opened(INSTANT)
    broker.announce()
    await broker.submit(buy("o", "1", "100"))
    listening = asyncio.ensure_future(anext(broker.reports()))
    await asyncio.sleep(0)
    floor.play(trade(SELL, 100, 1))
    assert [broker.has_news, broker.announce(), broker.has_news] == [True, True, False]
    assert isinstance(await listening, FillReport)


async def test_a_preview_refuses_with_the_refusal_that_the_order_would_get() -> None:
    """And holds nothing against the id."""
    _, broker, _ = opened(INSTANT)
    sent = recorded(an_order("o", BUY, 999, 101))
    refusal = await broker.preview(ApprovedOrder(order=sent.order, worst_price=Decimal(101), reviewed_at=START))
    assert refusal is not None
    assert refusal.code == "VENUE_INSUFFICIENT_FUNDS"
    assert isinstance(await broker.order(sent.order.client_order_id, "BTC-USD"), OrderAbsent)


async def test_a_query_under_another_symbol_does_not_find_the_order() -> None:
    """An id is looked for where it was sent."""
    _, broker, _ = opened(INSTANT)
    sent = buy("o", "1", "99")
    await broker.submit(sent)
    assert isinstance(await broker.order(sent.order.client_order_id, "BTC-PERP"), OrderAbsent)


async def test_an_open_position_is_told_with_its_entry() -> None:
    """Signed contracts, and a flat one not at all."""
    _, broker, _ = opened(INSTANT)
    await broker.submit(recorded(an_order("in", SELL, 3, 99, TimeInForce.IOC, symbol="BTC-PERP")))
    answer = await broker.positions()
    assert isinstance(answer, VenuePositions)
    assert [(one.symbol, one.quantity, one.entry_price) for one in answer.positions] == [
        ("BTC-PERP", Decimal(-3), Decimal(99))
    ]
    await broker.submit(recorded(an_order("out", BUY, 3, 101, TimeInForce.IOC, symbol="BTC-PERP")))
    answer = await broker.positions()
    assert isinstance(answer, VenuePositions)
    assert answer.positions == ()


async def test_large_fills_are_counted() -> None:
    """More than a tenth of what the level showed; exactly a tenth is not."""
    floor, broker, _ = opened(INSTANT)
    await broker.submit(buy("o", "0.5", "101"))
    assert floor.venue.world.state.large_fill_count == 0
    await broker.submit(buy("p", "0.6", "101"))
    assert floor.venue.world.state.large_fill_count == 1


@pytest.mark.parametrize("settings", [INSTANT, LATE], ids=["at once", "late"])
async def test_a_world_that_fails_leaves_every_call_unanswered(tmp_path: Path, settings: VenueSettings) -> None:
    """Nothing raises, nothing is acknowledged that was not written, and nothing after it is believed."""
    floor, broker, clock = opened(settings, tmp_path / "w")
    sent = buy("o", "2", "98")
    submitting = asyncio.ensure_future(broker.submit(sent))
    await clock.advance(1)
    await submitting
    floor.venue.world.close()

    async def answer_of(call: Coroutine[object, object, object]) -> object:
        future = asyncio.ensure_future(call)
        await clock.advance(1)
        return await future

    assert isinstance(await answer_of(broker.cancel(record(sent))), CancelUnanswered)
    assert isinstance(await answer_of(broker.amend(record(sent), Decimal(1), None)), AmendUnanswered)
    assert isinstance(await answer_of(broker.submit(buy("p", "1", "98"))), SubmissionUnanswered)
    assert isinstance(await broker.open_orders(), Unreachable)


async def test_a_question_that_meets_a_failing_world_is_unreachable(tmp_path: Path) -> None:
    """Here the expiry that it brings about cannot be written."""
    floor, broker, clock = opened(INSTANT, tmp_path / "w")
    order = an_order("o", BUY, 1, 98, TimeInForce.GTD, expire_at=START + timedelta(seconds=5))
    await broker.submit(recorded(order))
    floor.venue.world.close()
    await clock.advance(6)
    assert isinstance(await broker.open_orders(), Unreachable)
    assert isinstance(await broker.submit(buy("p", "1", "98")), SubmissionUnanswered)
