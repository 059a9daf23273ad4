"""A mark: one price with the moment it was seen."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Mark(Struct, frozen=True, gc=False):
    """A price in quote currency and when it was seen (aware UTC)."""

    price: Decimal
    at: datetime
