"""The inbox: requests of other processes, carried out by the one that writes the account."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from returns.result import Failure, Success

from tidegate.application.operations import Operations
from tidegate.application.placement import PlacementResult
from tidegate.domain.outcomes import OrderPlaced
from tidegate.domain.records import InboxAnswer, InboxRequest, RequestKind
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


class InboxServer:
    """Carries out requests in order, each answered durably; a request that cannot be read is answered with why."""

    def __init__(self, operations: Operations, process: str) -> None:
        self._operations = operations
        self._process = process
        self._begun: set[str] = set()

    async def serve_once(self) -> int:
        """Carry out what waits now; how many requests that were."""
        store = self._operations.desk.store
        requests = await store.requests()
        for request in requests:
            reply = await self._carry_out_once(request)
            answer = InboxAnswer(
                request_id=request.request_id,
                payload=msgspec.json.encode(reply).decode(),
                process=self._process,
                epoch=store.epoch,
            )
            await store.answer(answer)
        return len(requests)

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
