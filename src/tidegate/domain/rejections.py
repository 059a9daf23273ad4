"""Rejections: the codes an adapter may give a venue's reject, and the refusal that a refused order comes to."""

from typing import get_args

from tidegate.domain.orders import Refused
from tidegate.domain.refusals import (
    AnyRefusal,
    AuthRefused,
    ExpiredRefused,
    InvalidRefused,
    MarketStateRefused,
    MinimumRefused,
    NotAcceptedRefused,
    SelfCrossRefused,
    UnknownSymbolRefused,
    VenueInsufficientFundsRefused,
    VenueOtherRefused,
    VenuePostOnlyRefused,
    VenueRateRefused,
    VenueReduceOnlyRefused,
    VenueUnreachableRefused,
    VenueWouldTriggerRefused,
)


def _by_code(*kinds: type[AnyRefusal]) -> dict[str, type[AnyRefusal]]:
    return {str(kind.__struct_config__.tag): kind for kind in kinds}


VENUE_REFUSALS: dict[str, type[AnyRefusal]] = _by_code(
    VenueInsufficientFundsRefused,
    VenuePostOnlyRefused,
    VenueReduceOnlyRefused,
    VenueRateRefused,
    VenueUnreachableRefused,
    VenueWouldTriggerRefused,
    VenueOtherRefused,
    MarketStateRefused,
    MinimumRefused,
    InvalidRefused,
    AuthRefused,
    UnknownSymbolRefused,
    NotAcceptedRefused,
    ExpiredRefused,
    SelfCrossRefused,
)
"""The codes an adapter may give a venue's reject; any other becomes VENUE_OTHER with its text."""

_OUR_REFUSALS = _by_code(*get_args(AnyRefusal))


def refusal_of(refused: Refused) -> AnyRefusal:
    """Why an order ended as REFUSED, as the refusal of its decision; a venue's unknown code is kept as a fact."""
    kind = (VENUE_REFUSALS if refused.by_venue else _OUR_REFUSALS).get(refused.code)
    message = refused.message or refused.code
    if kind is None:
        return VenueOtherRefused(message=message, facts={"venue_code": refused.code, "venue_text": refused.message})
    return kind(message=message, facts={"venue_text": refused.message} if refused.by_venue else {})
