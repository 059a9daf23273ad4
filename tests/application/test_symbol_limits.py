"""A symbol's own limits: what a symbol may have for itself holds for it, and leaves the others alone."""

from decimal import Decimal

from tests.application.interposing import InterposedVenue
from tests.application.rig import PERPETUAL, SPOT, Rig, buy, placed, refused
from tidegate.domain.submissions import Unreachable, VenuePosition, VenuePositions


async def test_a_symbols_own_number_of_orders_a_day_counts_its_own_orders() -> None:
    """Those of other symbols, which count against the account's, are none of them; a restart goes on counting."""
    rig = Rig(risk={"max_orders_per_day": 4, "symbols": {PERPETUAL: {"max_orders_per_day": 2}}})
    async with rig.open() as app:
        for size in ("0.01", "0.011", "0.012"):
            placed(await app.coordinator.execute_decision(SPOT, buy(size)))
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.01")))
    async with rig.open() as app:
        await rig.clock.advance(1)
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.011")))
        refusal = refused(await app.coordinator.execute_decision(PERPETUAL, buy("0.012")), "ORDER_SIZE")
        assert refusal.context["orders_today"] == refusal.context["limit"] == 2
        account = refused(await app.coordinator.execute_decision(SPOT, buy("0.013")), "ORDER_SIZE")
        assert account.context["orders_today"] == 5


async def test_a_symbols_own_period_of_repeated_orders_is_kept() -> None:
    """Six at two seconds each are too many in a minute, and not in the ten seconds of the others."""
    rig = Rig(risk={"symbols": {SPOT: {"repeated_orders_seconds": 60}}})
    async with rig.open() as app:
        for _ in range(5):
            placed(await app.coordinator.execute_decision(SPOT, buy("0.001")))
            placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.001")))
            await rig.clock.advance(4)
            rig.venue.speak()
        placed(await app.coordinator.execute_decision(PERPETUAL, buy("0.001")))
        refusal = refused(await app.coordinator.execute_decision(SPOT, buy("0.001")), "ORDER_SIZE")

    assert refusal.context["repeats"] == 5


async def test_a_symbols_own_tolerance_of_positions_is_kept() -> None:
    """S11: what the venue's position may differ by without being a mismatch."""
    rig = Rig(risk={"symbols": {PERPETUAL: {"position_tolerance_increments": 5}}})

    class Askew(InterposedVenue):
        told = Decimal("0.0005")

        async def positions(self) -> VenuePositions | Unreachable:
            one = VenuePosition(symbol=PERPETUAL, quantity=self.told, entry_price=Decimal(100_000))
            return VenuePositions(positions=(one,), at=rig.clock.now())

    venue = Askew(rig.venue)
    async with rig.open(venue=venue) as app:
        within = await app.operations.reconcile()
        venue.told = Decimal("0.0006")
        beyond = await app.operations.reconcile()

    assert within.suspected == within.differences == ()
    assert [one.subject for one in beyond.suspected] == [PERPETUAL]
