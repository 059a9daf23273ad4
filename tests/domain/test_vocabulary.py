"""The vocabulary: words that are written as they are named."""

from enum import Enum
from typing import Any

import pytest

from tidegate.domain import vocabulary
from tidegate.domain.vocabulary import OrderSide

WORDS = [one for one in vars(vocabulary).values() if isinstance(one, type) and issubclass(one, Enum) and list(one)]


@pytest.mark.parametrize("words", WORDS, ids=lambda one: one.__name__)
def test_every_word_is_stored_under_its_own_name(words: Any) -> None:
    """So that a journal reads as the code does."""
    assert all(word.value == word.name for word in words)


def test_a_side_has_a_sign_and_an_opposite() -> None:
    """Buying adds."""
    assert (OrderSide.BUY.sign, OrderSide.SELL.sign) == (1, -1)
    assert (OrderSide.BUY.opposite, OrderSide.SELL.opposite) == (OrderSide.SELL, OrderSide.BUY)
