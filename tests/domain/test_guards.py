"""Guards: PASS, TRIP or BLIND, and BLIND for too long is a TRIP."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.domain.histories import NOW
from tidegate.domain.equity_history import EquityMark
from tidegate.domain.guards import (
    DAILY_LOSS,
    FEED,
    LATCHED,
    LOOPS,
    RECORDS,
    REPETITION,
    VENUE,
    BlindBound,
    GuardAnswer,
    GuardReading,
    LossBasis,
    daily_loss,
    feed,
    is_high_due,
    records,
)
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import MarketReading

PASS, TRIP, BLIND = GuardAnswer.PASS, GuardAnswer.TRIP, GuardAnswer.BLIND
LIMITS = RiskLimits()


def against(opening: int | None, *, day_ago: int | None = None, high: int | None = None) -> LossBasis:
    """What equity is held against; the opening for what is not named."""
    before, most = (opening if one is None else one for one in (day_ago, high))
    return LossBasis(
        opening=None if opening is None else Decimal(opening),
        day_ago=None if before is None else EquityMark(NOW, Decimal(before)),
        high=None if most is None else Decimal(most),
    )


@pytest.mark.parametrize(("equity", "answer"), [("96000", PASS), ("95000.01", PASS), ("95000", TRIP), ("1", TRIP)])
def test_a_loss_of_five_per_cent_since_the_days_opening_trips(equity: str, answer: GuardAnswer) -> None:
    """From 100,000."""
    assert daily_loss(Decimal(equity), against(100_000), LIMITS).answer is answer


def test_the_sentence_of_a_loss_has_its_figures() -> None:
    """For the person who is woken by it."""
    reading = daily_loss(Decimal("94000.005"), against(100_000, day_ago=98_000, high=98_900), LIMITS)

    assert reading.message == "equity 94000 against 100000 at the day's opening: a loss of 6000, 5 % or more"


def test_the_sentence_names_each_that_tripped_and_no_other() -> None:
    """Over 24 hours and from the high, while the day itself is fine."""
    reading = daily_loss(Decimal(94_000), against(95_000, day_ago=99_000, high=120_000), LIMITS)

    assert reading.message == (
        f"equity 94000 against 99000 24 hours ago ({NOW:%Y-%m-%d %H:%M} UTC): a loss of 5000, 5 % or more; "
        "against 120000 at its high: a drawdown of 26000, 5 % or more"
    )


def test_the_drawdown_has_a_limit_of_its_own() -> None:
    """And the day and its 24 hours share theirs."""
    basis, limits = against(100_000, high=110_000), replace(LIMITS, drawdown_limit_pct=Decimal("0.2"))

    assert daily_loss(Decimal(100_000), basis, LIMITS).answer is TRIP
    assert daily_loss(Decimal(100_000), basis, limits).answer is PASS
    assert daily_loss(Decimal(88_000), basis, limits).message.endswith("a drawdown of 22000, 20 % or more")


@pytest.mark.parametrize(("equity", "is_due"), [("99000", False), ("100099.99", False), ("100100", True)])
def test_a_high_is_written_once_it_is_a_fiftieth_of_the_limit_above_the_last(equity: str, is_due: bool) -> None:
    """0.1 % at 5 %: so much of a fall goes unseen, and no more."""
    assert is_high_due(Decimal(equity), Decimal(100_000), LIMITS) is is_due


@pytest.mark.parametrize(("equity", "opening"), [(None, 1), (Decimal(1), None)])
def test_a_loss_that_cannot_be_measured_is_blind(equity: Decimal | None, opening: int | None) -> None:
    """A missing rate, or a day without an opening."""
    assert daily_loss(equity, against(opening, day_ago=1, high=1), LIMITS).answer is BLIND


@pytest.mark.parametrize(("equity", "answer"), [(30, PASS), (0, PASS), (-20, PASS), (-21, TRIP)])
def test_more_gained_and_withdrawn_than_there_was_at_the_opening_is_no_loss(equity: int, answer: GuardAnswer) -> None:
    """An opening of 100, 50 gained and 120 withdrawn: it is held against -20, and only what is below that is lost."""
    assert daily_loss(Decimal(equity), against(-20, high=30 if equity > 0 else -20), LIMITS).answer is answer


def test_an_account_without_money_has_lost_none() -> None:
    """Opened empty, and empty still."""
    assert daily_loss(Decimal(0), against(0), LIMITS).answer is PASS
    assert daily_loss(Decimal("-0.01"), against(0), LIMITS).answer is TRIP


@pytest.mark.parametrize("missing", [{"day_ago": None}, {"high": None}])
def test_a_history_that_should_be_there_and_is_not_is_blind(missing: dict[str, Any]) -> None:
    """Without it two of the three losses cannot be told."""
    basis = replace(against(1), **missing)

    assert daily_loss(Decimal(1), basis, LIMITS).answer is BLIND


@pytest.mark.parametrize(
    ("silence", "is_polled", "answer"),
    [
        (0, False, PASS),
        (15, False, PASS),
        (15.001, False, TRIP),
        (16, True, PASS),
        (120, True, PASS),
        (121, True, TRIP),
    ],
)
def test_a_silent_feed_trips_past_its_bound(silence: float, is_polled: bool, answer: GuardAnswer) -> None:
    """15 s for a stream, 120 s for polled marks; heartbeats count as life."""
    reading = MarketReading(symbol="BTC-USD", heard_at=NOW - timedelta(seconds=silence), is_polled=is_polled)
    found = feed(reading, NOW, LIMITS)

    assert (found.answer, found.symbol) == (answer, "BTC-USD")


def test_a_feed_that_was_never_heard_is_blind() -> None:
    """Nothing is known of it."""
    assert feed(MarketReading(symbol="BTC-USD"), NOW, LIMITS).answer is BLIND


def test_records_that_agree_pass_and_whatever_does_not_trips_with_the_worst_first() -> None:
    """Of the account, or of the one symbol that is in doubt."""
    assert records(()).answer is PASS
    assert records(("broken", "differs", "overdue")).message == "broken (and 2 more)"
    alone = records(("differs",), "BTC-USD")
    assert (alone.answer, alone.message, alone.symbol) == (TRIP, "differs", "BTC-USD")


def blind(symbol: str = "") -> GuardReading:
    return GuardReading(guard="daily_loss", answer=BLIND, message="no equity", symbol=symbol)


def seeing(answer: GuardAnswer = PASS) -> GuardReading:
    return GuardReading(guard="daily_loss", answer=answer, message="fine")


def test_blind_within_its_bound_stays_blind_and_past_it_trips() -> None:
    """And says for how long it could not see."""
    bound = BlindBound(Decimal(60))
    answers = [bound.judge(blind(), seconds) for seconds in (0, 59, 60, 61)]

    assert [one.answer for one in answers] == [BLIND, BLIND, TRIP, TRIP]
    assert answers[-1].message == "blind for 61 s: no equity"


def test_sight_in_between_begins_the_bound_anew() -> None:
    """What it sees counts as it is."""
    bound = BlindBound(Decimal(60))
    bound.judge(blind(), 0)
    seen = [bound.judge(seeing(answer), 50) for answer in (PASS, TRIP)]

    assert [one.answer for one in seen] == [PASS, TRIP]
    assert bound.judge(blind(), 61).answer is BLIND
    assert bound.judge(blind(), 121).answer is TRIP


def test_each_guard_of_each_symbol_has_a_bound_of_its_own() -> None:
    """One blind feed is not all of them."""
    bound = BlindBound(Decimal(60))
    bound.judge(blind("BTC-USD"), 0)

    assert bound.judge(blind("ETH-USD"), 61).answer is BLIND
    assert bound.judge(blind("BTC-USD"), 61).answer is TRIP


def test_a_bound_of_nothing_trips_at_once() -> None:
    """For who wants no blindness at all."""
    assert BlindBound(Decimal(0)).judge(blind(), 0).answer is TRIP


def test_the_page_names_every_guard_and_says_which_wait_for_an_operator() -> None:
    """docs/checks.md, in its section on guards."""
    page = (Path(__file__).parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
    section = page.split("\n## Guards\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\w+) \| (.+) \|$", section, flags=re.MULTILINE)[1:]

    assert {name for name, _ in rows} == {DAILY_LOSS, FEED, LOOPS, RECORDS, REPETITION, VENUE}
    assert {name for name, cells in rows if " | latched | " in cells} == LATCHED
