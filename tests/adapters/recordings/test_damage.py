"""Every damage is found, and named by file, line and reason in one line."""

import copy
import gzip
from pathlib import Path

import pytest

from tests.adapters.recordings.samples import START_US, added, deleted, pack, text_of, write
from tidegate.adapters.recordings.format import Row
from tidegate.adapters.recordings.reader import RecordingDamaged, open_recording


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    """Header, four rows, footer."""
    rows: list[Row] = [added("1"), added("2", after_us=1), deleted("1", after_us=2), deleted("2", after_us=3)]
    return text_of(write(tmp_path / "whole.tgr.gz", rows))


def damage(path: Path) -> RecordingDamaged:
    """What reading the whole file runs into."""
    with pytest.raises(RecordingDamaged) as caught:
        list(open_recording(path).rows())
    assert str(caught.value) == f"{path}, line {caught.value.line}: {caught.value.reason}"
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json\n", "not a row"),
        (b"\n", "not a row"),
        (b"{}\n", "not a row"),
        (b'["?",%d,0]\n' % START_US, "not a row"),
        (b'["+",%d,0,"3","BUY","1"]\n' % START_US, "not a row"),
        (b'["+",%d,0,"3","BUY","1","1","1"]\n' % START_US, "not a row"),
        (b'["+",%d,0,"3","BOTH","1","1"]\n' % START_US, "not a row"),
        (b'["+",%d,0,"3","BUY","1e999","1"]\n' % START_US, "price"),
        (b'["+",%d,0,"3","BUY","1","-1"]\n' % START_US, "size"),
        (b'["+",%d,0,"\xff","BUY","1","1"]\n' % START_US, "not a row"),
        (b'["H",1.5,0]\n', "not a row"),
        (b'["H",-1,0]\n', "not a row"),
        (b'["H",%d,0]\n' % (START_US - 1), "time goes back"),
        (b'["H",%d,1]\n' % (START_US + 1), "product 1"),
        (b'["E",%d,0,"%s"]\n' % (START_US, b"0" * 64), "not a row"),
    ],
)
def test_a_broken_row_is_named_by_its_line(lines: list[bytes], tmp_path: Path, line: bytes, reason: str) -> None:
    """The rows before it are fine; the line counts from the header on."""
    found = damage(pack(tmp_path / "broken.tgr.gz", [*lines[:3], line, *lines[3:]]))

    assert found.line == 4
    assert reason in found.reason


def test_time_that_goes_back_between_rows_is_named_by_the_later_row(lines: list[bytes], tmp_path: Path) -> None:
    """A book is rebuilt in order, or not at all."""
    found = damage(pack(tmp_path / "broken.tgr.gz", [*lines[:2], lines[4], lines[3], lines[5]]))

    assert (found.line, "time goes back" in found.reason) == (4, True)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "header"),
        (b"\n", "header"),
        (b"[]\n", "header"),
        (b'{"tidegate_recording":2}\n', "version 2"),
        (b'{"tidegate_recording":1}\n', "products"),
        (b'{"\xff":1}\n', "header"),
        (b"x" * 100, "not a whole line"),
    ],
)
def test_a_broken_header_is_line_one(tmp_path: Path, header: bytes, reason: str) -> None:
    """Without a header there are no products to trade."""
    found = damage(pack(tmp_path / "broken.tgr.gz", [header]))

    assert found.line == 1
    assert reason in found.reason


def test_a_missing_footer_means_a_truncated_recording(lines: list[bytes], tmp_path: Path) -> None:
    """It may have been cut exactly between two lines."""
    found = damage(pack(tmp_path / "broken.tgr.gz", lines[:-1]))

    assert (found.line, "truncated" in found.reason) == (5, True)


def test_a_header_alone_is_a_truncated_recording(lines: list[bytes], tmp_path: Path) -> None:
    """Even an empty market has a footer."""
    found = damage(pack(tmp_path / "broken.tgr.gz", lines[:1]))

    assert (found.line, "truncated" in found.reason) == (2, True)


def test_a_line_that_breaks_off_means_a_truncated_recording(lines: list[bytes], tmp_path: Path) -> None:
    """The footer counts only when its line is whole."""
    found = damage(pack(tmp_path / "broken.tgr.gz", [*lines[:-1], lines[-1].rstrip(b"\n")]))
    assert (found.line, "truncated" in found.reason) == (6, True)

    found = damage(pack(tmp_path / "broken.tgr.gz", [*lines[:3], lines[3][:9]]))
    assert (found.line, "truncated" in found.reason) == (4, True)


def test_a_row_less_is_found_by_the_count(lines: list[bytes], tmp_path: Path) -> None:
    """Every line that is left is a row, and in order."""
    found = damage(pack(tmp_path / "broken.tgr.gz", [*lines[:2], *lines[3:]]))

    assert (found.line, found.reason) == (5, "the footer counts 4 rows, there are 3")


def test_an_altered_row_or_header_is_found_by_the_checksum(lines: list[bytes], tmp_path: Path) -> None:
    """A price changed by hand, or an increment, is still valid to look at."""
    for number, before, after in [(1, b'"100"', b'"101"'), (0, b'"price_increment":"1"', b'"price_increment":"2"')]:
        assert before in lines[number]
        altered = [*lines]
        altered[number] = lines[number].replace(before, after)
        found = damage(pack(tmp_path / "broken.tgr.gz", altered))
        assert (found.line, found.reason) == (6, "the checksum does not match: the recording was altered")


def test_a_footer_that_ends_before_the_last_row_is_damage(lines: list[bytes], tmp_path: Path) -> None:
    """Time goes back there as well."""
    footer = lines[-1].replace(b"%d" % (START_US + 3), b"%d" % START_US)

    assert "before its last row" in damage(pack(tmp_path / "broken.tgr.gz", [*lines[:-1], footer])).reason


@pytest.mark.parametrize("tail", [b"x", gzip.compress(b"more", mtime=0)])
def test_data_after_the_end_are_damage(lines: list[bytes], tmp_path: Path, tail: bytes) -> None:
    """A recording has one end."""
    path = pack(tmp_path / "broken.tgr.gz", lines)
    path.write_bytes(path.read_bytes() + tail)

    assert "follow the end" in damage(path).reason


@pytest.mark.parametrize(
    "content", [b"", b"x", b"no gzip at all, but longer than its header", gzip.compress(b"", mtime=0)[:5]]
)
def test_what_is_no_gzip_is_line_one(tmp_path: Path, content: bytes) -> None:
    """An empty file, a text, a download that was cut at once."""
    path = tmp_path / "broken.tgr.gz"
    path.write_bytes(content)

    assert damage(path).line == 1


def test_a_file_cut_anywhere_is_found(tmp_path: Path) -> None:
    """And never by a traceback of another kind; the line named is the first that is not whole."""
    whole = write(tmp_path / "whole.tgr.gz", [added(str(n), after_us=n * n) for n in range(500)])
    content = whole.read_bytes()
    line_count = len(text_of(whole))
    cut_file = tmp_path / "cut.tgr.gz"
    named = []
    for length in range(0, len(content), 7):
        cut_file.write_bytes(content[:length])
        named.append(damage(cut_file).line)

    assert named == sorted(named)
    assert named[-1] == line_count + 1, "every line is there; what is missing is the end of the compressed data"


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    """By the decompression, by a row, or by a checksum; only the gzip header has bytes that mean nothing."""
    whole = write(tmp_path / "whole.tgr.gz", [added(str(n), after_us=n * n) for n in range(500)])
    content = bytearray(whole.read_bytes())
    flipped = tmp_path / "flipped.tgr.gz"
    for position in range(10, len(content), 11):
        content[position] ^= 0x10
        flipped.write_bytes(content)
        content[position] ^= 0x10
        assert damage(flipped).line >= 1


def test_a_line_without_end_is_refused_before_it_fills_the_memory(lines: list[bytes], tmp_path: Path) -> None:
    """A few kilobytes of gzip can be gigabytes of zeros."""
    endless = b"0" * 20_000_000

    assert "longer than" in damage(pack(tmp_path / "broken.tgr.gz", [endless])).reason
    assert "longer than" in damage(pack(tmp_path / "broken.tgr.gz", [lines[0], endless])).reason


def test_the_summary_finds_damage_as_well(lines: list[bytes], tmp_path: Path) -> None:
    """It is asked before a session, so that nothing is traded on an altered market."""
    for broken in ([*lines[:2], *lines[3:]], lines[:-1]):
        recording = open_recording(pack(tmp_path / "broken.tgr.gz", broken))
        with pytest.raises(RecordingDamaged):
            recording.summary()


def test_a_file_that_is_not_there_is_said_by_the_system(tmp_path: Path) -> None:
    """It is not damaged; there is nothing to repair."""
    with pytest.raises(FileNotFoundError):
        open_recording(tmp_path / "nowhere.tgr.gz")


def test_a_damage_can_be_told_to_another_process() -> None:
    """Several replays run side by side, and what crosses between them is made again from its parts."""
    found = RecordingDamaged(Path("market.tgr.gz"), 7, "a\nreason")

    assert str(copy.copy(found)) == "market.tgr.gz, line 7: a reason"
