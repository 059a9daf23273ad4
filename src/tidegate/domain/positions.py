"""Positions: average-cost entry price, realised and unrealised profit, folded from fills."""

from bisect import insort
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from tidegate.domain.amounts import DOMAIN_CONTEXT, ZERO, Money, exact
from tidegate.domain.fills import Fill
from tidegate.domain.products import Product


class Position(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one strategy holds of one symbol.

    `quantity` is signed, in base units (contracts); `entry_price` the average cost in quote currency, None when flat;
    `realized_pnl` in quote currency before fees; `fees` the sum of fees in quote currency, base-currency fees at their
    fill's price.
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

    A fill on the position's side averages the entry price; one against it realises (price − entry) on what it closes,
    and what is left of it opens the other way at its own price. A fee paid in the base currency of a spot product is
    taken out of the quantity at the same cost.
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


def fill_order(fill: Fill) -> tuple[datetime, int, str]:
    """The canonical order of fills: by the venue's stamp, then by trade id, counting numbers as numbers do."""
    return (fill.at, len(fill.trade_id), fill.trade_id)


def fold_fills(opening: Position, fills: Iterable[Fill], product: Product) -> Position:
    """The position after all fills, in canonical order."""
    position = opening
    for fill in sorted(fills, key=fill_order):
        position = apply_fill(position, fill, product)
    return position


RECENT_FILLS = 64
"""How many fills back a late one still finds its place; an older one is applied as it comes."""


class PositionHistory:
    """A position with its most recent fills, so that late news changes it as if it had come in time.

    Average cost depends on the order of fills; folding them in canonical order makes the result depend on the fills
    alone.
    """

    __slots__ = ("_base", "_recent", "position")

    def __init__(self, position: Position) -> None:
        self.position = position
        self._base = position
        self._recent: list[Fill] = []

    def add(self, fill: Fill, product: Product) -> None:
        """Fold one fill that has not been seen before."""
        recent = self._recent
        if not recent or fill_order(recent[-1]) <= fill_order(fill):
            recent.append(fill)
            self.position = apply_fill(self.position, fill, product)
        else:
            insort(recent, fill, key=fill_order)
            self.position = fold_fills(self._base, recent, product)
        if len(recent) > 2 * RECENT_FILLS:
            self._base = fold_fills(self._base, recent[:RECENT_FILLS], product)
            del recent[:RECENT_FILLS]
