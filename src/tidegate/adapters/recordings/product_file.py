"""A product's terms from a file of the user's: what a capture of a market does not say, and no importer may invent."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from tidegate.adapters.recordings.header import ProductEntry
from tidegate.adapters.shapes import flaw_of
from tidegate.adapters.spelling import nearest, shown

_SIZE_MAX = 100_000
_NOT_HERE = ("prices_from",)
_KEYS = tuple(name for name in ProductEntry.__struct_fields__ if name not in _NOT_HERE)
_NEEDED = (
    "symbol",
    "kind",
    "base_currency",
    "quote_currency",
    "price_increment",
    "base_increment",
    "maker_fee_rate",  # fees of nothing would flatter every result, so they are never a default
    "taker_fee_rate",
)
_FEE_RATE_MAX = Decimal("0.1")
"""As in the settings: what is more was meant in per cent or in basis points."""
_KINDS = ("SPOT", "PERPETUAL", "FUTURE")


class ProductFileError(Exception):
    """A product file that cannot be used; one line that names the file and the key."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {' '.join(reason.split())}")


def read_product(path: Path) -> ProductEntry:
    """The product of a TOML file, or of a JSON one if its name ends in .json.

    The keys are those of a product in a recording's header. `settlement_currency` is the quote currency and
    `underlying` the base currency where they are left out.

    Raises:
        ProductFileError: it cannot be read, a key is missing or unknown, or a value is none of its kind.
    """
    table = _table(path)
    unknown = next((key for key in table if key not in _KEYS), None)
    if unknown is not None:
        raise ProductFileError(path, f"unknown key {shown(unknown)}; did you mean {nearest(unknown, _KEYS)}?")
    missing = next((key for key in _NEEDED if key not in table), None)
    if missing is not None:
        raise ProductFileError(path, f"the key {missing} is missing; a product needs {', '.join(_NEEDED)}")
    kind = str(table["kind"]).upper()
    if kind not in _KINDS:
        raise ProductFileError(path, f"kind: {shown(kind)} is none of {', '.join(_KINDS)}")
    table |= {"kind": kind}
    table.setdefault("settlement_currency", table["quote_currency"])
    table.setdefault("underlying", table["base_currency"])
    try:
        product = msgspec.convert(table, ProductEntry)
    except msgspec.ValidationError as error:
        raise ProductFileError(path, flaw_of(error, _KEYS)) from None
    for name in ("maker_fee_rate", "taker_fee_rate"):
        if abs(getattr(product, name)) > _FEE_RATE_MAX:
            raise ProductFileError(path, f"{name} must be at most {_FEE_RATE_MAX}: a rate of 0.001 is 0.1 %")
    contradiction = _contradiction(product)
    if contradiction:
        raise ProductFileError(path, contradiction)
    return product


def _contradiction(product: ProductEntry) -> str:
    """Why no market can have these terms together; nothing where one can."""
    if product.initial_margin_rate > 1:
        return "initial_margin_rate must be at most 1: a rate of 0.1 is 10 %"
    if product.maintenance_margin_rate >= product.initial_margin_rate:
        return "maintenance_margin_rate must be below initial_margin_rate, or each position is liquidated as it opens"
    if product.maximum_quantity is not None and product.maximum_quantity < product.minimum_quantity:
        return "maximum_quantity is below minimum_quantity"
    if product.base_currency == product.quote_currency:
        return f"base_currency and quote_currency are both {product.quote_currency}"
    return ""


def _table(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_SIZE_MAX + 1)
    except OSError as error:
        raise ProductFileError(path, error.strerror or "cannot be read") from None
    if len(content) > _SIZE_MAX:
        raise ProductFileError(path, f"larger than {_SIZE_MAX} bytes: this is no product")
    is_json = path.suffix == ".json"
    try:
        text = content.decode()
        table = json.loads(text, parse_float=Decimal) if is_json else tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ProductFileError(path, f"not {'JSON' if is_json else 'TOML'}: {shown(str(error), 120)}") from None
    if not isinstance(table, dict):
        raise ProductFileError(path, "not a table of keys and values")
    return {
        key: Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for key, value in table.items()
    }
