"""[risk] speaks of the domain's limits, all of them, with the domain's own figures."""

from decimal import Decimal

import pytest
from msgspec.structs import asdict

from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.risk import RiskSettings, SymbolRisk
from tidegate.domain.products import Product
from tidegate.domain.risk import MAJORS_COLLAR_PCT, RiskLimits
from tidegate.domain.vocabulary import ProductKind


def product(symbol: str, underlying: str) -> Product:
    return Product(
        symbol=symbol,
        kind=ProductKind.SPOT,
        base_currency=underlying,
        quote_currency="USD",
        settlement_currency="USD",
        underlying=underlying,
        price_increment=Decimal("0.01"),
        base_increment=Decimal("0.00000001"),
    )


BITCOIN = product("BTC-USD", "BTC")
DOGE = product("DOGE-USD", "DOGE")


def test_the_keys_are_the_domain_s_limits() -> None:
    """A limit that is added there without a key here could never be set."""
    assert RiskSettings.model_fields.keys() - {"symbols"} == set(RiskLimits.__struct_fields__)
    assert SymbolRisk.model_fields.keys() <= RiskSettings.model_fields.keys()


def test_the_defaults_are_the_domain_s() -> None:
    """The figures stand once."""
    assert Settings().limits() == RiskLimits()


@pytest.mark.parametrize("name", RiskLimits.__struct_fields__)
def test_every_limit_has_the_predecessor_s_name_too(name: str) -> None:
    """`RISK_` and the key in upper case."""
    default = getattr(RiskLimits(), name)
    value = "100" if default is None else str(default)
    environ = {f"RISK_{name.upper()}": value}
    switches = {
        "max_market_impact_bps": "ENABLE_MARKET_IMPACT_GUARD",
        "position_fraction": "ENABLE_DYNAMIC_POSITION_SIZING",
    }
    if name in switches:
        environ[f"RISK_{switches[name]}"] = "yes"

    loaded = Settings.load(environ=environ)

    assert name in loaded.risk.model_fields_set
    assert getattr(loaded.limits(), name) == (Decimal(100) if default is None else default)


def test_the_predecessor_s_other_names_are_the_engine_s() -> None:
    """A deployment keeps its environment when it moves here."""
    environ = {"ORDER_PREVIEW_ENABLED": "1", "SLIPPAGE_MULTIPLIERS": " BTC-USD:1.5, ETH-USD:2.0 "}

    engine = Settings.load(environ=environ).engine

    assert engine.enable_preview
    assert engine.slippage_multipliers == {"BTC-USD": Decimal("1.5"), "ETH-USD": Decimal("2.0")}


def test_a_symbol_overrides_what_it_sets_and_shares_the_rest() -> None:
    """Multipliers are overrides too."""
    settings = Settings.load(
        environ={},
        risk={"collar_pct": "0.02", "symbols": {"BTC-USD": {"max_order_pct": "0.01"}}},
        engine={"slippage_multipliers": {"BTC-USD": "1.5", "ETH-USD": 2}},
    )

    overrides = settings.overrides()

    account = asdict(settings.limits())
    own = {"max_order_pct": Decimal("0.01"), "slippage_multiplier": Decimal("1.5")}
    assert asdict(overrides["BTC-USD"]) == {**account, **own}
    assert asdict(overrides["ETH-USD"]) == {**account, "slippage_multiplier": 2}


def test_majors_have_a_narrower_collar_unless_one_was_set() -> None:
    """1.5 % for BTC and ETH, 5 % for all else, and whatever was written where something was."""
    products = (BITCOIN, DOGE)
    of_account = Settings.load(environ={}, risk={"collar_pct": "0.03"})
    of_symbol = Settings.load(environ={}, risk={"symbols": {"BTC-USD": {"collar_pct": "0.04"}}})

    assert {symbol: limits.collar_pct for symbol, limits in Settings().overrides(products).items()} == {
        "BTC-USD": MAJORS_COLLAR_PCT
    }
    assert of_account.overrides(products) == {}
    assert of_symbol.overrides(products)["BTC-USD"].collar_pct == Decimal("0.04")


def test_a_major_s_collar_joins_its_other_overrides() -> None:
    """One does not undo the other."""
    settings = Settings.load(environ={}, engine={"slippage_multipliers": {"BTC-USD": 2}})

    limits = settings.overrides((BITCOIN,))["BTC-USD"]

    assert (limits.collar_pct, limits.slippage_multiplier) == (MAJORS_COLLAR_PCT, Decimal(2))
