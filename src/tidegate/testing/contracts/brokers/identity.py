"""Identity: what a venue does with a client order id that it has seen, as its class says."""

# ruff: noqa: S101 -- a contract is asserted

from pathlib import Path

import msgspec

from tidegate.domain.orders import RecordedOrder
from tidegate.domain.submissions import OrderAcknowledged, OrderRejectedByVenue
from tidegate.domain.vocabulary import Delivery
from tidegate.testing.contracts.brokers.opened import OpenedVenue, VenueContract, record_of
from tidegate.testing.contracts.brokers.orders import found


def again(sent: RecordedOrder) -> RecordedOrder:
    """The same order as a later attempt."""
    return msgspec.structs.replace(sent, attempt=sent.attempt + 1)


async def filled_quantities(venue: OpenedVenue) -> list[object]:
    """Every fill's quantity since the venue was opened."""
    fills = await venue.broker.fills(venue.clock.now().replace(year=2000))
    assert isinstance(fills, tuple)
    return [fill.quantity for fill in fills]


class IdentityClaims(VenueContract):
    """What class A promises; a venue of another class has nothing to show here."""

    async def test_a_second_submit_of_a_filled_order_fills_nothing_more(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            if venue.broker.capabilities.delivery is not Delivery.A:
                return
            sent = venue.taking("a")
            await venue.broker.submit(sent)
            before = await filled_quantities(venue)
            answer = await venue.broker.submit(again(sent))
            assert isinstance(answer, OrderAcknowledged | OrderRejectedByVenue)
            assert await filled_quantities(venue) == before
            assert (await found(venue, "a")).filled_quantity == sent.order.quantity

    async def test_a_second_submit_of_a_cancelled_order_does_not_revive_it(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            if venue.broker.capabilities.delivery is not Delivery.A:
                return
            sent = venue.resting("a")
            await venue.broker.submit(sent)
            await venue.broker.cancel(record_of(sent))
            await venue.broker.submit(again(sent))
            assert await venue.broker.open_orders() == ()

    async def test_the_same_id_with_other_terms_leaves_the_first_as_it_was(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            if venue.broker.capabilities.delivery is not Delivery.A:
                return
            sent = venue.resting("a")
            await venue.broker.submit(sent)
            other = venue.resting("a", quantity=sent.order.quantity + venue.product.base_increment)
            await venue.broker.submit(other)
            open_orders = await venue.broker.open_orders()
            assert isinstance(open_orders, tuple)
            assert [order.quantity for order in open_orders] == [sent.order.quantity]
