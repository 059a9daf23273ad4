"""A stream of JSON lines: every line is one decision or one refusal, in order, and nothing holds up the loop."""

import asyncio
import io
import os
import threading
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.adapters.intake.json_lines import JsonLinesIntake, RawReader
from tidegate.adapters.intake.lines import LINE_BYTES_MAX, Line, LineSplitter
from tidegate.domain.outcomes import NoOrderNeeded
from tidegate.domain.ports import DecisionIntakePort, DecisionMessage


def line(number: int) -> bytes:
    return b'{"symbol": "BTC-USD", "action": "HOLD", "decision_id": "d%d"}' % number


async def all_of(intake: DecisionIntakePort) -> list[str]:
    """The ids of the decisions, and the messages of the refusals."""
    return [
        item.decision.decision_id if isinstance(item, DecisionMessage) else item.message
        async for item in intake.decisions()
    ]


async def test_lines_come_in_order_and_blank_ones_are_skipped() -> None:
    """The last one needs no line end; carriage returns are blank."""
    stream = io.BytesIO(line(1) + b"\n\n  \r\n" + line(2) + b"\r\n" + line(3))

    assert await all_of(JsonLinesIntake(stream)) == ["d1", "d2", "d3"]


async def test_a_byte_order_mark_before_the_first_line_is_no_part_of_it() -> None:
    """Editors and shells of Windows write one; before any other line it is no text of ours."""
    stream = io.BytesIO(BOM_UTF8 + line(1) + b"\n" + BOM_UTF8 + line(2))

    first, second = await all_of(JsonLinesIntake(stream))

    assert first == "d1"
    assert second.startswith("line 2: is not JSON")


async def test_a_bad_line_is_one_refusal_and_the_rest_goes_on() -> None:
    """N10: each refusal has the number of its line, blank ones counted."""
    stream = io.BytesIO(line(1) + b"\n\nnonsense\n\xff\n" + line(2) + b"\n")

    assert await all_of(JsonLinesIntake(stream)) == [
        "d1",
        "line 3: is not JSON: Expecting value at column 1",
        "line 4: is not UTF-8 at byte 1",
        "d2",
    ]


async def test_a_line_of_ten_megabytes_is_refused_without_being_kept() -> None:
    """N5."""
    stream = io.BytesIO(line(1) + b"\n" + b"x" * 10_000_000 + b"\n" + line(2))

    assert await all_of(JsonLinesIntake(stream)) == ["d1", f"line 2 is longer than {LINE_BYTES_MAX} bytes", "d2"]


async def test_a_message_names_its_line() -> None:
    """`settle` and the log can then name it."""
    intake = JsonLinesIntake(io.BytesIO(b"\n" + line(1)))
    message = await anext(intake.decisions())

    assert isinstance(message, DecisionMessage)
    assert message.reference == "line 2"
    await intake.settle(message, NoOrderNeeded(decision_id="d1", reason="HOLD"))


async def test_waiting_for_a_line_does_not_hold_up_the_loop() -> None:
    """A pipe that is silent: the loop turns, and the line is there once it is written."""
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as stream:  # noqa: ASYNC230, PTH123 - a descriptor, and nothing is read here
        decisions = JsonLinesIntake(stream).decisions()
        waiting = asyncio.ensure_future(anext(decisions))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not waiting.done()
        os.write(writing, line(1)[:20])
        os.write(writing, line(1)[20:] + b"\n")
        message = await waiting
        os.close(writing)

        assert isinstance(message, DecisionMessage)
        assert [item async for item in decisions] == []


async def test_reading_stays_only_a_few_chunks_ahead() -> None:
    """A producer that is faster than the market waits in its pipe."""
    reads = 0

    class Endless:
        def read(self, size: int, /) -> bytes:
            nonlocal reads
            reads += 1
            return line(reads) + b"\n"

    decisions = JsonLinesIntake(Endless()).decisions()
    await anext(decisions)
    await asyncio.sleep(0.05)

    assert reads <= 8


async def test_an_input_that_breaks_is_told_after_what_came_before() -> None:
    """Nothing that was read is lost."""

    class Breaking:
        def __init__(self) -> None:
            self._chunks: Iterator[bytes] = iter([line(1) + b"\n" + line(2)])

        def read(self, size: int, /) -> bytes:
            try:
                return next(self._chunks)
            except StopIteration:
                raise OSError(5, "Input/output error") from None

    assert await all_of(JsonLinesIntake(Breaking())) == [
        "d1",
        "d2",
        "the input ended with an error: Input/output error",
    ]


async def test_a_stream_that_was_closed_has_ended() -> None:
    """Closing standard input is a way to end a run."""
    stream = io.BytesIO(line(1))
    stream.close()

    assert await all_of(JsonLinesIntake(stream)) == []


def test_the_reading_thread_ends_with_the_loop() -> None:
    """An endless stream does not keep a program alive."""

    class Endless:
        def read(self, size: int, /) -> bytes:
            return line(1) + b"\n"

    async def take_one(stream: RawReader) -> None:
        await anext(JsonLinesIntake(stream).decisions())

    asyncio.run(take_one(Endless()))
    for thread in threading.enumerate():
        if thread.name == "tidegate-json-lines":
            thread.join(5)
            assert not thread.is_alive()


async def test_a_file_can_be_the_stream(tmp_path: Path) -> None:
    """`tidegate run < decisions.jsonl`."""
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(line(1) + b"\n" + line(2) + b"\n")

    with path.open("rb", buffering=0) as stream:
        assert await all_of(JsonLinesIntake(stream)) == ["d1", "d2"]


@given(st.lists(st.binary(max_size=12).filter(lambda part: b"\n" not in part)), st.integers(1, 7), st.integers(4, 9))
def test_lines_are_the_same_however_the_stream_is_cut(parts: list[bytes], size: int, length_max: int) -> None:
    """Chunks are the transport's affair."""
    stream = b"".join(part + b"\n" for part in parts)
    splitter = LineSplitter(length_max)

    cut = [stream[at : at + size] for at in range(0, len(stream), size)]
    lines = [found for chunk in cut for found in splitter.feed(chunk)] + list(splitter.finish())

    assert lines == [
        Line(number, part if len(part) <= length_max else None) for number, part in enumerate(parts, start=1)
    ]


@pytest.mark.parametrize("content", [b"", b"\n", b"\n\n\n"])
async def test_an_empty_stream_ends_at_once(content: bytes) -> None:
    """No decision, no refusal."""
    assert await all_of(JsonLinesIntake(io.BytesIO(content))) == []
