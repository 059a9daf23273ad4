"""The speed table: its rows in order, each with its goal and how it is measured."""

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from tidegate.testing.bench.durable import durable_1_ratio, durable_100_ratio
from tidegate.testing.bench.growth import memory_kib
from tidegate.testing.bench.in_memory import in_memory_us, paper_us
from tidegate.testing.bench.markets import replay_us
from tidegate.testing.bench.restart import restart_ms
from tidegate.testing.bench.sizes import Sizes
from tidegate.testing.bench.starts import import_ms, open_ms


class SpeedRow(Struct, frozen=True):
    """One row: `goal` is the most that it should be, in the unit that its key ends with (a ratio has none)."""

    key: str
    name: str
    goal: float
    measured: Callable[[Sizes], Awaitable[float]]


SPEED_TABLE: tuple[SpeedRow, ...] = (
    SpeedRow("in_memory_us", "decision to filled, null venue, memory store", 10, in_memory_us),
    SpeedRow("paper_us", "decision to filled, paper venue, memory store", 15, paper_us),
    SpeedRow("durable_1_ratio", "one in flight, against a bare commit", 1.3, durable_1_ratio),
    SpeedRow("durable_100_ratio", "100 in flight, against a bare group commit", 2, durable_100_ratio),
    SpeedRow("memory_kib", "process growth for an order that has ended", 0.1, memory_kib),
    SpeedRow("restart_ms", "store of a million rows with 10,000 open orders", 80, restart_ms),
    SpeedRow("import_ms", "import tidegate", 40, import_ms),
    SpeedRow("open_ms", "first open_application", 400, open_ms),
    SpeedRow("replay_us", "a book update applied", 3, replay_us),
)


async def measure(announce: Callable[[str], None], sizes: Sizes | None = None) -> Mapping[str, float]:
    """Every row's figure by its key, each the median of three rounds; `announce` is told each row's name as it begins.

    Takes about a minute and a half. Figures are worth what the computer is idle: nothing else should run.

    Raises:
        BenchError: an order did not end as its row says.
    """
    chosen = sizes if sizes is not None else Sizes()
    figures = {}
    for row in SPEED_TABLE:
        announce(row.name)
        figures[row.key] = round(await row.measured(chosen), 4)
    return figures
