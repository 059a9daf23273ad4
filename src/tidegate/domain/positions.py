"""Positions: average-cost entry price, realised and unrealised profit, folded from fills."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO, Money, exact
from tidegate.domain.fills import Fill
from tidegate.domain.products import Product


class Position(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one strategy holds of one symbol.

    `quantity` is signed, in base units (contracts); `entry_price` the average cost in quote currency, None when flat;
    `realized_pnl` in quote currency before fees; `fees` the sum of fees in quote currency, base-currency fees at their fill's price.
    """

    symbol: str
    quantity: Decimal = ZERO
    entry_price: Decimal | None = None
    realized_pnl: Decimal = ZERO
    fees: Decimal = ZERO
    strategy_id: str = ""

    @property
    def is_flat(self) -> bool:
        return not self.quantity

    def unrealized_pnl(self, product: Product, mark: Decimal) -> Money:
        """quantity × (mark − entry) × multiplier, in quote currency; zero when flat."""
        if self.entry_price is None:
            return Money(ZERO)
        return product.notional(self.quantity, DOMAIN_CONTEXT.subtract(mark, self.entry_price))


@exact
def apply_fill(position: Position, fill: Fill, product: Product) -> Position:
    """The position after one more fill, by average cost.

    A fill on the position's side averages the entry price; one against it realises (price − entry) on what it closes, and
    what is left of it opens the other way at its own price. A fee paid in the base currency of a spot product is taken
    out of the quantity at the same cost.
    """
    signed = fill.quantity if fill.side.sign > 0 else -fill.quantity
    held, entry, realized = position.quantity, position.entry_price, position.realized_pnl
    if entry is None or not held:
        after, entry_after = signed, fill.price
    elif (held > 0) == (signed > 0):
        after = held + signed
        entry_after = (held * entry + signed * fill.price) / after
    else:
        closed = min(abs(held), abs(signed))
        gain = product.notional(closed, fill.price - entry)
        realized += gain if held > 0 else -gain
        after = held + signed
        entry_after = fill.price if abs(signed) > abs(held) else entry
    fee_value = fill.fee
    if product.is_spot and fill.fee and fill.fee_currency == product.base_currency:
        after -= fill.fee
        fee_value = fill.fee * fill.price
    return Position(
        symbol=position.symbol,
        quantity=after,
        entry_price=entry_after if after else None,
        realized_pnl=realized,
        fees=position.fees + fee_value,
        strategy_id=position.strategy_id,
    )


def fill_order(fill: Fill) -> tuple[float, str]:
    """The canonical order of fills: by the venue's stamp, then by trade id, whatever order the news came in."""
    return (fill.at.timestamp(), fill.trade_id)


def fold_fills(opening: Position, fills: Iterable[Fill], product: Product) -> Position:
    """The position after all fills, in canonical order, each trade id once."""
    position = opening
    seen: set[str] = set()
    for fill in sorted(fills, key=fill_order):
        if fill.trade_id not in seen:
            seen.add(fill.trade_id)
            position = apply_fill(position, fill, product)
    return position
