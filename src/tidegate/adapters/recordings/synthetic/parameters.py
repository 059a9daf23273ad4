"""The parameters of a synthetic market, each a rate, a size or a share, with the model that it belongs to.

Order flow without intelligence after Daniels, Farmer, Gillemot, Iori and Smith (2003) and Smith, Farmer, Gillemot and
Krishnamurthy (2003), in the form of Cont, Stoikov and Talreja (2010): limit orders, market orders and cancellations
come by Poisson processes, limit orders the less often the further they are from the other side's best price. Regimes
switch as a Markov chain (Hamilton 1989), jumps come on top (Merton 1976). The figures are ours, chosen round, and were
fitted to no market.
"""

from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tidegate.adapters import shapes
from tidegate.adapters.settings.file import read_toml
from tidegate.adapters.spelling import shown
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.amounts import flaw
from tidegate.domain.products import is_multiple


class Regime(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How lively the market is for a while: `activity` times every rate, and `taking` times the market orders'."""

    name: str
    activity: float
    taking: float
    mean_seconds: float


CALM = Regime(name="calm", activity=0.5, taking=0.6, mean_seconds=900)
NORMAL = Regime(name="normal", activity=1.0, taking=1.0, mean_seconds=900)
WILD = Regime(name="wild", activity=2.0, taking=1.8, mean_seconds=240)


class MarketParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rates are a second and side unless they say otherwise; prices in ticks of `price_increment`.

    `limit_rate` limit orders come, at a distance of i ticks from the other side's best with a weight of
    1 / (i + `placement_offset`), up to `placement_depth`. `market_rate` market orders come, each on the side of the one
    before with a probability of `persistence`, else on either (Lillo and Farmer 2004). Every resting order is
    cancelled at `cancel_rate`. Sizes are steps of `size_step`, up to their maximum, the cube of a uniform draw: many
    small and few large ones. Episodes come so many times an hour, and last so many seconds in the mean: a thin book
    (limit orders by `thin_share`), a crossed one (an order stands on the wrong side and nothing trades), a halt
    (nothing is traded or placed), a gap (the feed tells nothing). A jump sweeps about `jump_ticks`, and others follow.
    """

    start_price: Decimal = Decimal(60_000)
    price_increment: Decimal = Decimal(1)
    size_step: Decimal = Decimal("0.0001")
    limit_rate: float = 11.0
    placement_depth: int = 80
    placement_offset: int = 2
    market_rate: float = 1.0
    persistence: float = 0.8
    cancel_rate: float = 0.08
    resting_size_max: int = 8_000
    taking_size_max: int = 22_000
    regimes: tuple[Regime, ...] = (NORMAL, CALM, WILD)
    jumps_an_hour: float = 1.0
    jump_ticks: float = 60.0
    thin_an_hour: float = 1.0
    thin_seconds: float = 45.0
    thin_share: float = 0.25
    crossed_an_hour: float = 0.0
    crossed_seconds: float = 2.0
    halts_an_hour: float = 0.0
    halt_seconds: float = 30.0
    gaps_an_hour: float = 0.0
    gap_seconds: float = 10.0


QUIET = MarketParameters()
"""A market that works: its book is never crossed, its feed never interrupted, and it never halts."""
STEADY = msgspec.structs.replace(
    QUIET, jumps_an_hour=0.0, thin_an_hour=0.0, market_rate=0.7, persistence=0.6, limit_rate=9.0
)
"""A market to begin with: nothing in it but orders that come and go, and a book that is always deep."""
STRESSED = MarketParameters(
    jumps_an_hour=6, thin_an_hour=4, crossed_an_hour=4, halts_an_hour=1, gaps_an_hour=2, regimes=(WILD, NORMAL)
)
"""Everything that may happen, and often."""
PRESETS = {"steady": STEADY, "quiet": QUIET, "stressed": STRESSED}


def read_parameters(path: Path, preset: MarketParameters) -> MarketParameters:
    """The parameters of a TOML file, each over the preset's.

    Raises:
        ConfigurationError: it cannot be read, or a parameter is unknown or cannot be.
    """
    name, tree = shown(path.name), read_toml(path, "--parameters")
    try:
        given = msgspec.convert(_plain(tree), MarketParameters, strict=False)
    except msgspec.ValidationError as error:
        keys = (*MarketParameters.__struct_fields__, *Regime.__struct_fields__)
        raise ConfigurationError(f"{name}: {shapes.flaw_of(error, keys)}", ("--parameters",)) from None
    chosen = msgspec.structs.replace(preset, **{key: getattr(given, key) for key in tree})
    wrong = flaw_of(chosen)
    if wrong:
        raise ConfigurationError(f"{name}: {wrong}", ("--parameters",))
    return chosen


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, Decimal) else value


_ABOVE_ZERO = ("start_price", "price_increment", "size_step", "limit_rate", "cancel_rate")
_AT_LEAST_ONE = ("placement_depth", "resting_size_max", "taking_size_max")


def flaw_of(parameters: MarketParameters) -> str:
    """What cannot be about them; empty where nothing is."""
    figures = {name: getattr(parameters, name) for name in parameters.__struct_fields__ if name != "regimes"}
    for name, value in figures.items():
        if isinstance(value, Decimal) and (reason := flaw(value)) is not None:
            return f"{name} {reason}"
        if not isfinite(value) or value < 0:
            return f"{name} must be a number, and not below zero"
        if (name in _ABOVE_ZERO and not value) or (name in _AT_LEAST_ONE and value < 1):
            return f"{name} must be above zero"
    return _flaw_of_prices(parameters) or _flaw_of_shares(parameters) or _flaw_of_regimes(parameters.regimes)


def _flaw_of_prices(parameters: MarketParameters) -> str:
    if not is_multiple(parameters.start_price, parameters.price_increment):
        return "start_price is off price_increment"
    if parameters.start_price < parameters.price_increment * 4 * parameters.placement_depth:
        return "start_price leaves no room for bids: it must be four times placement_depth ticks at least"
    return ""


def _flaw_of_shares(parameters: MarketParameters) -> str:
    if parameters.persistence >= 1:
        return "persistence is a probability below 1"
    if not 0 < parameters.thin_share <= 1:
        return "thin_share is a share of the limit orders, above 0 and at most 1"
    return ""


def _flaw_of_regimes(regimes: tuple[Regime, ...]) -> str:
    figures = [one for regime in regimes for one in (regime.activity, regime.taking, regime.mean_seconds)]
    if not regimes or not all(0 < one < float("inf") for one in figures):
        return "every regime has an activity, a taking and mean_seconds above zero, and there is one at least"
    return ""
