"""docs/venues.md is held to the code: its tables to ports, outcomes and capabilities, its code by running."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.domain.histories import NOW, order
from tidegate.adapters.clocks import ManualClock
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.ports import AccountPort, EnginePort, MarketDataPort
from tidegate.domain.rejections import VENUE_REFUSALS
from tidegate.domain.submissions import (
    EngineCapabilities,
    NeverSent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    SubmissionOutcome,
    SubmissionUnanswered,
)

PAGE = (Path(__file__).parents[3] / "docs" / "venues.md").read_text(encoding="utf-8")
OUTCOMES, BROKER, CONTRACT, TRIAL = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
RECORDED = RecordedOrder(order=order(), attempt=1, epoch=1, recorded_at=NOW)


def first_cells(heading: str) -> set[str]:
    """The names in the first column of the table under a heading."""
    part = PAGE.split(f"# {heading}\n")[1].split("\n#")[0]
    rows = [line for line in part.splitlines() if line.startswith("|")][2:]
    return {row.split("|")[1].strip().strip("`") for row in rows}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The page's modules under their names."""
    for name, text in (
        ("outcomes", OUTCOMES), ("acme_venue", BROKER), ("test_acme", CONTRACT), ("trial", TRIAL),
    ):  # fmt: skip
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    """What Python prints of it, in the folder of the page's modules and without the tester's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TIDEGATE_", "RISK_"))}
    shown = subprocess.run(
        [sys.executable, *arguments],
        check=False, capture_output=True, text=True, cwd=folder, env=kept, timeout=120,
    )  # fmt: skip
    assert not shown.returncode, shown.stdout + shown.stderr
    return shown.stdout


@pytest.mark.parametrize("port", [EnginePort, MarketDataPort, AccountPort])
def test_every_method_of_a_port_has_its_row(port: type) -> None:
    """And no row is of a method that there is not."""
    assert first_cells(port.__name__) == {name for name in vars(port) if not name.startswith("_")}


def test_every_outcome_and_every_capability_has_its_row() -> None:
    """Under the names of the code."""
    assert first_cells("The outcomes of a submit") == {kind.__name__ for kind in get_args(SubmissionOutcome)}
    assert first_cells("Capabilities") == set(EngineCapabilities.__struct_fields__)


def test_the_codes_of_the_page_are_ones_that_an_adapter_may_give() -> None:
    """Whatever else would become VENUE_OTHER."""
    assert set(re.findall(r'"(VENUE_\w+)"', OUTCOMES)) <= set(VENUE_REFUSALS)


def test_the_code_of_the_page_runs(folder: Path) -> None:
    """The contract passes against the page's venue, and its trial fills an order."""
    assert " passed" in run(folder, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", ".")
    assert "OrderPlaced" in run(folder, "trial.py")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"order_id": "v1"}, OrderAcknowledged),
        ({"client_order_id": RECORDED.order.client_order_id, "reject": "would_cross"}, OrderRejectedByVenue),
        ({"client_order_id": "another", "reject": "would_cross"}, SubmissionUnanswered),
        ({}, SubmissionUnanswered),
        (TimeoutError(), SubmissionUnanswered),
        (ConnectionResetError(), SubmissionUnanswered),
        (ValueError("no JSON"), SubmissionUnanswered),
        ("not connected", NeverSent),
    ],
)
async def test_the_submit_of_the_page_calls_nothing_a_reject_that_is_none(
    answer: dict[str, str] | Exception | str, outcome: type
) -> None:
    """A timeout least of all."""
    page: dict[str, Any] = {}
    exec(OUTCOMES, page)  # noqa: S102 -- the page's own words

    class Wire:
        async def place(self, client_order_id: str, quantity: str, price: str) -> dict[str, str]:
            if isinstance(answer, str):
                raise page["NotConnected"](answer)
            if isinstance(answer, Exception):
                raise answer
            return answer

    told = await page["submit"](Wire(), ManualClock(RECORDED.recorded_at), RECORDED)
    assert type(told) is outcome


def test_the_settings_of_the_page_are_toml() -> None:
    """The entry point is of the group that is looked for, and the profile is live."""
    points, live = (tomllib.loads(text) for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
    assert points["project"]["entry-points"]["tidegate.brokers"] == {"acme": "acme_venue:broker"}
    assert (live["profile"], live["venue"]["name"]) == ("live", "acme")
