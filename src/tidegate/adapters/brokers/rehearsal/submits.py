"""Submits under faults: which of them get no answer, and which get a reject that nothing at the venue stands behind."""

from msgspec import Struct


class Silence(Struct, frozen=True):
    """No answer that decides: why, whether it takes the fault's amount of seconds, and whether the venue did it.

    `has_effect` None leaves that to the plan.
    """

    reason: str
    waits: bool
    has_effect: bool | None


SILENCES: dict[str, Silence] = {
    "B1": Silence("no answer in time", True, True),
    "B3": Silence("no answer in time", True, False),
    "B10": Silence("500", False, False),
    "B11": Silence("502", False, True),
    "B12": Silence("the body is no JSON", False, None),
    "B13": Silence("the body is an HTML page", False, None),
    "B14": Silence("the body ends early", False, None),
    "B15": Silence("one byte a second until the deadline", True, True),
    "B16": Silence("the connection was reset", False, None),
}

REJECTS: dict[str, tuple[str, str]] = {
    "B6": ("VENUE_RATE", "429: try again after {amount:g} s"),
    "B7": ("VENUE_RATE", "429: too many requests"),
    "B8": ("AUTH", "401: the token has expired"),
    "B9": ("AUTH", "403: not allowed"),
    "B17": ("INVALID", "the quantity is not a multiple of the increment"),
    "B18": ("PLANETS_NOT_ALIGNED", "a reason that nobody has heard of"),
    "B21": ("VENUE_INSUFFICIENT_FUNDS", "insufficient funds"),
    "B25": ("VENUE_OTHER", "try again later"),
}
"""Code and text by fault."""

OUT_OF_REACH = "the venue is out of reach"
DEADLINE_SECONDS = 8
"""How long an answer is waited for while the venue is out of reach."""
