"""Settings: every setting of one application as one immutable object."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from tidegate.adapters.settings.amounts import Currency, Identifier
from tidegate.adapters.settings.contradictions import find_contradiction
from tidegate.adapters.settings.flaws import configuration_error
from tidegate.adapters.settings.risk import RiskSettings
from tidegate.adapters.settings.sections import (
    EngineSettings,
    IntakeSettings,
    PaperSettings,
    StoreSettings,
    SupervisorSettings,
    VenueSettings,
)
from tidegate.adapters.settings.store_url import StoreUrl, parse_store_url
from tidegate.application.configuration import ConfigurationError
from tidegate.domain.products import Product
from tidegate.domain.risk import MAJORS, MAJORS_COLLAR_PCT, RiskLimits

Profile = Literal["paper", "replay", "live", "testing"]

PAPER_ACCOUNT = "paper"


class Settings(BaseModel):
    """Every setting of one application; `Settings()` is the defaults, and reads neither environment nor files.

    Raises:
        ConfigurationError: an unknown key, a bad value, contradicting limits, or a missing secret; it names the
            keys and never a value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    profile: Profile = "paper"
    account_id: Identifier = PAPER_ACCOUNT
    reporting_currency: Currency = "USD"
    risk: RiskSettings = Field(default_factory=RiskSettings)
    engine: EngineSettings = Field(default_factory=EngineSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    venue: VenueSettings = Field(default_factory=VenueSettings)
    supervisor: SupervisorSettings = Field(default_factory=SupervisorSettings)
    paper: PaperSettings = Field(default_factory=PaperSettings)
    intake: IntakeSettings = Field(default_factory=IntakeSettings)

    @classmethod
    def load(cls, config: Path | None = None, environ: Mapping[str, str] | None = None, **arguments: Any) -> "Settings":
        """Merge defaults < `tidegate.toml` < `TIDEGATE__SECTION__KEY` < arguments.

        `config` None takes `tidegate.toml` of the current folder if there is one, `environ` None the process's own.
        Arguments are top-level keys, sections as mappings: `Settings.load(profile="replay", store={"url": "memory://"})`.

        Raises:
            ConfigurationError: as for `Settings()`, and also a file that cannot be read; it says where the key was set.
        """
        from tidegate.adapters.settings.loading import load

        return load(config, environ, arguments).settings

    @model_validator(mode="wrap")
    @classmethod
    def _named_errors(cls, data: Any, handler: ModelWrapValidatorHandler["Settings"]) -> "Settings":
        try:
            settings = handler(data)
        except ValidationError as error:
            raise configuration_error(error.errors(include_url=False, include_input=False)) from None
        contradiction = find_contradiction(settings)
        if contradiction is not None:
            raise ConfigurationError(contradiction.message, contradiction.keys)
        return settings

    def limits(self) -> RiskLimits:
        """The account's limits as the domain has them."""
        return self.risk.to_limits()

    def overrides(self, products: Iterable[Product] = ()) -> dict[str, RiskLimits]:
        """Limits by symbol where they are not the account's.

        Of the products, majors take the majors' collar unless a collar was set for the account or for the symbol.
        """
        overrides = self.risk.to_overrides(self.engine.slippage_multipliers)
        if "collar_pct" in self.risk.model_fields_set:
            return overrides
        for product in products:
            own = self.risk.symbols.get(product.symbol)
            if product.underlying in MAJORS and (own is None or "collar_pct" not in own.model_fields_set):
                limits = overrides.get(product.symbol, self.limits())
                overrides[product.symbol] = replace(limits, collar_pct=MAJORS_COLLAR_PCT)
        return overrides

    @property
    def store_url(self) -> StoreUrl:
        """Where the store is: `store.url`, or the profile's own place.

        Replay and testing keep nothing; paper and live have a file named for the account in the user's data folder.
        """
        from tidegate.adapters.settings.places import default_store_url

        return parse_store_url(self.store.url or default_store_url(self.profile, self.account_id))
