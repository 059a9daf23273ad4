"""Fills: the only thing that moves quantity (R5)."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from tidegate.domain.amounts import ZERO
from tidegate.domain.identifiers import ClientOrderId, TradeId, VenueOrderId
from tidegate.domain.vocabulary import Liquidity, OrderSide


class Fill(Struct, frozen=True, gc=False, kw_only=True):
    """One execution of one of our orders.

    `quantity` in units of base (contracts), `price` in quote currency, `fee` in `fee_currency` (negative for a
    rebate), `at` as the venue stamped it. `is_inferred` marks a value taken from a cumulative figure, never from the
    venue's own fill, `is_large` one of more than a tenth of what was there, as a simulated venue tells it: in a real
    market it would have moved the price.
    """

    trade_id: TradeId
    client_order_id: ClientOrderId
    symbol: str
    side: OrderSide
    quantity: Decimal
    price: Decimal
    at: datetime
    fee: Decimal = ZERO
    fee_currency: str = ""
    liquidity: Liquidity = Liquidity.TAKER
    venue_order_id: VenueOrderId | None = None
    strategy_id: str = ""
    is_inferred: bool = False
    is_large: bool = False


def reverse(fill: Fill) -> Fill:
    """The record that takes a fill back: the other side at the same price, and the fee returned."""
    return replace(
        fill,
        trade_id=TradeId(f"{fill.trade_id}:bust"),
        side=fill.side.opposite,
        fee=-fill.fee if fill.fee else fill.fee,
    )
