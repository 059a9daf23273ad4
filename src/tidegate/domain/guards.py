"""Guards: what watches the account while it runs; each answers PASS, TRIP or BLIND."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from tidegate.domain.ages import AHEAD_MAX
from tidegate.domain.amounts import exact, plain
from tidegate.domain.equity_history import EquityMark
from tidegate.domain.risk import RiskLimits
from tidegate.domain.views import MarketReading


class GuardAnswer(StrEnum):
    """What a guard saw."""

    PASS = "PASS"  # noqa: S105 -- the field's word, no password
    TRIP = "TRIP"
    BLIND = "BLIND"  # it could not see; past its bound that counts as a trip


class GuardReading(Struct, frozen=True, gc=False, kw_only=True):
    """One guard's answer with its figures in words; `symbol` is empty for the account."""

    guard: str
    answer: GuardAnswer
    message: str
    symbol: str = ""


DAILY_LOSS, FEED, RECORDS, LOOPS, VENUE = "daily_loss", "feed", "records", "loops", "venue"
REPETITION = "repetition"
REPETITION_COOL_DOWN_SECONDS = Decimal(60)
"""How long a symbol takes no entries after the same order came too often."""

_HIGH_STEP = Decimal("0.02")

LATCHED = frozenset({DAILY_LOSS, RECORDS, LOOPS})
"""Guards whose trip waits for an operator; the others move back by themselves once they pass."""


class LossBasis(Struct, frozen=True, gc=False, kw_only=True):
    """What equity is held against: the day's opening, the equity of 24 hours ago, and the high; None where missing."""

    opening: Decimal | None
    day_ago: EquityMark | None
    high: Decimal | None


@exact
def daily_loss(equity: Decimal | None, basis: LossBasis, limits: RiskLimits) -> GuardReading:
    """Loss since the day's opening, over 24 hours, and from the high, each as a fraction of what it is held against.

    Fees and open positions are included (docs/checks.md). A trip names each that tripped, with its figures. Of what a
    withdrawal left nothing or less, any loss is too much.
    """
    opening, day_ago, high = basis.opening, basis.day_ago, basis.high
    if equity is None:
        return _reading(DAILY_LOSS, GuardAnswer.BLIND, "no equity: a balance, a position or a flow cannot be priced")
    if opening is None:
        return _reading(DAILY_LOSS, GuardAnswer.BLIND, "the day's opening equity is missing")
    if day_ago is None or high is None:
        return _reading(DAILY_LOSS, GuardAnswer.BLIND, "the equity of the last 24 hours, or its high, is missing")
    by_day, by_high = limits.daily_loss_limit_pct, limits.drawdown_limit_pct
    held_against = (
        (opening, "at the day's opening", "loss", by_day),
        (day_ago.equity, f"24 hours ago ({day_ago.at:%Y-%m-%d %H:%M} UTC)", "loss", by_day),
        (high, "at its high", "drawdown", by_high),
    )
    trips = [
        f"{plain(round(before, 2))} {when}: "
        f"a {word} of {plain(round(before - equity, 2))}, {plain(share * 100)} % or more"
        for before, when, word, share in held_against
        if _is_lost(before, equity, share)
    ]
    words = f"equity {plain(round(equity, 2))} against "
    if trips:
        return _reading(DAILY_LOSS, GuardAnswer.TRIP, words + "; against ".join(trips))
    return _reading(DAILY_LOSS, GuardAnswer.PASS, f"{words}{plain(round(opening, 2))} at the day's opening")


@exact
def has_drawn_down(equity: Decimal | None, high: Decimal | None, limits: RiskLimits) -> bool:
    """Whether equity is below its high by the limit or more."""
    return equity is not None and high is not None and _is_lost(high, equity, limits.drawdown_limit_pct)


def _is_lost(before: Decimal, equity: Decimal, share: Decimal) -> bool:
    """Whether that share of what was there before is gone, or more."""
    lost = before - equity
    return lost > 0 and lost >= before * share


@exact
def is_high_due(equity: Decimal, high: Decimal, limits: RiskLimits) -> bool:
    """Whether a new high is to be written: above the one that stands by a fiftieth of the limit, 0.1 % by default.

    A fall is measured from what was written, so that a restart changes nothing of what counts.
    """
    return equity - high >= abs(high) * limits.drawdown_limit_pct * _HIGH_STEP and equity > high


def feed(reading: MarketReading, at: datetime, limits: RiskLimits) -> GuardReading:
    """Silence of the connection: REDUCING from 15 s (polled marks 120 s), heartbeats count as life."""
    if reading.heard_at is None:
        return _reading(FEED, GuardAnswer.BLIND, "nothing heard yet", reading.symbol)
    age = at - reading.heard_at
    if age < -AHEAD_MAX:
        ahead = f"last heard {-age.total_seconds():.1f} s ahead of our clock: how long it has been silent is unknown"
        return _reading(FEED, GuardAnswer.BLIND, ahead, reading.symbol)
    bound = limits.reducing_polled_mark_age_seconds if reading.is_polled else limits.reducing_feed_age_seconds
    words = f"silent for {age.total_seconds():.1f} s, the bound is {plain(bound)} s"
    answer = GuardAnswer.TRIP if age > timedelta(seconds=float(bound)) else GuardAnswer.PASS
    return _reading(FEED, answer, words, reading.symbol)


def venue(blind_since: datetime | None) -> GuardReading:
    """Whether reconciliation can see the venue: BLIND while its passes find nobody, or only a part."""
    if blind_since is None:
        return _reading(VENUE, GuardAnswer.PASS, "the venue could be read")
    return _reading(VENUE, GuardAnswer.BLIND, f"the venue has not been read whole since {blind_since.isoformat()}")


def records(troubles: tuple[str, ...], symbol: str = "") -> GuardReading:
    """Records against the venue: a confirmed mismatch, an overdue unknown, a broken invariant wait for an operator.

    What concerns one symbol is that symbol's quarantine, and leaves the others alone.
    """
    found = troubles
    if not found:
        return _reading(RECORDS, GuardAnswer.PASS, "records agree with the venue's as last read", symbol)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return _reading(RECORDS, GuardAnswer.TRIP, found[0] + more, symbol)


def _reading(guard: str, answer: GuardAnswer, message: str, symbol: str = "") -> GuardReading:
    return GuardReading(guard=guard, answer=answer, message=message, symbol=symbol)


class BlindBound:
    """Turns BLIND into TRIP once it has lasted as long as its bound."""

    def __init__(self, seconds: Decimal) -> None:
        self._bound = float(seconds)
        self._since: dict[tuple[str, str], float] = {}

    def judge(self, reading: GuardReading, monotonic: float) -> GuardReading:
        """The reading as it counts: BLIND within the bound stays BLIND, past it is a TRIP that says so.

        `monotonic` is when it was taken, in seconds of a clock that does not jump (X7).
        """
        key = (reading.guard, reading.symbol)
        if reading.answer is not GuardAnswer.BLIND:
            self._since.pop(key, None)
            return reading
        lasted = monotonic - self._since.setdefault(key, monotonic)
        if lasted < self._bound:
            return reading
        blind_for = f"blind for {lasted:.0f} s: {reading.message}"
        return _reading(reading.guard, GuardAnswer.TRIP, blind_for, reading.symbol)
