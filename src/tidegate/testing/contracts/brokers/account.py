"""Account: fills, balances and positions agree with each other to the last decimal."""

# ruff: noqa: S101 -- a contract is asserted

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from tidegate.domain.fills import Fill
from tidegate.domain.submissions import VenueBalances, VenuePositions
from tidegate.testing.contracts.brokers.opened import OpenedVenue, VenueContract, record_of

_MOMENT = timedelta(microseconds=1)


async def balances(venue: OpenedVenue) -> VenueBalances:
    """The balances, reached."""
    answer = await venue.broker.balances()
    assert isinstance(answer, VenueBalances)
    return answer


async def fills_since(venue: OpenedVenue, since: timedelta) -> tuple[Fill, ...]:
    """The fills of the time before now, reached."""
    answer = await venue.broker.fills(venue.clock.now() - since)
    assert isinstance(answer, tuple)
    return answer


class AccountClaims(VenueContract):
    """What AccountPort and `fills` promise."""

    async def test_fills_carry_their_order_and_ids_of_their_own(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            first, second = venue.taking("a"), venue.taking("b")
            await venue.broker.submit(first)
            await venue.broker.submit(second)
            fills = await fills_since(venue, timedelta(minutes=1))
            assert len({fill.trade_id for fill in fills}) == len(fills) >= 2
            assert [fill.at for fill in fills] == sorted(fill.at for fill in fills)
            for sent in (first, second):
                own = [fill for fill in fills if fill.client_order_id == sent.order.client_order_id]
                assert sum((fill.quantity for fill in own), Decimal(0)) == sent.order.quantity
                assert all((fill.symbol, fill.side) == (venue.symbol, sent.order.side) for fill in own)
                assert all(not fill.is_inferred for fill in own)

    async def test_fills_before_the_moment_asked_for_are_left_out(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            await venue.broker.submit(venue.taking("a"))
            (*_, last) = await fills_since(venue, timedelta(minutes=1))
            assert last in (await venue.broker.fills(last.at) or ())  # type: ignore[operator]  # Unreachable fails here
            assert await venue.broker.fills(last.at + _MOMENT) == ()

    async def test_balances_move_by_exactly_what_filled_and_its_fees(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            product = venue.product
            if not product.is_spot:
                return
            before = await balances(venue)
            await venue.broker.submit(venue.taking("a"))
            expected = dict(before.balances)
            for fill in await fills_since(venue, timedelta(minutes=1)):
                cost = product.notional(fill.quantity, fill.price)
                for currency, change in (
                    (product.base_currency, fill.quantity),
                    (product.quote_currency, -cost),
                    (fill.fee_currency, -fill.fee),
                ):
                    expected[currency] = expected.get(currency, Decimal(0)) + change
            after = await balances(venue)
            assert {name: amount for name, amount in after.balances.items() if amount} == {
                name: amount for name, amount in expected.items() if amount
            }

    async def test_totals_include_what_resting_orders_hold(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            before = await balances(venue)
            sent = venue.resting("a")
            await venue.broker.submit(sent)
            assert (await balances(venue)).balances == before.balances
            await venue.broker.cancel(record_of(sent))
            assert (await balances(venue)).balances == before.balances

    async def test_flat_positions_are_left_out(self, tmp_path: Path) -> None:
        async with self.open_venue(tmp_path) as venue:
            answer = await venue.broker.positions()
            assert isinstance(answer, VenuePositions)
            assert all(position.quantity for position in answer.positions)
