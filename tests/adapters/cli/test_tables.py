"""Tables of orders and fills say of which day a time is, where that is not clear."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from tests.adapters.cli.conftest import Run
from tests.adapters.cli.test_run_log import AT, fill, order
from tidegate.adapters.cli.tables import fills_table, orders_table
from tidegate.adapters.cli.widths import fitted
from tidegate.adapters.clocks import WallClock
from tidegate.domain.orders import OrderRecord, Refused
from tidegate.domain.vocabulary import OrderStatus

DAY = timedelta(days=1)


def drawn(table: Table, width: int = 100) -> str:
    """A table as a window of that width has it."""
    screen = Console(file=StringIO(), width=width)
    Console(file=screen.file, width=fitted(table, screen)).print(table)
    assert isinstance(screen.file, StringIO)
    return screen.file.getvalue()


def orders_of(moments: list[datetime], now: datetime) -> Table:
    """A table of an order of each moment."""
    worst = Decimal(1)
    return orders_table([OrderRecord(order=replace(order(), created_at=at), worst_price=worst) for at in moments], now)


def fills_of(moments: list[datetime], now: datetime) -> Table:
    """A table of a fill of each moment."""
    return fills_table([replace(fill("1", "USD").fill, at=at) for at in moments], now)


@pytest.mark.parametrize("made", [orders_of, fills_of])
def test_times_of_today_are_told_without_the_day(made: Callable[[list[datetime], datetime], Table]) -> None:
    """It would be the same in every row."""
    told = drawn(made([AT, AT], AT + timedelta(hours=1)))

    assert f"{AT:%H:%M:%S}" in told
    assert f"{AT:%Y-%m-%d}" not in told


@pytest.mark.parametrize("made", [orders_of, fills_of])
@pytest.mark.parametrize("days", [(0, 0), (0, 1)], ids=["another day", "two days"])
def test_times_that_are_not_all_of_today_are_told_with_their_day(
    made: Callable[[list[datetime], datetime], Table], days: tuple[int, ...]
) -> None:
    """A second of the day alone is taken for one of today."""
    moments = [AT + DAY * day for day in days]

    told = drawn(made(moments, AT + DAY))

    assert all(f"{at:%Y-%m-%d %H:%M:%S}" in told for at in moments)


def test_eighty_columns_hold_an_order_with_its_day_and_a_long_refusal() -> None:
    """The day stands above the second there; no figure is cut, and no line is too long."""
    refused = Refused(code="VENUE_POST_ONLY_WOULD_CROSS", message="", by_venue=True)
    record = OrderRecord(order=order(), worst_price=Decimal(1), status=OrderStatus.REFUSED, refused=refused)

    told = drawn(orders_table([record], AT + DAY), 80)

    assert max(map(len, told.splitlines())) <= 80
    assert f"{AT:%Y-%m-%d}" in told
    assert f"{AT:%H:%M:%S}" in told


def test_today_is_the_session_s_day(traded: Run) -> None:
    """A recording of another year was played a moment ago: its own clock says that it is the same day."""
    first = traded("orders", "--json", "-n", "1").object
    created = datetime.fromisoformat(str(first["created_at"]))

    assert created.date() != WallClock().now().date()
    for command in ("orders", "fills"):
        assert f"{created:%Y-%m-%d}" not in traded(command).out
