"""Positions: average-cost entry price, realised and unrealised profit, folded from fills."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tidegate.domain.amounts import DOMAIN_CONTEXT, ONE, ZERO, Money, exact, to_finest
from tidegate.domain.fills import Fill
from tidegate.domain.products import Product
from tidegate.domain.vocabulary import OrderSide

_BUY = OrderSide.BUY


class Position(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What one strategy holds of one symbol.

    `quantity` is signed, in base units (contracts); `entry_price` the average cost in quote currency, None when flat;
    `realized_pnl` in quote currency before fees; `fees` the sum of fees in quote currency, base-currency fees at their
    fill's price (one in a third currency moves the balance only).

    `cost` is what the quantity cost in quote currency, signed as it is: an average has no last decimal, and profits
    that are taken from the cost sum exactly. None means quantity × multiplier × entry price.
    """

    symbol: str
    quantity: Decimal = ZERO
    entry_price: Decimal | None = None
    realized_pnl: Decimal = ZERO
    fees: Decimal = ZERO
    strategy_id: str = ""
    cost: Decimal | None = None

    @property
    def is_flat(self) -> bool:
        return not self.quantity

    def cost_of(self, product: Product) -> Money:
        """What the quantity cost, in quote currency, signed as it is; zero when flat."""
        if self.cost is not None:
            return Money(self.cost)
        return Money(ZERO) if self.entry_price is None else product.notional(self.quantity, self.entry_price)

    def unrealized_pnl(self, product: Product, mark: Decimal) -> Money:
        """quantity × multiplier × mark, less what it cost, in quote currency; zero when flat."""
        if not self.quantity:
            return Money(ZERO)
        return Money(DOMAIN_CONTEXT.subtract(product.notional(self.quantity, mark), self.cost_of(product)))


@exact
def apply_fill(position: Position, fill: Fill, product: Product) -> Position:
    """The position after one more fill, by average cost.

    A fill on the position's side averages the entry price; one against it realises (price − entry) on what it closes,
    and what is left of it opens the other way at its own price. A fee paid in the base currency of a spot product is
    so many coins sold at the fill's price, and their value is the fee.
    """
    return _after(position, fill, product)


def _after(position: Position, fill: Fill, product: Product) -> Position:
    signed = fill.quantity if fill.side is _BUY else -fill.quantity
    fee, currency = fill.fee, fill.fee_currency
    if currency == product.quote_currency or currency == product.settlement_currency or not fee or not currency:
        return _traded(position, signed, fill.price, fee, product)
    if product.is_spot and currency == product.base_currency:
        bought = _traded(position, signed, fill.price, fee * fill.price, product)
        return _traded(bought, -fee, fill.price, ZERO, product)
    return _traded(position, signed, fill.price, ZERO, product)


def _traded(position: Position, signed: Decimal, price: Decimal, fee: Decimal, product: Product) -> Position:
    """The position after a trade of so many units, negative when sold, and a fee in quote currency."""
    held, realized = position.quantity, position.realized_pnl
    unit = price if product.multiplier is ONE else price * product.multiplier
    quantity = held + signed
    entry: Decimal | None
    cost: Decimal | None
    if not held:
        entry, cost = price, signed * unit
    elif (held > ZERO) is (signed > ZERO):
        cost = position.cost_of(product) + signed * unit
        entry = cost / (quantity if product.multiplier is ONE else quantity * product.multiplier)
    elif quantity and (quantity > ZERO) is (held > ZERO):
        whole = position.cost_of(product)
        part = to_finest(whole * -signed / held)
        realized -= signed * unit + part
        entry, cost = position.entry_price, whole - part
    else:
        realized += held * unit - position.cost_of(product)
        entry, cost = (price, quantity * unit) if quantity else (None, None)
    return Position(
        symbol=position.symbol,
        quantity=quantity if quantity else ZERO,
        entry_price=entry,
        realized_pnl=realized,
        fees=position.fees + fee if fee else position.fees,
        strategy_id=position.strategy_id,
        cost=cost,
    )


def fill_order(fill: Fill) -> tuple[datetime, int, str, str]:
    """The canonical order of fills: by the venue's stamp, then by trade id, counting numbers as numbers do."""
    # The order comes last: where two orders of ours trade with each other, both their fills may have one trade id.
    return (fill.at, len(fill.trade_id), fill.trade_id, fill.client_order_id)


@exact
def fold_fills(opening: Position, fills: Iterable[Fill], product: Product) -> Position:
    """The position after all fills, in canonical order."""
    position = opening
    for fill in sorted(fills, key=fill_order):
        position = _after(position, fill, product)
    return position


RECENT_FILLS = 64
"""How many fills back a late one still finds its place; an older one is applied before these."""


class PositionHistory:
    """A position with its most recent fills, so that late news changes it as if it had come in time.

    Average cost depends on the order of fills; folding them in canonical order makes the result depend on the fills
    alone.
    """

    __slots__ = ("_base", "_fills", "_positions", "_summed_until", "leader", "position")

    def __init__(self, position: Position, summed_until: datetime | None = None) -> None:
        """Begin with a position; `summed_until` is the last fill that went into it and is not known by itself."""
        self.position = position
        self.leader: PositionHistory | None = None
        """The one history whose fills are all of this one's, too: then they are folded there, and only there."""
        self._summed_until = summed_until
        self._base = position
        self._fills: list[Fill] = []
        self._positions: list[Position] = []

    def can_place(self, fill: Fill) -> bool:
        """Whether it follows all that is known only as a sum, and what came since; if not, `become` comes first."""
        if self._summed_until is None:
            return True
        fills = self._fills
        return fill.at > self._summed_until and (not fills or fill_order(fill) >= fill_order(fills[-1]))

    def become(self, whole: "PositionHistory") -> None:
        """Take over the same history as folded from its beginning, and so be able to place whatever comes."""
        whole.part()
        self.position, self._base, self._summed_until = whole.position, whole._base, None
        self._fills, self._positions = whole._fills, whole._positions

    @exact
    def add(self, fill: Fill, product: Product) -> None:
        """Fold one fill that has not been seen before."""
        self.add_in_context(fill, product)

    def add_in_context(self, fill: Fill, product: Product) -> None:
        """`add` for callers that work in the domain's decimal context already."""
        fills, positions = self._fills, self._positions
        if not fills or fill.at > fills[-1].at or fill_order(fill) >= fill_order(fills[-1]):
            fills.append(fill)
            position = self.position = _after(self.position, fill, product)
            positions.append(position)
        else:
            self._insert(fill, product)
        if len(fills) > 2 * RECENT_FILLS:
            self._base = positions[RECENT_FILLS - 1]
            del fills[:RECENT_FILLS], positions[:RECENT_FILLS]

    def part(self) -> None:
        """Have no leader any more: what was folded there is taken over."""
        leader, self.leader = self.leader, None
        if leader is not None:
            self._base = self._as_own(leader._base)
            self._fills = list(leader._fills)
            self._positions = [self._as_own(position) for position in leader._positions]

    def _as_own(self, position: Position) -> Position:
        return replace(position, strategy_id=self.position.strategy_id)

    def _insert(self, fill: Fill, product: Product) -> None:
        """Give a late fill its place, and fold what comes after it again."""
        fills, positions = self._fills, self._positions
        place = bisect_right(fills, fill_order(fill), key=fill_order)
        fills.insert(place, fill)
        del positions[place:]
        position = positions[-1] if positions else self._base
        for later in fills[place:]:
            position = _after(position, later, product)
            positions.append(position)
        self.position = position
