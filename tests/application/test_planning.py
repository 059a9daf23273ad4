"""A plan tells what its order would meet at the venue, and reserves and sends nothing."""

from tests.application.rig import SPOT, Rig, offer_to_buy, placed, refused
from tidegate.domain.outcomes import Answer


async def test_a_plan_says_that_the_venue_would_refuse_a_post_only_order_that_takes() -> None:
    """No check of ours refuses it, since the market moves until it is there; the venue did, and the plan had passed."""
    rig = Rig()
    async with rig.open() as app:
        crossing, resting = offer_to_buy(100_100, post_only=True), offer_to_buy(99_000, post_only=True)
        plan = (await app.coordinator.plan(SPOT, crossing)).unwrap()
        told = [one.check for one in plan.verdicts if one.answer is Answer.WARN]
        assert told == ["VENUE_POST_ONLY_WOULD_CROSS"]
        refused(await app.coordinator.execute_decision(SPOT, crossing), "VENUE_POST_ONLY_WOULD_CROSS")

        plan = (await app.coordinator.plan(SPOT, resting)).unwrap()
        assert all(one.answer is Answer.PASS for one in plan.verdicts)
        placed(await app.coordinator.execute_decision(SPOT, resting))
