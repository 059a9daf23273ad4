"""Movements: booked once, from the strategies that hold the side, and refused where a figure would be made up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tidegate.domain.amounts import ZERO, exact
from tidegate.domain.booking import ACCOUNT
from tidegate.domain.events import AccountMoved, AccountOpened, OrderFilled, OrderSending
from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, TradeId
from tidegate.domain.ledger import Ledger
from tidegate.domain.movements import FLOWS, Movement, MovementKind, movement_flaw
from tidegate.domain.orders import Order
from tidegate.domain.products import Product
from tidegate.domain.states import TradingStates
from tidegate.domain.vocabulary import OrderSide, OrderType, ProductKind, Purpose, TimeInForce

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
PERP = Product(
    symbol="BTC-PERP",
    kind=ProductKind.PERPETUAL,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="USD",
    underlying="BTC",
    price_increment=Decimal("0.5"),
    base_increment=Decimal(1),
    multiplier=Decimal("0.1"),
)


def movement(kind: MovementKind = MovementKind.FUNDING, movement_id: str = "m1", **changes: object) -> Movement:
    """A movement, of one dollar unless told otherwise."""
    plain = Movement(movement_id=movement_id, kind=kind, at=AT, currency="USD", amount=Decimal(1))
    return replace(plain, **changes)


def closing(kind: MovementKind, quantity: int, price: int = 100, movement_id: str = "m1", fee: int = 0) -> Movement:
    """A movement of a position."""
    return Movement(
        movement_id=movement_id,
        kind=kind,
        at=AT + timedelta(seconds=60),
        symbol="BTC-PERP",
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        fee_currency="USD" if fee else "",
    )


def a_ledger() -> Ledger:
    """An account with a thousand dollars and nothing else."""
    ledger = Ledger({"BTC-PERP": PERP}.get, TradingStates())
    ledger.apply(AT, [AccountOpened(account_id="a", balances={"USD": Decimal(1_000)}, equity=Decimal(1_000), at=AT)])
    return ledger


def hold(ledger: Ledger, strategy_id: str, quantity: int, price: int = 100) -> None:
    """A position of one strategy."""
    name = ClientOrderId(f"o{strategy_id}{quantity}")
    side = OrderSide.BUY if quantity > 0 else OrderSide.SELL
    order = Order(
        client_order_id=name,
        decision_id=f"d{name}",
        symbol="BTC-PERP",
        side=side,
        order_type=OrderType.MARKET,
        quantity=Decimal(abs(quantity)),
        time_in_force=TimeInForce.IOC,
        purpose=Purpose.ENTRY,
        created_at=AT,
        strategy_id=strategy_id,
    )
    fill = Fill(
        trade_id=TradeId(f"t{name}"),
        client_order_id=name,
        symbol="BTC-PERP",
        side=side,
        quantity=Decimal(abs(quantity)),
        price=Decimal(price),
        at=AT,
    )
    ledger.apply(AT, [OrderSending(order=order, worst_price=Decimal(price), attempt=1, epoch=1, at=AT)])
    ledger.apply(AT, [OrderFilled(client_order_id=name, fill=fill, at=AT)])


def move(ledger: Ledger, *movements: Movement) -> bool:
    """Whether they said anything new."""
    return ledger.apply(AT, [AccountMoved(movement=one, at=one.at) for one in movements]) is not None


def held(ledger: Ledger, *owners: str) -> list[Decimal]:
    """The positions of strategies, or of the account."""
    return [ledger.position("BTC-PERP", owner).quantity for owner in owners]


def test_a_movement_is_booked_once() -> None:
    """From the stream, from the list, twice in one step or in two."""
    ledger = a_ledger()

    assert move(ledger, movement(), movement())
    assert not move(ledger, movement())

    assert ledger.balances == {"USD": Decimal(1_001)}
    assert ledger.movements == {"m1": AT}


@pytest.mark.parametrize("kind", list(MovementKind))
def test_only_flows_change_what_is_not_ours(kind: MovementKind) -> None:
    """Coins that come by a flow are external; funding is ours to win and to lose."""
    ledger = a_ledger()

    move(ledger, movement(kind, currency="BTC", amount=Decimal(2)))
    move(ledger, movement(kind, "m2", currency="BTC", amount=Decimal(-3)))

    assert ledger.opening_balances.get("BTC", ZERO) == 0
    assert ledger.balances["BTC"] == -1
    move(ledger, movement(kind, "m3", currency="BTC", amount=Decimal(5)))
    assert ledger.opening_balances.get("BTC", ZERO) == (5 if kind in FLOWS else 0)


def test_a_liquidation_takes_the_position_and_settles_its_loss_and_its_fee() -> None:
    """Long 10 × 0.1 from 100, closed at 90 for a fee of 3: the loss of 10 and the fee are gone."""
    ledger = a_ledger()
    hold(ledger, "s", 10)

    move(ledger, closing(MovementKind.LIQUIDATION, -10, 90, fee=3))

    assert held(ledger, "s", ACCOUNT) == [0, 0]
    assert ledger.balances == {"USD": Decimal(987)}
    own = ledger.position("BTC-PERP", "s")
    assert (own.realized_pnl, own.fees) == (Decimal(-10), Decimal(3))


def test_a_change_is_taken_from_those_who_hold_the_side_the_largest_first() -> None:
    """12 of long 10 and 5 beside short 3: the larger whole, 2 of the smaller, the short untouched."""
    ledger = a_ledger()
    hold(ledger, "small", 5)
    hold(ledger, "large", 10)
    hold(ledger, "short", -3)

    move(ledger, closing(MovementKind.DELEVERAGING, -12))

    assert held(ledger, "small", "large", "short", ACCOUNT) == [3, 0, -3, 0]


def test_what_nobody_holds_is_the_accounts_under_no_strategys_name() -> None:
    """More than all hold: the rest turns the account, and no strategy."""
    ledger = a_ledger()
    hold(ledger, "s", 4)

    move(ledger, closing(MovementKind.SETTLEMENT, -6))

    assert held(ledger, "s", "", ACCOUNT) == [0, -2, -2]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(-9, 9).filter(bool), st.integers(90, 110)), max_size=5),
    st.lists(st.tuples(st.integers(-15, 15).filter(bool), st.integers(90, 110)), min_size=1, max_size=4),
)
def test_the_strategies_sum_to_the_account_and_money_to_its_profit(
    opened: list[tuple[str, int, int]], moved: list[tuple[int, int]]
) -> None:
    """Whatever is held and whatever is moved; and the same again from the journal."""
    ledger = a_ledger()
    for number, (strategy_id, quantity, price) in enumerate(opened):
        hold(ledger, f"{strategy_id}{number}", quantity, price)
    for number, (quantity, price) in enumerate(moved):
        move(ledger, closing(MovementKind.LIQUIDATION, quantity, price, f"m{number}", fee=1))

    account = ledger.account_position("BTC-PERP")
    owners = {owner for _, owner in ledger.positions if owner != ACCOUNT}
    positions = [ledger.position("BTC-PERP", owner) for owner in owners]
    assert sum(one.quantity for one in positions) == account.quantity
    assert sum(one.fees for one in positions) == account.fees == len(moved)
    profit = exact(lambda: account.realized_pnl - account.fees)()
    assert ledger.balances["USD"] == 1_000 + profit


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"movement_id": ""}, "no id"),
        ({"amount": Decimal("NaN")}, "no number"),
        ({"currency": ""}, "money of no currency"),
        ({"fee": Decimal(1)}, "a fee in no currency"),
        ({"quantity": Decimal(1), "symbol": "DOGE", "price": Decimal(1)}, "DOGE, which is not traded here"),
        ({"quantity": Decimal(1), "symbol": "BTC-PERP"}, "at no price"),
        ({"quantity": Decimal(1), "symbol": "BTC-USD", "price": Decimal(1)}, "coins are told as money"),
    ],
)
def test_what_cannot_be_booked_says_why(wrong: dict[str, object], told: str) -> None:
    """No figure is made up for it."""
    products = {"BTC-PERP": PERP, "BTC-USD": replace(PERP, symbol="BTC-USD", kind=ProductKind.SPOT)}
    assert told in movement_flaw(movement(**wrong), products)  # type: ignore[arg-type]  # names of its fields


def test_what_can_be_booked_has_no_flaw() -> None:
    """Money, a position, or both."""
    assert movement_flaw(movement(), {}) == ""
    assert movement_flaw(closing(MovementKind.SETTLEMENT, 1), {"BTC-PERP": PERP}) == ""
