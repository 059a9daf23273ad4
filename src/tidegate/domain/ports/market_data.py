"""MarketDataPort: products and prices, with their age."""

from collections.abc import AsyncIterator
from typing import Protocol

from tidegate.domain.products import Product
from tidegate.domain.views import MarketReading


class MarketDataPort(Protocol):
    """What is known of the market now. Readings are synchronous and immutable; they never wait and never invent."""

    @property
    def products(self) -> tuple[Product, ...]:
        """Every product that can be traded here, flags as last heard."""
        ...

    def product(self, symbol: str) -> Product | None:
        """The product, or None where the venue has no such symbol."""
        ...

    def reading(self, symbol: str) -> MarketReading:
        """The market of one symbol as last heard; for an unheard symbol a reading without book or price."""
        ...

    def changes(self) -> AsyncIterator[str]:
        """Symbols whose market has changed, coalesced: a slow listener sees the latest, not every one."""
        ...
