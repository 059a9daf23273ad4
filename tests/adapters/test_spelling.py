"""A wrong name is answered with one that may have been meant, or with none."""

import pytest

from tidegate.adapters.spelling import hint

ACTIONS = ("BUY", "SELL", "CLOSE", "HOLD")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [("BY", "did you mean BUY?"), ("hodl", "did you mean HOLD?"), ("SELLL", "did you mean SELL?")],
)
def test_a_slip_is_answered_with_what_was_meant(wrong: str, said: str) -> None:
    """Upper and lower case are one."""
    assert hint(wrong, ACTIONS) == said


@pytest.mark.parametrize("wrong", ["FOO", "LONG", "", "X" * 10_000])
def test_what_is_like_none_of_the_right_names_is_answered_with_none(wrong: str) -> None:
    """To suggest HOLD to whoever wrote LONG would be worse than nothing."""
    assert hint(wrong, ACTIONS) == ""
