"""Large fills: what would have moved a real market is counted wherever it is told, in an answer or on the stream."""

from msgspec.structs import replace

from tests.application.interposing import InterposedVenue
from tests.application.rig import SPOT, Rig, buy, placed
from tidegate.domain.orders import RecordedOrder
from tidegate.domain.submissions import OrderAcknowledged, SubmissionOutcome


async def test_a_large_fill_that_comes_with_the_answer_is_counted() -> None:
    """As the paper venue answers a market order."""
    rig = Rig()

    class Thin(InterposedVenue):
        async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
            answer = await super().submit(recorded)
            if not isinstance(answer, OrderAcknowledged):
                return answer
            return replace(answer, fills=tuple(replace(fill, is_large=True) for fill in answer.fills))

    async with rig.open(venue=Thin(rig.venue)) as app:
        placed(await app.coordinator.execute_decision(SPOT, buy()))
        summary = await app.summary(0)

    assert (summary.fills, summary.large_fills) == (1, 1)
