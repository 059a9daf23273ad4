"""Streams: bounded, honest about loss, and forgotten with their listener."""

import asyncio
import gc
from datetime import UTC, datetime

import pytest

from tidegate.adapters.brokers.streams import ChangeStream, Listeners, ReportStream
from tidegate.domain.submissions import ReportGap

AT = datetime(2026, 1, 5, tzinfo=UTC)


def report(number: int) -> ReportGap:
    return ReportGap(reason=f"report {number}", at=AT)


async def test_reports_come_in_order_and_end_after_closing() -> None:
    """What waits is still heard."""
    stream = ReportStream(10)
    for number in range(3):
        stream.put(report(number), AT)
    await stream.aclose()
    assert [one async for one in stream] == [report(0), report(1), report(2)]


async def test_a_waiting_listener_is_woken_by_a_report_and_by_the_end() -> None:
    """And `put` says whether somebody was woken."""
    stream = ReportStream(10)
    listening = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    assert stream.put(report(1), AT)
    assert not stream.put(report(2), AT)
    assert await listening == report(1)
    assert await anext(stream) == report(2)
    listening = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    stream.close()
    with pytest.raises(StopAsyncIteration):
        await listening


async def test_an_overflow_is_a_gap_and_never_a_silent_loss() -> None:
    """S14: what was waiting is lost as a whole, and said so."""
    stream = ReportStream(2)
    for number in range(3):
        stream.put(report(number), AT)
    gap = await anext(stream)
    assert isinstance(gap, ReportGap)
    assert "more than 2" in gap.reason
    stream.put(report(4), AT)
    assert await anext(stream) == report(4)


async def test_changes_are_told_once_however_often_they_came() -> None:
    """A slow listener sees each symbol once."""
    stream = ChangeStream()
    assert not stream.put(["A", "B"])
    stream.put(["A"])
    assert [await anext(stream), await anext(stream)] == ["A", "B"]
    assert stream.take() is None


async def test_a_stream_that_nobody_holds_or_that_was_closed_is_forgotten() -> None:
    """Listeners may come and go."""
    listeners: Listeners[ReportStream] = Listeners()
    kept, closed = listeners.add(ReportStream(1)), listeners.add(ReportStream(1))
    listeners.add(ReportStream(1))
    gc.collect()
    closed.close()
    assert listeners.live() == [kept]
    listeners.close()
    assert kept.is_closed
    assert listeners.add(ReportStream(1)).is_closed
