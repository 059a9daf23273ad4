"""Orders: what fills, what waits, what is cancelled and amended, and what is refused with a code."""

# ruff: noqa: S101 -- a contract is asserted

from pathlib import Path

from tidegate.domain.identifiers import client_order_id
from tidegate.domain.rejections import VENUE_REFUSALS
from tidegate.domain.submissions import (
    AmendConfirmed,
    AmendRefused,
    CancelConfirmed,
    CancelRefused,
    OrderAbsent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    VenueOrder,
)
from tidegate.domain.vocabulary import TimeInForce
from tidegate.testing.contracts.brokers.opened import OpenedVenue, VenueContract, approved_of, record_of


async def found(venue: OpenedVenue, name: str) -> VenueOrder:
    """The order as a query shows it."""
    answer = await venue.broker.order(client_order_id(venue.account_id, name), venue.symbol)
    assert isinstance(answer, VenueOrder)
    return answer


class OrderClaims(VenueContract):
    """What EnginePort promises of one order."""

    async def test_an_order_at_the_touch_fills_and_is_shown_filled(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            sent = venue.taking("a")
            assert isinstance(await venue.broker.submit(sent), OrderAcknowledged)
            order = await found(venue, "a")
            assert (order.symbol, order.side, order.quantity) == (venue.symbol, sent.order.side, sent.order.quantity)
            assert (order.filled_quantity, order.is_open) == (sent.order.quantity, False)

    async def test_an_order_away_from_the_market_waits_among_the_open_ones(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            answer = await venue.broker.submit(venue.resting("a"))
            assert isinstance(answer, OrderAcknowledged)
            assert (answer.fills, answer.is_finished) == ((), False)
            open_orders = await venue.broker.open_orders()
            assert isinstance(open_orders, tuple)
            assert [order.client_order_id for order in open_orders] == [client_order_id(venue.account_id, "a")]
            assert (await found(venue, "a")).is_open

    async def test_a_cancelled_order_is_not_open_and_a_second_cancel_is_refused(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            sent = venue.resting("a")
            await venue.broker.submit(sent)
            assert isinstance(await venue.broker.cancel(record_of(sent)), CancelConfirmed)
            assert await venue.broker.open_orders() == ()
            order = await found(venue, "a")
            assert (order.is_open, order.is_canceled) == (False, True)
            assert order.filled_quantity == 0
            assert isinstance(await venue.broker.cancel(record_of(sent)), CancelRefused)

    async def test_a_cancel_of_an_unknown_order_is_refused_and_a_query_finds_it_absent(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            never_sent = venue.resting("never")
            assert isinstance(await venue.broker.cancel(record_of(never_sent)), CancelRefused)
            assert isinstance(await venue.broker.order(never_sent.order.client_order_id, venue.symbol), OrderAbsent)

    async def test_an_immediate_order_away_from_the_market_is_finished_without_a_fill(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            answer = await venue.broker.submit(venue.resting("a", time_in_force=TimeInForce.IOC))
            assert isinstance(answer, OrderAcknowledged)
            assert (answer.fills, answer.is_finished) == ((), True)
            assert await venue.broker.open_orders() == ()

    async def test_post_only_that_would_take_is_rejected_and_never_taken(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            if not venue.broker.capabilities.post_only:
                return
            sent = venue.taking("a", post_only=True, time_in_force=TimeInForce.GTC)
            answer = await venue.broker.submit(sent)
            assert isinstance(answer, OrderRejectedByVenue)
            assert answer.code == "VENUE_POST_ONLY_WOULD_CROSS"
            assert answer.code in VENUE_REFUSALS
            assert await venue.broker.open_orders() == ()

    async def test_an_amend_gives_the_total_quantity_where_the_venue_can(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            sent = venue.resting("a")
            await venue.broker.submit(sent)
            smaller = sent.order.quantity - venue.product.base_increment
            answer = await venue.broker.amend(record_of(sent), smaller, None)
            if not venue.broker.capabilities.amend:
                assert isinstance(answer, AmendRefused)
                return
            assert isinstance(answer, AmendConfirmed)
            order = await found(venue, "a")
            assert (order.quantity, order.limit_price) == (smaller, sent.order.limit_price)
            assert isinstance(await venue.broker.cancel(record_of(sent)), CancelConfirmed)
            assert isinstance(await venue.broker.amend(record_of(sent), smaller, None), AmendRefused)

    async def test_a_preview_places_nothing(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            if not venue.broker.capabilities.preview:
                return
            asked = venue.resting("a")
            assert await venue.broker.preview(approved_of(asked)) is None
            assert isinstance(await venue.broker.order(asked.order.client_order_id, venue.symbol), OrderAbsent)
            assert isinstance(await venue.broker.submit(asked), OrderAcknowledged)
