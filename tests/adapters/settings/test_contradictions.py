"""Settings that are each right and together make no sense end the program with both their names (C2, C3)."""

from decimal import Context, Decimal, FloatOperation, Inexact, Rounded, localcontext
from typing import Any

import pytest

from tidegate.adapters.settings import Settings
from tidegate.adapters.settings.risk import RiskSettings
from tidegate.application.configuration import ConfigurationError

LIVE: dict[str, Any] = {
    "profile": "live",
    "account_id": "main",
    "venue": {"name": "coinbase", "api_key": "k", "api_secret": "c4n4ry"},
}


def keys_of(**given: Any) -> tuple[str, ...]:
    """The keys that the error names."""
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(environ={}, **given)
    assert "c4n4ry" not in caught.value.message
    assert all(key in caught.value.message for key in caught.value.keys)
    return caught.value.keys


@pytest.mark.parametrize(
    ("lower", "value", "upper"),
    [
        ("max_position_pct_per_symbol", "0.9", "max_exposure_pct"),
        ("max_exposure_pct", "2.5", "max_leverage"),
        ("max_feed_age_seconds", "16", "reducing_feed_age_seconds"),
        ("max_polled_mark_age_seconds", "121", "reducing_polled_mark_age_seconds"),
        ("warn_clock_skew_ms", "1001", "max_clock_skew_ms"),
        ("slippage_guard_bps", "51", "slippage_ceiling_bps"),
        ("max_spot_leverage", "3", "max_leverage"),
        ("entry_orders_per_second", "25", "venue_requests_per_second"),
    ],
)
def test_a_limit_that_passes_the_one_that_bounds_it_is_refused(lower: str, value: str, upper: str) -> None:
    """C3, against a default as well as against what was set."""
    assert keys_of(risk={lower: value}) == (f"risk.{lower}", f"risk.{upper}")


@pytest.mark.parametrize("traps", [[Inexact, Rounded, FloatOperation], []])
def test_a_foreign_decimal_context_changes_no_verdict(traps: list[Any]) -> None:
    """Neither an error of its arithmetic, nor another answer by its rounding."""
    with localcontext(Context(prec=2, traps=traps)):
        sound = Settings.load(environ={}, risk={"venue_requests_per_second": "30.5", "entry_orders_per_second": "24.4"})
        assert keys_of(risk={"venue_requests_per_second": "30.5", "entry_orders_per_second": "24.401"}) == (
            "risk.entry_orders_per_second",
            "risk.venue_requests_per_second",
        )
    assert sound.limits().entry_orders_per_second == Decimal("24.4")


@pytest.mark.parametrize("key", [name for name in RiskSettings.model_fields if name.endswith(("_seconds", "_ms"))])
def test_a_span_that_no_clock_could_count_is_refused_by_its_key(key: str) -> None:
    """It would overflow once a guard looks."""
    with pytest.raises(ConfigurationError, match=rf"^risk\.{key} must be at most [0-9]+$"):
        Settings.load(environ={}, risk={key: 10**17})


def test_a_tighter_bound_makes_a_default_idle_and_is_no_contradiction() -> None:
    """Who lowers the total exposure has said nothing that is wrong."""
    settings = Settings.load(environ={}, risk={"max_exposure_pct": "0.1", "reducing_feed_age_seconds": 2})

    assert settings.limits().max_position_pct_per_symbol > settings.limits().max_exposure_pct


def test_a_symbol_s_limit_is_held_to_its_own_bound_or_the_account_s() -> None:
    """A symbol overrides one of two limits that belong together."""
    own = {"max_feed_age_seconds": 20, "reducing_feed_age_seconds": 30}

    assert Settings.load(environ={}, risk={"symbols": {"BTC-USD": own}}).risk.symbols
    assert keys_of(risk={"symbols": {"BTC-USD": {"max_feed_age_seconds": 20}}}) == (
        'risk.symbols."BTC-USD".max_feed_age_seconds',
        "risk.reducing_feed_age_seconds",
    )
    assert keys_of(risk={"symbols": {"BTC-USD": {**own, "max_feed_age_seconds": 31}}}) == (
        'risk.symbols."BTC-USD".max_feed_age_seconds',
        'risk.symbols."BTC-USD".reducing_feed_age_seconds',
    )
    assert keys_of(risk={"symbols": {"BTC-USD": {"max_position_pct_per_symbol": "0.9"}}}) == (
        'risk.symbols."BTC-USD".max_position_pct_per_symbol',
        "risk.max_exposure_pct",
    )


@pytest.mark.parametrize(
    ("limit", "value", "switch"),
    [
        ("max_market_impact_bps", 20, "enable_market_impact_guard"),
        ("position_fraction", "0.05", "enable_dynamic_position_sizing"),
    ],
)
def test_a_limit_whose_guard_is_off_is_refused_unless_off_is_meant(limit: str, value: object, switch: str) -> None:
    """A limit that nothing applies protects nobody, and looks as if it did."""
    assert keys_of(risk={limit: value}) == (f"risk.{limit}", f"risk.{switch}")
    for stated in (True, False):
        Settings.load(environ={}, risk={limit: value, switch: stated})


def test_a_size_that_every_check_would_refuse_is_refused_here() -> None:
    """Sizing asks for more than an order may be."""
    sizing = {"enable_dynamic_position_sizing": True, "position_fraction": "0.2"}

    assert keys_of(risk=sizing) == ("risk.position_fraction", "risk.max_order_pct")


def test_two_slippage_multipliers_of_one_symbol_must_agree() -> None:
    """The predecessor's name and the new one."""
    engine = {"slippage_multipliers": "BTC-USD:1.5"}

    assert keys_of(engine=engine, risk={"symbols": {"BTC-USD": {"slippage_multiplier": 2}}}) == (
        'engine.slippage_multipliers."BTC-USD"',
        'risk.symbols."BTC-USD".slippage_multiplier',
    )
    Settings.load(environ={}, engine=engine, risk={"symbols": {"BTC-USD": {"slippage_multiplier": "1.50"}}})


@pytest.mark.parametrize(
    ("profile", "venue"), [("paper", "coinbase"), ("replay", "coinbase"), ("testing", "simulated")]
)
def test_a_rehearsal_never_reaches_a_real_venue(profile: str, venue: str) -> None:
    """C2: paper never becomes live."""
    assert keys_of(profile=profile, venue={"name": venue}) == ("profile", "venue.name")


@pytest.mark.parametrize("name", ["simulated", "scripted", None])
def test_live_never_trades_on_paper(name: str | None) -> None:
    """C2: nor does live become paper."""
    assert keys_of(**{**LIVE, "venue": {"name": name}}) == ("profile", "venue.name")


@pytest.mark.parametrize("missing", ["api_key", "api_secret"])
def test_live_without_a_secret_ends(missing: str) -> None:
    """C2: an empty secret is a missing one."""
    venue = {"name": "coinbase", "api_key": "k", "api_secret": "s"}

    assert keys_of(**{**LIVE, "venue": {**venue, missing: ""}}) == (f"venue.{missing}",)
    del venue[missing]
    assert keys_of(**{**LIVE, "venue": venue}) == (f"venue.{missing}",)


def test_live_names_its_account() -> None:
    """The paper account's name is a default, and money has none."""
    assert keys_of(profile="live", venue=LIVE["venue"]) == ("profile", "account_id")
    assert Settings.load(environ={}, **LIVE).profile == "live"


def test_a_rehearsal_may_name_its_own_venue() -> None:
    """What is true may be written down."""
    assert Settings.load(environ={}, venue={"name": "simulated"}).venue.name == "simulated"
