"""The grid: prices and sizes of a source, held against the increments of the product that they are said to be of."""

from decimal import ROUND_HALF_EVEN, Decimal

from tidegate.adapters.recordings.header import ProductEntry
from tidegate.domain.amounts import DOMAIN_CONTEXT, plain
from tidegate.domain.products import is_multiple

_BINARY_DIGITS_MIN = 15
"""A binary float holds 15 digits exactly: with fewer, what stands there is what somebody meant."""
_BINARY_ERROR = Decimal("1e-12")
"""Relative; that of a sum of some thousand floats."""
_INCREMENT_SHARE = Decimal("1e-3")


class OffGrid(ValueError):
    """A price or size that no market of these terms has: the increments were stated wrong; one line."""


class Grid:
    """What can be quoted and traded of a product.

    A number that only the arithmetic of binary floats has put beside the grid (0.30000000000000004) is put back on it;
    `smoothed` counts those.
    """

    def __init__(self, product: ProductEntry) -> None:
        self.price_increment = product.price_increment
        self.base_increment = product.base_increment
        self.smoothed = 0

    def price(self, value: Decimal, name: str = "price") -> Decimal:
        """A price on the grid.

        Raises:
            OffGrid: it is not.
        """
        return self._on(value, self.price_increment, name, "price_increment")

    def size(self, value: Decimal, name: str = "size") -> Decimal:
        """A size on the grid.

        Raises:
            OffGrid: it is not.
        """
        return self._on(value, self.base_increment, name, "base_increment")

    def has_size(self, value: Decimal) -> bool:
        """Whether a size is on the grid."""
        return is_multiple(value, self.base_increment)

    def _on(self, value: Decimal, increment: Decimal, name: str, key: str) -> Decimal:
        if is_multiple(value, increment):
            return value
        context = DOMAIN_CONTEXT
        steps = context.divide(value, increment).to_integral_value(ROUND_HALF_EVEN)
        near = context.multiply(steps, increment)
        away = context.abs(context.subtract(value, near))
        is_noise = (
            len(value.as_tuple().digits) >= _BINARY_DIGITS_MIN
            and away <= context.multiply(value, _BINARY_ERROR)
            and away <= context.multiply(increment, _INCREMENT_SHARE)
        )
        if not is_noise:
            raise OffGrid(
                f"{name} {plain(value)} is no whole number of increments of {plain(increment)}: the product's {key} is "
                f"not this market's; {plain(_holding(value))} would hold it"
            )
        self.smoothed += 1
        return Decimal(plain(near))


def _holding(value: Decimal) -> Decimal:
    """The largest power of ten, up to 1, that a value is a multiple of."""
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(min(int(exponent), 0))
