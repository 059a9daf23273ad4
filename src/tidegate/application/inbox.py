"""The inbox: requests of other processes, carried out by the one that writes the account.

Decisions have a lane of their own: a venue may take its time with an order, and no cancel, close or halt waits for it.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
from returns.result import Failure, Success

from tidegate.application.operations import Operations
from tidegate.application.placement import PlacementResult
from tidegate.domain.outcomes import OrderPlaced
from tidegate.domain.records import InboxAnswer, InboxRequest, RequestKind, StepCommitted
from tidegate.domain.requests import (
    CancelAllRequest,
    CancelRequest,
    CloseRequest,
    DecideRequest,
    ReconcileRequest,
    Reply,
    SettleRequest,
    StateRequest,
)

Lane = frozenset[RequestKind]
_DECISIONS: Lane = frozenset({RequestKind.DECIDE})
LANES: dict[str, Lane] = {"inbox": frozenset(RequestKind) - _DECISIONS, "decisions of the inbox": _DECISIONS}
"""What is carried out in order, by the name of the loop that does; a loop each."""
_PATIENCE_SECONDS, _LOOK_SECONDS = 1.0, 0.05
"""How long whatever follows a decision lets it go first, and how often it looks."""


class InboxServer:
    """Carries out the requests of each lane in order, each answered durably; one that cannot be read, with why."""

    def __init__(self, operations: Operations, process: str) -> None:
        self._operations = operations
        self._process = process
        self._begun: set[str] = set()
        self._overtaken: set[str] = set()
        self._unrecorded: dict[str, Reply] = {}
        """Answers that the store has not taken, by their requests: it shows those again, and they are carried out."""

    async def serve_once(self, lane: Lane, beat: Callable[[], None]) -> None:
        """Carry out what of a lane waits now, with a beat of the pulse before each look and each request."""
        beat()
        store, earlier = self._operations.desk.store, list[str]()
        for request in await store.requests():
            if request.kind not in lane:
                earlier += [request.request_id] if request.kind in _DECISIONS else []
                continue
            beat()
            await self._let_begin(earlier)
            reply = self._unrecorded.get(request.request_id) or await self._carry_out_once(request)
            answer = InboxAnswer(
                request_id=request.request_id,
                payload=msgspec.json.encode(reply).decode(),
                process=self._process,
                epoch=store.epoch,
            )
            if isinstance(await store.answer(answer), StepCommitted):
                self._unrecorded.pop(request.request_id, None)
            else:
                self._unrecorded[request.request_id] = reply

    async def _let_begin(self, decisions: Collection[str]) -> None:
        """Give decisions that were asked for before the time that most need; a venue that hangs keeps nothing back."""
        clock, store = self._operations.desk.clock, self._operations.desk.store
        deadline = clock.monotonic() + _PATIENCE_SECONDS
        waiting = set(decisions)
        while waiting - self._overtaken and clock.monotonic() < deadline:
            await clock.sleep(_LOOK_SECONDS)
            waiting &= {request.request_id for request in await store.requests()}
        self._overtaken = waiting

    async def _carry_out_once(self, request: InboxRequest) -> Reply:
        """N10: a request that ended a try in an exception is a dead letter, and keeps no other from its turn."""
        if request.request_id in self._begun:
            return Reply(error="an exception ended it; what it came to stands in the events")
        self._begun.add(request.request_id)
        reply = await self._carry_out(request)
        self._begun.discard(request.request_id)
        return reply

    async def _carry_out(self, request: InboxRequest) -> Reply:
        kind, handle = _HANDLERS[request.kind]
        try:
            body: Any = msgspec.json.decode(request.payload, type=kind)
        except (msgspec.DecodeError, msgspec.ValidationError, TypeError) as error:
            return Reply(error=f"the request could not be read: {error}")
        desk = self._operations.desk
        if isinstance(body, DecideRequest) and desk.is_live:
            # A request may have waited for a process for a night: then it is as old as that.
            body = body.asked_at(min(request.at, desk.clock.now()))
        return await handle(self._operations, body)


async def _decide(operations: Operations, body: DecideRequest) -> Reply:
    decision = body.dated(operations.desk.clock.now())
    return _reply_of(await operations.coordinator.execute_decision(body.symbol, decision))


async def _cancel(operations: Operations, body: CancelRequest) -> Reply:
    result = await operations.cancel(body.client_order_id, body.reason)
    return Reply(orders=(result.unwrap(),)) if isinstance(result, Success) else Reply(refusal=result.failure())


async def _settle(operations: Operations, body: SettleRequest) -> Reply:
    result = await operations.settle(body)
    return Reply(orders=(result.unwrap(),)) if isinstance(result, Success) else Reply(refusal=result.failure())


async def _cancel_all(operations: Operations, body: CancelAllRequest) -> Reply:
    return Reply(orders=await operations.cancel_all(include_protection=body.include_protection, reason=body.reason))


async def _close(operations: Operations, body: CloseRequest) -> Reply:
    return _reply_of(await operations.close(body.symbol, body.reason, override_unknown=body.override_unknown))


async def _state(operations: Operations, body: StateRequest) -> Reply:
    if body.sequence > 0:
        receipt = await operations.enforce_state(body.sequence, body.state, body.reason, body.symbol)
    else:
        receipt = await operations.change_state(body.state, body.reason, body.symbol)
    return Reply(state=receipt.state, error=receipt.error)


async def _reconcile(operations: Operations, body: ReconcileRequest) -> Reply:
    report = await operations.reconcile(report_only=body.report_only, adopt=body.adopt, reason=body.reason)
    return Reply(report=report)


def _reply_of(result: PlacementResult) -> Reply:
    if isinstance(result, Failure):
        return Reply(refusal=result.failure())
    value = result.unwrap()
    return Reply(orders=(value.order,)) if isinstance(value, OrderPlaced) else Reply(no_order=value)


_HANDLERS: dict[RequestKind, tuple[type, Callable[[Operations, Any], Awaitable[Reply]]]] = {
    RequestKind.DECIDE: (DecideRequest, _decide),
    RequestKind.CANCEL: (CancelRequest, _cancel),
    RequestKind.CANCEL_ALL: (CancelAllRequest, _cancel_all),
    RequestKind.CLOSE: (CloseRequest, _close),
    RequestKind.STATE: (StateRequest, _state),
    RequestKind.RECONCILE: (ReconcileRequest, _reconcile),
    RequestKind.SETTLE: (SettleRequest, _settle),
}
