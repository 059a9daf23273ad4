"""The page on the format shows a recording that is one."""

import hashlib
from pathlib import Path

from tests.adapters.recordings.samples import pack
from tidegate.adapters.recordings.format import OrderAdded, OrderDeleted, OrderResized, TradePrinted
from tidegate.adapters.recordings.reader import open_recording

PAGE = Path(__file__).parents[3] / "docs" / "recordings.md"


def test_the_example_of_the_page_is_a_recording(tmp_path: Path) -> None:
    """All but its checksum, which nobody reads, stands there as it would in a file."""
    example = PAGE.read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]
    *lines, footer = example.encode().splitlines(keepends=True)
    digest = hashlib.sha256(b"".join(lines)).hexdigest().encode()

    recording = open_recording(pack(tmp_path / "market.tgr.gz", [*lines, footer.replace(b"SHA256", digest)]))

    kinds = [type(row) for row in recording.rows()]
    assert kinds == [OrderAdded, OrderAdded, TradePrinted, OrderResized, OrderDeleted]
    assert recording.header.products[0].symbol == "BTC-USD"
