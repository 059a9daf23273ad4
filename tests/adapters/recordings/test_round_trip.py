"""What is written is what is read, for every kind of row."""

import gzip
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.recordings.samples import HEADER, START_US, added, deleted, text_of, write
from tidegate.adapters.recordings.format import (
    BookSnapshotRow,
    Gap,
    Heartbeat,
    LevelUpdated,
    OrderAdded,
    OrderDeleted,
    OrderResized,
    Row,
    StatusChanged,
    TradePrinted,
)
from tidegate.adapters.recordings.header import Provenance, moment_of
from tidegate.adapters.recordings.reader import open_recording
from tidegate.adapters.recordings.writer import RecordingWriter
from tidegate.domain.vocabulary import OrderSide

AMOUNTS = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places), st.integers(1, 10**18 - 1), st.integers(0, 18)
)
IDS = st.text(min_size=1, max_size=64).filter(lambda text: text.isprintable())
SIDES = st.sampled_from(OrderSide)
LEVELS = st.dictionaries(st.integers(1, 10**6), AMOUNTS, max_size=8).map(
    lambda levels: [(Decimal(price), size) for price, size in sorted(levels.items())]
)
TIMES = {"at_us": st.just(START_US), "product": st.just(0)}
ROWS: st.SearchStrategy[Row] = st.one_of(
    st.builds(OrderAdded, **TIMES, order_id=IDS, side=SIDES, price=AMOUNTS, size=AMOUNTS),
    st.builds(OrderResized, **TIMES, order_id=IDS, size=AMOUNTS),
    st.builds(OrderDeleted, **TIMES, order_id=IDS),
    st.builds(BookSnapshotRow, **TIMES, bids=LEVELS.map(lambda levels: tuple(levels[::-1])), asks=LEVELS.map(tuple)),
    st.builds(LevelUpdated, **TIMES, side=SIDES, price=AMOUNTS, size=st.one_of(AMOUNTS, st.just(Decimal(0)))),
    st.builds(
        TradePrinted,
        **TIMES,
        trade_id=IDS,
        aggressor=SIDES,
        price=AMOUNTS,
        size=AMOUNTS,
        maker_order_id=st.one_of(st.none(), IDS),
    ),
    st.builds(Heartbeat, **TIMES),
    st.builds(Gap, **TIMES, reason=st.text(max_size=200)),
    st.builds(StatusChanged, **TIMES, restrictions=st.sampled_from([(), ("cancel_only",), ("post_only", "auction")])),
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROWS, max_size=30), gaps=st.lists(st.integers(0, 10**6), min_size=30, max_size=30))
def test_rows_of_every_kind_are_read_as_they_were_written(
    rows: list[Row], gaps: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Amounts to the last digit, times to the microsecond, ids to the character."""
    times = accumulate(gaps, initial=START_US)
    timed = [msgspec.structs.replace(row, at_us=at_us) for row, at_us in zip(rows, times, strict=False)]
    path = write(tmp_path_factory.mktemp("round") / "market.tgr.gz", timed)

    assert list(open_recording(path).rows()) == timed


def many(count: int) -> Iterator[Row]:
    """Enough rows for several batches: an order comes and goes, a microsecond apart."""
    for number in range(count // 2):
        yield added(str(number), after_us=2 * number, size="0.00000001")
        yield deleted(str(number), after_us=2 * number + 1)


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("long") / "market.tgr.gz", many(60_000))


def test_a_long_recording_is_read_whole_and_in_order(long_recording: Path) -> None:
    """Batches are cut at lines; no row falls between two of them."""
    rows = list(open_recording(long_recording).rows())

    assert rows == list(many(60_000))
    assert len(list(open_recording(long_recording).batches())) > 1


@pytest.mark.parametrize("start", [0, 1, 41_234, 59_999, 60_000, 70_000])
def test_reading_may_start_at_any_row(long_recording: Path, start: int) -> None:
    """Row numbers are exact where times repeat."""
    assert list(open_recording(long_recording).rows(start)) == list(many(60_000))[start:]


def test_two_readers_of_one_recording_do_not_disturb_each_other(long_recording: Path) -> None:
    """A session and a chart may read at once."""
    with open_recording(long_recording) as recording:
        pairs = zip(recording.rows(), recording.rows(), strict=True)
        assert all(one == other for one, other in pairs)


def test_the_summary_has_the_figures_without_reading_rows(tmp_path: Path) -> None:
    """The end may be later than the last row: the feed was watched until then."""
    with RecordingWriter(tmp_path / "market.tgr.gz", HEADER) as writer:
        writer.write(added("1", after_us=5))
        writer.end_at(START_US + 1_000_000)

    summary = open_recording(str(tmp_path / "market.tgr.gz")).summary()

    assert summary.row_count == 1
    assert summary.started_at == HEADER.started_at
    assert summary.ended_at == moment_of(START_US + 1_000_000)
    assert summary.sha256 == writer.sha256


def test_an_empty_recording_is_a_recording(tmp_path: Path) -> None:
    """A market in which nothing happened."""
    recording = open_recording(write(tmp_path / "market.tgr.gz", []))

    assert list(recording.rows()) == []
    assert recording.summary().ended_at == HEADER.started_at


def test_equal_recordings_are_equal_bytes(tmp_path: Path) -> None:
    """Neither the name of the file nor the time of writing is in it."""
    one = write(tmp_path / "one.tgr.gz", many(100)).read_bytes()
    other = write(tmp_path / "other.tgr.gz", many(100)).read_bytes()

    assert one == other


def test_amounts_are_written_in_plain_digits(tmp_path: Path) -> None:
    """Other languages read the file too; not all take exponents."""
    path = write(tmp_path / "market.tgr.gz", [added("1", price="1E+3", size="1E-8")])

    assert text_of(path)[1] == f'["+",{START_US},0,"1","BUY","1000","0.00000001"]\n'.encode()


def test_what_is_told_of_a_recording_may_be_told_last(tmp_path: Path) -> None:
    """An importer knows its counts after the last row, and they stand in the first line."""
    told = Provenance(source="a test", made_by="the tests", figures={"rows": 1, "price": "1.5"})
    with RecordingWriter(tmp_path / "market.tgr.gz", HEADER) as writer:
        writer.write(added("1"))
        writer.describe(told)

    assert open_recording(tmp_path / "market.tgr.gz").header.provenance == told


def test_the_writer_refuses_what_a_reader_would(tmp_path: Path) -> None:
    """And leaves nothing behind, neither a recording nor a part of one."""
    wrong: list[Row] = [
        added("1", after_us=-1),
        msgspec.structs.replace(added("1"), product=1),
        added(""),
        added("x" * 65),
    ]
    for row in wrong:
        with pytest.raises(ValueError), RecordingWriter(tmp_path / "market.tgr.gz", HEADER) as writer:  # noqa: PT011
            writer.write(row)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_fails_leaves_the_former_recording_alone(tmp_path: Path) -> None:
    """A recording is replaced whole or not at all."""
    path = write(tmp_path / "market.tgr.gz", [added("1")])
    before = path.read_bytes()

    def interrupted() -> Iterator[Row]:
        yield added("2")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, interrupted())

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert gzip.decompress(before).count(b"\n") == 3


def test_a_folder_that_is_missing_is_named_and_no_file_of_the_writers_own(tmp_path: Path) -> None:
    """Rows gather in a file without a name, of which nobody has heard."""
    with pytest.raises(FileNotFoundError) as caught, RecordingWriter(tmp_path / "none" / "day.tgr.gz", HEADER):
        pass

    assert caught.value.filename == str(tmp_path / "none")
