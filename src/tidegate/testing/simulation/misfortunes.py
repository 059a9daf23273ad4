"""Misfortunes: what a fault of the plan does to one request, as the route it takes and what is heard of its answer."""

from msgspec import Struct

from tidegate.testing.simulation.plans import Fault
from tidegate.testing.simulation.venue import Rejected
from tidegate.testing.simulation.wire import STRAIGHT, Route


class Misfortune(Struct, frozen=True, kw_only=True):
    """What becomes of one request; all at its default is nothing out of the ordinary.

    `rejects` and `shrinks` are the venue's doing; `is_garbled` means that an answer came which decides nothing;
    `is_poison` kills the process, and those that ask about the order when they start;
    `error` is raised in the adapter, before anything was sent or after the answer was read.
    """

    route: Route = STRAIGHT
    rejects: Rejected | None = None
    shrinks: bool = False
    repeats: int = 0
    is_garbled: bool = False
    is_never_sent: bool = False
    has_no_order_id: bool = False
    is_poison: bool = False
    reason: str = ""
    error: type[Exception] | None = None
    is_before: bool = False


FINE = Misfortune()
_LOST = Route(is_request_lost=True)
_MUTE = Route(is_answer_lost=True)
_SLOW_SECONDS = 4.0
_AGAIN_SECONDS = 3.0

_SUBMITS: dict[str, Misfortune] = {
    "B1": Misfortune(route=_MUTE, reason="timed out"),
    "B2": Misfortune(
        route=_MUTE, rejects=Rejected("VENUE_INSUFFICIENT_FUNDS", "as the plan has it"), reason="timed out"
    ),
    "B3": Misfortune(route=_LOST, reason="timed out"),
    "B4": Misfortune(repeats=2),
    "B5": Misfortune(route=Route(delay_back=_SLOW_SECONDS)),
    "B6": Misfortune(rejects=Rejected("VENUE_RATE", "429, retry after 5 s")),
    "B7": Misfortune(rejects=Rejected("VENUE_RATE", "429")),
    "B8": Misfortune(rejects=Rejected("AUTH", "401: the token has expired")),
    "B9": Misfortune(rejects=Rejected("AUTH", "403")),
    "B10": Misfortune(route=_LOST, reason="500"),
    "B11": Misfortune(is_garbled=True, reason="502"),
    "B12": Misfortune(is_garbled=True, reason="the body is no JSON"),
    "B13": Misfortune(is_garbled=True, reason="an HTML page"),
    "B14": Misfortune(is_garbled=True, reason="the body ends early"),
    "B15": Misfortune(route=Route(delay_back=60.0), reason="one byte a second: the deadline passed"),
    "B16": Misfortune(route=_MUTE, reason="connection reset"),
    "B17": Misfortune(rejects=Rejected("INVALID", "a reason that the adapter's table knows")),
    "B18": Misfortune(rejects=Rejected("MOON_PHASE", "a reason that nobody has heard of")),
    "B19": Misfortune(has_no_order_id=True),
    "B20": Misfortune(shrinks=True),
    "B21": Misfortune(rejects=Rejected("VENUE_INSUFFICIENT_FUNDS", "as the plan has it")),
    "B25": Misfortune(rejects=Rejected("VENUE_OTHER", "try later"), route=Route(again_after=_AGAIN_SECONDS)),
    "B26": Misfortune(route=Route(delay_out=30.0), reason="timed out"),
    "P11": Misfortune(route=_LOST, is_poison=True),
    "P14": Misfortune(error=MemoryError, is_before=True),
}
_NO_CONNECTION = Misfortune(is_never_sent=True, reason="connection refused")

_CANCELS: dict[str, Misfortune] = {
    "B29": Misfortune(route=_LOST, reason="timed out"),
    "B29b": Misfortune(route=_MUTE, reason="timed out"),
    "B29c": Misfortune(is_garbled=True, reason="502"),
}


_AMENDS: dict[str, Misfortune] = {
    "B32": Misfortune(route=_MUTE, reason="timed out"),
    "B32b": Misfortune(route=_LOST, reason="timed out"),
    "B32c": Misfortune(is_garbled=True, reason="502"),
    "B32d": Misfortune(route=Route(delay_out=10.0), reason="timed out"),
    "B33": FINE,
    "B34": FINE,
}
"""B32d arrives after its deadline and before H. What overtakes an edit (B33, B34) is the venue's doing."""


def misfortune_of_amend(fault: Fault | None, outage: str) -> Misfortune:
    """What becomes of an amend."""
    if outage:
        return _AMENDS["B32b"]
    return FINE if fault is None else _AMENDS[fault.id]


def misfortune_of_submit(fault: Fault | None, outage: str) -> Misfortune:
    """What becomes of a submit. `outage` is empty, or how the venue is out of reach."""
    if outage:
        return _NO_CONNECTION if outage == "refused" else _SUBMITS["B3"]
    return FINE if fault is None else _SUBMITS[fault.id]


def misfortune_of_cancel(fault: Fault | None, outage: str) -> Misfortune:
    """What becomes of a cancel."""
    if outage:
        return _CANCELS["B29"]
    return FINE if fault is None else _CANCELS[fault.id]
