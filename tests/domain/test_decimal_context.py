"""The host's decimal context: whatever it is, the domain computes the same and gives it back as it was."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import (
    ROUND_UP,
    Clamped,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounded,
    Subnormal,
    Underflow,
    getcontext,
    localcontext,
)
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.domain.histories import (
    NOW,
    PERPETUAL,
    PRODUCTS,
    SELL,
    SPOT,
    Teller,
    decimals,
    fill,
    filled,
    news,
    order,
    orders,
    prices,
    product,
    record,
    sent,
    stories,
)
from tidegate.domain import amounts, books
from tidegate.domain.books import BookSnapshot, Level
from tidegate.domain.commitments import Commitments, margin_rate, reservation
from tidegate.domain.contradiction import contradiction
from tidegate.domain.decisions import Decision, same_content
from tidegate.domain.equity_history import EquityHistory, EquityMark
from tidegate.domain.events import AccountOpened, AmendRequested, DayOpened, EquityShifted, OrderAmended
from tidegate.domain.guards import LossBasis, daily_loss, feed, has_drawn_down, is_high_due
from tidegate.domain.marks import Mark
from tidegate.domain.pace import Pace, terms_of
from tidegate.domain.positions import Position, PositionHistory, apply_fill, fold_fills
from tidegate.domain.products import is_multiple, round_limit_price, round_quantity, round_trigger_price
from tidegate.domain.reconciliation import balance_differences, position_differences
from tidegate.domain.refusals import Remedy
from tidegate.domain.risk import RiskLimits
from tidegate.domain.valuation import Valuation
from tidegate.domain.views import MarketReading
from tidegate.domain.vocabulary import Action, OrderSide, Purpose

D = Decimal
LONG = D("1234567.12345678")
PRICE = D("60123.45")
SHORT, MORE, TWICE, NEXT = -LONG, LONG + 1, LONG * 2, PRICE + 1
OF = order(quantity=LONG, limit_price=PRICE)
RESTING = order("two", side=SELL, purpose=Purpose.REDUCTION, quantity=LONG / 2, limit_price=PRICE)
CONTRACTS = order("three", symbol="BTC-PERP", quantity=D(1234567), limit_price=PRICE, leverage=D(3))
BOOK = BookSnapshot(
    symbol="BTC-USD",
    bids=(Level(PRICE - D("1.11"), D("0.12345678")), Level(PRICE - D("7.77"), LONG)),
    asks=(Level(PRICE + D("1.11"), D("0.12345678")), Level(PRICE + D("7.77"), LONG)),
)
FILLS = [
    fill(OF, 1, "1.23456789", "60123.45", fee=D("0.00012345"), fee_currency="BTC"),
    fill(OF, 2, "2.34567891", "61234.56", fee=D("12.3456"), fee_currency="USD"),
    fill(RESTING, 3, "3.14159265", "62345.67", fee=D("-1.2345")),
]
HELD = Position(symbol="BTC-USD", quantity=LONG, entry_price=PRICE)


def hostile() -> AbstractContextManager[Context]:
    """Three digits, rounded up, and every signal a trap."""
    traps = [
        Clamped, DivisionByZero, FloatOperation, Inexact, InvalidOperation, Overflow, Rounded, Subnormal, Underflow,
    ]  # fmt: skip
    return localcontext(Context(prec=3, rounding=ROUND_UP, Emin=-3, Emax=3, traps=traps))


def ledger() -> Any:
    """An account with a bit of everything."""
    teller = Teller()
    balances = {"USD": D("123456789.12345678"), "BTC": D("1.23456789")}
    teller.ledger.apply(NOW, [AccountOpened(account_id="a", balances=balances, equity=None, at=NOW)])
    for one in (OF, RESTING, CONTRACTS):
        teller.tell(sent(one))
    for each in FILLS:
        teller.tell(filled(order(each.client_order_id and "one"), 9, each.quantity, each.price, trade_id=each.trade_id))
    teller.tell(filled(CONTRACTS, 1, "7654", "60001.23"))
    live = teller.ledger.orders[CONTRACTS.client_order_id]
    teller.ledger.withdraw(RESTING.client_order_id)
    teller.ledger.recall(live)
    return teller.ledger


def figures(of: Any) -> Any:
    """All the numbers of a ledger."""
    kept = of.commitments
    return (
        of.balances, kept.held, {key: history.position for key, history in of.positions.items()}, of.orders,
        {key: [getattr(one, name) for name in one.__slots__ if name not in ("bids", "asks")] + [one.reducing_leaves]
         for key, one in kept.by_symbol.items()},
    )  # fmt: skip


def commitments() -> Any:
    kept = Commitments()
    for one in (OF, RESTING, CONTRACTS):
        kept.update(record(one), PRODUCTS[one.symbol])
    kept.update(record(OF, filled(OF, 1, "1.1111111")), SPOT)
    kept.drop(CONTRACTS.client_order_id)
    return kept.held, kept.by_symbol["BTC-USD"].reducing_leaves, kept.by_symbol["BTC-USD"].buy_notional


def history() -> Position:
    kept = PositionHistory(Position(symbol="BTC-USD"))
    for one in (FILLS[0], FILLS[2], FILLS[1]):
        kept.add(one, SPOT)
    return kept.position


def valuation() -> Any:
    book = ledger()
    valued = Valuation(tuple(PRODUCTS.values()), "USD", {"BTC-USD": PRICE, "BTC-PERP": NEXT, "ETH-USD": PRICE}.get)
    return (
        valued.equity(book), valued.gross(book), valued.exposure(book, SPOT), valued.exposure(book, PERPETUAL),
        valued.account(book), valued.breaches(book, SPOT, RiskLimits()),
    )  # fmt: skip


def judged() -> Any:
    market = MarketReading(symbol="BTC-USD", mark=Mark(PRICE, NOW))
    said = {"given_product": None, "given_position": replace(HELD, quantity=SHORT), "mark": None}
    other = {"given_product": None, "given_position": replace(HELD), "mark": Mark(LONG, NOW)}
    return [
        contradiction(product=SPOT, market=market, held=HELD, limits=RiskLimits(), at=NOW, **terms)
        for terms in (said, other)
    ]


def pace() -> Any:
    kept = Pace(timedelta(seconds=10))
    kept.note_order(OF, terms_of(OF), NOW)
    return kept.reading(NOW, 5), kept.repeats(terms_of(OF))


AMENDED = record(
    OF,
    filled(OF, 1, "1.23456789", "61234.56"),
    news(OrderAmended, OF, request=1, quantity=LONG + 1, limit_price=PRICE + 1),
    news(AmendRequested, OF, request=2, quantity=LONG + 2, limit_price=PRICE + 2),
)

THUNKS: dict[str, Callable[[], Any]] = {
    "quantity": lambda: amounts.quantity("1234567.12345678"),
    "price": lambda: amounts.price(LONG),
    "money": lambda: amounts.money("-1234567.12345678"),
    "flaw": lambda: amounts.flaw(LONG),
    "plain": lambda: amounts.plain(LONG) + amounts.plain(SHORT),
    "to_finest": lambda: amounts.to_finest(D("0.33333333333333333333333")),
    "book": lambda: (BOOK.mid, BOOK.is_crossed, BOOK.best_bid),
    "walk": lambda: [(one, one.average, one.is_whole) for one in [books.walk(BOOK, side, D(2)) for side in OrderSide]],
    "walk to a limit": lambda: books.walk(BOOK, SELL, LONG, D(60_120)),
    "notional": lambda: (SPOT.notional(LONG, PRICE), PERPETUAL.notional(LONG, PRICE)),
    "rounding": lambda: [
        round_quantity(SPOT, D("1234.123456789")),
        round_limit_price(SPOT, SELL, D("1234.123456789")),
        round_trigger_price(product("BTC-USD", price_increment=D("0.03")), OrderSide.BUY, D("1234.123456789")),
        is_multiple(LONG, D("0.00000003")),
    ],
    "record": lambda: (
        AMENDED.leaves_quantity, AMENDED.reserved_quantity, AMENDED.average_price, AMENDED.is_overfilled,
        AMENDED.quantity_at_most, record(OF, filled(OF, 1, "1.2345678"), filled(OF, 2, "1.2345678", "61234.56")),
    ),
    "reservation": lambda: [reservation(record(one), PRODUCTS[one.symbol]) for one in (OF, RESTING, CONTRACTS)],
    "reservation of an amend": lambda: reservation(AMENDED, SPOT),
    "margin_rate": lambda: margin_rate(PERPETUAL, D(3)),
    "commitments": commitments,
    "apply_fill": lambda: [apply_fill(HELD, one, SPOT) for one in FILLS],
    "fold_fills": lambda: fold_fills(Position(symbol="BTC-USD"), FILLS, SPOT),
    "history": history,
    "unrealised": lambda: (HELD.unrealized_pnl(SPOT, D("61234.56")), HELD.cost_of(SPOT)),
    "ledger": lambda: figures(ledger()),
    "valuation": valuation,
    "daily loss": lambda: daily_loss(
        LONG, LossBasis(opening=TWICE, day_ago=EquityMark(NOW, MORE), high=TWICE), RiskLimits()
    ),
    "drawdown": lambda: (
        has_drawn_down(LONG, TWICE, RiskLimits()), is_high_due(LONG, D("0.1"), RiskLimits()),
        EquityHistory().after(DayOpened(equity=LONG, at=NOW)).after(EquityShifted(amount=MORE, at=NOW)),
        BOOK.is_within(D("0.00001")),
    ),
    "feed": lambda: feed(MarketReading(symbol="B", heard_at=NOW - timedelta(seconds=1234.5)), NOW, RiskLimits()),
    "contradiction": judged,
    "differences": lambda: (
        position_differences({"BTC-PERP": LONG}, {"BTC-PERP": SHORT}, {"BTC-PERP": MORE}),
        balance_differences({"USD": LONG}, {"USD": MORE}, {"USD": D("0.1")}),
    ),
    "remedy": lambda: Remedy("so", {"quantity": "1234567.12345678"}),
    "decision": lambda: same_content(
        "B", Decision(action=Action.BUY, decision_id="d", quantity=LONG), "B",
        Decision(action=Action.BUY, decision_id="d", quantity=LONG.copy_abs()),
    ),
    "pace": pace,
}  # fmt: skip
"""Everything public that computes, reads or writes a number; inputs that need arithmetic are made beforehand."""


@pytest.mark.parametrize("name", THUNKS)
def test_no_host_context_changes_a_result(name: str) -> None:
    """Three digits, rounding up, traps on every signal."""
    usual = THUNKS[name]()
    with hostile() as host:
        before = (host.prec, host.rounding, dict(host.traps))
        found = THUNKS[name]()
        assert getcontext() is host
        assert (host.prec, host.rounding, dict(host.traps)) == before

    assert repr(found) == repr(usual)


@given(st.data())
def test_no_host_context_changes_a_ledger(data: st.DataObject) -> None:
    """Whatever is told, and in the middle of it the host may change its mind."""
    told = []
    for number in range(data.draw(st.integers(1, 3))):
        of = data.draw(orders(f"order-{number}"))
        told += [sent(of), *data.draw(stories(of, may_overfill=True))]
    usual, other = Teller().tell_all(told), Teller()
    for event in told:
        if data.draw(st.booleans()):
            with hostile():
                other.tell(event)
        else:
            other.tell(event)

    assert repr(figures(other.ledger)) == repr(figures(usual.ledger))


@given(decimals("0.00000001", "999999.99999999", 8), prices, st.sampled_from(OrderSide))
def test_no_host_context_changes_a_rounding(value: Decimal, price: Decimal, side: OrderSide) -> None:
    """Sizes and prices as they come."""
    of = product("BTC-USD", base_increment=D("0.003"), price_increment=D("0.07"))
    usual = round_quantity(of, value), round_limit_price(of, side, price), of.notional(value, price)
    with hostile():
        assert (round_quantity(of, value), round_limit_price(of, side, price), of.notional(value, price)) == usual
