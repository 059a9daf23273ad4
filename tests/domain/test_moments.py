"""A decision's moments must be moments in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tidegate.domain.decisions import Decision
from tidegate.domain.validity import impossible
from tidegate.domain.vocabulary import Action

EARLY = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
LATE = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14)))


@pytest.mark.parametrize("field", ["expire_at", "valid_until", "decided_at"])
@pytest.mark.parametrize("moment", [EARLY, LATE])
def test_a_moment_whose_year_utc_does_not_have_is_refused(field: str, moment: datetime) -> None:
    """It is a bad number like any other, and must not end whoever reads it."""
    refusal = impossible(Decision(action=Action.BUY, **{field: moment}))  # type: ignore[arg-type]  # by name
    assert refusal is not None
    assert (refusal.code, refusal.facts["field"]) == ("INVALID", field)


def test_the_ends_of_time_in_utc_are_moments() -> None:
    """The bounds themselves can be told."""
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert impossible(Decision(action=Action.BUY, valid_until=moment)) is None
