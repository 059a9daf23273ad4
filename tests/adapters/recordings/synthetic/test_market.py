"""The synthetic market does what its parameters say: rates, regimes, jumps, episodes, and the same rows every time."""

import math
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, localcontext
from itertools import pairwise
from pathlib import Path
from statistics import fmean, pstdev

import pytest
from msgspec.structs import replace

from tidegate.adapters.brokers.simulated.feed import MarketFeed
from tidegate.adapters.chance import SeededChance
from tidegate.adapters.recordings.format import (
    Gap,
    Heartbeat,
    OrderAdded,
    OrderDeleted,
    Row,
    StatusChanged,
    TradePrinted,
)
from tidegate.adapters.recordings.synthetic.draws import Draws
from tidegate.adapters.recordings.synthetic.market import SyntheticMarket
from tidegate.adapters.recordings.synthetic.parameters import (
    CALM,
    NORMAL,
    QUIET,
    STRESSED,
    WILD,
    MarketParameters,
    flaw_of,
    read_parameters,
)
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.amounts import DOMAIN_CONTEXT

HOUR_US = 3_600_000_000
STEADY = replace(QUIET, regimes=(NORMAL,), jumps_an_hour=0.0, thin_an_hour=0.0)
"""Nothing but the three flows, so that their rates can be counted."""


def rows_of(parameters: MarketParameters, seed: int = 1, hours: float = 0.5) -> list[Row]:
    """So many hours of a market from time zero."""
    rows: list[Row] = []
    market = SyntheticMarket(parameters, Draws(SeededChance(seed)), 0, rows.append)
    market.open()
    market.run_until(int(hours * HOUR_US))
    return rows


def mids_of(rows: list[Row]) -> Iterator[float]:
    """The mid a second, where there is one."""
    feed, next_us = MarketFeed(), 0
    with localcontext(DOMAIN_CONTEXT):
        for row in rows:
            feed.apply(row)
            if row.at_us >= next_us and (mid := feed.mid()) is not None:
                next_us = row.at_us + 1_000_000
                yield float(mid)


def returns_of(rows: list[Row], seconds: int = 10) -> list[float]:
    """Logarithmic returns over so many seconds."""
    mids = list(mids_of(rows))[::seconds]
    return [math.log(after / before) for before, after in pairwise(mids)]


@pytest.mark.no_cover
def test_orders_come_and_go_at_their_rates() -> None:
    """Over half an hour: limit orders within a twentieth of two sides' rate, and about as many leave as come."""
    rows = rows_of(STEADY)
    placed = sum(type(row) is OrderAdded for row in rows if row.at_us)
    left = sum(type(row) is OrderDeleted for row in rows)

    assert placed == pytest.approx(2 * STEADY.limit_rate * 1_800, rel=0.05)
    assert left == pytest.approx(placed, rel=0.05)


@pytest.mark.no_cover
def test_those_who_take_follow_each_other() -> None:
    """The same side comes again more often than by a coin's toss, and with no persistence as often."""

    def again(persistence: float) -> float:
        rows = rows_of(replace(STEADY, persistence=persistence))
        # One order may print several trades: those of one moment are one taker.
        takers = {row.at_us: row.aggressor for row in rows if isinstance(row, TradePrinted)}
        sides = list(takers.values())
        return fmean(one is other for one, other in pairwise(sides))

    assert again(0.8) == pytest.approx(0.9, abs=0.04)
    assert again(0.0) == pytest.approx(0.5, abs=0.05)


@pytest.mark.no_cover
def test_the_book_has_a_spread_and_is_deeper_behind_the_touch() -> None:
    """Always positive, mostly a tick or two; more stands within ten ticks of the touch than in the ten behind those."""
    feed, spreads, near, behind = MarketFeed(), Counter[int](), 0.0, 0.0
    with localcontext(DOMAIN_CONTEXT):
        for number, row in enumerate(rows_of(STEADY)):
            feed.apply(row)
            bids, asks = feed.book.bids.ordered, feed.book.asks.ordered
            if row.at_us and number % 50 == 0:
                best = bids[-1].price
                spreads[int(asks[-1].price - best)] += 1
                near += float(sum(level.total for level in bids if level.price > best - 10))
                behind += float(sum(level.total for level in bids if best - 10 >= level.price > best - 20))

    assert min(spreads) > 0
    assert spreads[1] + spreads[2] > 0.7 * spreads.total()
    assert near > behind > 0


@pytest.mark.no_cover
def test_a_wild_market_is_more_volatile_than_a_calm_one() -> None:
    """By its regime alone, on the mean of three seeds."""
    volatility = {
        regime.name: fmean(
            pstdev(returns_of(rows_of(replace(STEADY, regimes=(regime,)), seed, hours=0.25))) for seed in (1, 2, 3)
        )
        for regime in (CALM, NORMAL, WILD)
    }

    assert volatility["calm"] < volatility["normal"] < volatility["wild"]
    assert volatility["wild"] > 3 * volatility["calm"]


@pytest.mark.no_cover
def test_jumps_give_returns_fat_tails() -> None:
    """With many and far ones the largest move is many times the usual one, and the kurtosis above a normal's 3."""
    returns = returns_of(rows_of(replace(STEADY, jumps_an_hour=20.0, jump_ticks=300.0), seed=3))
    deviation = pstdev(returns)

    assert fmean(one**4 for one in returns) / deviation**4 > 6
    assert max(map(abs, returns)) > 4 * deviation


def test_a_thin_book_has_fewer_orders() -> None:
    """While it lasts, which here is always."""

    def orders(parameters: MarketParameters) -> float:
        rows = rows_of(parameters, hours=0.25)
        return sum(type(row) is OrderAdded for row in rows if row.at_us)

    always = replace(STEADY, thin_an_hour=3_600.0, thin_seconds=36_000.0, thin_share=0.25)
    assert orders(always) == pytest.approx(orders(STEADY) / 4, rel=0.15)


@pytest.mark.no_cover
def test_a_quiet_market_is_never_crossed_and_never_interrupted() -> None:
    """Half an hour of each of three seeds."""
    for seed in (1, 2, 3):
        feed = MarketFeed()
        for row in rows_of(QUIET, seed):
            assert not isinstance(row, Gap | StatusChanged)
            feed.apply(row)
            bids, asks = feed.book.bids.ordered, feed.book.asks.ordered
            assert not (bids and asks and bids[-1].price >= asks[-1].price)


@pytest.mark.no_cover
def test_a_stressed_market_has_every_kind_of_trouble_and_comes_out_of_it() -> None:
    """Crossed books, halts in which nothing comes, goes or trades, gaps after which the whole book is told again."""
    rows = rows_of(STRESSED, seed=4, hours=2.0)
    feed, crossed, halted, halts = MarketFeed(), 0, False, 0
    for number, row in enumerate(rows):
        if isinstance(row, StatusChanged):
            halts += bool(row.restrictions) and not halted
            halted = bool(row.restrictions)
        elif halted:
            assert isinstance(row, Heartbeat | Gap | OrderAdded | OrderDeleted)
            if isinstance(row, OrderAdded):
                # The book that is told anew after a gap.
                assert any(isinstance(one, Gap) for one in rows[:number])
        feed.apply(row)
        bids, asks = feed.book.bids.ordered, feed.book.asks.ordered
        crossed += bool(bids and asks and bids[-1].price >= asks[-1].price)

    assert crossed > 0
    assert halts > 0
    assert sum(isinstance(row, Gap) for row in rows) > 0
    last = (feed.book.bids.ordered, feed.book.asks.ordered)
    assert all(last)


def test_while_a_gap_lasts_nothing_is_told() -> None:
    """The next row after it is of the book that is told anew, at one moment."""
    rows = rows_of(replace(STEADY, gaps_an_hour=30.0, gap_seconds=20.0), seed=2)
    gaps = [number for number, row in enumerate(rows) if isinstance(row, Gap)]

    assert len(gaps) > 5
    for number in gaps[:-1]:
        told = rows[number + 1]
        assert isinstance(told, OrderAdded)
        again = [row for row in rows[number + 1 :] if row.at_us == told.at_us]
        assert len(again) > 50


def test_a_feed_with_nothing_to_tell_says_that_it_lives() -> None:
    """No second passes without a row, but in a gap."""
    rows = rows_of(replace(STEADY, limit_rate=0.05, market_rate=0.01, cancel_rate=0.001), hours=0.2)
    assert max(after.at_us - before.at_us for before, after in pairwise(rows)) <= 1_000_000
    assert any(isinstance(row, Heartbeat) for row in rows)


@pytest.mark.no_cover
def test_the_same_seed_gives_the_same_rows() -> None:
    """And another seed others."""
    assert rows_of(STRESSED, seed=5, hours=0.2) == rows_of(STRESSED, seed=5, hours=0.2)
    assert rows_of(STRESSED, seed=5, hours=0.2) != rows_of(STRESSED, seed=6, hours=0.2)


@pytest.mark.no_cover
def test_draws_have_the_moments_that_they_should() -> None:
    """A hundred thousand of each: exponential of mean and deviation 1, normal of mean 0 and deviation 1."""
    draws = Draws(SeededChance(1))
    waits = [draws.exponential() for _ in range(100_000)]
    steps = [draws.normal() for _ in range(100_000)]

    assert fmean(waits) == pytest.approx(1, abs=0.02)
    assert pstdev(waits) == pytest.approx(1, abs=0.02)
    assert sum(wait > 3 for wait in waits) / len(waits) == pytest.approx(math.exp(-3), abs=0.003)
    assert fmean(steps) == pytest.approx(0, abs=0.02)
    assert pstdev(steps) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"limit_rate": -1.0}, "limit_rate"),
        ({"limit_rate": 0.0}, "limit_rate"),
        ({"cancel_rate": float("nan")}, "cancel_rate"),
        ({"market_rate": float("inf")}, "market_rate"),
        ({"placement_depth": 0}, "placement_depth"),
        ({"persistence": 1.0}, "persistence"),
        ({"thin_share": 0.0}, "thin_share"),
        ({"start_price": Decimal("100.5")}, "off price_increment"),
        ({"start_price": Decimal(100)}, "no room for bids"),
        ({"regimes": ()}, "regime"),
        ({"regimes": (replace(NORMAL, activity=0.0),)}, "regime"),
    ],
)
def test_parameters_that_cannot_be_are_named(changes: dict[str, object], told: str) -> None:
    """Each by its name; the presets have none."""
    assert told in flaw_of(replace(QUIET, **changes))
    assert flaw_of(QUIET) == flaw_of(STRESSED) == ""


def test_a_file_of_parameters_lays_over_a_preset(tmp_path: Path) -> None:
    """What it does not name is the preset's; amounts are exact."""
    path = tmp_path / "mine.toml"
    regime = '[[regimes]]\nname = "only"\nactivity = 1\ntaking = 1\nmean_seconds = 9\n'
    path.write_text(f"price_increment = 0.1\nmarket_rate = 2\n{regime}")

    read = read_parameters(path, STRESSED)

    assert (read.price_increment, read.market_rate, read.jumps_an_hour) == (Decimal("0.1"), 2.0, 6.0)
    assert [regime.name for regime in read.regimes] == ["only"]


@pytest.mark.parametrize(
    ("text", "told"),
    [("market_rat = 2", "market_rat"), ("market_rate = 'many'", "market_rate"), ("thin_share = 2", "thin_share")],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    """With its name and the parameter's."""
    path = tmp_path / "mine.toml"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=r"mine\.toml") as caught:
        read_parameters(path, QUIET)

    assert told in caught.value.message
