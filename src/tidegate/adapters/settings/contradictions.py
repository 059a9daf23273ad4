"""Contradictions: settings that are each right and together make no sense (C2, C3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.domain.amounts import exact

if TYPE_CHECKING:
    from tidegate.adapters.settings.model import Settings
    from tidegate.adapters.settings.risk import RiskSettings, SymbolRisk


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The keys that do not go together, and one sentence about them without their values."""

    keys: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class _Order:
    """Two limits of which the first must not pass the second."""

    lower: str
    upper: str
    why: str


_WITHIN_ACCOUNT = (
    _Order("max_position_pct_per_symbol", "max_exposure_pct", "one underlying may not hold more than all together"),
)
_OF_ACCOUNT = (
    _Order("max_exposure_pct", "max_leverage", "no more than equity times leverage can be held (0.8 is 80 %)"),
)
_WITHIN = (
    _Order("max_feed_age_seconds", "reducing_feed_age_seconds", "entries must stop before the state is lowered"),
    _Order(
        "max_polled_mark_age_seconds",
        "reducing_polled_mark_age_seconds",
        "entries must stop before the state is lowered",
    ),
    _Order("warn_clock_skew_ms", "max_clock_skew_ms", "the warning must come before entries stop"),
    _Order("slippage_guard_bps", "slippage_ceiling_bps", "the ceiling bounds the guard"),
    _Order("max_spot_leverage", "max_leverage", "spot may not have more leverage than the account"),
)


@exact
def find_contradiction(settings: "Settings") -> Contradiction | None:
    """The first contradiction, or None.

    Two limits contradict each other only where the one that passes the other was set: a default that a tighter limit
    makes idle is no mistake of the reader's.
    """
    return next(_contradictions(settings), None)


def _contradictions(settings: "Settings") -> Iterator[Contradiction]:
    risk = settings.risk
    yield from _of_limits("risk", risk, risk, _WITHIN + _WITHIN_ACCOUNT + _OF_ACCOUNT)
    for symbol, own in risk.symbols.items():
        yield from _of_symbol(symbol, own, risk)
    yield from _of_switches(risk)
    yield from _of_rates(risk)
    yield from _of_slippage(settings)
    yield from _of_profile(settings)


def _of_limits(
    table: str, lower: "SymbolRisk", upper: "SymbolRisk", orders: tuple[_Order, ...]
) -> Iterator[Contradiction]:
    for order in orders:
        if order.lower in lower.model_fields_set and getattr(lower, order.lower) > getattr(upper, order.upper):
            upper_key = f"{table}.{order.upper}" if upper is lower else f"risk.{order.upper}"
            yield _above(f"{table}.{order.lower}", upper_key, order.why)


def _above(lower: str, upper: str, why: str) -> Contradiction:
    return Contradiction((lower, upper), f"{lower} is above {upper}: {why}; lower the first or raise the second")


def _of_symbol(symbol: str, own: "SymbolRisk", account: "RiskSettings") -> Iterator[Contradiction]:
    table = f'risk.symbols."{symbol}"'
    for order in _WITHIN:
        names = own.model_fields_set & {order.lower, order.upper}
        effective = [getattr(own if name in names else account, name) for name in (order.lower, order.upper)]
        if order.lower in names and effective[0] > effective[1]:
            upper_table = table if order.upper in names else "risk"
            yield _above(f"{table}.{order.lower}", f"{upper_table}.{order.upper}", order.why)
    yield from _of_limits(table, own, account, _WITHIN_ACCOUNT)


_SWITCHES = (
    ("max_market_impact_bps", "enable_market_impact_guard"),
    ("position_fraction", "enable_dynamic_position_sizing"),
)


def _of_switches(risk: "RiskSettings") -> Iterator[Contradiction]:
    """A limit that was set and that nothing would apply; a switch that says `false` itself is taken at its word."""
    given = risk.model_fields_set
    for limit, switch in _SWITCHES:
        if limit in given and switch not in given:
            keys = (f"risk.{limit}", f"risk.{switch}")
            yield Contradiction(
                keys, f"{keys[0]} is set while {keys[1]} is off: set {keys[1]} to true, or to false if that is meant"
            )
    is_sized = risk.enable_dynamic_position_sizing and {"position_fraction", "max_order_pct"} & given
    if is_sized and risk.position_fraction > risk.max_order_pct:
        yield _above("risk.position_fraction", "risk.max_order_pct", "every order of that size would be refused")


def _of_rates(risk: "RiskSettings") -> Iterator[Contradiction]:
    given = "entry_orders_per_second" in risk.model_fields_set
    if given and risk.entry_orders_per_second > risk.venue_requests_per_second * risk.entry_budget_pct:
        why = "entries may use only risk.entry_budget_pct of the venue's rate"
        yield _above("risk.entry_orders_per_second", "risk.venue_requests_per_second", why)


def _of_slippage(settings: "Settings") -> Iterator[Contradiction]:
    for symbol, multiplier in settings.engine.slippage_multipliers.items():
        own = settings.risk.symbols.get(symbol)
        if own is not None and "slippage_multiplier" in own.model_fields_set and own.slippage_multiplier != multiplier:
            keys = (f'engine.slippage_multipliers."{symbol}"', f'risk.symbols."{symbol}".slippage_multiplier')
            yield Contradiction(keys, f"{keys[0]} and {keys[1]} differ: set one of them")


SIMULATED = "simulated"
SCRIPTED = "scripted"
_VENUE_OF = {"paper": SIMULATED, "replay": SIMULATED, "testing": SCRIPTED}


def _of_profile(settings: "Settings") -> Iterator[Contradiction]:
    """Paper never becomes live, nor live paper; live names its venue, its account and its credentials."""
    if settings.profile == "live":
        yield from _of_live(settings)
        return
    own_venue = _VENUE_OF[settings.profile]
    if settings.venue.name not in (None, own_venue):
        what = f"the venue of profile {settings.profile} is {own_venue}"
        yield Contradiction(
            ("profile", "venue.name"), f"profile and venue.name contradict each other: {what}; leave venue.name out"
        )


def _of_live(settings: "Settings") -> Iterator[Contradiction]:
    if settings.venue.name in (None, SIMULATED, SCRIPTED):
        why = "live never trades on paper"
        yield Contradiction(("profile", "venue.name"), f"profile live needs a real venue in venue.name: {why}")
    if "account_id" not in settings.model_fields_set:
        why = "the account of the paper profile is never used for it"
        yield Contradiction(("profile", "account_id"), f"profile live needs account_id: {why}")
    for key in ("api_key", "api_secret"):
        secret = getattr(settings.venue, key)
        if secret is None or not secret.get_secret_value():
            places = f"TIDEGATE__VENUE__{key.upper()}, or a file of mode 0600 named by venue.secrets_file"
            yield Contradiction((f"venue.{key}",), f"profile live needs the secret venue.{key}: set {places}")
