"""Money is conserved: whatever is traded, paid, liquidated, settled, busted or deposited, it sums to what it was."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.brokers.simulated.exchange_floor import PERP, START, ExchangeFloor, an_order, book, header, trade
from tests.adapters.sessions.recordings import BUY, SELL
from tidegate.adapters.brokers.simulated import INSTANT
from tidegate.adapters.brokers.simulated.happenings import ScriptedEvent
from tidegate.domain.amounts import ZERO
from tidegate.domain.vocabulary import OrderSide, ProductKind, TimeInForce

Step = Callable[[ExchangeFloor, float], None]
"""Something that happens at the venue at a moment."""


def order(side: OrderSide, quantity: int, price: int, symbol: str, tif: TimeInForce) -> Step:
    """An order of ours: tenths of coins, or contracts."""
    size = Decimal(quantity) if symbol == "BTC-PERP" else Decimal(quantity) / 10

    def happen(floor: ExchangeFloor, at: float) -> None:
        floor.submit(an_order(f"o{at:.0f}", side, str(size), price, tif, symbol=symbol), at=at)

    return happen


def books(bid: int, spread: int, size: int) -> Step:
    """The market moves."""
    return lambda floor, at: floor.play(book([(bid, size)], [(bid + spread, size)], at=at))


def prints(side: OrderSide, price: int, size: int) -> Step:
    """Somebody trades."""
    return lambda floor, at: floor.play(trade(side, price, size, at=at))


SIDES = st.sampled_from([BUY, SELL])
SYMBOLS, TIMES = st.sampled_from(["BTC-USD", "BTC-PERP"]), st.sampled_from([TimeInForce.IOC, TimeInForce.GTC])
ORDERS = st.builds(order, SIDES, st.integers(1, 300), st.integers(85, 115), SYMBOLS, TIMES)
BOOKS = st.builds(books, st.integers(60, 140), st.integers(1, 4), st.integers(1, 400))
TRADES = st.builds(prints, SIDES, st.integers(85, 115), st.integers(1, 200))
STEPS = st.lists(st.one_of(ORDERS, BOOKS, TRADES), min_size=1, max_size=25)
TERMS = st.fixed_dictionaries(
    {
        "margin": st.sampled_from(["cross", "isolated"]),
        "fees_in": st.sampled_from(["quote", "received"]),
        "funding_rate": st.decimals(Decimal("-0.01"), Decimal("0.01"), places=7),
        "funding_hours": st.just(1),
        "liquidation_fee_rate": st.decimals(0, Decimal("0.1"), places=5),
    }
)
FUTURE = msgspec.structs.replace(
    PERP, kind=ProductKind.FUTURE, expires_at=START + timedelta(hours=10), multiplier=Decimal("0.03")
)
SCRIPT = (
    ScriptedEvent(kind="deposit", at=3_600.0, currency="USD", amount=Decimal("123.456789012345678")),
    ScriptedEvent(kind="deleveraging", at=7_200.0, symbol="BTC-PERP", fraction=Decimal("0.3")),
    ScriptedEvent(kind="bust", at=10_800.0),
    ScriptedEvent(kind="withdrawal", at=14_400.0, currency="USD", amount=Decimal("77.7")),
    ScriptedEvent(kind="bust", at=18_000.0, symbol="BTC-USD"),
)


@given(STEPS, TERMS, st.booleans())
@settings(deadline=None, max_examples=300)
def test_every_currency_sums_to_what_it_was(steps: list[Step], terms: dict[str, Any], expires: bool) -> None:
    """After every step, to the last decimal; and what is held back is never less than nothing."""
    floor = ExchangeFloor(
        balances={"USD": Decimal(1_000), "BTC": Decimal(3)},
        settings=msgspec.structs.replace(INSTANT, **terms),
        products=header(perp=FUTURE if expires else PERP),
        happenings=SCRIPT,
    )
    accounts = floor.venue.exchange.accounts
    floor.play(book([(99, 500)], [(101, 500)]))
    for number, happen in enumerate(steps, 1):
        at = 1_800.0 * number
        floor.advance(at)
        happen(floor, at)
        assert accounts.total("USD") == 1_000
        assert accounts.total("BTC") == 3
        assert all(held >= ZERO for held in accounts.held.values())
    floor.advance(1_000_000)
    assert accounts.total("USD") == 1_000
    if expires:
        assert accounts.position("BTC-PERP").is_flat
        assert accounts.state.margins == {}
