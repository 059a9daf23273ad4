"""The catalogue: every fault that a plan may ask for, what of the venue it strikes, and how it is measured."""

from enum import StrEnum

from msgspec import Struct


class Place(StrEnum):
    """What a fault strikes."""

    SUBMIT = "submit"
    CANCEL = "cancel"
    AMEND = "amend"
    QUESTION = "question"
    REPORT = "report"
    VENUE = "venue"
    MARKET = "market"


class Kind(Struct, frozen=True):
    """One kind of fault: what it strikes and does, and the `amount` it has where a plan gives none, in its `unit`.

    A kind that strikes calls comes with the n-th, with every n-th, by chance or for a time; any other for a time.
    """

    place: Place
    does: str
    amount: float = 0.0
    unit: str = ""
    has_effect: bool | None = None
    """Whether the request takes effect although no answer comes, where a plan may choose; None where it may not."""

    is_everywhere: bool = False
    """Whether it concerns the whole venue, so that a plan cannot name a symbol."""

    @property
    def strikes_calls(self) -> bool:
        return self.place in _CALLS


_CALLS = frozenset({Place.SUBMIT, Place.CANCEL, Place.AMEND, Place.QUESTION, Place.REPORT})
_SUBMIT, _QUESTION, _REPORT, _MARKET = Place.SUBMIT, Place.QUESTION, Place.REPORT, Place.MARKET

KINDS: dict[str, Kind] = {
    "B1": Kind(_SUBMIT, "no answer in time; the venue accepted", 8, "seconds"),
    "B2": Kind(_SUBMIT, "no answer in time; the venue rejected", 8, "seconds"),
    "B3": Kind(_SUBMIT, "no answer in time; the request was lost", 8, "seconds"),
    "B4": Kind(_SUBMIT, "the stream repeats the acknowledgement", 2, "times"),
    "B5": Kind(_SUBMIT, "the fills come before the acknowledgement", 4, "seconds"),
    "B6": Kind(_SUBMIT, "rejected: 429 with Retry-After", 5, "seconds"),
    "B7": Kind(_SUBMIT, "rejected: 429 without Retry-After"),
    "B8": Kind(_SUBMIT, "rejected: 401, the token has expired"),
    "B9": Kind(_SUBMIT, "rejected: 403"),
    "B10": Kind(_SUBMIT, "a 500 before the effect"),
    "B11": Kind(_SUBMIT, "a 502 after the effect"),
    "B12": Kind(_SUBMIT, "garbage instead of JSON", has_effect=True),
    "B13": Kind(_SUBMIT, "an HTML page", has_effect=True),
    "B14": Kind(_SUBMIT, "a truncated body", has_effect=True),
    "B15": Kind(_SUBMIT, "one byte a second until the deadline", 8, "seconds"),
    "B16": Kind(_SUBMIT, "the connection is reset", has_effect=True),
    "B17": Kind(_SUBMIT, "rejected for a known reason"),
    "B18": Kind(_SUBMIT, "rejected for a reason that nobody knows"),
    "B19": Kind(_SUBMIT, "accepted, without an order id"),
    "B20": Kind(_SUBMIT, "the venue works other terms than it was sent", 0.5, "of the quantity"),
    "B21": Kind(_SUBMIT, "rejected: insufficient funds"),
    "B24": Kind(Place.VENUE, "the market takes cancels only"),
    "B25": Kind(_SUBMIT, "rejected, then the duplicated request is accepted", 3, "seconds"),
    "B26": Kind(_SUBMIT, "no answer in time; the venue accepts later", 30, "seconds"),
    "B27": Kind(Place.VENUE, "questions do not see what is younger than this", 5, "seconds", is_everywhere=True),
    "B28": Kind(_QUESTION, "a page is repeated, lost or in a loop", is_everywhere=True),
    "B29": Kind(Place.CANCEL, "no answer in time", 8, "seconds", has_effect=True),
    "B31": Kind(Place.VENUE, "the venue is out of reach", is_everywhere=True),
    "B32": Kind(Place.AMEND, "no answer in time", 8, "seconds", has_effect=True),
    "B33": Kind(Place.AMEND, "the edit is long under way, so that fills race it", 4, "seconds"),
    "S1": Kind(_REPORT, "a sequence gap: the report is lost, and that is told"),
    "S2": Kind(_REPORT, "a reconnect: the report is lost, then a snapshot of what is open"),
    "S3": Kind(_REPORT, "the report comes twice"),
    "S4": Kind(_REPORT, "the report comes later than others", 5, "seconds"),
    "S8": Kind(_REPORT, "an overfill: a further fill of the same size, which the venue's books do not have"),
    "S10": Kind(Place.VENUE, "an order of somebody else on this account rests, far from the market"),
    "S11": Kind(Place.VENUE, "the venue tells larger derivative positions than its books have", 10, "increments"),
    "S12": Kind(Place.VENUE, "a half-open socket: reports are lost, and nobody says so", is_everywhere=True),
    "S13": Kind(_REPORT, "an order's cumulative quantity goes back"),
    "S14": Kind(_REPORT, "a flood: the same report so many times", 20_000, "times"),
    "S15": Kind(_REPORT, "a fill of an order that nobody knows"),
    "M1": Kind(_MARKET, "the feed is silent"),
    "M2": Kind(_MARKET, "the book is crossed"),
    "M4": Kind(_MARKET, "the book is empty"),
    "M5": Kind(_MARKET, "the book has bids only"),
    "M6": Kind(_MARKET, "the venue's stamps are off", 2_000, "milliseconds"),
    "M7": Kind(_MARKET, "a gap in market data: the book is void"),
    "M8": Kind(_MARKET, "a spike of prices", 100, "times"),
}
"""What a plan may ask for, by its id in the matrix."""

ELSEWHERE: dict[str, str] = {
    "B22": "comes by itself: a post-only order that would cross is rejected",
    "B23": "comes by itself: what is off the increments or too small is rejected",
    "B30": "a redirect is a matter of the HTTP adapter",
    "B34": "comes of B33, where the order fills beyond the new quantity meanwhile",
    "B35": "comes by itself: choose a mode of self-trade prevention",
    "S5": "is B5",
    "S6": "comes of S4, with a fill that is late and an order that was cancelled",
    "S7": "comes by itself: a cancel that meets a filled order is refused",
    "S9": "is a scripted event of the account",
    "M3": "no such number gets past the reader of recordings",
}
"""What no plan asks for, and why."""
