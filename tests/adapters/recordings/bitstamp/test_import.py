"""An import finds its capture in every form it comes in, and names file and line of whatever is wrong with it."""

import gzip
import json
import struct
from decimal import Decimal
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from tests.adapters.recordings.bitstamp.captures import ORDER_COLUMNS, CaptureText, opened
from tidegate.adapters.recordings.bitstamp import CaptureDamaged, ImportReport, import_bitstamp
from tidegate.adapters.recordings.reader import open_recording

METADATA = "Metadata-Version: 2.4\nName: some-capture\nVersion: 1.2\nLicense: GPL-2.0-or-later\n\nText: none\n"


def sample() -> CaptureText:
    """Enough to be a market: 41 order rows on lines 2 to 42, and a trade."""
    capture = opened()
    for number in range(36):
        capture.bid(100 * (number + 1), 100 + number, f"{90 - number}.0", "0.5")
    capture.order("changed", 4_000, 3, "ask", "101.0", "0.5")
    return capture.trade(4_000, "101.0", "0.5", 70, 3, "buy")


def wheel(path: Path, capture: CaptureText) -> Path:
    """A package that carries the capture, as a wheel."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("some_capture/__init__.py", "")
        archive.writestr("some_capture/_sample_data/orders.csv.gz", gzip.compress(capture.orders_text(), mtime=0))
        archive.writestr("some_capture/_sample_data/trades.csv", capture.trades_text())
        archive.writestr("some_capture/_sample_data/meta.json", json.dumps(capture.meta))
        archive.writestr("some_capture-1.2.dist-info/METADATA", METADATA)
    return path


def damage(source: Path) -> CaptureDamaged:
    """What an import of the source runs into; it leaves no recording."""
    destination = source.with_name("never.tgr.gz")
    with pytest.raises(CaptureDamaged) as caught:
        import_bitstamp(source, destination)
    assert not destination.exists()
    assert str(caught.value) == f"{caught.value.file}, line {caught.value.line}: {caught.value.reason}"
    assert "\n" not in str(caught.value)
    return caught.value


def imported(source: Path, destination: Path) -> tuple[ImportReport, str]:
    """The report, and all rows of the recording."""
    report = import_bitstamp(source, destination)
    return report, repr(list(open_recording(destination).rows()))


def test_a_capture_is_found_in_every_form_it_comes_in(tmp_path: Path) -> None:
    """A wheel, its extracted folder, the data's folder, a bare file compressed or not."""
    capture = sample()
    package = wheel(tmp_path / "some_capture-1.2-py3-none-any.whl", capture)
    with ZipFile(package) as archive:
        archive.extractall(tmp_path / "extracted")
    folder = capture.save(tmp_path / "folder")
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "orders.csv").write_bytes(capture.orders_text())
    (bare / "trades.csv").write_bytes(capture.trades_text())
    sources = [package, tmp_path / "extracted", folder, folder / "orders.csv.gz", bare / "orders.csv"]

    rows = {imported(source, tmp_path / "market.tgr.gz")[1] for source in sources}

    assert len(rows) == 1


def test_the_header_tells_where_the_capture_comes_from(tmp_path: Path) -> None:
    """Package, licence, importer and counts; nobody has to ask later what the recording is."""
    import_bitstamp(wheel(tmp_path / "some_capture-1.2.whl", sample()), tmp_path / "market.tgr.gz")

    header = open_recording(tmp_path / "market.tgr.gz").header

    assert "some-capture 1.2" in header.provenance.source
    assert header.provenance.licence.startswith("GPL-2.0-or-later")
    assert header.provenance.made_by == "tidegate import bitstamp, version 1"
    assert header.provenance.figures["order rows"] == header.provenance.figures["kept"] == 41
    assert not header.provenance.is_synthetic
    assert [product.symbol for product in header.products] == ["BTC-USD", "BTC-PERP"]
    assert dict(header.prices_from) == {"BTC-PERP": "BTC-USD"}


def test_the_same_capture_gives_the_same_bytes(tmp_path: Path) -> None:
    """An import can be repeated and compared."""
    source = sample().save(tmp_path / "capture")
    import_bitstamp(source, tmp_path / "one.tgr.gz")
    import_bitstamp(source, tmp_path / "other.tgr.gz")

    assert (tmp_path / "one.tgr.gz").read_bytes() == (tmp_path / "other.tgr.gz").read_bytes()


@pytest.mark.parametrize(("price", "increment"), [("90.0", "1"), ("90.5", "0.1"), ("90.25", "0.01")])
def test_the_price_increment_is_what_the_prices_show(price: str, increment: str, tmp_path: Path) -> None:
    """Bitstamp changed it more than once."""
    import_bitstamp(sample().bid(5_000, 9, price).save(tmp_path / "capture"), tmp_path / "market.tgr.gz")

    for product in open_recording(tmp_path / "market.tgr.gz").header.products:
        assert product.price_increment == Decimal(increment)


def test_another_pair_gets_its_own_products(tmp_path: Path) -> None:
    """The collector's notes name the pair."""
    capture = sample()
    capture.meta["pair"] = "ethusdc"

    report = import_bitstamp(capture.save(tmp_path / "capture"), tmp_path / "market.tgr.gz")

    assert report.symbol == "ETH-USDC"
    assert [p.symbol for p in open_recording(tmp_path / "market.tgr.gz").header.products] == ["ETH-USDC", "ETH-PERP"]


def test_the_notes_of_the_collector_are_compared_with_the_rows(tmp_path: Path) -> None:
    """A capture that was cut at a line still says how long it had been, and a lost connection is not hidden."""
    capture = sample()
    capture.meta |= {"total_order_rows": 50, "reconnects": 2}

    notes = import_bitstamp(capture.save(tmp_path / "capture"), tmp_path / "market.tgr.gz").notes

    assert "the collector counted 50 order rows, 41 were read" in notes
    assert "the collector lost its connection 2 times; what happened meanwhile is missing" in notes
    assert open_recording(tmp_path / "market.tgr.gz").header.provenance.notes[-3:] == notes


def test_progress_reaches_the_number_of_rows_it_announces(tmp_path: Path) -> None:
    """Both passes count, so that a bar fills once and evenly."""
    told: list[tuple[int, int]] = []
    capture = opened()
    for number in range(12_000):
        capture.bid(number + 1, 100 + number, "90.0", "0.5")

    import_bitstamp(
        capture.save(tmp_path / "capture"), tmp_path / "market.tgr.gz", progress=lambda *step: told.append(step)
    )

    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {total for _, total in told} == {24_008}
    assert told[-1] == (24_008, 24_008)
    assert len(told) < 12


def test_the_first_rows_may_be_enough(tmp_path: Path) -> None:
    """A quick look at a long capture."""
    told: list[tuple[int, int]] = []
    report = import_bitstamp(
        sample().save(tmp_path / "capture"),
        tmp_path / "market.tgr.gz",
        row_limit=10,
        progress=lambda *step: told.append(step),
    )

    assert report.order_rows == report.rows_written == 10
    assert report.trades_dropped == {"after the last order event": 1}
    assert told[-1] == (20, 20)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("", "1 columns instead of 7"),
        ("1,2,3", "3 columns instead of 7"),
        ("x,1777689384000,1777689384000,99.0,1.0,created,bid", "id 'x'"),
        ("-5,1777689384000,1777689384000,99.0,1.0,created,bid", "id '-5'"),
        ("5,soon,1777689384000,99.0,1.0,created,bid", "timestamp 'soon'"),
        ("5,1777689384000,1777689384000521,99.0,1.0,created,bid", "milliseconds"),
        ("5,1777689384,1777689384,99.0,1.0,created,bid", "milliseconds"),
        ("5,1777689384000,1777689384000,abc,1.0,created,bid", "price 'abc'"),
        ("5,1777689384000,1777689384000,,1.0,created,bid", "price ''"),
        ("5,1777689384000,1777689384000,99.0,-1.0,created,bid", "volume '-1.0'"),
        ("5,1777689384000,1777689384000,99.0,nan,created,bid", "volume 'nan'"),
        ("5,1777689384000,1777689384000,inf,1.0,created,bid", "price 'inf'"),
        ("5,1777689384000,1777689384000,1e99,1.0,created,bid", "price '1e99'"),
        ("5,1777689384000,1777689384000,99.0,1e-19,created,bid", "volume '1e-19'"),
        ("5,1777689384000,1777689384000,1_000,1.0,created,bid", "price '1_000'"),
        (f"5,1777689384000,1777689384000,{'9' * 60},1.0,created,bid", "999..."),
        ("5,1777689384000,1777689384000,99.0,1.0,moved,bid", "action 'moved'"),
        ("5,1777689384000,1777689384000,99.0,1.0,created,up", "direction 'up'"),
        ("5,1777689384000,1777689380000,99.0,1.0,created,bid", "goes back"),
        ("5,1777689384000,1777689384000,99.0,1.0,cre\u00e4ted,bid", "ASCII"),
    ],
)
def test_a_broken_order_row_is_named_by_file_and_line(row: str, complaint: str, tmp_path: Path) -> None:
    """It is never guessed at and never left out."""
    capture = sample()
    capture.orders.insert(20, row)

    found = damage(capture.save(tmp_path / "capture"))

    assert (Path(found.file).name, found.line) == ("orders.csv.gz", 21)
    assert complaint in found.reason


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("1,2", "2 columns instead of 8"),
        ("7,1777689384000,1777689384000,0.0,1.0,5,6,buy", "above zero"),
        ("7,1777689384000,1777689384000,99.0,0.0,5,6,buy", "above zero"),
        ("7,1777689384000,1777689384000,99.0,1.0,5,six,buy", "sell_order_id 'six'"),
        ("7,1777689384000,1777689384000,99.0,1.0,5,6,both", "side 'both'"),
        ("7,1777689384,1777689384,99.0,1.0,5,6,buy", "exchange_timestamp '1777689384' is not a time in milliseconds"),
        ("1,1777689384000,1777689384000,99.0,1.0,5,6,buy", "trade_id 1 stands for another trade already"),
    ],
)
def test_a_broken_trade_is_named_by_file_and_line(row: str, complaint: str, tmp_path: Path) -> None:
    """Ghosts are found by trades; a wrong one would drop a real order."""
    capture = sample()
    capture.trades.append(row)

    found = damage(capture.save(tmp_path / "capture"))

    assert (Path(found.file).name, found.line) == ("trades.csv", 3)
    assert complaint in found.reason


def test_a_line_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    """Whatever the file is, it is no capture."""
    (tmp_path / "orders.csv").write_bytes(opened().orders_text() + b"9" * 3_000_000)
    (tmp_path / "trades.csv").write_bytes(opened().trades_text())

    found = damage(tmp_path / "orders.csv")

    assert (found.line, "longer than" in found.reason) == (6, True)


def test_columns_may_stand_in_another_order_but_not_be_missing(tmp_path: Path) -> None:
    """They are found by name; a new one is no harm."""
    capture = sample()
    plain = imported(capture.save(tmp_path / "capture"), tmp_path / "market.tgr.gz")[1]
    capture.orders = [f"{line.split(',', 1)[1]},{line.split(',', 1)[0]},new" for line in capture.orders]
    assert imported(capture.save(tmp_path / "capture"), tmp_path / "market.tgr.gz")[1] == plain

    capture.orders = [ORDER_COLUMNS.replace("volume", "amount")]
    found = damage(capture.save(tmp_path / "capture"))
    assert (found.line, found.reason) == (1, "the column volume is missing")


def test_a_capture_with_line_ends_of_another_system_is_the_same_capture(tmp_path: Path) -> None:
    """It may have passed through an editor; the last line may have lost its end."""
    capture = sample()
    plain = imported(capture.save(tmp_path / "capture"), tmp_path / "market.tgr.gz")[1]
    (tmp_path / "orders.csv").write_bytes("\r\n".join(capture.orders).encode())
    (tmp_path / "trades.csv").write_bytes(capture.trades_text())

    assert imported(tmp_path / "orders.csv", tmp_path / "market.tgr.gz")[1] == plain


def test_a_truncated_or_altered_capture_is_named_by_its_first_unread_line(tmp_path: Path) -> None:
    """Every cut and every flipped byte of the compressed orders is found."""
    folder = sample().save(tmp_path / "capture")
    orders = folder / "orders.csv.gz"
    content = orders.read_bytes()
    for length in range(0, len(content), 5):
        orders.write_bytes(content[:length])
        assert 1 <= damage(folder).line <= 43
    orders.write_bytes(content + b"x")
    assert "follow the end" in damage(folder).reason
    for position in range(10, len(content), 5):
        orders.write_bytes(content[:position] + bytes([content[position] ^ 0x10]) + content[position + 1 :])
        assert damage(folder).file == str(orders)


def test_a_capture_without_events_is_named(tmp_path: Path) -> None:
    """There is no market in it."""
    assert damage(CaptureText().save(tmp_path / "capture")).reason == "there is no order event"
    empty = CaptureText()
    empty.orders = []
    assert damage(empty.save(tmp_path / "capture")).reason == "the column id is missing"


def test_a_source_without_a_capture_says_what_is_missing(tmp_path: Path) -> None:
    """No orders, no trades, or more than one of them."""
    folder = sample().save(tmp_path / "capture")
    (folder / "trades.csv").unlink()
    assert "one trades.csv or trades.csv.gz; there is none" in damage(folder).reason
    (folder / "orders.csv").write_bytes(b"")
    assert "there is 2 of them" in damage(folder).reason
    (tmp_path / "empty").mkdir()
    assert "one orders.csv.gz or orders.csv; there is none" in damage(tmp_path / "empty").reason
    with pytest.raises(FileNotFoundError):
        import_bitstamp(tmp_path / "nowhere", tmp_path / "market.tgr.gz")


def test_notes_that_are_none_are_named(tmp_path: Path) -> None:
    """They decide the pair, so they are read or the import ends."""
    folder = sample().save(tmp_path / "capture")
    for content in (b"{", b'{"pair":5}', b'{"pair":"\xff"}'):
        (folder / "meta.json").write_bytes(content)
        assert Path(damage(folder).file).name == "meta.json"
    (folder / "meta.json").write_bytes(b" " * (1 << 20) + b"{}")
    assert "longer than" in damage(folder).reason
    (folder / "meta.json").write_bytes(b'{"pair":"usd"}')
    found = damage(folder)
    assert "pair 'usd'" in found.reason
    assert Path(found.file).name == "meta.json"


def test_a_capture_that_does_not_say_its_pair_is_taken_for_btcusd_and_says_so(tmp_path: Path) -> None:
    """Whoever captured another pair without its notes learns under which name it is traded."""
    folder = sample().save(tmp_path / "capture")
    (folder / "meta.json").unlink()

    report = import_bitstamp(folder, tmp_path / "market.tgr.gz")

    assert report.symbol == "BTC-USD"
    assert "the capture does not say its pair (meta.json does): it is taken for btcusd" in report.notes
    assert report.notes != import_bitstamp(sample().save(folder), tmp_path / "market.tgr.gz").notes


def test_a_trade_that_came_twice_is_printed_once(tmp_path: Path) -> None:
    """A second print would fill an order that waits at its price once more."""
    capture = sample()
    once = imported(capture.save(tmp_path / "capture"), tmp_path / "market.tgr.gz")[1]
    capture.trades.append(capture.trades[-1])

    report, rows = imported(capture.save(tmp_path / "capture"), tmp_path / "market.tgr.gz")

    assert rows == once
    assert (report.trades, report.trades_kept, report.trades_dropped) == (2, 1, {"came twice": 1})


def test_a_broken_archive_is_named(tmp_path: Path) -> None:
    """Cut, encrypted, compressed by a method nobody knows, or with a member that does not match its checksum."""
    package = wheel(tmp_path / "some_capture-1.2.whl", sample())
    content = package.read_bytes()

    package.write_bytes(content[: len(content) // 2])
    assert "not a whole zip archive" in damage(package).reason

    name = b"some_capture/_sample_data/trades.csv"
    local, central = content.index(name) - 30, content.rindex(name) - 46
    package.write_bytes(edited(content, central + 8, struct.pack("<H", 1)))
    assert damage(package).reason == "the member is encrypted"

    package.write_bytes(edited(content, central + 10, struct.pack("<H", 77)))
    assert "the archive is damaged" in damage(package).reason

    package.write_bytes(edited(content, central + 16, b"\0\0\0\0"))
    found = damage(package)
    assert "the archive is damaged" in found.reason
    assert found.file == f"{package}!some_capture/_sample_data/trades.csv"

    package.write_bytes(edited(content, local, b"XXXX"))
    assert "the archive is damaged" in damage(package).reason


def edited(content: bytes, position: int, replacement: bytes) -> bytes:
    """The content with some bytes replaced."""
    return content[:position] + replacement + content[position + len(replacement) :]
