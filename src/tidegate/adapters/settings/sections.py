"""The other sections: engine, store, venue, supervisor, paper and intake."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, SecretStr, field_validator

from tidegate.adapters.settings.amounts import (
    CurrencyTable,
    Exact,
    FeeRate,
    Identifier,
    LatencyJitter,
    Milliseconds,
    Parameters,
    Patience,
    Seconds,
    Section,
    Signed,
    SymbolTable,
    Whole,
)
from tidegate.adapters.settings.store_url import StoreUrlError, parse_store_url

SYNTHETIC = "synthetic"
"""The recording that ships with the package."""

SPEED_MAX = 100_000


def _recordings(value: object) -> str | tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or not all(isinstance(one, str) for one in names):
        raise ValueError("must be a file, or a list of files")
    if not all(names):
        raise ValueError("must not be empty")
    if not all(map(_is_name, names)):
        raise ValueError("must be the name of a file, in UTF-8 and without a NUL")
    return value if isinstance(value, str) else tuple(names)


def _is_name(name: str) -> bool:
    """Whether the paper venue can remember a file by it."""
    try:
        return b"\0" not in name.encode()
    except UnicodeEncodeError:
        return False


RecordingNames = Annotated[str | tuple[str, ...], PlainValidator(_recordings)]
"""One recording, or several that are played as one."""


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


TimeInForceName = Annotated[Literal["GTC", "GTD", "IOC", "FOK"], BeforeValidator(_upper)]


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


QueueModelName = Annotated[Literal["prints", "probabilistic"], BeforeValidator(_lower)]
SelfTradePreventionName = Annotated[
    Literal["cancel_newest", "cancel_oldest", "cancel_both", "decrement_and_cancel"], BeforeValidator(_lower)
]


class EngineSettings(Section):
    """[engine]: how decisions become orders."""

    enable_preview: bool = False
    default_time_in_force: TimeInForceName | None = None
    bot_id: Identifier = "tidegate"
    dry_run: bool = False
    slippage_multipliers: SymbolTable = Field(default_factory=dict)


class StoreSettings(Section):
    """[store]: where the account's record is kept; empty is the profile's own place."""

    url: str = ""

    @field_validator("url")
    @classmethod
    def _known_kind(cls, url: str) -> str:
        if url:
            try:
                parse_store_url(url)
            except StoreUrlError as error:
                raise ValueError(str(error)) from None
        return url


class VenueSettings(Section):
    """[venue]: the venue of the live profile, and its credentials, from the environment or a 0600 file; `options` are
    what its adapter alone knows of.
    """

    name: Identifier | None = None
    api_key: SecretStr | None = None
    api_secret: SecretStr | None = None
    api_passphrase: SecretStr | None = None
    secrets_file: str | None = None
    options: Parameters = Field(default_factory=dict)


class SupervisorSettings(Section):
    """[supervisor]: how often each loop looks, how long leaving waits, and the total time that one request to the venue
    has, in seconds of the clock in force.
    """

    guard_interval_seconds: Seconds = 60
    feed_interval_seconds: Seconds = 1
    reconciliation_interval_seconds: Seconds = 45
    in_flight_interval_seconds: Seconds = 2
    in_flight_age_seconds: Seconds = 5
    inbox_interval_seconds: Seconds = 0.5
    drain_seconds: Patience = 5
    venue_deadline_seconds: Seconds = 30


class PaperSettings(Section):
    """[paper]: the simulated venue of the paper and replay profiles.

    `recording` names one file, or several that are played as one. `speed` is session time over wall time: unset, `run`
    plays at 90 and `open_application` at 1. Fee rates, where set, take the place of the recording's own. Latencies are
    of the feed, an order's way in, its acknowledgement and a cancel's way in; `latency_jitter` varies all but the
    feed's by up to that fraction, drawn from `seed`. `queue_model` says what moves a resting order up where there are
    no order ids, `queue_power` with which exponent of the probabilistic one,
    and `self_trade_prevention` what becomes of orders that would meet. `faults` is a file of what is to go wrong on
    demand, `happenings` one of deposits, busts and the like. `fees_in`, `margin`, `funding_*` and
    `liquidation_fee_rate` are the venue's terms, see docs/paper.md.
    """

    recording: RecordingNames = SYNTHETIC
    speed: Exact | None = Field(default=None, gt=0, le=SPEED_MAX)
    seed: Whole = Field(default=1, ge=0, le=2**63 - 1)
    opening_balances: CurrencyTable = Field(default={"USD": Decimal(100_000)}, min_length=1)
    feed_latency_ms: Milliseconds = 20
    entry_latency_ms: Milliseconds = 40
    acknowledgement_latency_ms: Milliseconds = 40
    cancel_latency_ms: Milliseconds = 40
    latency_jitter: LatencyJitter = 0
    maker_fee_rate: FeeRate | None = None
    taker_fee_rate: FeeRate | None = None
    queue_model: QueueModelName = "prints"
    queue_power: Annotated[Whole, Field(ge=1, le=8)] = 2
    self_trade_prevention: SelfTradePreventionName = "cancel_newest"
    faults: str = ""
    fees_in: Literal["quote", "received"] = "quote"
    margin: Literal["cross", "isolated"] = "cross"
    funding_rate: Signed = Field(default=Decimal(0), ge=-1, le=1)
    funding_hours: Literal[1, 2, 3, 4, 6, 8, 12, 24] = 8
    liquidation_fee_rate: FeeRate = Decimal("0.005")
    happenings: str = ""

    @property
    def recordings(self) -> tuple[str, ...]:
        """What is played, one or several as one."""
        return (self.recording,) if isinstance(self.recording, str) else self.recording


class IntakeSettings(Section):
    """[intake]: where `run` gets its decisions: a strategy's factory, `module:factory` or `path/to/file.py:factory`."""

    strategy: str = ""
    interval_seconds: Seconds = 1
    parameters: Parameters = Field(default_factory=dict)
