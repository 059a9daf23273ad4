"""The setting: how the application of every life is configured, and the periods that follow from it."""

from tidegate.adapters.settings import Settings
from tidegate.testing.simulation.broker import HORIZON_SECONDS

ACCOUNT = "simulated"
CANARY = "canary-8c1f5b2e90"
"""A secret that the settings hold, and that may be found nowhere (invariant 24)."""

POLL_SECONDS = 4.0
"""How often what is in flight is asked for, the feed is judged and the inbox is looked into."""

PASS_SECONDS = 30.0
"""How often everything is reconciled."""

QUIET_SECONDS = HORIZON_SECONDS + 3 * POLL_SECONDS
"""Quiescence: the faults off, then H and three polls; every decision has its outcome by then (invariant 22)."""

SETTINGS = Settings.model_validate(
    {
        "profile": "testing",
        "account_id": ACCOUNT,
        "venue": {"api_secret": CANARY},
        "risk": {"max_exposure_pct": "0.3"},
        "supervisor": {
            "feed_interval_seconds": POLL_SECONDS,
            "in_flight_interval_seconds": POLL_SECONDS,
            "reconciliation_interval_seconds": PASS_SECONDS,
            "inbox_interval_seconds": POLL_SECONDS,
        },
    }
)
