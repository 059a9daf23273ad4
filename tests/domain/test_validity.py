"""Nothing impossible gets past translation, and what stops it is named."""

from datetime import datetime
from decimal import Decimal

import pytest

from tests.domain.situations import NOW, QUIET, buy, decision
from tidegate.domain.refusals import InvalidRefused
from tidegate.domain.validity import REASON_LENGTH_MAX, impossible, shown
from tidegate.domain.vocabulary import Action

NUMBERS = (
    "target_notional",
    "quantity",
    "leverage",
    "limit_price",
    "stop_trigger",
    "reference_price",
    "max_drift_bps",
    "trail",
    "take_profit",
    "stop_loss",
    "display_quantity",
)
IMPOSSIBLE = (
    "NaN",
    "sNaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-0",
    "-1",
    "0." + "1" * 60,
    "1" * 19,
    "1e-19",
    "1e-99999999",
    "9" * 60,
)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("number", IMPOSSIBLE)
def test_an_impossible_number_is_refused_by_the_name_of_its_field(name: str, number: str) -> None:
    """N1: NaN, infinities, minus zero, signs and sixty digits never reach a check."""
    refusal = QUIET.translated(decision(Action.BUY, **{name: Decimal(number)}))

    assert isinstance(refusal, InvalidRefused)
    assert refusal.facts["field"] == name
    assert name in refusal.message


@pytest.mark.parametrize(
    "name", [name for name in NUMBERS if name not in ("target_notional", "quantity", "max_drift_bps")]
)
def test_zero_is_no_price_no_leverage_and_no_distance(name: str) -> None:
    """A size of zero asks for nothing; a price of zero asks for what cannot be."""
    refusal = impossible(decision(Action.BUY, **{name: Decimal(0)}))

    assert isinstance(refusal, InvalidRefused)
    assert refusal.message == f"{name} must be above zero"


@pytest.mark.parametrize("number", ["0", "1e-18", "999999999999999999", "1.000000000000000000", "1E+17"])
def test_eighteen_digits_on_either_side_are_sound(number: str) -> None:
    """The limit itself is inside."""
    assert not isinstance(QUIET.translated(decision(Action.BUY, quantity=Decimal(number))), InvalidRefused)


@pytest.mark.parametrize("name", ["decision_id", "strategy_id"])
@pytest.mark.parametrize("text", ["a\0b", "pay\u202eload", "Аlpha", "a b", "-a", "x" * 65, "'; drop table orders;--"])
def test_an_id_outside_the_allowlist_is_refused(name: str, text: str) -> None:
    """N3 and N4: NUL, direction marks, look-alike letters and SQL reach neither store nor log nor venue."""
    refusal = QUIET.translated(buy(**{name: text}))

    assert isinstance(refusal, InvalidRefused)
    assert refusal.facts["field"] == name


def test_an_empty_decision_id_is_refused() -> None:
    """An order without identity could not be told from another."""
    refusal = impossible(buy(decision_id=""))

    assert refusal is not None
    assert refusal.facts["field"] == "decision_id"


@pytest.mark.parametrize("reason", ["a\0b", "right\u202eleft", "bell\a", "x" * (REASON_LENGTH_MAX + 1)])
def test_a_reason_that_no_terminal_should_show_is_refused(reason: str) -> None:
    """Free text is shown and stored, so control characters and direction marks are kept out of it."""
    refusal = impossible(buy(reason=reason))

    assert refusal is not None
    assert refusal.facts["field"] == "reason"


@pytest.mark.parametrize("reason", ["", "momentum above 2σ", "first line\nsecond line\tand a tab", "買い"])
def test_a_reason_in_any_language_is_kept(reason: str) -> None:
    """Line breaks and letters of any alphabet harm nobody."""
    assert impossible(buy(reason=reason)) is None


@pytest.mark.parametrize("name", ["expire_at", "valid_until", "decided_at"])
def test_a_moment_without_an_offset_is_refused(name: str) -> None:
    """A naive moment means another instant on another machine."""
    naive = datetime(2026, 5, 2, 3, 0)  # noqa: DTZ001  # the naive moment is the point

    refusal = impossible(decision(Action.BUY, **{name: naive}))

    assert refusal is not None
    assert refusal.facts["field"] == name


def test_moments_of_any_offset_are_sound() -> None:
    """Aware is enough; UTC is not demanded."""
    tokyo = datetime.fromisoformat("2026-05-02T12:00:00+09:00")

    assert impossible(buy(expire_at=tokyo, valid_until=tokyo, decided_at=NOW)) is None


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-05-02T12:00:00+09:00", "2026-05-02T03:00:00Z"),
        ("2026-05-02T03:00:00.000001+00:00", "2026-05-02T03:00:01Z"),
    ],
)
def test_a_moment_is_shown_in_utc_and_never_too_early(moment: str, text: str) -> None:
    """A remedy's "after" must still be right when it is rounded to a second."""
    assert shown(datetime.fromisoformat(moment)) == text
