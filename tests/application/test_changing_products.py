"""Products that change while the application runs: other fees and margins, gone, and back again."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tests.application.interposing import InterposedVenue
from tests.application.rig import (
    HORIZON_SECONDS,
    PERPETUAL,
    SPOT,
    Rig,
    buy,
    offer_to_buy,
    only,
    placed,
    refused,
    sell,
)
from tidegate import OrderStatus
from tidegate.adapters.brokers.scripted import Answer, CancelAnswer
from tidegate.adapters.brokers.scripted.products import SCRIPTED_PRODUCTS
from tidegate.application.application import Application
from tidegate.domain.products import Product


class Listing(InterposedVenue):
    """A venue whose list of products changes."""

    listed: tuple[Product, ...] = SCRIPTED_PRODUCTS

    @property
    def products(self) -> tuple[Product, ...]:
        return self.listed

    def product(self, symbol: str) -> Product | None:
        return next((product for product in self.listed if product.symbol == symbol), None)

    def change(self, symbol: str, **terms: Any) -> None:
        """Give a product other terms."""
        self.listed = tuple(replace(one, **terms) if one.symbol == symbol else one for one in self.listed)

    def delist(self, symbol: str) -> None:
        """Name it no more."""
        self.listed = tuple(product for product in self.listed if product.symbol != symbol)


async def reserved(app: Application) -> Decimal:
    """What the account has reserved, in USD."""
    account = await app.account()
    return account.balances["USD"] - account.available["USD"]


async def test_what_orders_reserve_follows_the_fees_and_margins_that_their_products_have_now() -> None:
    """A venue raises its margin overnight, and a tier of fees is lost: what rests costs more from then on."""
    rig = Rig()
    venue = Listing(rig.venue)
    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(SPOT, offer_to_buy(99_000, "0.02")))
        placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000, "0.02")))
        # 1,980 with a fee of 0.2 %, and half of 1,980, since the leverage is 2, with one of 0.05 %.
        assert await reserved(app) == Decimal("1983.96") + Decimal("990.99")
        venue.change(SPOT, taker_fee_rate=Decimal("0.01"))
        venue.change(PERPETUAL, initial_margin_rate=Decimal("0.75"))
        await rig.clock.advance(1)
        assert await reserved(app) == Decimal("1999.80") + Decimal("1485.99")
        assert (await app.summary(0)).invariants == "hold"


async def test_an_amend_in_the_moment_in_which_products_change_is_not_held_against_the_order_itself() -> None:
    """What it reserved is read as gone while its new terms are judged, also where all is reserved anew just then."""
    rig = Rig()
    venue = Listing(rig.venue)
    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy("0.02")))
        out = placed(await app.coordinator.execute_decision(SPOT, sell("0.02", limit_price=Decimal(101_000))))
        venue.change(SPOT, taker_fee_rate=Decimal("0.0021"))
        amended = await app.amend(out.client_order_id, Decimal("0.02"), Decimal(100_900))
        assert amended.unwrap().limit_price == 100_900


async def test_an_order_that_is_held_without_its_product_reserves_again_once_that_is_back() -> None:
    """It was taken up for a cancel that had no answer: it may still fill, and nothing is told of it meanwhile."""
    rig = Rig()
    venue = Listing(rig.venue)
    async with rig.open(venue=venue) as app:
        order = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000, "0.02")))
        before = await reserved(app)
    venue.delist(PERPETUAL)
    async with rig.open(venue=venue) as app:
        rig.venue.next_cancel(CancelAnswer.never_received())
        assert (await app.cancel(order.client_order_id)).unwrap().status is OrderStatus.PENDING_CANCEL
        assert await reserved(app) == 0
        venue.listed = SCRIPTED_PRODUCTS
        await rig.clock.advance(1)
        assert await reserved(app) == before
        assert (await app.summary(0)).invariants == "hold"


async def test_a_run_ends_with_its_summary_whatever_product_it_traded_is_gone() -> None:
    """A contract that has expired is named no more, in this life and in all that follow."""
    rig = Rig()
    venue = Listing(rig.venue)
    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.02")))
        resting = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))
        venue.delist(PERPETUAL)
        assert (await app.summary(0)).invariants == "hold"
        assert (await app.cancel(resting.client_order_id)).unwrap().status is OrderStatus.CANCELED
    async with rig.open(venue=venue) as app:
        assert (await app.summary(0)).invariants == "hold"
        assert [reading.unrealized_pnl for reading in await app.positions()] == [None]


async def test_an_order_whose_product_is_gone_is_not_amended() -> None:
    """It is refused like any other request for that symbol, and can be cancelled."""
    rig = Rig()
    venue = Listing(rig.venue)
    async with rig.open(venue=venue) as app:
        order = placed(await app.coordinator.execute_decision(PERPETUAL, offer_to_buy(99_000)))
        venue.delist(PERPETUAL)
        refused(await app.amend(order.client_order_id, Decimal("0.02")), "UNKNOWN_SYMBOL")
        assert only(app.open_orders()).status is OrderStatus.ACCEPTED


async def test_a_lost_exit_whose_product_is_gone_ends_as_not_accepted() -> None:
    """It cannot be judged anew, so it does not go out again; and nothing dies of it."""
    rig = Rig()
    venue = Listing(rig.venue)
    async with rig.open(venue=venue) as app:
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.02")))
        rig.venue.next_submit(Answer.timeout_never_received())
        exit_ = sell("0.02", reduce_only=True)
        placed(await app.coordinator.execute_decision(PERPETUAL, exit_))
        venue.delist(PERPETUAL)
        await rig.clock.advance(HORIZON_SECONDS + 5)
        refused(await app.coordinator.execute_decision(PERPETUAL, exit_), "NOT_ACCEPTED")
        assert app.dead_loops == {}
