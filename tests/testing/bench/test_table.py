"""The bench measures every row of the speed table, on the real parts."""

from tidegate.testing.bench import SPEED_TABLE, measure
from tidegate.testing.bench.sizes import Sizes

QUICK = Sizes(orders=20, durable_1=8, durable_100=200, grown=100, rows=500, open_orders=50, starts=1)


async def test_every_row_of_the_speed_table_is_measured_and_announced() -> None:
    """One figure a row, by the design's keys, each announced as it begins; what cannot be below zero is above it."""
    announced: list[str] = []
    figures = await measure(announced.append, QUICK)
    assert list(figures) == [
        "in_memory_us",
        "paper_us",
        "durable_1_ratio",
        "durable_100_ratio",
        "memory_kib",
        "restart_ms",
        "import_ms",
        "open_ms",
        "replay_us",
    ]
    assert announced == [row.name for row in SPEED_TABLE]
    assert all(figures[key] > 0 for key in figures if key not in ("memory_kib", "import_ms"))


def test_a_row_says_its_unit_and_its_goal() -> None:
    """A key ends with what its figure is in, so that no reader has to guess."""
    for row in SPEED_TABLE:
        assert row.key.rsplit("_", 1)[1] in {"us", "ms", "kib", "ratio"}
        assert row.goal > 0
