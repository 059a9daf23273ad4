"""The broker: an adapter as good as adapters can be, over a venue and a wire that need not be."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeVar

from tidegate.domain.fills import Fill
from tidegate.domain.identifiers import ClientOrderId, VenueOrderId
from tidegate.domain.movements import Movement
from tidegate.domain.orders import ApprovedOrder, OrderRecord, RecordedOrder
from tidegate.domain.refusals import AnyRefusal
from tidegate.domain.submissions import (
    AmendConfirmed,
    AmendOutcome,
    AmendRefused,
    AmendUnanswered,
    CancelConfirmed,
    CancelOutcome,
    CancelRefused,
    CancelUnanswered,
    EngineCapabilities,
    NeverSent,
    OrderAbsent,
    OrderAcknowledged,
    OrderRejectedByVenue,
    SubmissionOutcome,
    SubmissionUnanswered,
    Unreachable,
    VenueBalances,
    VenueOrder,
    VenuePosition,
    VenuePositions,
)
from tidegate.domain.vocabulary import Delivery, ReduceOnlySupport
from tidegate.testing.simulation.clock import STARTS_AT
from tidegate.testing.simulation.editing import Edit
from tidegate.testing.simulation.feed import SimulatedFeed
from tidegate.testing.simulation.gate import Gate
from tidegate.testing.simulation.misfortunes import (
    Misfortune,
    misfortune_of_amend,
    misfortune_of_cancel,
    misfortune_of_submit,
)
from tidegate.testing.simulation.stream import SimulatedStream, StreamSide
from tidegate.testing.simulation.telling import fill_of, request_of
from tidegate.testing.simulation.venue import Accepted, Rejected
from tidegate.testing.simulation.wire import Answered, Route
from tidegate.testing.simulation.world import World

T = TypeVar("T")

HORIZON_SECONDS = 15
"""H: a request that is ever to arrive has arrived, and lists show it, unless B26 strikes."""

_NO_ANSWER = Route(is_request_lost=True)


def capabilities_of(delivery: Delivery) -> EngineCapabilities:
    """What the simulated venue can do."""
    return EngineCapabilities(
        venue="simulated",
        delivery=delivery,
        horizon_seconds=Decimal(HORIZON_SECONDS),
        reduce_only=ReduceOnlySupport.NATIVE,
        amend=True,
    )


class IntentPoisoned(BaseException):
    """P11: the adapter's own bug, which one order's question brings out while a process starts."""


class SimulatedBroker(SimulatedFeed):
    """A Broker that keeps the ports' promises, one for each process; a death does not recall what was sent."""

    def __init__(self, world: World, gate: Gate, account_id: str) -> None:
        super().__init__(world.market, world.clock, world.board, gate.process)
        self._world = world
        self._gate = gate
        self._account_id = account_id
        self._side = StreamSide(world, gate.process)
        self.capabilities = capabilities_of(world.venue.delivery)

    # Orders

    async def submit(self, recorded: RecordedOrder) -> SubmissionOutcome:
        world, order = self._world, recorded.order
        await self._gate.reach(f"submit:before {order.client_order_id}")
        world.note_sent(recorded, self._gate.process.name)
        world.in_flight.add((self._gate.process.name, order.client_order_id))
        luck = misfortune_of_submit(world.board.strike("submit"), world.is_out())
        if luck.error is not None and luck.is_before:
            raise luck.error("as the plan has it")
        if luck.is_poison:
            world.poison = order.client_order_id
            await self._gate.die(f"submit:poison {order.client_order_id}")
        if luck.is_never_sent:
            world.never_sent.add(order.client_order_id)
            return NeverSent(reason=luck.reason, at=self._clock.now())
        try:
            answer = await world.wire.ask(partial(world.submit, request_of(order), luck), luck.route)
        finally:
            # Of a process that is dead this runs when the life is over: until then its request is under way.
            world.in_flight.discard((self._gate.process.name, order.client_order_id))
        await self._gate.reach(f"submit:after {order.client_order_id}")
        if luck.error is not None:
            raise luck.error("as the plan has it")
        return self._outcome(answer.value if isinstance(answer, Answered) else None, luck)

    def _outcome(self, answer: Accepted | Rejected | None, luck: Misfortune) -> SubmissionOutcome:
        at = self._clock.now()
        if answer is None or luck.is_garbled:
            return SubmissionUnanswered(reason=luck.reason or "timed out", at=at)
        if isinstance(answer, Rejected):
            return OrderRejectedByVenue(code=answer.code, reason=answer.reason, at=at)
        return OrderAcknowledged(
            venue_order_id=None if luck.has_no_order_id else VenueOrderId(answer.order.venue_order_id),
            at=at,
            fills=tuple(fill_of(fill) for fill in answer.fills),
            is_finished=answer.is_finished,
        )

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        world, order_id = self._world, order.client_order_id
        await self._gate.reach(f"cancel:before {order_id}")
        world.note_cancel(order_id, self._gate.process.name)
        luck = misfortune_of_cancel(world.board.strike("cancel"), world.is_out())
        answer = await world.wire.ask(partial(world.cancel, order_id), luck.route)
        await self._gate.reach(f"cancel:after {order_id}")
        at = self._clock.now()
        if not isinstance(answer, Answered) or luck.is_garbled:
            return CancelUnanswered(reason=luck.reason or "timed out", at=at)
        world.cancels_told[order_id] = answer.value == "done"
        return CancelConfirmed(at=at) if answer.value == "done" else CancelRefused(reason=answer.value, at=at)

    async def amend(self, order: OrderRecord, quantity: Decimal, limit_price: Decimal | None) -> AmendOutcome:
        world, order_id = self._world, order.client_order_id
        await self._gate.reach(f"amend:before {order_id}")
        edit = Edit(client_order_id=order_id, quantity=quantity, limit_price=limit_price)
        world.note_amend(edit, self._gate.process.name)
        fault = world.board.strike("amend")
        luck = misfortune_of_amend(fault, world.is_out())
        answer = await world.wire.ask(partial(world.amend, edit, fault), luck.route)
        await self._gate.reach(f"amend:after {order_id}")
        at = self._clock.now()
        if not isinstance(answer, Answered) or luck.is_garbled:
            return AmendUnanswered(reason=luck.reason or "timed out", at=at)
        return AmendConfirmed(at=at) if answer.value == "done" else AmendRefused(reason=answer.value, at=at)

    async def preview(self, approved: ApprovedOrder) -> AnyRefusal | None:
        return None

    def reports(self) -> SimulatedStream:
        self._gate.pass_by("reports")
        return self._side.open()

    # Questions

    async def order(self, client_order_id: ClientOrderId, symbol: str) -> VenueOrder | OrderAbsent | Unreachable:
        if client_order_id == self._world.poison and not self._gate.process.is_open:
            raise IntentPoisoned(client_order_id)
        answer = await self._ask(f"order {client_order_id}", partial(self._world.look_up, client_order_id))
        if isinstance(answer, Unreachable):
            return answer
        (found,) = answer
        return found if found is not None and found.symbol == symbol else OrderAbsent(at=self._clock.now())

    async def open_orders(self) -> tuple[VenueOrder, ...] | Unreachable:
        return await self._ask("open_orders", self._world.list_open)

    async def fills(self, since: datetime) -> tuple[Fill, ...] | Unreachable:
        return await self._ask("fills", partial(self._world.list_fills, (since - STARTS_AT).total_seconds()))

    async def balances(self) -> VenueBalances | Unreachable:
        answer = await self._ask("balances", self._world.list_balances)
        if isinstance(answer, Unreachable):
            return answer
        return VenueBalances(account_id=self._account_id, balances=dict(answer), at=self._clock.now())

    async def positions(self) -> VenuePositions | Unreachable:
        answer = await self._ask("positions", self._world.list_positions)
        if isinstance(answer, Unreachable):
            return answer
        held = tuple(VenuePosition(symbol=symbol, quantity=quantity) for symbol, quantity in answer)
        return VenuePositions(positions=held, at=self._clock.now())

    async def movements(self, since: datetime) -> tuple[Movement, ...]:
        """This world moves nothing by itself."""
        return ()

    async def _ask(self, what: str, work: Callable[[], tuple[T, ...]]) -> tuple[T, ...] | Unreachable:
        """A question that may find nobody, or only half of an answer, which is none (R7)."""
        world = self._world
        await self._gate.reach(f"query:before {what}")
        world.note_asked("query", what)
        fault = world.board.strike("query")
        is_lost = bool(world.is_out()) or fault is not None or world.is_listing_lost(what)
        asked_at = self._clock.monotonic()
        answer = await world.wire.ask(work, _NO_ANSWER if is_lost else Route())
        await self._gate.reach(f"query:after {what}")
        if isinstance(answer, Answered):
            world.answered.setdefault(what, []).append(asked_at)
            world.sight.read(self._gate.process.name, what, asked_at)
            return answer.value
        return Unreachable(reason="no complete answer", at=self._clock.now())
