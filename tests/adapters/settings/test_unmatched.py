"""What is set for a symbol that is not traded is said, with the symbol that was meant."""

from decimal import Decimal

from tidegate import Settings
from tidegate.adapters.settings.unmatched import unmatched

SHARED = Settings.model_validate(
    {
        "risk": {"symbols": {"BTC-PREP": {"max_leverage": 1}, "BTC-USD": {"max_leverage": 1}}},
        "engine": {"slippage_multipliers": {"E-U": Decimal(2), "E-USD": Decimal(2)}},
    }
)


def test_every_key_of_a_symbol_that_no_product_has_is_named_with_the_nearest() -> None:
    """Limits and slippage multipliers alike."""
    found = list(unmatched(SHARED, ["BTC-USD", "BTC-PERP", "E-USD"]))

    assert found == [
        'risk.symbols."BTC-PREP" applies to nothing: there is no product BTC-PREP here, and the nearest is BTC-PERP',
        'engine.slippage_multipliers."E-U" applies to nothing: there is no product E-U here, and the nearest is E-USD',
    ]


def test_nothing_is_said_where_no_product_is_known() -> None:
    """A venue that cannot be reached says nothing of its products."""
    assert list(unmatched(SHARED, [])) == []
