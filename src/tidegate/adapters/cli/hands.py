"""Hands: who carries a request out, this process on an application of its own, or the one that writes the account."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

import msgspec
from msgspec import Struct
from returns.result import Failure, Result

from tidegate.adapters.brokers.simulated.world import SessionStart
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.decision_options import DecisionOptions
from tidegate.adapters.cli.failures import NoAnswer, UsageError
from tidegate.adapters.cli.first_word import first_word
from tidegate.adapters.cli.symbols import warn_of_unmatched
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.settings.store_url import SqliteStoreUrl
from tidegate.adapters.stores.sqlite.errors import StoreLocked
from tidegate.adapters.stores.sqlite.inbox import SqliteInbox, open_sqlite_inbox
from tidegate.adapters.stores.sqlite.lock import writer_of
from tidegate.application.application import Application
from tidegate.domain.decisions import Decision
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.reconciliation import ReconciliationReport
from tidegate.domain.records import InboxAnswer, RequestKind
from tidegate.domain.refusals import AnyRefusal
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
from tidegate.domain.vocabulary import TradingState

ANSWER_SECONDS = 15.0
"""How long an answer is waited for: the writer looks every half second, and a venue takes the time it takes."""

_LOOK_SECONDS = 0.5
"""After so long without an answer it is seen to that there still is somebody to give one."""
_WITHDRAWN = msgspec.json.encode(Reply(error="withdrawn: its process had ended")).decode()

Outcome = OrderPlaced | NoOrderNeeded | AnyRefusal


class Hand(Protocol):
    """Carries out what was asked for, here or elsewhere."""

    async def decide(self, options: DecisionOptions) -> Outcome: ...

    async def cancel(self, client_order_id: str, reason: str) -> OrderRecord | AnyRefusal: ...

    async def settle(self, request: SettleRequest) -> OrderRecord | AnyRefusal: ...

    async def cancel_all(self, include_protection: bool, reason: str) -> tuple[OrderRecord, ...]: ...

    async def close(self, request: CloseRequest) -> Outcome: ...

    async def reconcile(self, request: ReconcileRequest) -> ReconciliationReport: ...


@asynccontextmanager
async def reach(call: Call, *, only_looks: bool = False) -> AsyncIterator[Hand]:
    """The process that writes the account if there is one, else an application opened for this one request.

    One that only looks takes no lock, starts no recovery and writes nothing.
    """
    async with AsyncExitStack() as resources:
        yield await _reached(call, only_looks, resources)


async def _reached(call: Call, only_looks: bool, resources: AsyncExitStack) -> Hand:
    url = call.settings.store_url
    path = url.path if isinstance(url, SqliteStoreUrl) and url.path.is_file() else None
    if path is None or writer_of(path) is None:
        opened = call.doors.open_application(call.settings, start=SessionStart.RESUME, is_read_only=only_looks)
        try:
            return OwnHand(await resources.enter_async_context(opened), call)
        except StoreLocked:
            if path is None:
                raise
            # Another process came first, and has the account now.
    return InboxHand(resources.enter_context(open_sqlite_inbox(path, clock=WallClock())))


def _value(result: Result[Outcome, AnyRefusal]) -> Outcome:
    return result.failure() if isinstance(result, Failure) else result.unwrap()


class OwnHand:
    """On an application of this process."""

    def __init__(self, app: Application, call: Call) -> None:
        self._app = app
        self._call = call

    async def decide(self, options: DecisionOptions) -> Outcome:
        await first_word(self._call, self._app, options.symbol)
        warn_of_unmatched(self._call.terminal, self._call.settings, self._app)
        decision = options.decision(self._app.now)
        return _value(await self._app.coordinator.execute_decision(options.symbol, decision))

    async def cancel(self, client_order_id: str, reason: str) -> OrderRecord | AnyRefusal:
        result = await self._app.cancel(client_order_id, reason)
        return result.failure() if isinstance(result, Failure) else result.unwrap()

    async def settle(self, request: SettleRequest) -> OrderRecord | AnyRefusal:
        result = await self._app.operations.settle(request)
        return result.failure() if isinstance(result, Failure) else result.unwrap()

    async def cancel_all(self, include_protection: bool, reason: str) -> tuple[OrderRecord, ...]:
        return await self._app.cancel_all(include_protection=include_protection, reason=reason)

    async def close(self, request: CloseRequest) -> Outcome:
        await first_word(self._call, self._app, request.symbol)
        override = request.override_unknown
        return _value(await self._app.close(request.symbol, request.reason, override_unknown=override))

    async def reconcile(self, request: ReconcileRequest) -> ReconciliationReport:
        return await self._app.reconcile(report_only=request.report_only, adopt=request.adopt, reason=request.reason)


class InboxHand:
    """Through the inbox of the store, by the process that writes the account.

    Every call raises NoAnswer when that process does not answer in time, and StoreError when the store does not serve.
    """

    def __init__(self, inbox: SqliteInbox, answer_seconds: float | None = None) -> None:
        self._inbox = inbox
        self._answer_seconds = ANSWER_SECONDS if answer_seconds is None else answer_seconds

    async def decide(self, options: DecisionOptions) -> Outcome:
        # The writer's clock, not this one's, says when it was decided.
        decision = Decision(**{"decided_at": None, **options.fields})
        body = DecideRequest(
            symbol=options.symbol,
            decision=decision,
            valid_for_seconds=options.valid_for,
            expire_in_seconds=options.expire_in,
        )
        return _outcome(await self.ask(RequestKind.DECIDE, body))

    async def cancel(self, client_order_id: str, reason: str) -> OrderRecord | AnyRefusal:
        reply = await self.ask(RequestKind.CANCEL, CancelRequest(client_order_id=client_order_id, reason=reason))
        return reply.refusal if reply.refusal is not None else reply.orders[0]

    async def settle(self, request: SettleRequest) -> OrderRecord | AnyRefusal:
        reply = await self.ask(RequestKind.SETTLE, request)
        return reply.refusal if reply.refusal is not None else reply.orders[0]

    async def cancel_all(self, include_protection: bool, reason: str) -> tuple[OrderRecord, ...]:
        body = CancelAllRequest(include_protection=include_protection, reason=reason)
        return (await self.ask(RequestKind.CANCEL_ALL, body)).orders

    async def close(self, request: CloseRequest) -> Outcome:
        return _outcome(await self.ask(RequestKind.CLOSE, request))

    async def reconcile(self, request: ReconcileRequest) -> ReconciliationReport:
        reply = await self.ask(RequestKind.RECONCILE, request)
        if reply.report is None:
            raise NoAnswer("the process that writes the account answered without a report")
        return reply.report

    async def enforce(self, body: StateRequest) -> tuple[InboxAnswer, TradingState]:
        """Have a trading state enforced; who did it, at which epoch, and what stands now: a later word, if one came."""
        answer, reply = await self._answered(RequestKind.STATE, body)
        return answer, reply.state or body.state

    async def ask(self, kind: RequestKind, body: Struct) -> Reply:
        """Leave a request and wait for what became of it."""
        _, reply = await self._answered(kind, body)
        return reply

    async def _answered(self, kind: RequestKind, body: Struct) -> tuple[InboxAnswer, Reply]:
        try:
            payload = msgspec.json.encode(body).decode()
        except UnicodeEncodeError:
            raise UsageError("what was given holds bytes that are no text") from None
        request_id = await self._inbox.submit_request(kind, payload)
        answer = await self._awaited(request_id)
        if answer is None:
            raise NoAnswer(
                f"the process that writes the account has not answered within {self._answer_seconds:g} s; "
                f"request {request_id} stays in its inbox and may still be carried out"
            )
        reply = msgspec.json.decode(answer.payload, type=Reply)
        if reply.error:
            raise NoAnswer(f"the process that writes the account ({answer.process}) could not do it: {reply.error}")
        return answer, reply

    async def _awaited(self, request_id: str) -> InboxAnswer | None:
        """The answer, for as long as there is a process that could give it.

        Raises:
            NoAnswer: that process is gone, and the request with it: a later one would carry it out unasked.
        """
        left = self._answer_seconds
        while left > 0:
            look = min(left, _LOOK_SECONDS)
            left -= look
            is_alive = self._inbox.writer_alive()
            answer = await self._inbox.await_answer(request_id, look)
            if answer is not None:
                return answer
            if not is_alive and await self._inbox.withdraw(request_id, _WITHDRAWN):
                raise NoAnswer(
                    "the process that wrote the account ended without an answer, and the request was withdrawn; "
                    "`orders` shows what it had begun of it"
                )
        return None


def _outcome(reply: Reply) -> Outcome:
    if reply.refusal is not None:
        return reply.refusal
    return reply.no_order if reply.no_order is not None else OrderPlaced(order=reply.orders[0])
