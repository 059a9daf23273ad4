"""Counting: in which currency an account is counted, and what a rehearsal begins with, where that is left open."""

from collections.abc import Sequence
from decimal import Decimal

from tidegate.adapters.settings.model import Settings
from tidegate.domain.products import Product


def reporting_currency(settings: Settings, products: Sequence[Product]) -> str:
    """What equity and limits are counted in.

    Where the settings do not say, and a rehearsal's market knows no price in the default, it is what the first product
    of that market is quoted in. A live account is always counted in what its settings say.
    """
    quotes = [product.quote_currency for product in products]
    is_said = settings.profile == "live" or "reporting_currency" in settings.model_fields_set
    return settings.reporting_currency if is_said or settings.reporting_currency in quotes or not quotes else quotes[0]


def opening_balances(settings: Settings, products: Sequence[Product]) -> dict[str, Decimal]:
    """What a rehearsal begins with: where nothing is said, the default amount of what is counted in."""
    said = dict(settings.paper.opening_balances)
    if "opening_balances" in settings.paper.model_fields_set:
        return said
    return {reporting_currency(settings, products): amount for amount in said.values()}
