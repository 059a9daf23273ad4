"""Late fills: what a position and its profit come to depends on the fills alone, and not on when a process ended."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.histories import BUY, NOW, PERPETUAL, PRODUCTS, SELL, SPOT, filled, order, sent
from tidegate.adapters.brokers.scripted.market import ScriptedMarket
from tidegate.adapters.clocks import ManualClock
from tidegate.adapters.stores.memory import MemoryOrderStore
from tidegate.application.desk import AccountDesk
from tidegate.application.refold import Refold
from tidegate.application.taking_up import take_up
from tidegate.domain.events import FillBusted
from tidegate.domain.fills import reverse
from tidegate.domain.orders import Order
from tidegate.domain.positions import RECENT_FILLS
from tidegate.domain.products import Product
from tidegate.domain.records import StepCommitted, StoreUnavailable
from tidegate.domain.risk import RiskLimits, RiskManager
from tidegate.domain.states import TradingStates
from tidegate.domain.vocabulary import OrderSide


class Executed(msgspec.Struct, frozen=True):
    """A fill as it comes to be known; `late` is by how many seconds the venue stamped it before its turn."""

    side: OrderSide
    quantity: int
    price: int
    strategy_id: str = ""
    late: int = 0
    after_restart: bool = False


executions = st.builds(
    Executed,
    side=st.sampled_from([BUY, SELL]),
    quantity=st.integers(1, 9),
    price=st.integers(90, 110),
    strategy_id=st.sampled_from(["", "", "other"]),
    late=st.sampled_from([0, 0, 0, 1, 2, 30]),
    after_restart=st.booleans(),
)


class Account:
    """One store and the desks that take it up, one after the other."""

    def __init__(self, product: Product, store: MemoryOrderStore | None = None) -> None:
        self.product = product
        self.clock = ManualClock(NOW)
        self.store = store if store is not None else MemoryOrderStore("account", self.clock)
        self.desk = self._new_desk()
        self._orders: dict[tuple[OrderSide, str], Order] = {}

    def _new_desk(self) -> AccountDesk:
        market = ScriptedMarket(tuple(PRODUCTS.values()), self.clock)
        risk = RiskManager(RiskLimits(), TradingStates())
        return AccountDesk(store=self.store, market_data=market, clock=self.clock, risk_manager=risk)

    async def restart(self) -> None:
        self.desk = self._new_desk()
        await take_up(self.desk)

    async def book(self, number: int, one: Executed) -> None:
        key = (one.side, one.strategy_id)
        if key not in self._orders:
            name = f"{one.side.value}{one.strategy_id}"
            terms = {"side": one.side, "strategy_id": one.strategy_id, "symbol": self.product.symbol}
            self._orders[key] = order(name, quantity=Decimal(100_000), **terms)
            await self.desk.commit(NOW, sent(self._orders[key]))
        stamp = NOW + timedelta(seconds=number - one.late)
        of = self._orders[key]
        news = filled(of, number, Decimal(one.quantity), Decimal(one.price), at=stamp, fee=Decimal("0.01"))
        await self.desk.learn(of.client_order_id, (news,))

    async def refolded(self) -> Refold:
        fold = Refold(PRODUCTS.get)
        for row in await self.store.journal(limit=100_000):
            fold.row(row.at, row.events)
        return fold


def picture(of: Refold | AccountDesk) -> tuple[object, object]:
    """Every position with its profit, and the money, zeros left out."""
    positions = {key: history.position for key, history in of.ledger.positions.items()}
    return positions, {name: amount for name, amount in of.ledger.balances.items() if amount}


async def lived(account: Account, story: list[Executed]) -> None:
    for number, one in enumerate(story):
        if one.after_restart:
            await account.restart()
        await account.book(number, one)


@pytest.mark.parametrize("product", [PERPETUAL, SPOT], ids=["perpetual", "spot"])
@given(story=st.lists(executions, min_size=2, max_size=14))
def test_restarts_and_late_fills_come_to_what_the_journal_folds_to(product: Product, story: list[Executed]) -> None:
    """Average cost depends on the order of fills, and a store keeps only sums."""

    async def told() -> None:
        account = Account(product)
        await lived(account, story)
        assert picture(account.desk) == picture(await account.refolded())

    asyncio.run(told())


def test_a_late_fill_after_more_than_the_window_is_where_it_would_be_without_the_restart() -> None:
    """What is kept in memory of recent fills begins at the same place again."""

    async def told() -> None:
        account = Account(PERPETUAL)
        story = [Executed((BUY, SELL)[number % 3 == 2], 1 + number % 4, 100 + number % 7) for number in range(150)]
        story[-1] = Executed(SELL, 2, 90, late=RECENT_FILLS - 10, after_restart=True)
        await lived(account, story)
        assert picture(account.desk) == picture(await account.refolded())

    asyncio.run(told())


def test_a_late_fill_is_booked_even_where_the_store_cannot_be_read() -> None:
    """Truth about quantity comes first; the store's failure stops entries by itself."""

    class Failing(MemoryOrderStore):
        async def flush(self) -> StepCommitted | StoreUnavailable:
            return StoreUnavailable(reason="the disk is gone")

    async def told() -> None:
        account = Account(PERPETUAL)
        account.store = Failing("account", account.clock)
        await account.restart()
        await lived(
            account, [Executed(BUY, 3, 100), Executed(SELL, 1, 101), Executed(BUY, 1, 99, late=1, after_restart=True)]
        )
        assert account.desk.ledger.account_position("BTC-PERP").quantity == 3

    asyncio.run(told())


def test_a_late_fill_after_a_bust_and_a_restart_leaves_the_bust_booked() -> None:
    """S9: the history that a late fill has folded anew holds what was taken back, too."""

    async def told() -> None:
        account = Account(SPOT)
        await lived(account, [Executed(BUY, 5, 100), Executed(SELL, 2, 101)])
        (sold,) = (one for one in await account.store.fills() if one.side is SELL)
        busted = FillBusted(
            client_order_id=sold.client_order_id, trade_id=sold.trade_id, fill=reverse(sold), at=account.clock.now()
        )
        await account.restart()
        await account.desk.learn(sold.client_order_id, (busted,))
        assert picture(account.desk) == picture(await account.refolded())
        await account.restart()
        await account.book(2, Executed(BUY, 1, 99, late=30))
        assert account.desk.ledger.account_position(SPOT.symbol).quantity == 6
        assert picture(account.desk) == picture(await account.refolded())

    asyncio.run(told())
