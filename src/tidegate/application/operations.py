"""Operations: what an operator does to a running account, whoever asks."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace
from returns.result import Failure, Result, Success

from tidegate.application.adoption import Adoption
from tidegate.application.amending import Amender
from tidegate.application.canceling import Canceler
from tidegate.application.configuration import require_kind
from tidegate.application.coordinator import CLOSED, ApplicationClosed, ExecutionCoordinator
from tidegate.application.desk import AccountDesk
from tidegate.application.placement import PlacementResult
from tidegate.application.preparing import unknown_symbol
from tidegate.application.settling import Settler
from tidegate.application.starts import release
from tidegate.application.state_keeper import StateKeeper
from tidegate.application.troubles import acknowledge
from tidegate.domain.booking import ACCOUNT
from tidegate.domain.decisions import Decision
from tidegate.domain.events import ApplicationStarted, TradingStateChanged
from tidegate.domain.identifiers import ClientOrderId, is_identifier
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import NoOrderNeeded
from tidegate.domain.reconciliation import ReconciliationReport
from tidegate.domain.records import StepCommitted, why_not
from tidegate.domain.refusals import AnyRefusal, InvalidRefused, ReducibleRefused, Remedy
from tidegate.domain.requests import SettleRequest
from tidegate.domain.vocabulary import Action, TradingState

_OPERATOR = "operator"


class StateReceipt(Struct, frozen=True, kw_only=True):
    """A change of the trading state, and whom it reached. `error` is empty when the state is durable."""

    state: TradingState
    symbol: str
    process: str
    epoch: int
    error: str = ""


class Operations:
    """Cancels, closes, trading states and reconciliation, as one object for the application and for the inbox.

    Of an application that is closed nothing is asked: each answers with that, as a refusal where it can.
    """

    def __init__(
        self,
        desk: AccountDesk,
        coordinator: ExecutionCoordinator,
        canceler: Canceler,
        states: StateKeeper,
        process: str,
        amender: Amender | None = None,
    ) -> None:
        self.desk = desk
        self.coordinator = coordinator
        self._canceler = canceler
        self._states = states
        self._process = process
        self._settler = Settler(desk, canceler.venue, canceler.resolver)
        self._amender = amender if amender is not None else Amender(desk, canceler.venue, canceler.resolver)

    async def cancel(self, client_order_id: str, reason: str = "") -> Result[OrderRecord, AnyRefusal]:
        """Cancel one order; the order as it then stands, PENDING_CANCEL while the venue's answer is not known."""
        if self.coordinator.is_over:
            return Failure(CLOSED)
        order_id = ClientOrderId(str(client_order_id))
        record = (
            await self._canceler.cancel(order_id, recordable(reason) or _OPERATOR) if is_identifier(order_id) else None
        )
        if record is None:
            return Failure(
                InvalidRefused(
                    message=f"there is no order {client_order_id!r} in this account",
                    facts={"client_order_id": order_id.encode(errors="backslashreplace").decode()},
                    remedy=Remedy("`orders` lists the client order ids"),
                )
            )
        return Success(record)

    async def amend(
        self, client_order_id: str, quantity: Decimal, limit_price: Decimal | None = None
    ) -> Result[OrderRecord, AnyRefusal]:
        """Give a resting order another *total* quantity and price; PENDING_AMEND while the answer is not known."""
        if self.coordinator.is_over:
            return Failure(CLOSED)
        order_id = ClientOrderId(str(client_order_id))
        outcome = await self._amender.amend(order_id, quantity, limit_price, self.coordinator.engine)
        return Success(outcome) if isinstance(outcome, OrderRecord) else Failure(outcome)

    async def settle(self, request: SettleRequest) -> Result[OrderRecord, AnyRefusal]:
        """Take an operator's word on an order that no question can settle; see `Settler`."""
        require_kind("request", request, SettleRequest, "a SettleRequest")
        if self.coordinator.is_over:
            return Failure(CLOSED)
        said = replace(request, reason=recordable(request.reason))
        outcome = await self._settler.settle(said, _OPERATOR)
        return Success(outcome) if isinstance(outcome, OrderRecord) else Failure(outcome)

    async def cancel_all(self, *, include_protection: bool = False, reason: str = "") -> tuple[OrderRecord, ...]:
        """Cancel every live order, protection only when told to; each as it then stands.

        Raises:
            ApplicationClosed: the application is closed, and nothing was asked of the venue.
        """
        if self.coordinator.is_over:
            raise ApplicationClosed(CLOSED.message)
        live = (record for record in self.desk.live_orders() if include_protection or not record.order.is_protection)
        return await self._canceler.cancel_all(tuple(live), recordable(reason) or _OPERATOR)

    async def close(self, symbol: str, reason: str = "", *, override_unknown: bool = False) -> PlacementResult:
        """Close every strategy's position on a symbol, one order each; the first refusal, or else the last outcome.

        Strategies that only have orders there are closed too: what rests is called off. One that is refused does not
        keep the next from being closed, and where strategies stand against each other, the account being flat is all
        there is to do. `override_unknown` also takes what reductions of unknown outcome may be taking.
        """
        owners = [
            owner
            for (held, owner), history in self.desk.ledger.positions.items()
            if held == symbol and owner != ACCOUNT and not history.position.is_flat
        ]
        owners += [record.order.strategy_id for record in self.desk.live_orders() if record.symbol == symbol]
        results, why = [], recordable(reason) or "closed by an operator"
        decisions = [
            Decision(action=Action.CLOSE, strategy_id=owner, reason=why) for owner in dict.fromkeys(owners or [""])
        ]
        for decision in decisions:
            close = self.coordinator.close_as_operator(symbol, decision, override_unknown=override_unknown)
            results.append(await close)
        if self.desk.ledger.account_position(symbol).is_flat and not self.desk.live_orders(symbol):
            results = [one for one in results if not _reduces_nothing(one)] or [_opposed(symbol, decisions[-1])]
        return next((one for one in results if isinstance(one, Failure)), results[-1])

    async def change_state(
        self, state: TradingState, reason: str, symbol: str = "", by: str = _OPERATOR
    ) -> StateReceipt:
        """Make a trading state durable and enforce it; a symbol that is not traded here would halt nothing."""
        symbol = recordable(symbol)
        if self.coordinator.is_over:
            return self._receipt(state, symbol, CLOSED.message)
        if symbol and self.desk.market_data.product(symbol) is None:
            return self._receipt(state, symbol, unknown_symbol(symbol, self.desk).message)
        change = TradingStateChanged(
            state=state,
            reason=recordable(reason),
            by=by,
            symbol=symbol,
            is_latched=state is not TradingState.ACTIVE,
            at=self.desk.clock.now(),
        )
        outcome = await self._states.change(change)
        await self._lift_trips(change)
        if isinstance(outcome, StepCommitted) and state is TradingState.ACTIVE:
            # An operator who resumes has seen what was broken.
            acknowledge(self.desk, self.desk.clock.now(), symbol)
            await release(self.desk, symbol)
        return self._receipt(state, symbol, "" if isinstance(outcome, StepCommitted) else why_not(outcome))

    async def enforce_state(self, sequence: int, state: TradingState, reason: str, symbol: str) -> StateReceipt:
        """Enforce a state that whoever asks has written at that place of the journal: one change, one row.

        Where a guard came in between, it is written again, as the last word. Where an operator has said another word
        since, or a start has read the state, nothing is left to ask: the request may be a night old, and what stands
        is held to instead.
        """
        is_known = not symbol or self.desk.market_data.product(symbol) is not None
        written, *since = await self._said_since(sequence, symbol) if is_known else [None]
        if not isinstance(written, TradingStateChanged) or (written.state, written.by) != (state, _OPERATOR):
            return await self.change_state(state, reason, symbol)
        changes = [event for event in since if isinstance(event, TradingStateChanged)]
        if len(changes) < len(since) or any(change.by == _OPERATOR for change in changes):
            stands = changes[-1] if changes else written
            await self._states.adopt(stands)
            return self._receipt(stands.state, symbol, "")
        if changes:
            return await self.change_state(state, reason, symbol)
        await self._states.adopt(written)
        await self._lift_trips(written)
        if state is TradingState.ACTIVE:
            acknowledge(self.desk, self.desk.clock.now(), symbol)
            await release(self.desk, symbol)
        return self._receipt(state, symbol, "")

    async def _said_since(self, sequence: int, symbol: str) -> list[TradingStateChanged | ApplicationStarted | None]:
        """The change at that place of the journal, None where there is none, then the same state's changes and the
        starts that follow it.
        """
        found: list[tuple[int, TradingStateChanged | ApplicationStarted]] = []
        after = sequence - 1
        while rows := await self.desk.store.journal(after=after):
            after = rows[-1].sequence
            found += [
                (row.sequence, event)
                for row in rows
                for event in row.events
                if isinstance(event, ApplicationStarted)
                or (isinstance(event, TradingStateChanged) and event.symbol == symbol)
            ]
        is_there = bool(found) and found[0][0] == sequence
        return [event for _, event in found] if is_there else [None]

    async def _lift_trips(self, change: TradingStateChanged) -> None:
        """Whoever resumes the account has seen what guards set for symbols too; an operator's own is lifted there."""
        if change.state is not TradingState.ACTIVE or change.symbol:
            return
        trips = [own for own, entry in self.desk.ledger.states.symbols.items() if entry.by != _OPERATOR]
        for own in trips:
            await self._states.change(replace(change, symbol=own))

    def _receipt(self, state: TradingState, symbol: str, error: str) -> StateReceipt:
        return StateReceipt(state=state, symbol=symbol, process=self._process, epoch=self.desk.store.epoch, error=error)

    async def reconcile(
        self, *, report_only: bool = False, adopt: bool = False, reason: str = ""
    ) -> ReconciliationReport:
        """One pass of reconciliation now; with `adopt`, an operator takes up what came and went from outside."""
        if self.coordinator.is_over:
            return ReconciliationReport(at=self.desk.clock.now(), unreachable=(CLOSED.message,))
        adoption = Adoption(by=_OPERATOR, reason=recordable(reason)) if adopt and not report_only else None
        return await self.coordinator.supervisor.reconcile_once(report_only=report_only, adoption=adoption)


def _reduces_nothing(one: PlacementResult) -> bool:
    return isinstance(one, Failure) and isinstance(one.failure(), ReducibleRefused)


def _opposed(symbol: str, last: Decision) -> PlacementResult:
    reason = f"{symbol} is flat: its strategies' positions offset each other"
    return Success(NoOrderNeeded(decision_id=last.decision_id, reason=reason))


def recordable(text: object) -> str:
    """The text without what has no bytes: half of a surrogate pair could not be written.

    Nobody is kept from halting by the words he finds for it: what is no text is recorded as it is shown, None as none.
    """
    words = "" if text is None else str(text)
    return words.encode(errors="replace").decode()
