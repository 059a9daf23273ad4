"""Sizes: how much of each thing a measurement takes, so that a whole bench stays within a minute and a half."""

from pathlib import Path

from msgspec import Struct


class Sizes(Struct, frozen=True, kw_only=True):
    """Counts for one round of each row, unless it says otherwise; the defaults are those of `tidegate bench`.

    `orders` are for the two rows in memory; `durable_1` and `durable_100` orders with so many in flight; `grown` the
    orders over which memory growth is seen, after as many to warm up; `rows` and `open_orders` those of the store that
    is opened again; `starts` the processes a figure of a start is the best of; `recording` None is the packaged one.
    """

    orders: int = 6_000
    durable_1: int = 400
    durable_100: int = 8_000
    grown: int = 30_000
    rows: int = 1_000_000
    open_orders: int = 10_000
    starts: int = 5
    recording: Path | None = None
