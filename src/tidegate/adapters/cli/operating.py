"""The commands that intervene: cancel, close, cancel-all, halt, reduce, resume and reconcile."""

from datetime import datetime
from typing import Annotated

import typer
from msgspec.structs import replace
from rich.text import Text

from tidegate.adapters.cli import lines, tables, wording
from tidegate.adapters.cli.call import Call
from tidegate.adapters.cli.failures import DONE, REFUSED, NoAnswer, UsageError
from tidegate.adapters.cli.hands import Hand, InboxHand, reach
from tidegate.adapters.cli.stored import clock_reading, require_store
from tidegate.adapters.cli.symbols import played_symbols, require_product, require_symbol
from tidegate.adapters.clocks import WallClock
from tidegate.adapters.spelling import shown
from tidegate.adapters.stores.sqlite.errors import StoreUnusable
from tidegate.adapters.stores.sqlite.inbox import SqliteInbox, open_sqlite_inbox
from tidegate.adapters.stores.sqlite.reader import SqliteStoreReader, open_sqlite_reader
from tidegate.application.operations import StateReceipt, recordable
from tidegate.domain.events import TradingStateChanged
from tidegate.domain.orders import OrderRecord
from tidegate.domain.outcomes import NoOrderNeeded, OrderPlaced
from tidegate.domain.ports import ClockPort
from tidegate.domain.reconciliation import ReconciliationReport
from tidegate.domain.records import InboxAnswer, StepCommitted, why_not
from tidegate.domain.requests import CloseRequest, ReconcileRequest, StateRequest
from tidegate.domain.vocabulary import OrderStatus, TradingState

_OPERATOR = "operator"
_WHOLE_ID = 32
_OPEN_LIMIT = 100_000
_READ_EVERY_SECONDS = 0.5
_SECOND_READ_SECONDS = 30.0

ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")]
SymbolOption = Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="Of this symbol only.")]


async def cancel(
    call: Call,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Its client order id, or how it begins.")],
    reason: ReasonOption = "",
) -> int:
    """Cancel one order.

    [dim]tidegate cancel tg3f9a12[/dim]
    """
    client_order_id = await whole_id(call, order)
    async with reach(call) as hand:
        outcome = await hand.cancel(client_order_id, recordable(reason))
    if isinstance(outcome, OrderRecord):
        call.terminal.answer([lines.order_line(outcome)], wording.standing(outcome))
        return DONE if outcome.is_terminal else REFUSED
    call.terminal.answer([lines.refusal_line(outcome)], wording.refused(outcome))
    return REFUSED


async def whole_id(call: Call, given: str) -> str:
    """The client order id that begins so; a whole one as it is."""
    path = require_store(call.settings)
    if len(given) >= _WHOLE_ID:
        return given
    with open_sqlite_reader(path, clock=WallClock(), account_id=call.settings.account_id) as reader:
        live = await reader.orders(limit=_OPEN_LIMIT, open_only=True)
    found = [record.client_order_id for record in live if record.client_order_id.startswith(given)] if given else []
    if len(found) == 1:
        return found[0]
    how_many = "no open order begins" if not found else f"{len(found)} open orders begin"
    raise UsageError(f"{how_many} with {shown(given)}; `orders --open -v` shows whole ids")


async def close(
    call: Call,
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="A product, as `products` lists it.")],
    override_unknown: Annotated[
        bool,
        typer.Option("--override-unknown", help="Close also what orders of unknown outcome may be closing already."),
    ] = False,
    reason: ReasonOption = "",
) -> int:
    """Close the account's position on a symbol, as an operator: it works while HALTED, and no limit blocks it.

    What a reduction of unknown outcome may still take is left out; with [bold]--override-unknown[/bold] it is not, and
    both may fill: the position could then turn over. The order records that, as a warning.
    """
    require_store(call.settings)
    if override_unknown:
        call.terminal.note("warning: an order of unknown outcome and this close may both fill")
    async with reach(call) as hand:
        request = CloseRequest(symbol=symbol, reason=recordable(reason), override_unknown=override_unknown)
        outcome = await hand.close(request)
    call.terminal.answer([lines.outcome_line(outcome)], wording.outcome(outcome))
    if isinstance(outcome, OrderPlaced):
        return REFUSED if outcome.order.status in (OrderStatus.UNKNOWN, OrderStatus.REFUSED) else DONE
    return DONE if isinstance(outcome, NoOrderNeeded) else REFUSED


async def cancel_all(
    call: Call,
    include_protection: Annotated[bool, typer.Option("--include-protection", help="Stops and targets too.")] = False,
    reason: ReasonOption = "",
) -> int:
    """Cancel every open order; protection stays unless it is included."""
    require_store(call.settings)
    async with reach(call) as hand:
        records = await hand.cancel_all(include_protection, recordable(reason))
    now, is_verbose = clock_reading(call.settings), call.terminal.is_verbose
    shown_as = tables.orders_table(records, now, is_verbose=is_verbose) if records else Text("No open orders.")
    call.terminal.answer(map(lines.order_line, records), shown_as)
    return DONE if all(record.is_terminal for record in records) else REFUSED


async def halt(
    call: Call,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why, for the record.")] = "halted by an operator",
    symbol: SymbolOption = "",
) -> int:
    """Stop all trading: no order of a strategy is sent from here on.

    Protection and an operator's closes still work. The state is durable before this returns, and a running process is
    stopped at its next send, whatever else it is doing.

    [dim]tidegate halt "the feed looks wrong"[/dim]
    """
    return await _change(call, TradingState.HALTED, reason, symbol)


async def reduce(
    call: Call,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why, for the record.")] = "reduced by an operator",
    symbol: SymbolOption = "",
) -> int:
    """Stop entries: only cancels, and orders that shrink a position."""
    return await _change(call, TradingState.REDUCING, reason, symbol)


async def resume(
    call: Call,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why, for the record.")] = "resumed by an operator",
    symbol: SymbolOption = "",
) -> int:
    """Trade again after a halt or a guard's trip: an operator has looked."""
    return await _change(call, TradingState.ACTIVE, reason, symbol)


async def _change(call: Call, state: TradingState, reason: str, symbol: str) -> int:
    """Write the state where the next send reads it, then have a running process enforce it and say so."""
    path = require_store(call.settings)
    clock, reason = WallClock(), recordable(reason)
    require_symbol(symbol)
    if symbol:
        require_product(symbol, played_symbols(call.settings))
    with open_sqlite_reader(path, clock=clock, account_id=call.settings.account_id) as reader:
        epoch, at = reader.epoch, await _account_time(call, reader, clock)
        trips = await _trips(reader) if state is TradingState.ACTIVE and not symbol else ()
        flaw = reader.verify_chain() if state is TradingState.ACTIVE and not reader.writer().is_alive else None
    with open_sqlite_inbox(path, clock=clock) as inbox:
        is_latched = state is not TradingState.ACTIVE
        change = TradingStateChanged(
            state=state, reason=reason, by=_OPERATOR, symbol=symbol, is_latched=is_latched, at=at
        )
        sequence, process, stands = await _written(inbox, change), "", state
        if inbox.writer_alive():
            request = StateRequest(state=state, reason=reason, symbol=symbol, sequence=sequence)
            answer, stands = await _enforced(inbox, request)
            process, epoch = answer.process, answer.epoch
        else:
            for own in trips:
                await _written(inbox, replace(change, symbol=own))
    if flaw is not None:
        again = "the next start stops entries for it; resume while `run` runs to trade in spite of it"
        call.terminal.note(f"warning: {flaw}: {again}")
    if stands is not state:
        call.terminal.note(f"{state} was overtaken by another change before the process had taken it up")
    receipt = StateReceipt(state=stands, symbol=symbol, process=process, epoch=epoch)
    call.terminal.answer([lines.state_line(receipt)], wording.state(receipt))
    return DONE if stands is state else REFUSED


async def _written(inbox: SqliteInbox, change: TradingStateChanged) -> int:
    """Make a state durable; the journal row that it got."""
    outcome = await inbox.write_state(change)
    if not isinstance(outcome, StepCommitted):
        raise StoreUnusable(inbox.path, why_not(outcome))
    return outcome.sequence


async def _enforced(inbox: SqliteInbox, request: StateRequest) -> tuple[InboxAnswer, TradingState]:
    """The answer of the running process; without one it is said what holds all the same."""
    try:
        return await InboxHand(inbox).enforce(request)
    except NoAnswer as error:
        raise NoAnswer(f"{request.state} is durable, and holds from the next send on; but {error}") from None


async def _trips(reader: SqliteStoreReader) -> tuple[str, ...]:
    """Symbols whose state a guard has set: whoever resumes the account has seen those too."""
    states = (await reader.load()).symbol_states
    return tuple(own for own, entry in states.items() if entry.by != _OPERATOR)


async def _account_time(call: Call, reader: SqliteStoreReader, clock: WallClock) -> datetime:
    """Now, as the account has it: on paper what its session has come to, so that its journal never goes back."""
    if call.settings.profile != "paper":
        return clock.now()
    last = await reader.journal(after=(await reader.load()).sequence - 1, limit=1)
    return last[-1].at if last else clock.now()


async def _read_again(
    hand: Hand, request: ReconcileRequest, first: ReconciliationReport, clock: ClockPort
) -> ReconciliationReport:
    """Passes until nothing is only suspected. What is 5 s, the account's own clock says; how long to wait, this one."""
    until = clock.monotonic() + _SECOND_READ_SECONDS
    adopted = first.adopted
    while True:
        await clock.sleep(_READ_EVERY_SECONDS)
        report = await hand.reconcile(request)
        adopted += report.adopted
        if not report.suspected or clock.monotonic() >= until:
            return replace(report, adopted=adopted)


async def reconcile(
    call: Call,
    report_only: Annotated[bool, typer.Option("--report-only", help="Say what differs, and change nothing.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take up money and derivatives that differ: deposits, trades of others.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Read again where a mismatch was seen once, for up to 30 s.")
    ] = True,
    reason: ReasonOption = "",
) -> int:
    """Compare records and venue now: orders, fills, positions and money. Exit code 1 where they do not agree.

    A mismatch counts once two reads at least 5 s apart show it.

    With [bold]--adopt[/bold] balances that are confirmed to differ are recorded as flows from outside: money is the
    account's from then on, coins are counted and never sold. Derivative positions are taken up as the venue has them.
    Entries stay stopped until [bold]resume[/bold].

    [dim]tidegate reconcile --adopt --reason "deposit of 5,000 USD"[/dim]
    """
    if adopt and report_only:
        raise UsageError("--report-only changes nothing and --adopt records what differs: give one of them")
    require_store(call.settings)
    request = ReconcileRequest(report_only=report_only, adopt=adopt, reason=recordable(reason))
    async with reach(call, only_looks=report_only) as hand:
        report = await hand.reconcile(request)
        if wait and report.suspected:
            call.terminal.note("seen once: reading again, until two reads 5 s apart agree")
            report = await _read_again(hand, request, report, WallClock())
    call.terminal.answer([lines.reconciliation_line(report)], wording.reconciliation(report))
    return DONE if report.agrees else REFUSED
