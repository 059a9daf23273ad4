"""A row cannot hold an amount that no market shows."""

from decimal import Context, Decimal, localcontext

import msgspec
import pytest

from tests.adapters.recordings.samples import START_US, added
from tidegate.adapters.recordings.format import BookSnapshotRow, LevelUpdated, Row, StatusChanged
from tidegate.domain.products import TradingFlags
from tidegate.domain.vocabulary import OrderSide

IMPOSSIBLE = [
    "0",
    "-1",
    "-0",
    "NaN",
    "sNaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "1E+18",
    "1e-19",
    "1.0000000000000000001",
]


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_an_impossible_amount_is_no_price_and_no_size(text: str) -> None:
    """Neither made by hand nor read from a line."""
    with pytest.raises(ValueError, match="price"):
        added("1", price=text)
    with pytest.raises(ValueError, match="size"):
        added("1", size=text)
    line = f'["+",{START_US},0,"1","BUY","{text}","1"]'.encode()
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(line, type=Row)


@pytest.mark.parametrize(
    "text", ["999999999999999999", "0.000000000000000001", "123456789012345678.876543210987654321"]
)
def test_eighteen_digits_on_either_side_are_an_amount(text: str) -> None:
    """The bound is the domain's, to the last digit."""
    assert added("1", size=text).size == Decimal(text)


def test_the_check_of_an_amount_ignores_the_decimal_context_of_the_host() -> None:
    """A host may compute with three digits and without traps; the recording is read all the same."""
    with localcontext(Context(prec=3, traps=[])):
        assert added("1", size="0.12345678").size == Decimal("0.12345678")
        with pytest.raises(ValueError, match="size"):
            added("1", size="NaN")


def test_only_a_level_may_have_a_size_of_zero() -> None:
    """Zero removes a level; minus zero is damage."""

    def level(size: str) -> LevelUpdated:
        return LevelUpdated(at_us=START_US, product=0, side=OrderSide.SELL, price=Decimal(1), size=Decimal(size))

    assert level("0").size == 0
    with pytest.raises(ValueError, match="size"):
        level("-0")
    with pytest.raises(ValueError, match="size"):
        level("NaN")


@pytest.mark.parametrize(
    ("bids", "asks", "complaint"),
    [
        (["1", "2"], [], "bids"),
        (["2", "2"], [], "bids"),
        ([], ["2", "1"], "asks"),
        ([], ["0"], "price"),
    ],
)
def test_a_snapshot_stands_best_price_first(bids: list[str], asks: list[str], complaint: str) -> None:
    """A reader takes the first level for the touch."""
    with pytest.raises(ValueError, match=complaint):
        BookSnapshotRow(
            at_us=START_US,
            product=0,
            bids=tuple((Decimal(price), Decimal(1)) for price in bids),
            asks=tuple((Decimal(price), Decimal(1)) for price in asks),
        )


def test_restrictions_are_the_trading_flags_of_the_domain() -> None:
    """No restriction is normal trading."""
    row = StatusChanged(at_us=START_US, product=0, restrictions=("post_only", "auction"))

    assert row.flags == TradingFlags(post_only=True, auction=True)
    assert StatusChanged(at_us=START_US, product=0, restrictions=()).flags == TradingFlags()
